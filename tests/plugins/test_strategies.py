"""What hypothesis draws is legal: sound to our own reader, to another validator, and in balance."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from gateway.core.model.posting import Denial
from gateway.core.x12.balance import claim_imbalances
from gateway.core.x12.claim import Claim
from gateway.core.x12.writer import ClaimHead, ClaimSet, InterchangeHead, write_claims
from gateway.plugins.strategies import PaymentCase, claims, denials, payments

from ..sandbox.test_money import pyx12_faults

HEAD = InterchangeHead(
    sender_qualifier="ZZ",
    sender="STILLWATER",
    receiver_qualifier="ZZ",
    receiver="PRACTICE",
    group_sender="STILLWATER",
    group_receiver="PRACTICE",
    isa13="000000042",
    gs06="17",
    usage="T",
    at=dt.datetime(2026, 3, 2, 8, 5, tzinfo=dt.UTC),
)
START = ClaimHead(
    "B42",
    (("NM1", "41", "2", "STILLWATER", "", "", "", "", "46", "STILLWATER"), ("PER", "IC", "DESK", "TE", "6145550100")),
    (("NM1", "40", "2", "PRACTICE", "", "", "", "", "46", "PRACTICE"),),
)


# pyx12 4.0 refuses what X12's own oxygen example has.
PYX12_WRONG = "(AD) is not a valid code for Attachment Transmission Code (PWK02)"


def sample(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """So many of them, always the same."""
    drawn: list[Any] = []

    @settings(max_examples=count, database=None, derandomize=True)
    @given(strategy)
    def draw(one: Any) -> None:
        drawn.append(one)

    draw()
    return drawn


@pytest.fixture(scope="module")
def many() -> list[Claim]:
    # What is drawn depends on the modules that are loaded: enough of them have every kind, whatever ran before.
    return sample(claims(), 400)


def test_without_hypothesis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'hme-edi-gateway\[testing\]'"):
        claims()


def test_claims_pass_another_validator(many: list[Claim]) -> None:
    data = b"".join(write_claims(HEAD, START, [ClaimSet("0001", [claim.stored for claim in many])]))
    assert [text for text in pyx12_faults(data.decode("latin-1")) if PYX12_WRONG not in text] == []


@given(claims())
@settings(max_examples=60, database=None)
def test_claims_are_sound_and_add_up(claim: Claim) -> None:
    assert claim.faults() == []
    assert claim.charge_cents == sum(line.charge_cents for line in claim.lines)
    assert claim.edits == []
    for other in claim.other_subscribers:
        paid = sum(one.paid_cents for line in claim.lines for one in line.adjudications)
        assert other.paid_cents in (None, paid)


@pytest.mark.parametrize(
    "kind",
    [
        lambda claim: len(claim.lines) > 3,
        lambda claim: any(len(line.modifiers) == 4 for line in claim.lines),
        lambda claim: any(line.dates.start != line.dates.end for line in claim.lines),
        lambda claim: any(line.notes for line in claim.lines) and claim.notes,
        lambda claim: len(claim.other_subscribers) == 2,
        lambda claim: claim.frequency == "8" and claim.payer_control_number,
        lambda claim: claim.patient.last and claim.patient.first == "OLLIE",
        lambda claim: any(line.units != int(line.units) for line in claim.lines),
        lambda claim: any(line.drugs and line.ordering_provider.npi for line in claim.lines),
        lambda claim: claim.charge_cents == 0,
        lambda claim: claim.delimiters.component == ">",
    ],
)
def test_every_kind_of_claim_is_drawn(many: list[Claim], kind: Callable[[Claim], object]) -> None:
    assert any(kind(claim) for claim in many)


@given(payments())
@settings(max_examples=60, database=None)
def test_payments_balance_and_each_service_has_its_match(case: PaymentCase) -> None:
    payment, match = case
    assert payment.faults() == []
    assert claim_imbalances(payment) == []
    if match.claim is not None:
        assert [line.line_number for line in match.lines] == list(range(1, len(payment.lines) + 1))
        if payment.is_reversal:
            assert match.claim.posted[0].paid_cents == -payment.paid_cents
        else:
            assert match.claim.open_cents == payment.charge_cents


def test_payments_of_every_status_are_drawn_with_and_without_a_claim() -> None:
    drawn = sample(payments(), 500)
    assert {case.payment.status for case in drawn} >= {"1", "2", "4", "19", "22", "25"}
    assert {case.match.claim is None for case in drawn} == {True, False}
    assert {not case.payment.lines for case in drawn} == {True, False}


@given(denials())
@settings(max_examples=30, database=None)
def test_denials_name_what_was_refused(denial: Denial) -> None:
    assert denial.cents > 0
    assert (denial.line_id is None) == (denial.line_number == 0)
