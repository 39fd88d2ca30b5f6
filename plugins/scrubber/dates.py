"""Units, dates of service, spans and supplies for several months (hme-billing-rules 1.4): R1.UN, R1.DOS, R1.30-33."""

from __future__ import annotations

import datetime as dt
import re

from .findings import Findings
from .line import Line
from .months import MAY_COME_AGAIN
from .records import SpanRule
from .whole import Whole

ONE_MONTH_UNITS = frozenset({"IN", "CR", "FS", "OX", "TE"})
"""Categories that are rented (1.1)."""
LONGEST_MONTH = 31
_SUPPLY = re.compile(r"\b\d+[ -]?(?:DAYS?|MONTHS?|MOS?)\b|\b(?:ONE|TWO|THREE) MONTHS?\b", re.IGNORECASE)


def check_units(whole: Whole, out: Findings) -> None:
    """Units of each line."""
    book = whole.book
    for line in whole.lines:
        units = line.units
        if units == 1:
            continue
        if units <= 0 or units != units.to_integral_value():
            out.say(
                "R1.UN-2",
                f"has {units.normalize():f} units; only whole ones are billed. Correct the quantity.",
                line=line,
                place="2400 SV104",
            )
        elif line.rented and line.kind in ONE_MONTH_UNITS:
            out.say(
                "R1.UN-1",
                f"a rental month is one unit, not {units.normalize():f}. Bill each month on its own line.",
                line=line,
                place="2400 SV104",
                most=line.most,
            )
        limit = book.unit_limits.find(line.code, line.day)
        if limit is not None and units > limit[0].most:
            out.say(
                "R1.UN-3",
                f"has {units.normalize():f} units; a line holds {limit[0].most.normalize():f} as a rule.",
                line=line,
                place="2400 SV104",
                most=limit[0].check,
            )


def check_dates(whole: Whole, out: Findings) -> None:
    """Dates of service, and spans as the payer wants them."""
    for line in whole.lines:
        start, end = line.start, line.end
        if start is None or end is None or end < start:
            what = (
                "the dates of service are missing or cannot be read"
                if start is None
                else "the to date is before the from date"
            )
            out.say("R1.DOS-2", f"{what}. Correct them from the delivery.", line=line, place="2400 DTP03")
            continue
        if start > whole.today:
            out.say(
                "R1.DOS-1",
                f"the first day of service, {start:%m/%d/%Y}, has not come yet. Bill it then, or correct the date.",
                line=line,
                place="2400 DTP03",
            )
        rule = whole.book.spans.find(whole.payer_id, whole.payer_class, line.code, line.day)
        if rule is not None and (not rule.modifier or rule.modifier in line.have) and not line.maintenance:
            _span(line, start, end, rule, out)


def _span(line: Line, start: dt.date, end: dt.date, rule: SpanRule, out: Findings) -> None:
    if rule.span == "required":
        dtp = line.raw.find("DTP", "472")
        spanned = dtp is not None and dtp[2] == "RD8" and (end > start or rule.one_day)
        if not spanned:
            out.say(
                "R1.30",
                "this payer wants from and to dates, the to date being the last day that the supply lasts.",
                line=line,
                place="2400 DTP03",
                most=rule.check,
            )
    elif rule.span == "none" and end > start and "KR" not in line.have:
        out.say(
            "R1.30-2",
            "this payer wants the same from and to date for this item. Bill the first day.",
            line=line,
            place="2400 DTP03",
            most=rule.check,
        )
    if rule.within and end > start:
        crosses = start.year != end.year or (rule.within == "month" and start.month != end.month)
        if crosses:
            out.say(
                "R1.33",
                f"this payer wants no span over the end of a {rule.within}. Split the line there.",
                line=line,
                place="2400 DTP03",
                most=rule.check,
            )


def check_overlap(whole: Whole, out: Findings) -> None:
    """R1.31: a supply with a span that overlaps the one before by more days than a refill may come early."""
    past, early_days = whole.past, whole.book.settings.early_days
    for line in whole.lines:
        start, end = line.start, line.end
        if line.rented or start is None or end is None or end <= start:
            continue
        before = [
            old.thru_date
            for old in past.lines(line.code)
            if old.from_date is not None
            and old.thru_date is not None
            and old.from_date < start
            and old.thru_date > old.from_date
            and old.state not in MAY_COME_AGAIN
        ]
        last = max(before, default=None)
        if last is not None and (last - start).days > early_days:
            out.say(
                "R1.31",
                f"the supply before lasts until {last:%m/%d/%Y}, more than {early_days} days longer than this one's "
                "beginning.",
                line=line,
                place="2400 DTP03",
            )


def supply_days(line: Line) -> int:
    """For how many days a line's span supplies, where that is more than a month and no rental; else 0 (R1.32)."""
    if line.start is None or line.end is None or line.rented:
        return 0
    days = (line.end - line.start).days + 1
    return days if days > LONGEST_MONTH else 0


def tells_supply(text: str) -> bool:
    """Whether a note says for how long the supply is."""
    return _SUPPLY.search(text) is not None


def check_supply(whole: Whole, out: Findings) -> None:
    """R1.32-2: more than one month's usual quantity without a note that says for how many months."""
    for line in whole.lines:
        if line.units <= 1 or line.rented or line.start != line.end:
            continue
        if whole.book.unit_limits.find(line.code, line.day) is not None:
            continue  # R1.UN-3 has said it
        found = whole.book.refills.all(line.code, line.day)
        monthly = max((one.units for one in found if one is not None and one.months == 1), default=line.units)
        if line.units > monthly and not tells_supply(whole.told(line)):
            out.say(
                "R1.32-2",
                f"{line.units.normalize():f} units are more than the usual for one month ({monthly.normalize():f}). "
                "If it is for more months, say so in the note (90 DAY SUPPLY).",
                line=line,
                place="2400 NTE02",
            )
