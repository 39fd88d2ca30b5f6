"""Spans of time as people write them into tables: `1 year`, `6 months`, `90 days`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import NamedTuple

_WRITTEN = re.compile(r"(\d{1,4}) (day|month|year)s?", re.ASCII)
MOST = {"day": 3660, "month": 120, "year": 10}


class Term(NamedTuple):
    """A span of calendar time: so many days, months or years."""

    length: int
    unit: str

    def after(self, day: dt.date) -> dt.date:
        """The last day of the term that begins on a day: a year from 29 February ends on 28 February (1.7)."""
        if self.unit == "day":
            return day + dt.timedelta(days=self.length)
        return add_months(day, self.length * (12 if self.unit == "year" else 1))


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month so many months on; the month's last day where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def parse_term(text: str) -> Term:
    """`1 year`, `6 months` or `90 days` as a term.

    Raises:
        ValueError: it is written in another way, is nothing, or is longer than ten years.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError("a span such as 1 year, 6 months or 90 days")
    length, unit = int(found[1]), found[2]
    if not 1 <= length <= MOST[unit]:
        raise ValueError("a span of at least a day and at most ten years")
    return Term(length, unit)
