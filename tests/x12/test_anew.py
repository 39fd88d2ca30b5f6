"""A new claim after one that was billed: what stays, and what belongs to the old one alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.x12.anew import NotAgain, claim_anew, set_days, set_quantity, set_total
from gateway.core.x12.claim import Claim
from gateway.core.x12.editing import EditError
from gateway.plugins.testing import make_claim, make_line, make_other_payer

ORDERER = "NM1*DK*1*ALDERMAN*IVO****XX*1999999018"
FIRST = make_line(
    "E0260",
    "RR",
    "KH",
    "KX",
    charge="120",
    control_number="L1",
    ahead=["PWK*OZ*EL***AC*99", "CR3*I*MO*99"],
    more=["REF*G1*A1234567890123", "NTE*ADD*BED IN GROUND FLOOR", ORDERER, "LQ*UT*484", "FRM*1*Y"],
)
SECOND = make_line("E0910", "RR", "KH", charge="20.50")
OLD = make_claim(FIRST, SECOND, more=["AMT*F5*12", "REF*F8*PCN77", "NTE*ADD*STAYS"], filing_code="MB")


def tags(claim: Claim) -> list[str]:
    return [segment.raw for segment in claim.segments]


def test_the_new_claim_has_the_lines_that_are_wanted_under_its_own_number() -> None:
    new = claim_anew(OLD, "SW2", [2], "tested")
    assert (new.id, new.frequency, new.charge) == ("SW2", "1", Decimal("20.50"))
    assert [(line.number, line.code) for line in new.lines] == [(1, "E0910")]
    assert new.patient.last == OLD.patient.last
    assert new.diagnoses == OLD.diagnoses
    assert not new.faults()


def test_what_belongs_to_the_item_stays() -> None:
    (line,) = claim_anew(OLD, "SW2", [1], "tested").lines
    assert line.ordering_provider.npi == "1999999018"
    assert line.reference("G1") == "A1234567890123"
    assert [note.text for note in line.notes] == ["BED IN GROUND FLOOR"]


def test_what_belongs_to_the_old_claim_alone_does_not() -> None:
    new = claim_anew(OLD, "SW2", [1, 2], "tested")
    assert new.patient_paid_cents is None
    assert new.payer_control_number == ""
    assert not {"PWK", "CR3", "LQ", "FRM"} & {raw.split("*")[0] for raw in tags(new)}
    assert new.lines[0].control_number == ""
    assert [note.text for note in new.notes] == ["STAYS"]


def test_the_old_claim_is_as_it_was() -> None:
    before = tags(OLD)
    new = claim_anew(OLD, "SW2", [1], "tested")
    set_days(new.lines[0], dt.date(2026, 4, 1))
    assert tags(OLD) == before


def test_after_a_claim_that_another_payer_has_decided_on_none_is_billed() -> None:
    decided = make_claim(FIRST, other_payers=[make_other_payer("P", paid="80", adjustments=[("CO", "45", "20")])])
    with pytest.raises(NotAgain, match="another payer has decided"):
        claim_anew(decided, "SW2", [1], "tested")
    to_come = make_claim(FIRST, other_payers=[make_other_payer("S")])
    assert claim_anew(to_come, "SW2", [1], "tested").other_subscribers[0].payer.id == "90201"


def test_lines_that_are_not_there_cannot_be_billed_again() -> None:
    with pytest.raises(NotAgain):
        claim_anew(OLD, "SW2", [7], "tested")


def test_days_of_service_are_one_day_or_a_span() -> None:
    new = claim_anew(OLD, "SW2", [1, 2], "tested")
    day, end = dt.date(2026, 4, 1), dt.date(2026, 4, 30)
    set_days(new.lines[0], day)
    set_days(new.lines[1], day, end)
    assert [tuple(line.dates) for line in new.lines] == [(day, day), (day, end)]
    assert [raw for raw in tags(new) if raw.startswith("DTP")] == [
        "DTP*472*D8*20260401",
        "DTP*472*RD8*20260401-20260430",
    ]
    with pytest.raises(EditError):
        set_days(new.lines[0], end, day)


@given(st.integers(1, 400), st.integers(1, 40), st.integers(1, 40))
def test_a_quantity_keeps_its_price(price: int, before: int, after: int) -> None:
    old = make_claim(make_line("A7038", "NU", charge=f"{price * before / 100:.2f}", units=str(before)))
    new = claim_anew(old, "SW2", [1], "tested")
    set_quantity(new.lines[0], Decimal(after))
    set_total(new)
    assert new.lines[0].units == after
    assert new.charge_cents == price * after


def test_a_price_that_is_no_whole_cents_is_not_made_up() -> None:
    old = make_claim(make_line("A7038", "NU", charge="10", units="3"))
    with pytest.raises(NotAgain, match="whole cents"):
        set_quantity(claim_anew(old, "SW2", [1], "tested").lines[0], Decimal(2))
