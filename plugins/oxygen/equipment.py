"""Equipment lines against the clock: the cap, breaks, another kind of system (R1.03, R1.05, R1.06, hme-billing-rules
2.2)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from gateway.core.model.decision import HoldType
from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins.months import Break, BreakKind, UseMonth
from gateway.plugins.rental_clock import Clock, Facts, Month, has_new_order

from .clock import CAP, REPLACED, make_clock
from .items import EQUIPMENT, Items
from .rules import Says

RENTAL = "RR"
UPGRADE = "GA"
"""An advance notice is on file: the patient chose another system and pays the difference."""
NEW_NEED = "BIN"
SAME_NEED = "BIB"


class Rented(NamedTuple):
    """An equipment line of the claim: its class, its system, its first day."""

    line: ServiceLine
    kind: str
    system: str
    day: dt.date

    @property
    def month(self) -> Month:
        """As a month of the clock."""
        return Month(self.day, self.line.code, REPLACED in self.line.modifiers)


def rented_lines(claim: Claim, items: Items, today: dt.date) -> list[Rented]:
    """The lines of a claim that are rental months of oxygen equipment."""
    found = []
    for line in claim.lines:
        if line.code not in items.equipment or RENTAL not in line.modifiers:
            continue
        day = line.dates.start or today
        kind, system = items.kind(line.code, day)
        if kind in EQUIPMENT:
            found.append(Rented(line, kind, system, day))
    return found


class Looked(NamedTuple):
    """An equipment line with its clock: which count it is in, and which month of it."""

    rented: Rented
    clock: Clock
    which: int
    month: UseMonth

    @property
    def begins(self) -> bool:
        """Whether a count begins with it, after another one. Where the first month of a replacement was denied, the
        count begins with the next; the replacement itself was billed before."""
        return self.which > 0 and self.month.number == 1 and self.clock.begun_on(self.which) == self.month.from_date


def look(rented: Rented, all_of_claim: list[Rented], facts: Facts, items: Items) -> Looked | None:
    """The clock of a line as it stands with this claim; None where its day cannot be counted."""
    now = [one.month for one in all_of_claim if one.kind == rented.kind and one.day <= rented.day]
    portable = rented.kind == "portable"
    governing = make_clock(facts, items.codes["stationary"], rented.day) if portable else None
    clock = make_clock(facts, items.codes[rented.kind], rented.day, now, governing)
    at = clock.at(rented.day) if clock else None
    return Looked(rented, clock, *at) if clock and at else None


def check_month(looked: Looked, claim: Claim, facts: Facts, items: Items, say: Says) -> None:
    """R1.03, R1.05, R1.06 and O-SWITCH for one line."""
    rented, clock, which, month = looked
    line = rented.line
    if month.number > CAP and which == len(clock.periods) - 1:
        end = clock.cap_end
        say(
            "R1.03",
            line,
            f"this is month {month.number}, and 36 are paid; month 36 ended on {end:%m/%d/%Y}. Do not bill it: until "
            f"{clock.lifetime_end:%m/%d/%Y} the equipment stays with the patient, and contents and maintenance are "
            "billed. If it was replaced, add RA, the reason and the new order.",
        )
        return
    gap = clock.break_before(rented.day)
    if gap is not None and gap.kind is not BreakKind.TEMPORARY and _before(clock, gap) < CAP:
        _say_break(looked, gap, claim, facts, items, say)
    if month.number > 1:
        _check_system(looked, facts, items, say)


def _before(clock: Clock, gap: Break) -> int:
    """How many months the count had when the break began."""
    for period in clock.periods:
        if any(one == gap for one in period.breaks):
            return sum(month.from_date < gap.from_date for month in period.months)
    return next((period.length for period in reversed(clock.periods) if period.end < gap.from_date), 0)


def notes_of(line: ServiceLine, claim: Claim) -> str:
    """Everything that the notes of the line and of the claim say, in capitals."""
    return " ".join(note.text for note in (*line.notes, *claim.notes)).upper()


def _say_break(looked: Looked, gap: Break, claim: Claim, facts: Facts, items: Items, say: Says) -> None:
    rented, _, _, month = looked
    words = notes_of(rented.line, claim).split()
    ordered = has_new_order(facts.orders, items.codes[rented.kind], gap)
    if SAME_NEED in words and (not ordered or gap.kind is BreakKind.UNCLEAR):
        return
    if NEW_NEED in words and ordered and gap.kind is BreakKind.LONG:
        return
    length = f"it was not rented from {gap.from_date:%m/%d/%Y} to {gap.thru_date:%m/%d/%Y}, {gap.days} days"
    if gap.kind is BreakKind.UNCLEAR:
        why = "the rule can be read both ways for so long a break; the count goes on"
    elif ordered:
        why = "an order was written meanwhile, so the count begins anew"
    else:
        why = "no new order is known, so the count goes on"
    say(
        "R1.05",
        rented.line,
        f"{length}; {why}: this is month {month.number}. Find out why, and write BIN (new need, with its order) or BIB "
        "(no change) in the note.",
        place="2400 DTP03",
        team="documentation",
    )


def _check_system(looked: Looked, facts: Facts, items: Items, say: Says) -> None:
    rented, clock, which, month = looked
    before = [one for one in clock.months if clock.periods[which].start <= one.day < rented.day]
    if not before or rented.kind != "stationary":
        return
    last = before[-1]
    system = items.system(last.code, last.day)
    if not system or system == rented.system:
        return
    line = rented.line
    say("R1.06", line, f"it was {last.code} before; the count goes on, this is month {month.number}.")
    start = clock.periods[which].start
    ordered = any(line.code in order.codes and start <= order.ordered_on <= rented.day for order in facts.orders)
    if not ordered and UPGRADE not in line.modifiers:
        say(
            "O-SWITCH",
            line,
            f"the patient had {last.code} until now, and within the 36 months the kind of system changes only by a new "
            "order. Get the order, or the patient's advance notice (GA).",
            team="documentation",
            hold_type=HoldType.PRESCRIPTION,
        )
