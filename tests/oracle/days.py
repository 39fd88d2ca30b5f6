"""The calendar, counted on the fingers."""

from __future__ import annotations

from datetime import date, timedelta

ONE = timedelta(days=1)


def last_of_month(day: date) -> date:
    """The last day of the month of `day`."""
    if day.month == 12:
        return date(day.year, 12, 31)
    return date(day.year, day.month + 1, 1) - ONE


def add_months(day: date, months: int) -> date:
    """The same calendar day so many months later (or earlier); the last day of a month that is too short for it."""
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    last = last_of_month(date(year, month, 1))
    return date(year, month, day.day) if day.day <= last.day else last


def add_days(day: date, days: int) -> date:
    """So many days later (or earlier)."""
    return day + timedelta(days=days)
