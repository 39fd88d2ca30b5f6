"""Which chain a claim gets, and why."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gateway.plugins.chains import Chain, Chains, ChainSpec, MatchSpec, StepSpec


def chains(**matches: MatchSpec | None) -> Chains:
    return Chains([Chain(name, match, {}) for name, match in matches.items()])


CHAINS = chains(
    default=None,
    medicare=MatchSpec(filing_code="MB"),
    ohio=MatchSpec(payer=["00751", "OH*"], partner="practice"),
    late=MatchSpec(payer="00751"),
)


@pytest.mark.parametrize(
    ("payer", "partner", "filing_code", "chain"),
    [
        ("17013", "practice", "MB", "medicare"),
        ("00751", "practice", "MC", "ohio"),
        ("OHM", "practice", "MC", "ohio"),
        ("00751", "elsewhere", "MC", "late"),
        ("751", "practice", "MC", "default"),
        ("", "", "", "default"),
    ],
)
def test_the_first_chain_that_matches_is_taken(payer: str, partner: str, filing_code: str, chain: str) -> None:
    assert CHAINS.for_claim(payer, partner, filing_code).name == chain
    assert CHAINS.for_payment(payer, partner, filing_code).name == chain


def test_the_chain_for_everything_is_tried_last_wherever_its_file_stands() -> None:
    assert [chain.name for chain in CHAINS] == ["medicare", "ohio", "late", "default"]


def test_explain_says_why_the_others_did_not_match() -> None:
    considered = CHAINS.explain("00751", "elsewhere", "MC")
    assert [(one.chain, one.matches, one.why) for one in considered] == [
        ("medicare", False, "filing code MC is not MB"),
        ("ohio", False, "partner elsewhere is not practice"),
        ("late", True, "everything it asks for fits"),
    ]


def test_there_must_be_a_chain_for_everything() -> None:
    with pytest.raises(ValueError, match="without match"):
        chains(medicare=MatchSpec(filing_code="MB"))


def test_choices_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chains, "_REMEMBERED", 2)
    few = chains(default=None, one=MatchSpec(payer="1"))
    assert [few.for_claim(str(n % 4), "", "").name for n in range(12)] == ["default", "one", "default", "default"] * 3


def test_a_step_may_be_written_as_a_name() -> None:
    spec = ChainSpec.model_validate(
        {"name": "x", "stations": {"scrub": ["scrubber", {"plugin": "oxygen", "timeout": "500ms"}]}}
    )
    assert spec.stations.scrub == (StepSpec(plugin="scrubber"), StepSpec(plugin="oxygen", timeout=0.5))


def test_a_time_without_its_unit_is_refused() -> None:
    with pytest.raises(ValidationError, match="a time with its unit"):
        StepSpec.model_validate({"plugin": "scrubber", "timeout": "2"})
