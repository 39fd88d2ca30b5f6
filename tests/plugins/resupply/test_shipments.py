"""Refills that were shipped become claims, each once, after the last claim of their items."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimView, LineView
from gateway.plugins.testing import (
    DeskContext,
    make_claim,
    make_claim_view,
    make_line,
    make_other_payer,
    make_patient_view,
    plugin_desk,
)

from .shipped import RESUPPLY, TABLES

BEFORE, SHIPPED = dt.date(2026, 3, 1), dt.date(2026, 5, 22)
FILTERS = make_line("A7038", "NU", "KX", charge="12", units="2", from_date=BEFORE)
MASK = make_line("A7030", "NU", "KX", charge="150", from_date=BEFORE, more=["NTE*ADD*E0601 SINCE 2021"])
ROW: dict[str, Any] = {"patient_id": "P-9", "order_number": "SO-5", "shipped_on": "2026-05-22"}
FILTERS_ROW, MASK_ROW = {**ROW, "code": "A7038", "quantity": 6}, {**ROW, "code": "A7030", "quantity": 1}


def view_of(claim: Claim, id: int, **more: Any) -> ClaimView:
    lines = tuple(
        LineView(line.number, line.code, line.modifiers, str(line.units), line.charge, line.dates.start, line.dates.end)
        for line in claim.lines
    )
    return make_claim_view(id=id, number=claim.id, from_date=claim.from_date or BEFORE, **more)._replace(lines=lines)


def desk_with(*claims: Claim, states: tuple[str, ...] = (), **more: Any) -> DeskContext:
    views = [
        view_of(claim, number, state=states[number - 1] if states else "paid")
        for number, claim in enumerate(claims, start=1)
    ]
    return plugin_desk(
        RESUPPLY,
        today=dt.date(2026, 5, 25),
        patients=[make_patient_view(1, source_ids={"billing": "P-9"})],
        claims=views,
        whole=dict(enumerate(claims, start=1)),
        tables=TABLES,
        **more,
    )


def claim(*lines: list[str], number: str = "SW1", **more: Any) -> Claim:
    return make_claim(*lines, claim_number=number, filing_code="MB", **more)


def test_what_was_shipped_together_is_one_claim_after_the_last_one() -> None:
    kit = desk_with(claim(MASK, FILTERS))
    said = kit.drop("shipments", [MASK_ROW, FILTERS_ROW])
    (made,) = kit.made
    assert {row["said"] for row in said} == {f"billed as {made.number}"}
    new = made.claim
    assert [(line.code, line.modifiers, line.units, line.charge) for line in new.lines] == [
        ("A7030", ("NU", "KX"), 1, 150),
        ("A7038", ("NU", "KX"), 6, 36),
    ]
    assert {tuple(line.dates) for line in new.lines} == {(SHIPPED, SHIPPED)}
    assert (new.charge, new.frequency, new.id) == (Decimal(186), "1", made.number)


@pytest.mark.rule("R1.01")
def test_an_accessory_is_bought_even_if_the_claim_before_did_not_say_so() -> None:
    old = [make_line("A7038", "KX", units="2", charge="12"), make_line("A7034", "UE", "KX", charge="90")]
    kit = desk_with(claim(*old))
    kit.drop("shipments", [FILTERS_ROW, {**MASK_ROW, "code": "A7034"}])
    assert [line.modifiers for line in kit.made[0].claim.lines] == [("NU", "KX"), ("UE", "KX")]


@pytest.mark.rule("R1.01")
def test_a_supply_that_is_neither_rented_nor_sold_stays_as_it_was() -> None:
    kit = desk_with(claim(make_line("A4253", "KX", charge="80")))
    kit.drop("shipments", [{**ROW, "code": "A4253", "quantity": 3}])
    assert kit.made[0].claim.lines[0].modifiers == ("KX",)


def test_more_than_a_month_is_said_in_a_note_and_old_notes_of_it_are_not() -> None:
    old = make_line("A7038", "NU", units="2", charge="12", from_date=BEFORE, more=["NTE*ADD*60 DAY SUPPLY"])
    kit = desk_with(claim(MASK, old))
    kit.drop("shipments", [MASK_ROW, FILTERS_ROW])
    mask, filters = kit.made[0].claim.lines
    assert [note.text for note in mask.notes] == ["E0601 SINCE 2021; 90 DAY SUPPLY"]
    assert [note.text for note in filters.notes] == ["90 DAY SUPPLY"]


def test_a_month_is_not_said_in_a_note() -> None:
    kit = desk_with(claim(FILTERS))
    kit.drop("shipments", [{**FILTERS_ROW, "quantity": 2}])
    assert not kit.made[0].claim.lines[0].notes


@pytest.mark.rule("R1.30")
def test_what_was_billed_with_a_span_gets_one_for_the_new_supply() -> None:
    strips = make_line("A4253", "KS", units="2", charge="60", from_date=BEFORE, thru_date=dt.date(2026, 5, 29))
    kit = desk_with(claim(strips))
    kit.drop("shipments", [{**ROW, "code": "A4253", "quantity": 1}])
    (line,) = kit.made[0].claim.lines
    assert tuple(line.dates) == (SHIPPED, SHIPPED + dt.timedelta(days=44))


def test_the_same_shipment_is_billed_once() -> None:
    kit = desk_with(claim(MASK, FILTERS))
    kit.drop("shipments", [MASK_ROW])
    first = kit.made[0].number
    said = kit.drop("shipments", [MASK_ROW])
    assert (kit.made, said[0]["said"]) == ([], f"billed before, as {first}")


def test_what_comes_later_for_the_same_parcel_is_not_lost() -> None:
    kit = desk_with(claim(MASK), claim(FILTERS, number="SW2"))
    kit.drop("shipments", [MASK_ROW])
    said = kit.drop("shipments", [MASK_ROW, FILTERS_ROW])
    assert [line.code for line in kit.made[0].claim.lines] == ["A7038"]
    assert said[0]["said"].startswith("billed before")


def test_it_is_billed_after_the_newest_claim_that_reached_a_payer() -> None:
    newer = claim(make_line("A7030", "NU", charge="160", from_date=dt.date(2026, 4, 1)), number="SW2")
    kit = desk_with(claim(MASK), newer)
    kit.drop("shipments", [MASK_ROW])
    assert kit.made[0].claim.charge == 160
    kit = desk_with(claim(MASK), newer, states=("paid", "cancelled"))
    kit.drop("shipments", [MASK_ROW])
    assert kit.made[0].claim.charge == 150


def test_a_claim_to_a_second_payer_is_none_to_bill_after() -> None:
    second = claim(
        MASK, number="SW2", other_payers=[make_other_payer("P", paid="80", adjustments=[("CO", "45", "70")])]
    )
    kit = desk_with(second)
    said = kit.drop("shipments", [MASK_ROW])
    assert (kit.made, said[0]["said"]) == ([], "not billed: no earlier claim of this item")
    (item,) = kit.opened
    assert (item.kind, item.team) == ("shipment_unbilled", "resupply")


def test_an_item_that_was_never_billed_waits_for_a_person_and_closes_when_it_is_billed() -> None:
    kit = desk_with(claim(MASK))
    kit.drop("shipments", [FILTERS_ROW])
    (item,) = kit.opened
    assert "Bill it from its order" in item.reason
    kit = desk_with(claim(FILTERS))
    kit.drop("shipments", [FILTERS_ROW])
    assert item.key in [act.key for act in kit.closed]


def test_two_rows_of_one_item_are_one_line() -> None:
    kit = desk_with(claim(FILTERS))
    kit.drop("shipments", [{**FILTERS_ROW, "quantity": 2}, {**FILTERS_ROW, "quantity": 1}])
    assert [line.units for line in kit.made[0].claim.lines] == [3]


def test_a_price_that_is_no_whole_cents_waits_for_a_person() -> None:
    kit = desk_with(claim(make_line("A7038", "NU", charge="10", units="3", from_date=BEFORE)))
    kit.drop("shipments", [{**FILTERS_ROW, "quantity": 2}])
    assert not kit.made
    assert "whole cents" in kit.opened[0].reason


def test_somebody_unknown_and_a_day_that_lies_ahead() -> None:
    kit = desk_with(claim(MASK))
    said = kit.drop("shipments", [{**MASK_ROW, "patient_id": "P-10"}, {**MASK_ROW, "shipped_on": "2026-05-26"}])
    assert [row["said"] for row in said] == [
        "not billed: no patient with these ids is known",
        "not billed: the day of shipping lies ahead",
    ]
    assert [item.kind for item in kit.opened] == ["shipment_unbilled"]
