"""What teams hear of orders that waited, by team, week, source and reason; and the log of inventory faults."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from gateway.plugins.testing import DeskContext, plugin_desk

from .shipped import CONFIRMATION, SETTINGS, TABLES, desk, line, order, supply

MONDAY = dt.date(2026, 6, 8)


def problem(order_number: str, reason: str = "QUANTITY", **more: Any) -> dict[str, Any]:
    usual = {
        "source": "billing",
        "order_number": order_number,
        "reason": reason,
        "turn": 1,
        "team": "fulfilment",
        "feedback": "fulfilment",
        "inventory": reason in ("QUANTITY", "SERIAL"),
        "rule": "OC-4",
        "dollars": Decimal("100.00"),
        "found_on": dt.date(2026, 6, 3),
        "closed_on": None,
    }
    return {**usual, **more}


def desk_with(*problems: dict[str, Any], today: dt.date = MONDAY) -> DeskContext:
    return plugin_desk(CONFIRMATION, SETTINGS, today=today, rows={"problems": list(problems)}, tables=TABLES)


PROBLEMS = (
    problem("SO-1", closed_on=dt.date(2026, 6, 5)),
    problem("SO-2"),
    problem("SO-2", "FIELDS", team="intake", feedback="intake", rule="OC-1"),
    problem("SO-3", found_on=dt.date(2026, 5, 27)),
    problem("SO-4", source="warehouse", closed_on=dt.date(2026, 6, 4)),
)


def test_reasons_are_counted_by_week_team_source_and_reason() -> None:
    rows = desk_with(*PROBLEMS).report("order_feedback")
    assert [(row["week"], row["feedback_to"], row["source"], row["reason"], row["orders"]) for row in rows] == [
        ("2026-06-01", "fulfilment", "billing", "QUANTITY", 2),
        ("2026-06-01", "fulfilment", "warehouse", "QUANTITY", 1),
        ("2026-06-01", "intake", "billing", "FIELDS", 1),
        ("2026-05-25", "fulfilment", "billing", "QUANTITY", 1),
    ]
    first = rows[0]
    assert (first["dollars"], first["still_open"], first["days_to_mend"]) == ("200.00", 1, "2.0")


def test_a_team_asks_for_its_own_and_for_some_weeks() -> None:
    kit = desk_with(*PROBLEMS)
    assert [row["reason"] for row in kit.report("order_feedback", team="intake")] == ["FIELDS"]
    assert [row["week"] for row in kit.report("order_feedback", weeks="1")] == []
    assert {row["week"] for row in kit.report("order_feedback", weeks="2")} == {"2026-06-01"}
    assert {row["reason"] for row in kit.report("order_feedback", inventory="yes")} == {"QUANTITY"}


def test_each_team_hears_once_a_week_of_the_week_before() -> None:
    kit = desk_with(*PROBLEMS)
    kit.schedule("feedback")
    told = {item.team: item for item in kit.opened}
    assert set(told) == {"fulfilment", "intake"}
    assert told["fulfilment"].key == "order_feedback 2026-06-01 fulfilment"
    assert "3 order(s) waited" in told["fulfilment"].reason
    assert "3 x QUANTITY" in told["fulfilment"].reason
    assert told["fulfilment"].cents == 300_00


def test_a_week_without_faults_tells_nobody() -> None:
    kit = desk_with(*PROBLEMS, today=MONDAY + dt.timedelta(days=7))
    kit.schedule("feedback")
    assert not kit.acts


def test_faults_of_quantity_and_serial_number_have_a_log() -> None:
    kit = desk()
    kit.drop("orders", [order(line(serials=None), supply(ordered=2, delivered=1), supply(code="A7039", price="0"))])
    rows = kit.report("inventory_faults")
    assert [(row["line"], row["reason"], row["item"], row["ordered"], row["delivered"]) for row in rows] == [
        (1, "SERIAL", "E0601", "1", "1"),
        (2, "QUANTITY", "A7038", "2", "1"),
    ]
    assert {row["feedback_to"] for row in rows} == {"fulfilment"}


def test_the_log_goes_as_far_back_as_it_is_asked() -> None:
    old = {
        "source": "billing",
        "order_number": "SO-1",
        "line": 1,
        "reason": "SERIAL",
        "found_on": dt.date(2026, 4, 1),
        "code": "E0601",
    }
    kit = desk(rows={"inventory_faults": [old]})
    assert kit.report("inventory_faults") == []
    assert len(kit.report("inventory_faults", days="90")) == 1
