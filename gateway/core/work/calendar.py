"""Business days: weekdays that are no United States federal holiday."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import holidays

_DAY = dt.timedelta(days=1)


@lru_cache(maxsize=256)
def _federal(year: int) -> frozenset[dt.date]:
    # With the days on which a holiday is observed: Independence Day on a Saturday is kept on the Friday before.
    return frozenset(holidays.country_holidays("US", years=year, observed=True))


def is_business_day(day: dt.date) -> bool:
    """Whether offices and payers work on this day."""
    if day.weekday() >= 5:
        return False
    # New Year's Day on a Saturday is observed on the last day of the year before.
    return day not in _federal(day.year) and day not in _federal(day.year + (day.month == 12))


@lru_cache(maxsize=4096)
def add_business_days(day: dt.date, count: int) -> dt.date:
    """The day that is so many business days after (before, where negative) a day; 0 is the day itself."""
    step = _DAY if count >= 0 else -_DAY
    for _ in range(abs(count)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def business_days_between(start: dt.date, end: dt.date) -> int:
    """How many business days lie after `start` up to and including `end`; 0 where end is not later."""
    count = 0
    while start < end:
        start += _DAY
        count += is_business_day(start)
    return count
