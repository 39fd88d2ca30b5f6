"""The 36-month clock as plain arithmetic over what is known of a patient."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins.months import add_months
from gateway.plugins.rental_clock import Facts, Month
from gateway.plugins.testing import make_delivery, make_equipment, make_history, make_order

from .conftest import OXYGEN, day, rented

clock = sys.modules[f"{OXYGEN.__name__}.clock"]
CODES = {"E1390", "E1391", "E0424", "E0439"}
STARTS = st.dates(dt.date(2005, 1, 1), dt.date(2020, 12, 31))


def made(on: dt.date, now: Any = (), **known: Any) -> Any:
    return clock.make_clock(Facts(**known), CODES, on, now)


def month(on: dt.date, replaces: bool = False) -> Any:
    return Month(on, "E1390", replaces)


@pytest.mark.rule("R1.03")
@given(STARTS, st.integers(1, 60))
def test_month_36_ends_three_years_after_the_first_day(start: dt.date, count: int) -> None:
    history = rented(start.isoformat(), count)
    found = made(add_months(start, count), history=history)
    assert found.period.length == count
    assert found.cap_end == (add_months(start, 36) - dt.timedelta(days=1) if count >= 36 else None)
    assert found.lifetime_end == add_months(start, 60)


@pytest.mark.rule("R1.04")
@given(STARTS, st.integers(36, 48), st.sets(st.integers(0, 47), max_size=10))
def test_denied_months_push_the_cap_out(start: dt.date, count: int, denied: set[int]) -> None:
    history = [
        one._replace(state="denied") if number in denied else one
        for number, one in enumerate(rented(start.isoformat(), count))
    ]
    paid = [number for number in range(count) if number not in denied]
    found = made(add_months(start, count), history=history)
    assert found.period.length == len(paid)
    last = found.cap_end
    assert last == (None if len(paid) < 36 else add_months(start, paid[35] + 1) - dt.timedelta(days=1))


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize("modifiers", [("MS",), ("NU",), ("RB",)])
def test_what_is_no_rental_does_not_say_on_which_day_months_begin(modifiers: tuple[str, ...]) -> None:
    """A rental from before the record, and the first maintenance visit on it: the months began with the delivery."""
    given = [make_delivery("E1390", delivered_on=day("2023-01-02"))]
    before = made(day("2026-11-26"), deliveries=given)
    visit = [make_history("E1390", *modifiers, from_date=day("2026-11-26"), claim_number="MS146")]
    assert made(day("2026-11-27"), deliveries=given, history=visit).cap_end == before.cap_end == day("2026-01-01")


@pytest.mark.rule("R1.06")
@given(STARTS, st.lists(st.sampled_from(sorted(CODES)), min_size=2, max_size=40))
def test_another_kind_of_equipment_begins_no_new_count(start: dt.date, codes: list[str]) -> None:
    history = [rented(start.isoformat(), 1, code, first=number)[0] for number, code in enumerate(codes)]
    found = made(add_months(start, len(codes)), history=history)
    assert len(found.periods) == 1
    assert [found.code_of(number) for number in range(1, len(codes) + 1)] == codes


@given(STARTS, st.integers(0, 59), st.integers(1, 12))
def test_months_before_the_record_count_from_the_delivery(start: dt.date, before: int, count: int) -> None:
    history = rented(add_months(start, before).isoformat(), count)
    on = add_months(start, before + count)
    found = made(on, history=history, deliveries=[make_delivery("E1390", delivered_on=start)])
    assert found.complete
    assert found.period.length == before + count
    assert found.terms == (start,)
    assert not made(on, history=history).complete


def test_without_a_month_on_record_the_delivery_alone_counts() -> None:
    delivered = [make_delivery("E1390", delivered_on=day("2020-05-10"))]
    found = made(day("2023-05-09"), deliveries=delivered)
    assert (found.period.length, found.cap_end) == (36, day("2023-05-09"))
    assert made(day("2023-05-09")) is None


def test_equipment_that_was_given_back_counts_until_then() -> None:
    gone = [make_equipment("E1390", started_on=day("2020-05-10"), ended_on=day("2020-11-20"))]
    found = made(day("2024-01-01"), equipment=gone)
    assert found.period.length == 7, "the month in which it was given back is a month"
    assert found.period.end == day("2020-12-09")


@pytest.mark.rule("O-R2")
@given(STARTS, st.integers(1, 40), st.integers(1, 40))
def test_a_replacement_begins_a_new_count_and_a_new_lifetime(start: dt.date, before: int, after: int) -> None:
    anew = add_months(start, before)
    history = rented(start.isoformat(), before) + [
        one._replace(modifiers=("RR", "RA")) if not number else one
        for number, one in enumerate(rented(anew.isoformat(), after))
    ]
    found = made(add_months(anew, after), history=history)
    assert [period.length for period in found.periods] == [before, after]
    assert found.terms == (start, anew)
    assert found.lifetime_end == add_months(anew, 60)


def test_a_second_ra_right_after_the_first_begins_nothing() -> None:
    history = rented("2024-01-10", 3) + rented("2024-04-10", 2, "E1390", "RA") + rented("2024-06-10", 4)
    found = made(day("2024-10-01"), history=history)
    assert [period.length for period in found.periods] == [3, 6]


@pytest.mark.rule("R1.05")
def test_a_new_order_in_a_long_break_begins_a_new_count() -> None:
    history = rented("2024-01-10", 5) + rented("2024-10-10", 2)
    ordered = [make_order("E1390", ordered_on=day("2024-10-01"))]
    assert [one.length for one in made(day("2024-12-01"), history=history, orders=ordered).periods] == [5, 2]
    early = [make_order("E1390", ordered_on=day("2024-01-05"))]
    assert [one.length for one in made(day("2024-12-01"), history=history, orders=early).periods] == [7]
    other = [make_order("E0601", ordered_on=day("2024-10-01"))]
    assert [one.length for one in made(day("2024-12-01"), history=history, orders=other).periods] == [7]


@pytest.mark.rule("R1.05")
def test_a_break_of_unclear_length_begins_no_new_count() -> None:
    # July 1 to August 30 are 61 days, and not yet two full months.
    history = rented("2024-01-01", 6) + rented("2024-08-31", 2)
    ordered = [make_order("E1390", ordered_on=day("2024-08-20"))]
    assert [one.length for one in made(day("2024-11-01"), history=history, orders=ordered).periods] == [8]


@pytest.mark.rule("R1.05")
def test_after_month_36_no_break_begins_a_new_count() -> None:
    history = rented("2020-01-10", 36) + rented("2024-06-10", 1)
    ordered = [make_order("E1390", ordered_on=day("2024-06-01"))]
    found = made(day("2024-06-10"), history=history, orders=ordered)
    assert [one.length for one in found.periods] == [37]


def test_equipment_delivered_after_the_lifetime_begins_a_new_count() -> None:
    history = rented("2018-01-10", 36) + rented("2023-02-10", 3)
    delivered = [make_delivery("E1390", delivered_on=day(on)) for on in ("2018-01-10", "2023-02-10")]
    found = made(day("2023-05-01"), history=history, deliveries=delivered)
    assert [one.length for one in found.periods] == [36, 3]
    assert found.terms == (day("2018-01-10"), day("2023-02-10"))


def test_what_begins_later_is_not_looked_at() -> None:
    history = rented("2024-01-10", 20)
    assert made(day("2024-06-15"), history=history).period.length == 6


def test_the_claim_that_is_looked_at_is_counted() -> None:
    history = rented("2024-01-10", 5)
    found = made(day("2024-06-10"), [month(day("2024-06-10"))], history=history)
    which, at = found.at(day("2024-06-20"))
    assert (which, at.number) == (0, 6)
    assert found.at(day("2024-07-10")) is None
