"""Maintenance lines of a claim: O-M1 to O-M5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins.months import add_months
from gateway.plugins.rental_clock import Facts

from .calendar import CAP, EVERY, MAINTENANCE, Maintained, billed_visits, clocks, given_back, in_month_36, maintained
from .items import Items
from .rules import Says

RENTAL = "RR"


class Visits(NamedTuple):
    """What is on record beside the claims: days of complete visits, of incomplete ones, and labor warranties."""

    complete: Sequence[dt.date] = ()
    incomplete: Sequence[dt.date] = ()
    warranties: Sequence[tuple[str, dt.date]] = ()


def check_form(line: ServiceLine, items: Items, say: Says) -> bool:
    """O-M1: whether the line is maintenance as it must be."""
    wrong = ""
    if line.code not in items.maintained:
        wrong = f"{line.code} has no maintenance payment"
        if items.kind(line.code):
            wrong += "; gas and liquid systems are billed by their contents"
    elif RENTAL in line.modifiers:
        wrong = "MS and RR may not stand together: maintenance is not a rental month"
    elif line.units != 1:
        wrong = f"maintenance is one unit, not {line.units.normalize():f}"
    if wrong:
        say("O-M1", line, f"{wrong}.", place="2400 SV101-3")
    return not wrong


def check_visits(
    claim: Claim, lines: Sequence[ServiceLine], facts: Facts, items: Items, visits: Visits, today: dt.date, say: Says
) -> None:
    """O-M2 to O-M5 for the maintenance lines of a claim that are as they must be."""
    for index, line in enumerate(lines):
        day = line.dates.start or today
        _check_due(line, day, facts, items, visits, say)
        _check_before(line, day, facts, items, lines[:index], today, say)
        _check_visited(line, day, facts, items, visits, say)


def _check_due(line: ServiceLine, day: dt.date, facts: Facts, items: Items, visits: Visits, say: Says) -> None:
    found = maintained(facts, items, day, visits.warranties)
    if found is None:
        _say_not_due(line, day, facts, items, say)
        return
    if day < found.first:
        say(
            "O-M2",
            line,
            f"the first maintenance is due on {found.first:%m/%d/%Y}, six months after month 36 has ended "
            f"({found.cap_end:%m/%d/%Y}) and the labor warranty too. Bill no earlier visit.",
            place="2400 DTP03",
        )
    elif day >= found.end:
        say("O-M5", line, _over(found, facts, items, day), place="2400 DTP03")


def _over(found: Maintained, facts: Facts, items: Items, day: dt.date) -> str:
    gone = given_back(facts, items.kinds[items.kind(found.code)], day)
    if gone is not None and gone <= day:
        return f"the equipment was given back on {gone:%m/%d/%Y}. Do not bill its maintenance."
    return (
        f"the useful lifetime of the equipment ended on {found.end:%m/%d/%Y}, and maintenance with it. Ask the patient "
        "whether they want new equipment."
    )


def _say_not_due(line: ServiceLine, day: dt.date, facts: Facts, items: Items, say: Says) -> None:
    """Why no maintenance is due for this patient: month 36 is to come, or another system was in use then."""
    known = clocks(facts, items, day)
    clock = known.get(items.kind(line.code)) or next(iter(known.values()), None)
    if clock is None or (clock.cap_end is None and not clock.complete and clock.at(day) is None):
        count = clock.period.length if clock else 0
        say(
            "O-M2-OPEN",
            line,
            f"the record shows {count} of {CAP} rental months, and not when the equipment was delivered. Bring its "
            "delivery in, so that the months can be counted.",
        )
    elif clock.cap_end is None:
        say(
            "O-M2",
            line,
            f"maintenance is paid after month {CAP}, and {clock.period.length} months are counted. Until then the "
            "rental pays for it.",
            place="2400 DTP03",
        )
    else:
        kind = items.kind(line.code)
        code = in_month_36(facts, clock, items.kinds[kind])
        say("O-M2", line, f"in month {CAP} {code or 'another system'} was in use, which has no maintenance.")


def _check_before(
    line: ServiceLine,
    day: dt.date,
    facts: Facts,
    items: Items,
    ahead: Sequence[ServiceLine],
    today: dt.date,
    say: Says,
) -> None:
    """O-M2 and O-M4: six months lie between two payments, whichever piece they were for."""
    before = [(one.code, one.from_date) for one in billed_visits(facts, items) if one.from_date is not None]
    before += [(one.code, one.dates.start or today) for one in ahead]
    close = [(code, other) for code, other in before if max(day, other) < add_months(min(day, other), EVERY)]
    same = [other for code, other in close if code == line.code]
    if same:
        due = add_months(max(same), EVERY)
        say(
            "O-M2",
            line,
            f"it was maintained on {max(same):%m/%d/%Y}; the next is paid from {due:%m/%d/%Y} on.",
            place="2400 DTP03",
        )
    elif close:
        code, other = max(close, key=lambda one: one[1])
        say(
            "O-M4",
            line,
            f"the maintenance of {code} on {other:%m/%d/%Y} is what is paid in these six months. Bill one code.",
        )


def _check_visited(line: ServiceLine, day: dt.date, facts: Facts, items: Items, visits: Visits, say: Says) -> None:
    """O-M3: a complete visit that no other claim is for."""
    used = [one.from_date for one in billed_visits(facts, items) if one.from_date is not None and one.from_date < day]
    since = max([add_months(day, -EVERY), *used])
    if any(since < visit <= day for visit in visits.complete):
        return
    unfinished = [visit for visit in visits.incomplete if since < visit <= day]
    if unfinished:
        told = (
            f"the visit of {max(unfinished):%m/%d/%Y} lacks some of its checks, or the technician. Complete its record."
        )
    else:
        told = (
            f"no visit up to {day:%m/%d/%Y} is on record. Record it with technician, date and checks, or add its paper."
        )
    say("O-M3", line, told, place="2400 DTP03")


def maintenance_lines(claim: Claim) -> list[ServiceLine]:
    """The lines with MS."""
    return [line for line in claim.lines if MAINTENANCE in line.modifiers]
