"""Where each oxygen patient stands."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plugins.testing import make_delivery, make_patient_view, plugin_desk

from ..shipped import TABLES
from .conftest import OXYGEN, day, rented


def standing(today: str, *, stage: str | None = None, **known: Any) -> list[dict[str, Any]]:
    asked = {"stage": stage} if stage else {}
    desk = plugin_desk(OXYGEN, patients=[make_patient_view(7, **known)], tables=TABLES, today=day(today))
    return desk.report("clock", **asked)


@pytest.mark.rule("R1.03")
@pytest.mark.parametrize(
    ("today", "months", "cap_end", "stage"),
    [
        ("2024-06-15", 30, None, "renting"),
        ("2025-01-09", 36, "2025-01-09", "renting"),
        ("2025-01-10", 36, "2025-01-09", "furnishing"),
        ("2027-01-09", 36, "2025-01-09", "furnishing"),
        ("2027-01-10", 36, "2025-01-09", "lifetime over"),
    ],
)
def test_the_stages_of_a_patient(today: str, months: int, cap_end: str | None, stage: str) -> None:
    (row,) = standing(today, history=rented("2022-01-10", 36))
    assert (row["month"], row["month 36 ended"], row["stage"]) == (months, cap_end, stage)
    assert row["lifetime ends"] == "2027-01-10"


@pytest.mark.parametrize(
    ("code", "owed"),
    [
        ("E1390", "equipment, maintenance (billed every six months), repairs"),
        ("E0439", "equipment, contents (billed each month), repairs"),
    ],
)
def test_what_the_supplier_owes_from_month_37_on(code: str, owed: str) -> None:
    (row,) = standing("2025-03-01", history=rented("2022-01-10", 36, code))
    assert (row["code"], row["owed"]) == (code, owed)
    (row,) = standing("2024-03-01", history=rented("2022-01-10", 36, code))
    assert row["owed"] == ""


@pytest.mark.rule("R1.05")
def test_a_patient_who_is_not_billed_within_the_months_is_told() -> None:
    (row,) = standing("2025-08-01", history=rented("2025-01-10", 3))
    assert (row["stage"], row["month"]) == ("not billed", 3)
    (row,) = standing("2025-06-01", history=rented("2025-01-10", 3))
    assert row["stage"] == "renting"


def test_both_clocks_are_shown_and_one_stage_can_be_asked_for() -> None:
    history = rented("2022-01-10", 36) + rented("2024-06-10", 9, "E0431")
    rows = standing("2025-02-20", history=history)
    assert [(row["kind"], row["stage"]) for row in rows] == [("stationary", "furnishing"), ("portable", "renting")]
    assert [row["kind"] for row in standing("2025-02-20", stage="renting", history=history)] == ["portable"]


def test_a_record_that_begins_late_is_not_sure() -> None:
    history = rented("2025-01-10", 3)
    assert [row["sure"] for row in standing("2025-04-01", history=history)] == [False]
    delivered = [make_delivery("E1390", delivered_on=day("2023-01-10"))]
    (row,) = standing("2025-04-01", history=history, deliveries=delivered)
    assert (row["sure"], row["month"], row["began"]) == (True, 27, "2023-01-10")
