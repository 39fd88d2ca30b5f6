"""Business days, as payers and offices keep them."""

from __future__ import annotations

import datetime as dt

from gateway.core.work.calendar import add_business_days, business_days_between, is_business_day


def test_weekends_and_federal_holidays_are_no_business_days() -> None:
    assert not is_business_day(dt.date(2026, 11, 26))  # Thanksgiving
    assert not is_business_day(dt.date(2026, 9, 19))  # a Saturday
    assert is_business_day(dt.date(2026, 9, 18))


def test_a_holiday_on_a_saturday_is_kept_on_the_friday_before() -> None:
    assert not is_business_day(dt.date(2026, 7, 3))
    assert not is_business_day(dt.date(2027, 12, 31))  # New Year's Day 2028


def test_two_business_days_from_a_friday_are_the_tuesday() -> None:
    assert add_business_days(dt.date(2026, 9, 18), 2) == dt.date(2026, 9, 22)
    assert add_business_days(dt.date(2026, 9, 22), -2) == dt.date(2026, 9, 18)
    assert add_business_days(dt.date(2026, 9, 19), 0) == dt.date(2026, 9, 19)


def test_business_days_are_counted_between_two_days() -> None:
    assert business_days_between(dt.date(2026, 11, 25), dt.date(2026, 11, 30)) == 2
    assert business_days_between(dt.date(2026, 11, 30), dt.date(2026, 11, 25)) == 0
