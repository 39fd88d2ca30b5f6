"""Rental months as they were billed, and which number the next one has (R1.02, R1.04)."""

from __future__ import annotations

import datetime as dt
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins.months import add_months, month_modifier, new_period_from
from gateway.plugins.testing import make_history

from .desk import scrubber

months: Any = sys.modules[f"{scrubber().__name__}.months"]
DAY = dt.timedelta(days=1)
DAYS = st.dates(dt.date(2016, 1, 1), dt.date(2032, 12, 31))


@pytest.mark.rule("R1.04")
@given(DAYS, st.integers(1, 40))
def test_months_billed_on_the_anniversary_follow_one_another(first: dt.date, count: int) -> None:
    """Whatever the day, and across February: no month overlaps the next, and none leaves a day between."""
    lines = [make_history("E0260", "RR", from_date=add_months(first, at)) for at in range(count + 1)]
    found = months.months_of(lines, ())
    assert len(found) == count + 1
    for month, following in pairwise(found):
        assert month.end + DAY == following.start


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
    assert new_period_from(found[1].end, found[1].anchor) == (dt.date(2026, 5, 31), dt.date(2026, 5, 31))


def billed(first: dt.date, numbers: range) -> list[Any]:
    """Rental months of a bed, by number, as they would have been billed."""
    return [
        make_history("E0260", "RR", month_modifier(number), from_date=add_months(first, number - 1))
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
        assert month_modifier(last) in now.modifiers(13)


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
