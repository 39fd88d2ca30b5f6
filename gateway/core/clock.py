"""The clock and the randomness, passed in, so that a run can be replayed."""

from __future__ import annotations

import datetime as dt
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """What time it is, in UTC."""

    def now(self) -> dt.datetime:
        """The time now, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class FixedClock:
    """A clock that a test sets and moves by hand."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        return self.at

    def advance(self, **parts: float) -> None:
        """Move on, by the parts of a timedelta: `advance(hours=3)`."""
        self.at += dt.timedelta(**parts)


def business_date(at: dt.datetime, zone: str) -> dt.date:
    """The date of a moment where the supplier (or the payer) keeps its office."""
    return at.astimezone(ZoneInfo(zone)).date()


def day_begins(day: dt.date, zone: str) -> dt.datetime:
    """The moment at which a date begins where the supplier keeps its office, in UTC."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
