"""Rental months against the patient's own past: R1.02 to R1.06 (hme-billing-rules 1.1)."""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.plugins import HistoryLine

from .book import Book
from .findings import Findings
from .line import Line
from .months import FIRST, REPLACED, Break, Month, break_before, month_modifier, months_of, new_period_days, standing
from .past import Past
from .whole import Whole

MODIFIERS = frozenset({"KH", "KI", "KJ"})
PLACE = "2400 SV101-3"
NEW_NEED = re.compile(r"\bBIN\b|\bBREAK IN NEED\b", re.IGNORECASE)
NOT_BILLED = re.compile(r"\bBIB\b|\bBREAK IN BILLING\b", re.IGNORECASE)
COUNTED = frozenset({"CR", "OX", "TE"})


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
        )
    if line.start is None or REPLACED in line.have:
        return  # a replacing item begins a period of its own
    months = [month for month in _months(line, book, past) if month.start < line.start]
    if not months:
        return
    now = standing(months, cap)
    last = months[-1]
    gap = break_before(last.end, line.start)
    if gap is Break.OVERLAP:
        out.say(
            "R1.04",
            f"the rental month from {last.start:%m/%d/%Y} lasts until {last.end:%m/%d/%Y}. Bill the next one from the "
            "day after.",
            line=line,
            place="2400 DTP03",
        )
    text = whole.told(line) if gap in (Break.UNCLEAR, Break.LONG) else ""
    begins = FIRST in line.have or bool(text and NEW_NEED.search(text))
    if gap is Break.UNCLEAR:
        earlier, later = new_period_days(last.end)
        out.say(
            "R1.05",
            f"the last rental month ended on {last.end:%m/%d/%Y}. A new period may begin on {earlier:%m/%d/%Y} by one "
            f"reading and on {later:%m/%d/%Y} by the other. Decide which holds, and bill month 1 or the next.",
            line=line,
            place=PLACE,
            team="documentation",
        )
        return
    if gap is Break.LONG and begins:
        _new_period(line, last, bool(NEW_NEED.search(text)), past, out)
        return
    if line.kind == "TE":
        if now.least > cap:
            out.say("R1.TE-1", f"the trial of {cap} rental months is over. Bill the purchase (NU).", line=line)
        return
    if now.least > cap:
        _over(line, now.months, cap, out)
        return
    if capped and len(named) == 1:
        _month(line, now.modifiers(cap), now.least, now.most, named, _own(line, months, cap, book, past), out)
    if gap is Break.LONG and not NOT_BILLED.search(text):
        out.say(
            "R1.05-BIB",
            f"the last rental month ended on {last.end:%m/%d/%Y}, and the count goes on. Say in the note why nothing "
            "was billed meanwhile (BIB and the dates).",
            line=line,
            place="2400 NTE02",
        )


def _months(line: Line, book: Book, past: Past) -> list[Month]:
    assert line.category is not None
    codes = book.series(line.code, line.category)
    lines: list[HistoryLine] = past.of(codes)
    return months_of(lines, codes, past.denied(lines)) if lines else []


def _own(line: Line, months: list[Month], cap: int, book: Book, past: Past) -> Collection[str]:
    """The month modifiers that this payer's own months allow, where it has not paid for all of them: a payer that has
    just taken over may begin to count anew."""
    own = [month for month in months if book.same_payer(month.payer_id, past.payer_id)]
    if len(own) == len(months):
        return ()
    return standing(own, cap).modifiers(cap) if own else (FIRST,)


def _month(
    line: Line,
    allowed: frozenset[str],
    least: int,
    most: int,
    named: frozenset[str],
    own: Collection[str],
    out: Findings,
) -> None:
    """R1.02: the modifier is that of the month (R1.04 counts it)."""
    (given,) = named
    if given in allowed or given in own:
        return
    number = f"{least}" if least == most else f"{least} or later"
    out.say(
        "R1.02",
        f"has {given}, and by the patient's record this is rental month {number}: {month_modifier(least)}.",
        line=line,
        place=PLACE,
    )


def _over(line: Line, months: tuple[Month, ...], cap: int, out: Findings) -> None:
    """R1.03, or R1.06 where the months of another kind of the same equipment make it too many."""
    others = sorted({month.code for month in months} - {line.code})
    if others and sum(month.code == line.code for month in months) < cap:
        out.say(
            "R1.06",
            f"the months of {', '.join(others)} count too, and together {cap} have been billed. Another kind of the "
            "same equipment begins no new period; do not bill it.",
            line=line,
            place="2400 SV101-2",
        )
        return
    out.say(
        "R1.03",
        f"{cap} rental months have been billed already, since {months[0].start:%m/%d/%Y}. Do not bill more.",
        line=line,
        place="2400 SV101-2",
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
            team="documentation",
        )
        return
    orders = past.orders()
    if orders and not any(line.code in one.codes and one.ordered_on > last.end for one in orders):
        out.say(
            "R1.05",
            f"no order after the break (since {last.end:%m/%d/%Y}) is known for the new rental period. Get it.",
            line=line,
            team="documentation",
        )
