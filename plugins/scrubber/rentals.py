"""Rental months against the patient's own past: R1.02 to R1.06 (hme-billing-rules 1.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection

from gateway.plugins.months import BreakKind, break_between, month_modifier, new_period_from

from .book import Book
from .findings import Findings
from .line import Line
from .months import FIRST, REPLACED, Month, Standing, months_of, replaces_old, standing
from .past import Past
from .whole import Whole

MODIFIERS = frozenset({"KH", "KI", "KJ"})
PLACE = "2400 SV101-3"
NEW_NEED = re.compile(r"\bBIN\b|\bBREAK IN NEED\b", re.IGNORECASE)
NOT_BILLED = re.compile(r"\bBIB\b|\bBREAK IN BILLING\b", re.IGNORECASE)
COUNTED = frozenset({"CR", "TE"})
"""Categories whose months are counted here; those of oxygen are the plugin oxygen's."""


def check_rentals(whole: Whole, out: Findings) -> None:
    """Every rental line of an item whose months are counted."""
    for line in whole.lines:
        if line.rented and not line.maintenance and line.kind in COUNTED:
            _check(line, whole, out)


def _check(line: Line, whole: Whole, out: Findings) -> None:
    book, past = whole.book, whole.past
    assert line.category is not None
    cap = line.category.cap
    named = line.have & MODIFIERS
    capped = line.kind == "CR"
    if capped and len(named) != 1:
        what = "has none" if not named else f"has {' and '.join(sorted(named))}"
        out.say(
            "R1.02",
            f"a capped rental needs exactly one of KH (month 1), KI (2-3), KJ (4-{cap}), and {what}.",
            line=line,
            place=PLACE,
            most=line.most,
        )
    if line.start is None or REPLACED in line.have:
        return  # a replacing item begins a period of its own
    months = months_before(line, line.start, past)
    if not months:
        return
    if FIRST in line.have and replaces_old(months, line.start, book.lifetime(line.code, line.start)):
        return  # at the end of its lifetime an item is replaced without RA (RUL-3)
    now = standing(months, cap)
    last = months[-1]
    gap = break_between(last.end, line.start, last.anchor)
    kind = gap.kind if gap is not None else None
    if line.start <= last.end and last.counts:
        out.say(
            "R1.04",
            f"the rental month from {last.start:%m/%d/%Y} lasts until {last.end:%m/%d/%Y}. Bill the next one from the "
            "day after.",
            line=line,
            place="2400 DTP03",
            most=line.most,
        )
    # What was rented for all of its months has no new period by a break, however long.
    if now.least > cap:
        _over(line, now, cap, out)
    elif kind is BreakKind.UNCLEAR and not NOT_BILLED.search(whole.told(line)):
        _unclear(line, last, out)
    elif kind is BreakKind.LONG and _begins(line, whole):
        _new_period(line, last, bool(NEW_NEED.search(whole.told(line))), past, out)
    else:
        if capped and len(named) == 1:
            moved = last.payer_id != past.payer_id and book.same_payer(last.payer_id, past.payer_id)
            _month(line, now, cap, _own(months, cap, book, past), moved, out)
        if kind is BreakKind.LONG and not NOT_BILLED.search(whole.told(line)):
            out.say(
                "R1.05-BIB",
                f"the last rental month ended on {last.end:%m/%d/%Y}, and the count goes on. Say in the note why "
                "nothing was billed meanwhile (BIB and the dates).",
                line=line,
                place="2400 NTE02",
                most=line.most,
            )


def months_before(line: Line, start: dt.date, past: Past) -> list[Month]:
    """The rental months of a line's item that began before `start`, in order."""
    return [month for month in _months(line, past) if month.start < start]


def _begins(line: Line, whole: Whole) -> bool:
    """Whether the line says that it begins a period: as month 1, or in its note."""
    return FIRST in line.have or NEW_NEED.search(whole.told(line)) is not None


def _months(line: Line, past: Past) -> list[Month]:
    lines = past.lines(line.code)
    return months_of(lines, past.denied(lines)) if lines else []


def _own(months: list[Month], cap: int, book: Book, past: Past) -> Collection[str]:
    """The month modifiers that this payer's own months allow, where it has not paid for all of them: a payer that has
    just taken over may begin to count anew."""
    own = [month for month in months if book.same_payer(month.payer_id, past.payer_id)]
    if len(own) == len(months):
        return ()
    return standing(own, cap).modifiers(cap) if own else (FIRST,)


def _month(line: Line, now: Standing, cap: int, own: Collection[str], moved: bool, out: Findings) -> None:
    """R1.02: the modifier is that of the month (R1.04 counts it); R1.06 where month 1 follows a move (`moved`)."""
    (given,) = line.have & MODIFIERS
    if given in now.modifiers(cap) or given in own:
        return
    number = f"{now.least}" if now.least == now.most else f"{now.least} or later"
    if moved and given == FIRST:
        rule, why = "R1.06", f"a move begins no new rental period. This is month {number}: {month_modifier(now.least)}."
    else:
        rule, why = "R1.02", f"has {given}, and by the patient's record this is rental month {number}: "
        why += f"{month_modifier(now.least)}."
    out.say(rule, why, line=line, place=PLACE, most=line.most)


def _over(line: Line, now: Standing, cap: int, out: Findings) -> None:
    """R1.03; R1.TE-1 for a trial."""
    if line.kind == "TE":
        rule, what = "R1.TE-1", f"the trial of {cap} rental months is over. Bill the purchase (NU)."
    else:
        rule, what = "R1.03", f"this is rental month {now.least}, and no more than {cap} are paid. Do not bill it."
    out.say(rule, what, line=line, place="2400 SV101-2", most=line.most)


def _unclear(line: Line, last: Month, out: Findings) -> None:
    """R1.05: the two readings of the rule differ on this day."""
    days = new_period_from(last.end, last.anchor)
    out.say(
        "R1.05",
        f"the last rental month ended on {last.end:%m/%d/%Y}. A new period may begin on {min(days):%m/%d/%Y} by one "
        f"reading and on {days.later:%m/%d/%Y} by the other; by the later the count goes on. Find out why it was not "
        "rented, and say so in the note (BIB and the dates).",
        line=line,
        place=PLACE,
        most=line.most,
        team="documentation",
    )


def _new_period(line: Line, last: Month, told: bool, past: Past, out: Findings) -> None:
    """R1.05: month 1 after a long break, with its narrative, and with an order after it where orders are known."""
    if not told:
        out.say(
            "R1.05",
            f"month 1 after a break since {last.end:%m/%d/%Y} needs a new medical need. Document it and write BIN with "
            "the dates into the note, or bill the next month of the old period.",
            line=line,
            place="2400 NTE02",
            most=line.most,
            team="documentation",
        )
        return
    orders = past.orders()
    if orders and not any(line.code in one.codes and one.ordered_on > last.end for one in orders):
        out.say(
            "R1.05",
            f"no order after the break (since {last.end:%m/%d/%Y}) is known for the new rental period. Get it.",
            line=line,
            most=line.most,
            team="documentation",
        )
