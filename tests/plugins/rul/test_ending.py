"""The list of what reaches the end of its useful lifetime (RUL-2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.plugins.testing import (
    DeskContext,
    make_delivery,
    make_equipment,
    make_history,
    make_item_view,
    make_order,
    make_patient_view,
    plugin_desk,
)

from ..shipped import TABLES, shipped

RUL = shipped("rul")
TODAY = dt.date(2026, 3, 2)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def delivered(code: str, on: str, **more: Any) -> Any:
    return make_delivery(code, delivered_on=day(on), **more)


def desk(*patients: Any, today: dt.date = TODAY, settings: Any = None, items: Any = ()) -> DeskContext:
    return plugin_desk(RUL, settings, patients=patients, tables=TABLES, today=today, items=items)


def listed(*patients: Any, **more: Any) -> list[tuple[Any, ...]]:
    rows = desk(*patients, **more).report("ending")
    return [(row["patient"], row["group"], row["lifetime ends"], row["days left"]) for row in rows]


@pytest.mark.rule("RUL-2")
@pytest.mark.parametrize(
    ("received", "ends", "left"),
    [
        ("2021-05-31", "2026-05-31", 90),
        ("2021-06-01", None, 0),
        ("2021-03-02", "2026-03-02", 0),
        ("2020-12-01", "2025-12-01", -91),
    ],
)
def test_what_ends_within_ninety_days_is_listed(received: str, ends: str | None, left: int) -> None:
    patient = make_patient_view(deliveries=[delivered("E1390", received)])
    assert listed(patient) == ([(1, "stationary oxygen", ends, left)] if ends else [])


@pytest.mark.rule("RUL-2")
def test_without_a_delivery_the_first_billed_month_counts() -> None:
    months = [make_history("E1390", "RR", from_date=day(on)) for on in ("2021-04-01", "2021-05-01")]
    assert listed(make_patient_view(history=months)) == [(1, "stationary oxygen", "2026-04-01", 30)]


@pytest.mark.rule("RUL-2")
@pytest.mark.rule("O-R3")
def test_the_portable_goes_with_the_stationary() -> None:
    both = make_patient_view(deliveries=[delivered("E1390", "2021-05-01"), delivered("E0431", "2021-04-01")])
    assert listed(both) == [(1, "stationary oxygen", "2026-05-01", 60)]
    alone = make_patient_view(deliveries=[delivered("E0431", "2021-04-01")])
    assert listed(alone) == [(1, "portable oxygen", "2026-04-01", 30)]


@pytest.mark.rule("RUL-2")
def test_an_item_of_a_pattern_is_listed_and_one_beside_it_is_not() -> None:
    chair = make_patient_view(deliveries=[delivered("K0861", "2021-05-01")])
    assert listed(chair) == [(1, "power mobility", "2026-05-01", 60)]
    (row,) = desk(chair).report("ending")
    assert row["needs"] == "order, encounter"
    assert listed(make_patient_view(deliveries=[delivered("K0865", "2021-05-01")])) == []


@pytest.mark.rule("RUL-2")
def test_another_machine_inside_the_lifetime_changes_nothing() -> None:
    patient = make_patient_view(deliveries=[delivered("E1390", "2021-05-01"), delivered("E1391", "2024-01-01")])
    assert listed(patient) == [(1, "stationary oxygen", "2026-05-01", 60)]


@pytest.mark.rule("RUL-2")
def test_what_was_given_back_is_not_listed() -> None:
    piece = make_equipment("E1390", started_on=day("2021-05-01"), ended_on=day("2025-05-01"))
    assert listed(make_patient_view(equipment=[piece])) == []
    assert listed(make_patient_view(equipment=[piece._replace(ended_on=None)])) != []


@pytest.mark.rule("RUL-2")
def test_supplies_prostheses_and_what_is_off_have_no_end() -> None:
    others = [delivered(code, "2021-05-01") for code in ("A7030", "L5856", "A5500", "L1832")]
    assert listed(make_patient_view(deliveries=others)) == []


@pytest.mark.rule("RUL-2")
@pytest.mark.parametrize(
    ("received", "orders", "needs", "lacks"),
    [
        # Until April 12, 2026 oxygen needs the choice and an order; from then on a visit as well.
        ("2021-04-12", [], "election, order", "election, order"),
        ("2021-04-13", [], "election, order, encounter", "election, order, encounter"),
        (
            "2021-04-13",
            [make_order("E1390", ordered_on=day("2026-02-20"))],
            "election, order, encounter",
            "election, encounter",
        ),
        (
            "2021-04-13",
            [make_order("E1390", ordered_on=day("2026-02-20"), encounter_on=day("2025-08-20"))],
            "election, order, encounter",
            "election",
        ),
        (
            "2021-04-13",
            [make_order("E1390", ordered_on=day("2026-02-20"), encounter_on=day("2025-08-19"))],
            "election, order, encounter",
            "election, encounter",
        ),
        (
            "2021-04-13",
            [make_order("E1390", ordered_on=day("2021-04-01"))],
            "election, order, encounter",
            "election, order, encounter",
        ),
    ],
)
def test_what_the_replacement_needs_and_what_is_there(received: str, orders: list[Any], needs: str, lacks: str) -> None:
    patient = make_patient_view(deliveries=[delivered("E1390", received)], orders=orders)
    (row,) = desk(patient).report("ending")
    assert (row["needs"], row["lacks"]) == (needs, lacks)


@pytest.mark.rule("RUL-2")
def test_other_items_need_a_new_order() -> None:
    patient = make_patient_view(deliveries=[delivered("E0601", "2021-04-13")])
    (row,) = desk(patient).report("ending")
    assert (row["needs"], row["lacks"]) == ("order", "order")


@pytest.mark.rule("RUL-2")
def test_the_report_can_look_further() -> None:
    patient = make_patient_view(deliveries=[delivered("E1390", "2021-12-01")])
    assert desk(patient).report("ending") == []
    assert len(desk(patient).report("ending", days=300)) == 1


@pytest.mark.rule("RUL-2")
def test_an_item_opens_once_and_closes_when_the_replacement_is_there() -> None:
    patient = make_patient_view(7, deliveries=[delivered("E1390", "2021-05-01")])
    now = desk(patient)
    now.schedule("ending")
    (opened,) = now.opened
    assert (opened.key, opened.team, opened.rule) == ("7:stationary oxygen:2026-05-01", "documentation", "RUL-2")
    assert opened.work_by == day("2026-04-01")
    assert "may be replaced from 05/01/2026 on" in opened.reason
    standing = [make_item_view("rul_ending", opened.key)]
    again = desk(patient, items=standing)
    again.schedule("ending")
    assert not again.acts
    replaced = make_patient_view(7, deliveries=[delivered("E1390", "2021-05-01"), delivered("E1390", "2026-05-04")])
    later = desk(replaced, items=standing, today=day("2026-05-05"))
    later.schedule("ending")
    assert [one.key for one in later.closed] == [opened.key]
    assert not later.opened


@pytest.mark.rule("RUL-2")
def test_when_the_equipment_is_back_there_is_work_again() -> None:
    # The item of before was closed while it was gone, and a key that was closed stays closed.
    there = make_equipment("E1390", started_on=day("2021-05-01"), serial="A")
    gone = there._replace(ended_on=day("2026-02-20"))
    back = there._replace(started_on=day("2026-02-27"))
    for pieces, wanted in (
        ([there], ["7:stationary oxygen:2026-05-01"]),
        ([gone], []),
        ([gone, back], ["7:stationary oxygen:2026-05-01:2026-02-27"]),
    ):
        now = desk(make_patient_view(7, equipment=pieces))
        now.schedule("ending")
        assert [one.key for one in now.opened] == wanted


def test_the_command_says_what_it_did() -> None:
    now = desk(make_patient_view(deliveries=[delivered("E1390", "2021-05-01")]))
    assert now.command("ending") == "The list is up to date: 1 item(s) opened or closed."
    assert len(now.opened) == 1


def test_the_days_ahead_are_a_setting() -> None:
    patient = make_patient_view(deliveries=[delivered("E1390", "2021-05-01")])
    assert listed(patient, settings={"days_ahead": "59"}) == []
    assert listed(patient, settings={"days_ahead": "60"}) != []


@pytest.mark.rule("RUL-2")
def test_the_list_names_what_the_patient_has_now() -> None:
    patient = make_patient_view(deliveries=[delivered("E1390", "2021-05-01"), delivered("E1391", "2024-01-01")])
    (row,) = desk(patient).report("ending")
    assert (row["code"], row["lifetime ends"], row["received"]) == ("E1391", "2026-05-01", "2021-05-01")


@pytest.mark.rule("RUL-2")
def test_a_replacement_that_came_has_its_own_lifetime_also_where_the_payer_refused_it() -> None:
    first = make_history("E0601", "RR", "KH", from_date=day("2021-05-01"), claim_number="SW1")
    denied = make_history("E0601", "RR", "KH", "RA", from_date=day("2024-03-02"), state="denied", claim_number="SW2")
    pieces = [
        make_equipment("E0601", started_on=day("2021-05-01"), ended_on=day("2024-02-20"), serial="A"),
        make_equipment("E0601", started_on=day("2024-03-02"), serial="B"),
    ]
    replaced = make_patient_view(history=[first, denied], equipment=pieces)
    assert listed(replaced) == []
    (row,) = desk(replaced, today=day("2029-01-02")).report("ending")
    assert row["lifetime ends"] == "2029-03-02"
    changed = make_patient_view(history=[first], equipment=pieces)
    assert [ends for _, _, ends, _ in listed(changed)] == ["2026-05-01"]
