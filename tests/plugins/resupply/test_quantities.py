"""RS-3 and RS-6: no more than usual in its rolling period, unless the reason is documented."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

import pytest

from gateway.plugins.testing import (
    make_claim,
    make_document,
    make_history,
    make_line,
    make_table,
    plugin_context,
    rules,
)

from .shipped import RESUPPLY, SHIPPED, TABLES, days_before, held, supplies, told

limits: Any = importlib.import_module(f"{RESUPPLY.__name__}.limits")
SUPPLIES = "supply_limits"
ONLY_QUANTITY = {"skip": ["RS-1", "RS-2"]}


def earlier(code: str, units: str, days: int, *modifiers: str, **more: Any) -> Any:
    return make_history(code, *modifiers, from_date=days_before(days), units=units, **more)


@pytest.mark.rule("RS-3")
@pytest.mark.parametrize(
    ("code", "units", "before", "days", "waits"),
    [
        ("A7030", "1", "1", 30, True),
        ("A7030", "1", "1", 79, True),
        ("A7030", "1", "1", 80, False),
        ("A7030", "2", "0", 200, True),
        ("A7031", "3", "0", 200, False),
        ("A7031", "4", "0", 200, True),
        ("A7038", "6", "0", 200, False),
        ("A7038", "6", "2", 30, True),
        ("A7038", "4", "2", 30, False),
        ("A7035", "1", "1", 120, True),
        ("A7035", "1", "1", 170, False),
        ("A4357", "7", "0", 200, True),
        ("A4357", "6", "0", 200, False),
        ("A4361", "3", "1", 100, True),
    ],
)
def test_units_over_the_usual_maximum_wait(code: str, units: str, before: str, days: int, waits: bool) -> None:
    rules = held(supplies(code, "NU", units=units), ONLY_QUANTITY, history=[earlier(code, before, days, "NU")])
    assert rules == (["RS-3"] if waits else [])


@pytest.mark.rule("RS-3")
def test_a_refill_that_may_be_delivered_is_not_over_the_maximum() -> None:
    """Every eighty days, ten before each supply ends: for years, and never held."""
    history = [earlier("A7030", "1", 80 * number, "NU") for number in range(1, 12)]
    assert held(supplies("A7030", "NU"), {"skip": ["RS-1"]}, history=history) == []


@pytest.mark.rule("RS-3")
def test_strips_by_whether_insulin_is_used() -> None:
    assert held(supplies("A4253", "KX", units="6"), ONLY_QUANTITY) == []
    assert held(supplies("A4253", "KS", units="6"), ONLY_QUANTITY) == ["RS-3"]
    assert held(supplies("A4253", "KS", units="2"), ONLY_QUANTITY) == []
    assert held(supplies("A4253", "KX", units="7"), ONLY_QUANTITY) == ["RS-3"]


@pytest.mark.rule("RS-3")
def test_strips_that_say_neither_are_held_only_over_the_larger_maximum() -> None:
    assert held(supplies("A4253", units="6"), ONLY_QUANTITY) == []
    assert held(supplies("A4253", units="7"), ONLY_QUANTITY) == ["RS-3"]


@pytest.mark.rule("RS-3")
def test_two_lines_of_one_claim_count_together() -> None:
    masks = [make_line("A7030", "NU", from_date=SHIPPED) for _ in range(2)]
    assert held(make_claim(*masks, filing_code="MB"), ONLY_QUANTITY) == ["RS-3"]
    assert held(make_claim(masks[0], filing_code="MB"), ONLY_QUANTITY) == []


@pytest.mark.rule("RS-3")
def test_a_documented_reason_lets_more_pass() -> None:
    claim, last = supplies("A7030", "NU"), earlier("A7030", "1", 30, "NU")
    record = make_document("medical_record", "A7030", dated=days_before(20))
    assert held(claim, ONLY_QUANTITY, history=[last], documents=[record]) == []
    for other in (
        record._replace(codes=("A7034",)),
        record._replace(dated=days_before(190)),
        record._replace(kind="order"),
    ):
        assert held(claim, ONLY_QUANTITY, history=[last], documents=[other]) == ["RS-3"]


@pytest.mark.rule("RS-3")
def test_what_was_refused_does_not_count_and_what_was_billed_again_counts_once() -> None:
    claim, last = supplies("A7030", "NU"), earlier("A7030", "1", 30, "NU")
    assert held(claim, ONLY_QUANTITY, history=[last._replace(state="denied")]) == []
    filters, first = supplies("A7038", "NU", units="2"), earlier("A7038", "4", 30, "NU")
    again = first._replace(frequency="7", claim_number="SW0901")
    assert held(filters, ONLY_QUANTITY, history=[first, again]) == []
    assert held(filters, ONLY_QUANTITY, history=[first, first._replace(claim_number="SW0901")]) == ["RS-3"]


@pytest.mark.rule("RS-3")
def test_a_nursing_facility_gets_a_month_at_a_time() -> None:
    assert held(supplies("A4362", units="60"), ONLY_QUANTITY) == []
    assert held(supplies("A4362", units="60", place_of_service="32"), ONLY_QUANTITY) == ["RS-3"]
    assert held(supplies("A4362", units="20", place_of_service="32"), ONLY_QUANTITY) == []


@pytest.mark.rule("RS-3")
def test_feeding_kits_are_one_a_day_and_a_month_at_a_time() -> None:
    def kits(units: str, days: int) -> list[str]:
        thru = SHIPPED + dt.timedelta(days=days - 1)
        return held(supplies("B4035", units=units, thru=thru), history=[earlier("B4035", "31", 31)])

    assert kits("30", 30) == []
    assert kits("31", 31) == []
    assert kits("31", 30) == ["RS-3"]
    assert kits("30", 35) == ["RS-3"]


@pytest.mark.rule("RS-3")
@pytest.mark.parametrize(
    ("code", "days", "waits"),
    [
        ("B4150", 30, False),
        ("B4150", 31, False),
        ("B4150", 32, True),
        ("B4150", 90, True),
        ("B4162", 90, True),
        ("B4164", 90, True),
        ("B5000", 90, True),
        ("B4220", 32, True),
        ("A6222", 31, False),
        ("A6222", 90, True),
        ("A7044", 93, False),
        ("A7044", 94, True),
        ("B4163", 90, False),
    ],
)
def test_what_has_no_maximum_is_dispensed_for_no_longer_than_it_may_be(code: str, days: int, waits: bool) -> None:
    claim = supplies(code, units="900", thru=SHIPPED + dt.timedelta(days=days - 1))
    assert held(claim, ONLY_QUANTITY) == (["RS-3"] if waits else [])
    assert "RS-3" not in told(claim, ONLY_QUANTITY)


@pytest.mark.rule("RS-3")
def test_it_is_said_for_how_long_and_a_documented_reason_lets_it_pass() -> None:
    claim = supplies("B4150", units="900", thru=SHIPPED + dt.timedelta(days=89))
    with plugin_context(RESUPPLY, tables=TABLES, today=SHIPPED) as context:
        (hold,) = context.hold(claim).holds
    assert "it spans 90 days, and at most 1 month(s) may be dispensed at once" in hold.hold.reason
    record = make_document("medical_record", "B4150", dated=days_before(20))
    assert held(claim, ONLY_QUANTITY, documents=[record]) == []


@pytest.mark.rule("RS-3")
def test_dressings_come_a_month_at_a_time() -> None:
    assert held(supplies("A6216", units="60"), ONLY_QUANTITY) == []
    assert held(supplies("A6216", units="61"), ONLY_QUANTITY) == ["RS-3"]
    assert held(supplies("A6216", units="180"), ONLY_QUANTITY) == ["RS-3"]
    assert held(supplies("A6222", units="180"), ONLY_QUANTITY) == []


@pytest.mark.rule("RS-3")
def test_what_medicare_has_no_maximum_for_another_payer_may() -> None:
    bcbsnd = {"payer_classes": ["bcbsnd", "medicare"], **ONLY_QUANTITY}
    assert held(supplies("A7044", "NU", units="2"), bcbsnd) == ["RS-3"]
    assert held(supplies("A7044", "NU", units="2"), ONLY_QUANTITY) == []


@pytest.mark.rule("RS-3")
def test_a_row_with_the_code_goes_before_a_pattern_in_each_payer_class() -> None:
    def row(code: str, units: str, payer_class: str = "medicare", family: str = "one") -> dict[str, str]:
        return {"code": code, "units": units, "months": "1", "family": family, "payer_class": payer_class}

    rows = [
        row("A70[0-9]?", "5"),
        row("A7030", "1"),
        row("A7030", "2", family="two"),
        row("A703?", "9"),
        row("A703?", "7", "own"),
    ]
    book = limits.Book(
        ("medicare",), make_table("supply_limits", rows), *(TABLES[name] for name in limits.TABLES if name != SUPPLIES)
    )
    assert [int(one.units) for one in book.limits(SHIPPED, "A7030")] == [1, 2]
    assert [int(one.units) for one in book.limits(SHIPPED, "A7031")] == [5]
    assert book.limits(SHIPPED, "A7131") == ()
    own = limits.Book(
        ("own", "medicare"),
        make_table("supply_limits", rows),
        *(TABLES[name] for name in limits.TABLES if name != SUPPLIES),
    )
    assert [int(one.units) for one in own.limits(SHIPPED, "A7030")] == [7]


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        ({"code": "B4150", "units": "", "months": "", "at_once": "1"}, []),
        ({"code": "B415?", "units": "", "months": "", "at_once": "1"}, []),
        ({"code": "B4150", "units": "", "months": ""}, ["B4150 has neither units and months nor at_once"]),
        ({"code": "B4150", "units": "", "months": "1", "at_once": "1"}, ["units of B4150 is missing"]),
        ({"code": "B4150", "units": "4", "months": "", "at_once": "1"}, ["months of B4150 is missing"]),
        ({"code": "B4150", "units": "", "months": "", "at_once": "0"}, ["at_once of B4150 is 0"]),
        ({"code": "B4150", "at_once": "1", "per_day": "1"}, ["per_day of B4150 goes with units and months"]),
        ({"code": "B41*", "units": "", "months": "", "at_once": "1"}, ["B41* cannot be used as a code"]),
    ],
)
def test_a_row_that_cannot_be_used_is_told(row: dict[str, str], faults: list[str]) -> None:
    found = list(limits.faults_of_limits(make_table("supply_limits", [row])))
    assert [wanted in one for wanted, one in zip(faults, found, strict=True)] == [True] * len(faults)


@pytest.mark.rule("RS-3")
def test_one_allowance_of_a_glucose_monitor_in_thirty_days() -> None:
    claim = supplies("A4239", "KX")
    assert held(claim, history=[earlier("A4239", "1", 30)]) == []
    assert held(claim, history=[earlier("A4239", "1", 29)]) == ["RS-3"]
    assert held(supplies("A4239", "KX", units="2")) == ["RS-3"]


@pytest.mark.rule("RS-3")
def test_a_maximum_that_is_not_certain_is_told_and_keeps_nothing_back() -> None:
    many = supplies("A7003", "NU", units="7")
    assert (held(many), [rule for rule in told(many) if rule == "RS-3"]) == ([], ["RS-3"])
    usual = supplies("A7003", "NU", units="6")
    assert (held(usual), [rule for rule in told(usual) if rule == "RS-3"]) == ([], [])


@pytest.mark.rule("RS-3")
def test_a_payer_has_its_own_maximum_and_medicares_for_the_rest() -> None:
    medi_cal = {"payer_classes": ["medi-cal", "medicare"], **ONLY_QUANTITY}
    last = earlier("A7030", "1", 200, "NU")
    assert held(supplies("A7030", "NU"), medi_cal, history=[last]) == ["RS-3"]
    assert held(supplies("A7030", "NU"), ONLY_QUANTITY, history=[last]) == []
    assert held(supplies("A7038", "NU", units="7"), medi_cal) == ["RS-3"]


@pytest.mark.rule("RS-3")
def test_a_maximum_holds_from_its_day_on() -> None:
    row = {"family": "pap", "payer_class": "medicare", "modifier": "", "code": "A7030", "months": "3"}
    rows = [
        {**row, "units": "2", "valid_to": "2026-05-31"},
        {**row, "units": "1", "valid_from": "2026-06-01"},
    ]
    changed = {**{name: TABLES[name] for name in TABLES}, "supply_limits": make_table("supply_limits", rows)}
    with plugin_context(RESUPPLY, tables=changed) as context:
        assert rules(context.hold(supplies("A7030", units="2"))) == ["RS-3"]
        assert rules(context.hold(supplies("A7030", units="2", day=days_before(1)))) == []


@pytest.mark.rule("RS-6")
def test_a_payer_that_pays_in_part_is_billed_for_all_and_told() -> None:
    partial = {"payer_classes": ["regence", "medicare"]}
    claim, last = supplies("A7038", "NU", units="6"), earlier("A7038", "2", 65, "NU")
    assert held(claim, partial, history=[last]) == []
    assert "RS-6" in told(claim, partial, history=[last])
    few = supplies("A7038", "NU", units="4")
    assert "RS-6" not in told(few, partial, history=[last])
    assert "RS-3" in held(claim, {**partial, "skip": ["RS-6"]}, history=[last])
