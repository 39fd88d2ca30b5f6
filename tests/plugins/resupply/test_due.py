"""The due list: whom to ask, what may be shipped, and how its work items come and go."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.plugins.testing import (
    DeskContext,
    make_claim_view,
    make_delivery,
    make_equipment,
    make_history,
    make_item_view,
    make_patient_view,
    plugin_desk,
)

from .shipped import RESUPPLY, TABLES

GIVEN = dt.date(2026, 3, 1)
"""A mask for ninety days: the supply ends on May 30, one asks from April 30, and ships from May 20."""
MASK = make_history("A7030", "NU", from_date=GIVEN, claim_number="SW7")
ASK_KEY = "resupply_due 1 A7030 2026-05-30"


def desk_on(day: dt.date, settings: dict[str, Any] | None = None, **patient: Any) -> DeskContext:
    items = patient.pop("items", ())
    view = make_patient_view(1, **{"history": [MASK], **patient})
    claims = [make_claim_view("A7030", "NU", id=77, number="SW7", from_date=GIVEN)]
    return plugin_desk(RESUPPLY, settings, today=day, patients=[view], claims=claims, items=items, tables=TABLES)


def answer(day: dt.date, *, yes: bool = True, quantity: int | None = None) -> dict[str, list[dict[str, Any]]]:
    return {"refills": [{"code": "A7030", "contacted_on": day, "answer": yes, "quantity": quantity}]}


def opened(desk: DeskContext) -> list[tuple[str, str]]:
    desk.schedule("due")
    return [(item.kind, item.key) for item in desk.opened]


@pytest.mark.rule("RS-1")
@pytest.mark.parametrize(("day", "due"), [(dt.date(2026, 4, 29), False), (dt.date(2026, 4, 30), True)])
def test_a_patient_is_to_be_asked_thirty_days_before_the_supply_ends(day: dt.date, due: bool) -> None:
    assert opened(desk_on(day)) == ([("resupply_due", ASK_KEY)] if due else [])


def test_the_work_item_says_what_to_do_for_whom_and_by_when() -> None:
    desk = desk_on(dt.date(2026, 5, 2))
    desk.schedule("due")
    (item,) = desk.opened
    assert (item.claim_id, item.team, item.work_by) == (77, "resupply", dt.date(2026, 5, 20))
    assert "ends on 05/30/2026" in item.reason
    assert "Up to 1 unit(s) may be shipped from 05/20/2026" in item.reason


@pytest.mark.rule("RS-1")
def test_nutrients_are_asked_for_by_their_span_and_what_has_none_is_not_listed() -> None:
    last = make_history("B4150", from_date=GIVEN, thru_date=dt.date(2026, 3, 30), units="300", claim_number="SW7")
    desk = desk_on(dt.date(2026, 3, 3), history=[last])
    desk.schedule("due")
    (item,) = desk.opened
    assert item.key == "resupply_due 1 B4150 2026-03-31"
    assert "What the order says may be shipped from 03/21/2026" in item.reason
    (row,) = desk.report("resupply_due")
    assert (row["item"], row["eligible"], row["state"]) == ("B4150", "", "ask")
    assert opened(desk_on(dt.date(2026, 3, 3), history=[last._replace(thru_date=GIVEN)])) == []


def test_what_is_at_stake_is_what_the_supply_before_was_billed_for_and_nothing_where_none_is_known() -> None:
    desk = desk_on(dt.date(2026, 5, 2))
    desk.schedule("due")
    (item,) = desk.opened
    assert item.cents == 10_000
    unknown = desk_on(dt.date(2026, 5, 2), history=[MASK._replace(claim_number="")])
    unknown.schedule("due")
    assert [one.cents for one in unknown.opened] == [0]


@pytest.mark.rule("RS-2")
@pytest.mark.parametrize(("day", "ships"), [(dt.date(2026, 5, 19), False), (dt.date(2026, 5, 20), True)])
def test_who_said_yes_is_shipped_to_ten_days_before_the_supply_ends(day: dt.date, ships: bool) -> None:
    desk = desk_on(day, rows=answer(dt.date(2026, 5, 4)))
    assert opened(desk) == ([("resupply_ship", "resupply_ship 1 A7030 2026-05-30 2026-05-04")] if ships else [])


def test_who_said_no_is_left_alone() -> None:
    assert opened(desk_on(dt.date(2026, 5, 21), rows=answer(dt.date(2026, 5, 4), yes=False))) == []


def test_an_answer_before_the_window_counts_for_nothing() -> None:
    assert opened(desk_on(dt.date(2026, 5, 2), rows=answer(dt.date(2026, 4, 29)))) == [("resupply_due", ASK_KEY)]


def test_an_item_closes_by_itself_when_its_cause_is_gone() -> None:
    waiting = [make_item_view("resupply_due", ASK_KEY)]
    asked = desk_on(dt.date(2026, 5, 5), rows=answer(dt.date(2026, 5, 4)), items=waiting)
    asked.schedule("due")
    assert [(act.key, act.outcome) for act in asked.closed] == [(ASK_KEY, "The patient wants it.")]
    again = make_history("A7030", "NU", from_date=dt.date(2026, 5, 22), claim_number="SW8")
    shipped = desk_on(dt.date(2026, 5, 23), history=[MASK, again], items=waiting)
    shipped.schedule("due")
    assert [act.key for act in shipped.closed] == [ASK_KEY]
    assert not shipped.opened


def test_an_item_stays_while_the_patient_has_not_answered() -> None:
    desk = desk_on(dt.date(2026, 5, 5), items=[make_item_view("resupply_due", ASK_KEY)])
    desk.schedule("due")
    assert not desk.acts


def test_items_of_others_are_left_alone() -> None:
    desk = desk_on(dt.date(2026, 4, 1), items=[make_item_view("resupply_due", "x", own=False)])
    desk.schedule("due")
    assert not desk.acts


def test_nobody_is_asked_long_after_the_supply_has_ended() -> None:
    assert opened(desk_on(dt.date(2026, 8, 28))) == [("resupply_due", ASK_KEY)]
    assert opened(desk_on(dt.date(2026, 8, 29))) == []
    assert opened(desk_on(dt.date(2026, 8, 28), {"lapsed_after": "30"})) == []


def test_who_gave_the_equipment_back_needs_no_supplies() -> None:
    gone = make_equipment("E0601", started_on=dt.date(2024, 1, 1), ended_on=dt.date(2026, 4, 15))
    assert opened(desk_on(dt.date(2026, 5, 5), equipment=[gone])) == []
    another = make_equipment("E0601", started_on=dt.date(2026, 4, 15))
    assert opened(desk_on(dt.date(2026, 5, 5), equipment=[gone, another])) == [("resupply_due", ASK_KEY)]


def test_a_delivery_that_no_claim_has_billed_begins_a_supply() -> None:
    later = make_delivery("A7030", delivered_on=dt.date(2026, 5, 22))
    assert opened(desk_on(dt.date(2026, 5, 23), deliveries=[later])) == []


def test_an_allowance_is_shipped_without_asking() -> None:
    sensors = make_history("A4239", "KX", from_date=GIVEN, claim_number="SW7")
    assert opened(desk_on(dt.date(2026, 3, 30), history=[sensors])) == []
    assert opened(desk_on(dt.date(2026, 3, 31), history=[sensors])) == [
        ("resupply_ship", "resupply_ship 1 A4239 2026-03-31")
    ]


def test_what_is_left_of_the_maximum_is_what_may_be_shipped() -> None:
    two = make_history("A7038", "NU", from_date=dt.date(2026, 4, 10), units="2")
    four = make_history("A7038", "NU", from_date=dt.date(2026, 3, 1), units="4")
    (row,) = desk_on(dt.date(2026, 5, 5), history=[four, two]).report("resupply_due", days="60")
    assert (row["item"], row["supply_ends"], row["eligible"]) == ("A7038", "2026-05-10", "0")
    (row,) = desk_on(dt.date(2026, 5, 20), history=[four, two]).report("resupply_due", days="60")
    assert row["eligible"] == "4", "the four of March lie eighty days back"


def test_the_report_has_what_comes_up_and_names_nobody() -> None:
    desk = desk_on(dt.date(2026, 4, 20))
    assert desk.report("resupply_due", days="9") == []
    (row,) = desk.report("resupply_due", days="10")
    assert row == {
        "patient": 1,
        "claim": "SW7",
        "payer": "90101",
        "item": "A7030",
        "dispensed": "2026-03-01",
        "units": "1",
        "supply_ends": "2026-05-30",
        "ask_from": "2026-04-30",
        "ship_from": "2026-05-20",
        "eligible": "1",
        "asked": None,
        "state": "later",
    }
    old = desk_on(dt.date(2026, 12, 1))
    assert old.report("resupply_due") == []
    assert [row["state"] for row in old.report("resupply_due", lapsed="yes")] == ["lapsed"]


@pytest.mark.rule("RS-6")
def test_a_payer_with_grace_is_shipped_to_sooner() -> None:
    regence = {"classes_of": {"90101": ["regence", "medicare"]}}
    (row,) = desk_on(dt.date(2026, 4, 20), regence).report("resupply_due", days="60")
    assert (row["ask_from"], row["ship_from"]) == (None, "2026-05-10")


def test_when_the_equipment_is_back_there_is_work_again() -> None:
    # The item of before was closed while it was gone, and a key that was closed stays closed.
    gone = make_equipment("E0601", started_on=dt.date(2024, 1, 1), ended_on=dt.date(2026, 5, 2), serial="A")
    waiting = [make_item_view("resupply_due", ASK_KEY)]
    away = desk_on(dt.date(2026, 5, 5), equipment=[gone], items=waiting)
    away.schedule("due")
    assert [act.key for act in away.closed] == [ASK_KEY]
    back = gone._replace(started_on=dt.date(2026, 5, 9), ended_on=None)
    assert opened(desk_on(dt.date(2026, 5, 9), equipment=[gone, back])) == [
        ("resupply_due", f"{ASK_KEY} back 2026-05-09")
    ]
    before_the_supply = [gone._replace(ended_on=dt.date(2025, 1, 1)), back._replace(started_on=dt.date(2025, 2, 1))]
    assert opened(desk_on(dt.date(2026, 5, 9), equipment=before_the_supply)) == [("resupply_due", ASK_KEY)]
