"""Which chain a claim gets, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.plugins.chains import Chain, Chains, ChainSpec, StepSpec
from gateway.plugins.matching import Details, Groups, MatchSpec, covers
from gateway.plugins.tables import Row, Table


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
    assert CHAINS.choose(payer, partner, filing_code).name == chain
    assert CHAINS.choose(payer, partner, filing_code).name == chain


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
    assert [few.choose(str(n % 4), "", "").name for n in range(12)] == ["default", "one", "default", "default"] * 3


def test_a_step_may_be_written_as_a_name() -> None:
    spec = ChainSpec.model_validate(
        {"name": "x", "stations": {"scrub": ["scrubber", {"plugin": "oxygen", "timeout": "500ms"}]}}
    )
    assert spec.stations.scrub == (StepSpec(plugin="scrubber"), StepSpec(plugin="oxygen", timeout=0.5))


def test_a_time_without_its_unit_is_refused() -> None:
    with pytest.raises(ValidationError, match="a time with its unit"):
        StepSpec.model_validate({"plugin": "scrubber", "timeout": "2"})


# --- chosen by more than payer, partner and filing code ---------------------------------------------

OXYGEN = Table(
    "hcpcs_groups",
    [
        Row({"group": "oxygen", "code": "E139?"}),
        Row({"group": "oxygen", "code": "E0424"}, None, dt.date(2025, 12, 31)),
    ],
    ("group", "code"),
)
KNOWN = Details(("E1390", "A7030"), "KY", ("12",), 25_000, "P", dt.date(2026, 3, 1))


@pytest.mark.parametrize(
    ("match", "why"),
    [
        ({"hcpcs": "E1390"}, ""),
        ({"hcpcs": ["E06*", "a70*"]}, ""),
        ({"hcpcs": "E0601"}, "no line has E0601 (HCPCS E1390, A7030)"),
        ({"hcpcs_group": "oxygen"}, ""),
        ({"state": "ky"}, ""),
        ({"state": ["OH", "TN"]}, "the patient's state KY is not OH or TN"),
        ({"place_of_service": "12"}, ""),
        ({"place_of_service": "31"}, "place of service 12 is not 31"),
        ({"charge": {"at_least": "250"}}, ""),
        ({"charge": {"at_least": "250.01"}}, "the charge of $250.00 is not $250.01 or more"),
        ({"charge": {"at_least": "100", "at_most": "200"}}, "the charge of $250.00 is not $100 to $200"),
        ({"charge": {"at_most": "249.99"}}, "the charge of $250.00 is not at most $249.99"),
        ({"usage": "P"}, ""),
        ({"usage": "T"}, "usage indicator P is not T"),
        ({"state": "KY", "hcpcs_group": "oxygen", "charge": {"at_most": "1000"}}, ""),
    ],
)
def test_a_chain_may_ask_for_what_the_claim_says(match: dict[str, Any], why: str) -> None:
    made = Chains([Chain("special", MatchSpec.model_validate(match), {}), Chain("default", None, {})], Groups(OXYGEN))
    assert made.asks_details
    assert made.choose("1", "practice", "MC", lambda: KNOWN).name == ("default" if why else "special")
    considered = made.explain("1", "practice", "MC", KNOWN)
    assert (considered[0].matches, considered[0].why) == (not why, why or "everything it asks for fits")


def test_a_group_holds_on_the_day_of_service() -> None:
    groups = Groups(OXYGEN)
    assert groups.has(["oxygen"], ["E0424"], dt.date(2025, 6, 1))
    assert not groups.has(["oxygen"], ["E0424"], dt.date(2026, 6, 1))
    assert groups.has(["oxygen"], ["E0424"], None), "without a day, any"


def test_details_are_read_only_where_chains_differ_in_them() -> None:
    made = Chains(
        [
            Chain("mail", MatchSpec(payer="90101", state="TX"), {}),
            Chain("medicare", MatchSpec(filing_code="MB"), {}),
            Chain("default", None, {}),
        ]
    )

    def never() -> Details:
        raise AssertionError("nobody asks")

    assert made.choose("1", "practice", "MB", never).name == "medicare"
    assert made.choose("1", "practice", "CI", never).name == "default"
    assert made.choose("90101", "practice", "MB", lambda: KNOWN).name == "medicare"
    assert made.choose("90101", "practice", "MB", lambda: KNOWN._replace(state="TX")).name == "mail"


PAYERS = ["1", "12", "123", "OH1"]
MATCHES = st.builds(
    MatchSpec,
    payer=st.none() | st.lists(st.sampled_from([*PAYERS, "1*", "*", "OH?", "1?"]), min_size=1, max_size=3),
    filing_code=st.none() | st.lists(st.sampled_from(["MB", "MC", "M*", "CI"]), min_size=1, max_size=2),
    state=st.none() | st.lists(st.sampled_from(["KY", "OH", "O*"]), min_size=1, max_size=2),
    hcpcs=st.none() | st.lists(st.sampled_from(["E1390", "E13*", "A7030", "*"]), min_size=1, max_size=2),
    charge=st.none()
    | st.builds(lambda low, more: {"at_least": low, "at_most": low + more}, st.integers(0, 3), st.integers(0, 3)),
    usage=st.none() | st.sampled_from(["P", "T"]),
)


@st.composite
def one_behind_the_other(draw: st.DrawFn) -> tuple[MatchSpec, MatchSpec]:
    """Two matches, the second often narrower: some of what the first leaves open or lists is taken from a third."""
    earlier, other = draw(MATCHES), draw(MATCHES)
    kept = draw(st.sets(st.sampled_from(sorted(MatchSpec.model_fields))))
    return earlier, earlier.model_copy(
        update={name: getattr(other, name) for name in kept if getattr(other, name) is not None}
    )


@given(
    two=one_behind_the_other(),
    payer=st.sampled_from(PAYERS),
    filing=st.sampled_from(["MB", "MC", "CI"]),
    details=st.builds(
        Details,
        codes=st.lists(st.sampled_from(["E1390", "A7030"]), max_size=2).map(tuple),
        state=st.sampled_from(["KY", "OH", ""]),
        charge_cents=st.integers(0, 700),
        usage=st.sampled_from(["P", "T"]),
    ),
)
def test_a_chain_that_is_covered_never_matches(
    two: tuple[MatchSpec, MatchSpec], payer: str, filing: str, details: Details
) -> None:
    earlier, later = two
    made = Chains([Chain("earlier", earlier, {}), Chain("later", later, {}), Chain("default", None, {})])
    chosen = made.choose(payer, "practice", filing, lambda: details).name
    event(f"covered: {covers(earlier, later)}")
    assert not (covers(earlier, later) and chosen == "later")


def test_what_is_covered_is_told_of_the_plain_cases() -> None:
    wide = MatchSpec(payer="OH*")
    assert covers(wide, MatchSpec(payer=["OH1", "OH2*"]))
    assert covers(wide, MatchSpec(payer="OH1", state="OH"))
    assert not covers(wide, MatchSpec(payer=["OH1", "KY1"]))
    assert not covers(wide, MatchSpec(state="OH"))
    assert not covers(MatchSpec(payer="O?*"), MatchSpec(payer="O*"))
