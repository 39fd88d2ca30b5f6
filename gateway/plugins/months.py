"""Months as rentals are counted: by the calendar, from the day on which they began (hme-billing-rules 1.1, 2.2).

Pure functions over dates and records, for every plugin that keeps a clock: rental months and their caps, breaks in
use, useful lifetimes, maintenance. Nothing here knows what today is.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .context import HistoryLine
    from .past import LinePayment

RENTAL = "RR"
MONTHS = ("KH", "KI", "KJ")
NOT_BILLED = frozenset({"faulty", "cancelled", "rejected"})
"""States of claims that no payer has: what stands on them was not billed."""
VOID = "8"
LONGEST_BREAK = 60
"""Days after the rental month that an interruption may last and be temporary, whatever its reason (R1.05)."""
CONTRACTORS_MONTHS = 2
"""Full rental months after the one in which use ended that must pass, as the DME MACs read the same rule (R1.05)."""
SLACK = 3
"""Days by which a month may begin before the one before it has ended and still be the next: billers who count 30 or 28
days instead of months."""
ONE_DAY = dt.timedelta(days=1)
_SLACK = dt.timedelta(days=SLACK)
_REMEMBERED = 65_536
"""Days whose months are kept: the same rentals are counted again with every claim."""
_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DENIED = "denied"
REPLACES = "7"
WITHDRAWN = frozenset({"faulty", "cancelled"})
"""States of claims that say nothing about use."""


@lru_cache(maxsize=_REMEMBERED)
def add_months(day: dt.date, months: int) -> dt.date:
    """The same day so many months later (earlier, below zero); the last of that month where it has no such day, so that
    five years after a February 29 is a February 28 (RUL, 1.7).

    Raises:
        ValueError: there is no such year.
    """
    return _on(day.year * 12 + day.month - 1 + months, day.day)


@lru_cache(maxsize=_REMEMBERED)
def rental_month_end(start: dt.date, anchor_day: int | None = None) -> dt.date:
    """The last day of the rental month that begins on `start`: the day before the same day of the next month (R1.04).

    `anchor_day` is the day of the month on which the rental began, where it is another: of a rental that began on the
    31st, the month that begins on February 28 lasts until March 30.
    """
    return _on(start.year * 12 + start.month, anchor_day or start.day) - ONE_DAY


def month_modifier(number: int) -> str:
    """KH, KI or KJ of a rental month, counted from 1: KH in the first, KI in the second and third, KJ after (R1.02)."""
    return MONTHS[0] if number <= 1 else MONTHS[1] if number <= 3 else MONTHS[2]


def months_between(start: dt.date, end: dt.date) -> int:
    """How many whole months lie between two days: the most that can be added to `start` without passing `end`; below
    zero where `end` comes first."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def _on(month: int, day: int) -> dt.date:
    """A day of a month (counted from the year 0), or its last where it has fewer days."""
    year, index = divmod(month, 12)
    return dt.date(year, index + 1, day if day <= 28 else min(day, _days_of(year, index + 1)))


def _days_of(year: int, month: int) -> int:
    """How many days a month has."""
    leap = month == 2 and not year % 4 and (year % 100 != 0 or not year % 400)
    return 29 if leap else _DAYS[month]


class BreakKind(enum.StrEnum):
    """What an interruption of use is by its length (R1.05).

    TEMPORARY: the count goes on, whatever the reason. LONG: by either reading of the rule it is long enough for a new
    period of continuous use, which begins only if the need is new as well and documented; else the count goes on.
    UNCLEAR: long enough by one reading only. By the later of the two the count goes on; a person looks.
    """

    TEMPORARY = "temporary"
    UNCLEAR = "unclear"
    LONG = "long"


class Break(NamedTuple):
    """Days that no rental month covers, the first and the last of them."""

    from_date: dt.date
    thru_date: dt.date
    kind: BreakKind

    @property
    def days(self) -> int:
        """How many."""
        return (self.thru_date - self.from_date).days + 1


class NewPeriod(NamedTuple):
    """From which day on a rental that has ended could begin a new count: as 42 CFR 414.230 reads (more than 60 days
    after the rental month), and as the DME MACs read it (two full rental months after it)."""

    regulation: dt.date
    contractors: dt.date

    @property
    def later(self) -> dt.date:
        """The day that is meant where the two differ (R1.05)."""
        return max(self.regulation, self.contractors)


