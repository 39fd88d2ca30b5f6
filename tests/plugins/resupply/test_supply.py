"""The arithmetic of supplies: how long they last, and from which days on the next may be asked for and delivered."""

from __future__ import annotations

import datetime as dt
import importlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .shipped import RESUPPLY, TABLES

limits: Any = importlib.import_module(f"{RESUPPLY.__name__}.limits")
supply: Any = importlib.import_module(f"{RESUPPLY.__name__}.supply")

DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2032, 12, 31))
BOOK = limits.Book(("medicare",), *(TABLES[name] for name in limits.TABLES))
WITHOUT_MAXIMUM = {
    code for code in BOOK.codes() if any(one.units is None for one in BOOK.limits(dt.date(2026, 1, 1), code))
}
CODES = st.sampled_from(
    sorted(code for code in BOOK.codes() - WITHOUT_MAXIMUM if BOOK.limits(dt.date(2026, 1, 1), code))
)


def monthly(units: int, months: int) -> Any:
    return limits.Limit("A7030", Decimal(units), months, "pap", "", None, None, False)


@pytest.mark.parametrize(
    ("units", "usual", "days"),
    [(1, (1, 3), 90), (2, (2, 1), 30), (6, (2, 1), 90), (1, (2, 1), 15), (5, (4, 1), 38), (1, (1, 36), 1080)],
)
def test_how_long_units_last(units: int, usual: tuple[int, int], days: int) -> None:
    assert supply.days_supplied(Decimal(units), [monthly(*usual)]) == days


@given(DAYS, st.integers(1, 1100))
def test_the_windows_open_in_their_order(day: dt.date, days: int) -> None:
    rule = BOOK.rule(day)
    end = day + dt.timedelta(days=days)
    shipped = supply.ship_open(rule, end)
    opened = supply.contact_open(rule, end, shipped)
    assert opened <= shipped <= end
    assert (end - shipped).days == 10
    if day >= dt.date(2024, 1, 1):
        assert (end - opened).days == 30
    else:
        assert (shipped - opened).days == 14


@pytest.mark.parametrize(
    ("day", "days_back"), [(dt.date(2023, 12, 31), 14), (dt.date(2024, 1, 1), 30), (dt.date(2024, 2, 29), 30)]
)
def test_the_rule_of_2024_begins_with_the_year(day: dt.date, days_back: int) -> None:
    assert BOOK.rule(day).contact_days == days_back


@given(CODES, DAYS, st.integers(0, 400), st.integers(1, 400))
def test_what_may_be_delivered_in_time_is_within_the_maximum(code: str, day: dt.date, wait: int, units: int) -> None:
    """Whoever gets as much as is left, and the next when its window opens, is never over the maximum."""
    limit = BOOK.limits(day, code)[0]
    rule = BOOK.rule(day)
    at_once = supply.months_at_once(limit, rule, False)
    first = supply.quantity((), day, limit, at_once, rule.early_days)
    dispensed = min(Decimal(units), first.eligible)
    days = supply.days_supplied(dispensed, [limit])
    given = (supply.Dispensed(day, day, dispensed, (), "SW1", "90101", True),)
    next_day = supply.ship_open(rule, day + dt.timedelta(days=days)) + dt.timedelta(days=wait)
    left = supply.quantity(given, max(next_day, day), limit, at_once, rule.early_days)
    assert left.earlier in (Decimal(0), dispensed)
    assert left.eligible == left.limit - left.earlier
    if dispensed == first.limit:
        assert left.earlier == 0, "a full supply is no hindrance once its window is open"


@given(st.lists(st.tuples(st.integers(0, 720), st.integers(1, 4)), max_size=12), st.integers(0, 720))
def test_the_rolling_period_counts_each_day_of_it_and_no_other(past: list[tuple[int, int]], at: int) -> None:
    start = dt.date(2024, 1, 1)
    given = tuple(
        supply.Dispensed(start + dt.timedelta(days=day), start, Decimal(units), (), "SW1", "90101", True)
        for day, units in past
    )
    day = start + dt.timedelta(days=at)
    counted = supply.quantity(given, day, monthly(2, 1), 3, 10)
    assert counted.earlier == sum(units for on, units in past if at - 80 < on <= at)
    assert counted.limit == 6


@pytest.mark.parametrize("text", ["", "x", "NaN", "-3", "Infinity"])
def test_units_that_cannot_be_read_are_none(text: str) -> None:
    assert supply.units_of(text) == 0
