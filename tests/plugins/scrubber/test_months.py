"""The arithmetic of rental months: leap days, ends of months, numbers, breaks (R1.02, R1.04, R1.05)."""

from __future__ import annotations

import datetime as dt
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins.testing import make_history

from .desk import scrubber

months: Any = sys.modules[f"{scrubber().__name__}.months"]
DAY = dt.timedelta(days=1)
DAYS = st.dates(dt.date(2016, 1, 1), dt.date(2032, 12, 31))


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-15", "2026-02-14"),
        ("2026-01-31", "2026-02-27"),
        ("2024-01-31", "2024-02-28"),
        ("2024-02-29", "2024-03-28"),
        ("2026-12-01", "2026-12-31"),
        ("2026-12-31", "2027-01-30"),
    ],
)
def test_a_rental_month_lasts_until_the_day_before_its_next(start: str, end: str) -> None:
    assert months.month_end(dt.date.fromisoformat(start)) == dt.date.fromisoformat(end)


@given(DAYS, st.integers(0, 120))
def test_so_many_months_later_is_the_same_day_or_the_last_of_the_month(day: dt.date, count: int) -> None:
    later = months.add_months(day, count)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == count
    assert later.day == day.day or (later + DAY).day == 1
    assert months.add_months(later, -count) <= day


@pytest.mark.rule("R1.04")
@given(DAYS, st.integers(1, 40))
def test_months_billed_on_the_anniversary_follow_one_another(first: dt.date, count: int) -> None:
    """Whatever the day, and across February: no month overlaps the next, and none leaves a day between."""
    lines = [make_history("E0260", "RR", from_date=months.add_months(first, at)) for at in range(count + 1)]
    found = months.months_of(lines, ())
    assert len(found) == count + 1
    for month, following in pairwise(found):
        assert months.break_before(month.end, following.start, month.anchor) is months.Break.NONE


@pytest.mark.rule("R1.04")
def test_a_rental_that_began_on_a_31st_goes_on_on_the_last_of_short_months() -> None:
    starts = [dt.date(2026, 1, 31), dt.date(2026, 2, 28), dt.date(2026, 3, 31), dt.date(2026, 4, 30)]
    found = months.months_of([make_history("E0260", "RR", from_date=day) for day in starts], ())
    assert [month.end for month in found] == [
        dt.date(2026, 2, 27),
        dt.date(2026, 3, 30),
        dt.date(2026, 4, 29),
        dt.date(2026, 5, 30),
    ]
    assert months.new_period_days(found[1].end, found[1].anchor) == (dt.date(2026, 5, 31), dt.date(2026, 5, 31))


@pytest.mark.rule("R1.05")
def test_the_example_of_the_contractor() -> None:
    """Rented from January 15, returned on March 25: a new period from the middle of June on."""
    end = months.month_end(dt.date(2026, 3, 15))
    assert max(months.new_period_days(end)) == dt.date(2026, 6, 15)


@given(DAYS, st.integers(1, 200))
def test_a_break_is_judged_by_both_readings(end: dt.date, gap: int) -> None:
    day = end + dt.timedelta(days=gap + 1)
    over_sixty = gap > 60
    two_months = day >= months.add_months(end + DAY, 2)
    found = months.break_before(end, day)
    if over_sixty and two_months:
        assert found is months.Break.LONG
    elif over_sixty or two_months:
        assert found is months.Break.UNCLEAR
    else:
        assert found is months.Break.TEMPORARY


@given(DAYS, st.integers(0, 400))
def test_a_month_that_begins_before_the_end_of_another_overlaps(end: dt.date, earlier: int) -> None:
    assert months.break_before(end, end - dt.timedelta(days=earlier)) is months.Break.OVERLAP


def billed(first: dt.date, numbers: range) -> list[Any]:
    """Rental months of a bed, by number, as they would have been billed."""
    return [
        make_history("E0260", "RR", months.month_modifier(number), from_date=months.add_months(first, number - 1))
        for number in numbers
    ]


@pytest.mark.rule("R1.02")
@given(DAYS, st.integers(1, 13), st.integers(0, 13))
def test_the_next_months_number_is_known_as_well_as_the_past_is(first: dt.date, since: int, count: int) -> None:
    """Whatever part of the months we billed ourselves, the true number is among those that are possible; and it is the
    only one where month 1 is among them."""
    last = min(since + count, 14)
    found = months.months_of(billed(first, range(since, last)), ())
    now = months.standing(found, 13)
    assert now.least <= last <= now.most
    if since == 1 and found:
        assert now.least == now.most == last
    if last <= 13:
        assert months.month_modifier(last) in now.modifiers(13)


@given(DAYS, st.integers(2, 6), st.integers(1, 5))
def test_a_denied_month_is_billed_again_under_its_number(first: dt.date, count: int, denied: int) -> None:
    lines = billed(first, range(1, count + 1))
    lines[denied % count] = lines[denied % count]._replace(state="denied", modifiers=("RR",))
    found = months.months_of(lines, ())
    assert sum(month.counts for month in found) == count - 1


def test_two_lines_of_one_day_are_one_month_and_a_void_takes_it_out() -> None:
    line = make_history("E0260", "RR", "KH", from_date=dt.date(2026, 1, 15))
    again = line._replace(claim_number="SW0901", payer_id="90201")
    assert len(months.months_of([line, again], ())) == 1
    assert months.months_of([line, line._replace(frequency="8")], ()) == []


def test_a_part_of_a_month_ends_with_its_last_day() -> None:
    part = make_history("E0260", "RR", "KJ", "KR", from_date=dt.date(2026, 1, 1), thru_date=dt.date(2026, 1, 12))
    (month,) = months.months_of([part], ())
    assert month.end == dt.date(2026, 1, 12)