def new_period_from(month_end: dt.date, anchor_day: int | None = None) -> NewPeriod:
    """When a new period could begin for equipment whose last rental month ended on `month_end` (R1.05): rented from
    January 15 and given back on March 25, the month ends on April 14, and both readings say June 15."""
    after = month_end + ONE_DAY
    contractors = _on(after.year * 12 + after.month - 1 + CONTRACTORS_MONTHS, anchor_day or after.day)
    return NewPeriod(after + dt.timedelta(days=LONGEST_BREAK + 1), contractors)


def break_between(month_end: dt.date, resumed: dt.date, anchor_day: int | None = None) -> Break | None:
    """The interruption between the end of a rental month and the day on which use (its billing) resumed, with its kind;
    None where there is none (R1.05)."""
    if resumed <= month_end + ONE_DAY:
        return None
    limits = new_period_from(month_end, anchor_day)
    if resumed >= limits.later:
        kind = BreakKind.LONG
    elif resumed >= min(limits):
        kind = BreakKind.UNCLEAR
    else:
        kind = BreakKind.TEMPORARY
    return Break(month_end + ONE_DAY, resumed - ONE_DAY, kind)


class UseMonth(NamedTuple):
    """A rental month: its number in the period of continuous use, its first day and its last."""

    number: int
    from_date: dt.date
    thru_date: dt.date


class UsePeriod(NamedTuple):
    """A period of continuous use: its months, the breaks between them, the break that lies before it (None: none, or it
    is the first), and the last day of use, counted or not."""

    months: tuple[UseMonth, ...]
    breaks: tuple[Break, ...]
    before: Break | None
    used_until: dt.date

    @property
    def start(self) -> dt.date:
        """Its first day."""
        return self.months[0].from_date

    @property
    def length(self) -> int:
        """How many months there are in it."""
        return len(self.months)

    @property
    def end(self) -> dt.date:
        """The last day that its last month covers."""
        return self.months[-1].thru_date

    @property
    def anchor_day(self) -> int:
        """The day of the month on which its months begin, as the last of them say (31: the last of a short month)."""
        day = 0
        for month in self.months:
            day = anchored(month.from_date, day)
        return day

    def month_end(self, number: int) -> dt.date | None:
        """The last day of a month by its number; None where it has not come so far."""
        return self.months[number - 1].thru_date if 0 < number <= self.length else None


def anchored(start: dt.date, day: int) -> int:
    """The anchor day of a rental whose month begins on `start`: the `day` so far (0: none), if it is this month's."""
    if not day or start.day == day:
        return start.day
    return day if start.day == min(day, _days_of(start.year, start.month)) else start.day


@lru_cache(maxsize=_REMEMBERED)
def _month_from(start: dt.date, day: int) -> tuple[dt.date, dt.date, dt.date]:
    """The last day of a month with this anchor day, the day after it, and the first day on which the next may begin."""
    end = rental_month_end(start, day)
    return end, end + ONE_DAY, end - _SLACK + ONE_DAY


