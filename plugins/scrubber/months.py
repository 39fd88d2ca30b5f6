"""Rental months of an item: which number the next has, and when a count may begin anew. Lines in, facts out; no table,
no claim. The calendar, and what a break is by its length (R1.05), are `gateway.plugins.months`'.

R1.02 (month 1 KH, 2-3 KI, 4 and later KJ), R1.04 (a month runs from day D to the day before D).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gateway.plugins import HistoryLine
from gateway.plugins.months import (
    DENIED,
    MONTHS,
    NOT_BILLED,
    RENTAL,
    VOID,
    BreakKind,
    add_months,
    anchored,
    break_between,
    month_modifier,
    rental_month_end,
)

PARTIAL, REPLACED = "KR", "RA"
FIRST, SECOND, LATER = MONTHS
BEGINS = frozenset({FIRST, REPLACED})
"""What the first month of a rental is billed with."""
MAY_COME_AGAIN = NOT_BILLED | {DENIED}
"""States of claims whose lines may be billed again: no payer has them, or it denied them."""


class Month(NamedTuple):
    """A rental month that was billed. `anchor`: the day of the month on which the rental's months begin (0: it did not
    end with a whole month). `counts`: it was not denied; the item was in use all the same."""

    code: str
    start: dt.date
    end: dt.date
    modifiers: tuple[str, ...]
    payer_id: str
    anchor: int
    counts: bool = True


def months_of(lines: Iterable[HistoryLine], denied: Collection[tuple[str, int]]) -> list[Month]:
    """The rental months in these lines of an item (oldest first), by their first day (R1.04).

    `denied`: claim number and line of those that a payer has denied. Two lines of the same day are one month, which
    counts if one of them does; a void (frequency 8) takes its month out.
    """
    found: dict[dt.date, HistoryLine] = {}
    refused: dict[dt.date, HistoryLine] = {}
    for line in lines:
        if RENTAL not in line.modifiers or line.from_date is None or line.state in NOT_BILLED:
            continue
        if line.frequency == VOID:
            found.pop(line.from_date, None)
            refused.pop(line.from_date, None)
        elif line.state == DENIED or (line.claim_number, line.line) in denied:
            refused[line.from_date] = line
        else:
            found[line.from_date] = line
    months = []
    anchor = 0
    for start in sorted({*found, *refused}):
        counts = start in found
        line = found[start] if counts else refused[start]
        anchor = start.day if BEGINS & set(line.modifiers) else anchored(start, anchor)
        end, through = rental_month_end(start, anchor), line.thru_date or start
        if PARTIAL in line.modifiers or through > end:
            months.append(Month(line.code, start, through, line.modifiers, line.payer_id, 0, counts))
        else:
            months.append(Month(line.code, start, end, line.modifiers, line.payer_id, anchor, counts))
    return months


class Standing(NamedTuple):
    """How a rental stands before its next month. `months`: of the current period, those that count. `least`, `most`:
    which number the next month has; they differ where the beginning is not known to us."""

    months: tuple[Month, ...]
    least: int
    most: int

    def modifiers(self, cap: int) -> frozenset[str]:
        """The month modifiers that the next month may have."""
        return frozenset(month_modifier(number) for number in range(self.least, min(self.most, cap) + 1))


def standing(months: Sequence[Month], cap: int) -> Standing:
    """How a rental stands after these months (in order, all before the next one).

    The current period begins with the last month that was billed as the first (KH), or as a replacement (RA). Where it
    does not (the patient came to us in the middle), each month's modifier says between which numbers it can be.
    """
    first = 0
    for at, month in enumerate(months):
        # Month 1 that was denied in the middle of a rental began nothing: it was a mistake. Nor does one that follows
        # another, at once or after a break that is not long (R1.05): the first was denied then, and may have been paid
        # since.
        again = (
            at > 0
            and _follows(months[at - 1], month)
            and (not month.counts or bool(BEGINS & set(months[at - 1].modifiers)))
        )
        if REPLACED in month.modifiers or (FIRST in month.modifiers and not again):
            first = at
    begun = months[first] if months else None
    period = tuple(month for month in months[first:] if month.counts)
    if begun is None:
        return Standing((), 1, cap)
    # `least` and `most` number the first month of the period that we know.
    least, most = 1, cap
    if BEGINS & set(begun.modifiers):
        most = 1
    else:
        for at, month in enumerate(period):
            low, high = (2, 3) if SECOND in month.modifiers else (4, cap) if LATER in month.modifiers else (1, cap)
            low, high = max(least, low - at), min(most, high - at)
            if low <= high:  # else the past contradicts itself, and this month tells nothing
                least, most = low, high
    return Standing(period, least + len(period), most + len(period))


def _follows(before: Month, month: Month) -> bool:
    """Whether a month belongs to the same period of use as the one before it."""
    gap = break_between(before.end, month.start, before.anchor)
    return gap is None or gap.kind is not BreakKind.LONG


def replaces_old(months: Sequence[Month], day: dt.date, lifetime: int) -> bool:
    """Whether month 1 of this day may be that of a new item, as the useful lifetime of the one before is over
    (hme-billing-rules 3). It runs from the first month of an item; a break begins none.

    Args:
        months: the rental months before, in order.
        lifetime: months that an item must last; 0 where that is not known.
    """
    if not lifetime or not months:
        return False
    begun = months[0].start
    for month in months:
        if REPLACED in month.modifiers or (FIRST in month.modifiers and month.start >= add_months(begun, lifetime)):
            begun = month.start
    return day >= add_months(begun, lifetime)