def use_periods(
    starts: Iterable[dt.date], restarts: Collection[dt.date] = (), uncounted: Iterable[dt.date] = ()
) -> tuple[UsePeriod, ...]:
    """Periods of continuous use with their months counted (R1.04, R1.05).

    Each day on which a rental month began counts once; a start that lies inside the month before it is the same month
    billed again. No break ends a period by itself, however long it was, for that takes a new need as well: the breaks
    are told with their kinds, and who knows that a new count began (a lost item was replaced, a new need is
    documented) says from which days in `restarts`. The first month that begins on such a day or later is month 1.

    Args:
        starts: first days of the rental months that were paid or billed and not denied, in any order (see `billed`).
        restarts: days from which on a new count is known to begin.
        uncounted: first days of months in which the item was used and that do not count, as they were denied: they
            have no number, and are no break either (see `uncounted`).
    """
    counted = set(starts)
    periods: list[UsePeriod] = []
    months: list[UseMonth] = []
    breaks: list[Break] = []
    before: Break | None = None
    waiting = sorted(set(restarts))
    day = 0
    # The last day that any month covers, and the day after it; from `soonest` on a start is another month.
    covered = after = soonest = dt.date.min
    for start in sorted(counted.union(uncounted)):
        if start not in counted and not months:
            day = anchored(start, day)
            continue
        found = None
        if start > after and covered > dt.date.min:
            found = break_between(covered, start, day)
        if start not in counted:
            if found is not None:
                breaks.append(found)
            day = anchored(start, day)
            covered = max(covered, rental_month_end(start, day))
            after = covered + ONE_DAY
            continue
        anew = False
        while waiting and waiting[0] <= start:
            waiting.pop(0)
            anew = True
        if months and anew:
            if found is None and breaks and breaks[-1].from_date > months[-1].thru_date:
                # It ended with months that do not count.
                found = breaks.pop()
            periods.append(UsePeriod(tuple(months), tuple(breaks), before, covered))
            months, breaks, before = [], [], found
        elif months and start < soonest:
            continue
        elif found is not None:
            breaks.append(found)
        day = anchored(start, day)
        end, next_day, soonest = _month_from(start, day)
        months.append(UseMonth(len(months) + 1, start, end))
        if end > covered:
            covered, after = end, next_day
    if months:
        periods.append(UsePeriod(tuple(months), tuple(breaks), before, covered))
    return tuple(periods)


def uncounted(
    lines: Iterable[HistoryLine], codes: Collection[str], counted: Collection[dt.date], modifier: str = RENTAL
) -> set[dt.date]:
    """First days of months of these items that were billed, or were to be, and are not counted: denied, or refused on
    the way. The item was in use all the same. `counted`: the days of those that count (see `billed`)."""
    return {
        line.from_date
        for line in lines
        if line.code in codes
        and line.from_date is not None
        and line.from_date not in counted
        and line.state not in WITHDRAWN
        and line.frequency != VOID
        and (not modifier or modifier in line.modifiers)
    }


def billed(
    lines: Iterable[HistoryLine],
    payments: Sequence[LinePayment],
    codes: Collection[str],
    modifier: str = RENTAL,
) -> tuple[HistoryLine, ...]:
    """The patient's lines of these items that were paid, or billed and not denied (R1.04), by their dates.

    A line is denied where its claim is, or where a payer has refused it and none has paid on it or left it to the
    patient (a deductible is a month that counts). Of the same item and day one is enough, so that a duplicate which was
    refused takes nothing away. Claims that no payer has (faulty, cancelled, rejected) count for nothing; a replacement
    (frequency 7) takes the place of the line that it bills again, a void (8) takes it out.

    Args:
        codes: HCPCS codes that make one count together (the stationary oxygen equipment, for instance).
        modifier: one that the lines must have; empty for any.
    """
    found: dict[tuple[str, dt.date], list[HistoryLine]] = {}
    for line in lines:
        if line.code not in codes or line.from_date is None or line.state in NOT_BILLED:
            continue
        if modifier and modifier not in line.modifiers:
            continue
        same = found.setdefault((line.code, line.from_date), [])
        if line.frequency in (REPLACES, VOID):
            same.clear()
        if line.frequency != VOID:
            same.append(line)
    if not found:
        return ()
    refused = _refused(payments)
    counting = ([line for line in same if not _is_denied(line, refused)] for same in found.values())
    return tuple(
        sorted((lines[-1] for lines in counting if lines), key=lambda line: (line.from_date or dt.date.min, line.code))
    )


def _refused(payments: Sequence[LinePayment]) -> dict[tuple[str, int], bool]:
    """Which lines were decided, and whether they were refused, by claim number and line (0: the whole claim)."""
    sums: dict[tuple[str, int], list[Decimal]] = {}
    for one in payments:
        total = sums.setdefault((one.claim_number, one.line), [Decimal(0), Decimal(0), Decimal(0)])
        for index, amount in enumerate((one.paid, one.patient, one.denied)):
            total[index] += amount
    return {key: denied > 0 and paid <= 0 and patient <= 0 for key, (paid, patient, denied) in sums.items()}


def _is_denied(line: HistoryLine, refused: dict[tuple[str, int], bool]) -> bool:
    own = refused.get((line.claim_number, line.line))
    if own is None:
        own = refused.get((line.claim_number, 0), line.state == DENIED)
    return own
