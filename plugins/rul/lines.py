"""Claim lines against the lifetime of what the patient has: RUL-1, RUL-3 and the calendar year."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal, InvalidOperation

from gateway.core.model.decision import Finding, Hold, HoldType, Severity
from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import Table
from gateway.plugins.at_home import back_since
from gateway.plugins.months import billed

from .lifetimes import (
    NOT_NEW,
    ONE_DAY,
    RENTAL,
    REPLACEMENT,
    Facts,
    Lifetime,
    Lifetimes,
    given_items,
    goes_on,
    governed_end,
    is_another_piece,
    is_gone,
    is_new_item,
    is_same_piece,
    last_before,
    lifetime_end,
    sides_of,
)

TEAM = "documentation"
NEW_NEED = re.compile(r"\bBIN\b|\bBREAK IN NEED\b", re.IGNORECASE)
"""Says in a note that the need is new after a break (R1.05)."""


def check_claim(
    claim: Claim, today: dt.date, lifetimes: Lifetimes, reasons: Table, facts: Callable[[], Facts]
) -> Iterator[Hold | Finding]:
    """What keeps the lines of a claim back. `facts` is asked only where a line needs it."""
    for line in claim.lines:
        day = line.dates.start or today
        lifetime = lifetimes.of(line.code, day)
        codes = lifetimes.codes(lifetime.group) if lifetime is not None else ()
        modifiers = line.modifiers
        replaces = REPLACEMENT in modifiers
        if lifetime is None or not (is_new_item(modifiers) or replaces or _came_now(line, day, codes, facts)):
            continue
        if lifetime.kind == "calendar year":
            yield from _year(line, day, lifetime, claim, lifetimes, facts())
        else:
            told = reasons_in(line, claim, reasons, day)
            yield from _lifetime(line, day, lifetime, claim, lifetimes, facts(), replaces, told)


def reasons_in(line: ServiceLine, claim: Claim, reasons: Table, day: dt.date) -> frozenset[str]:
    """The reasons for a replacement (loss, lifetime) that the notes of a line and of its claim give."""
    notes = " ".join(note.text for note in (*line.notes, *claim.notes)).upper()
    return frozenset(row.values["reason"] for row in reasons.on(day) if row.values["word"] in notes)


def _lifetime(
    line: ServiceLine,
    day: dt.date,
    lifetime: Lifetime,
    claim: Claim,
    lifetimes: Lifetimes,
    facts: Facts,
    replaces: bool,
    told: frozenset[str],
) -> Iterator[Hold | Finding]:
    if not replaces and (goes_on(line.code, line.modifiers, day, facts) or _came_back(line, day, claim, facts)):
        return
    given = given_items(facts, lifetimes.codes(lifetime.group), claim.id)
    before = last_before(given, lifetimes, day, sides_of(line.modifiers))
    if before is None:
        if replaces and not lifetime.ra_at_end and "lifetime" in told and "loss" not in told:
            yield _say("RUL-3", line, lifetime, "RA is not for an item whose lifetime is over. Remove it.")
        return
    earlier = lifetimes.of(before.code, day) or lifetime
    end = _governed(earlier, before.day, day, lifetimes, facts) or lifetime_end(before.day, earlier.months)
    received = f"the patient received {before.code} on {before.day:%m/%d/%Y}; its useful lifetime"
    if day >= end:
        if replaces and not lifetime.ra_at_end:
            yield _say("RUL-3", line, lifetime, f"{received} ended on {end:%m/%d/%Y}. RA is not for that: remove it.")
    elif not replaces:
        yield _say(
            "RUL-1",
            line,
            lifetime,
            f"{received} ends on {end:%m/%d/%Y}. If it was lost, stolen or destroyed, add RA and the reason; else ask "
            "why it is replaced.",
        )
    elif "loss" not in told and not lifetime.ra_at_end:
        yield _say(
            "RUL-1",
            line,
            lifetime,
            f"{received} ends on {end:%m/%d/%Y}, and RA stands here without a reason. Write into the note what "
            "happened (lost, stolen, destroyed).",
        )


def _governed(lifetime: Lifetime, since: dt.date, day: dt.date, lifetimes: Lifetimes, facts: Facts) -> dt.date | None:
    """When the lifetime ends of what governs an item that came on `since`, where the patient has it (O-R3)."""
    codes = lifetimes.codes(lifetime.governed_by)
    given = [one for one in given_items(facts, codes) if one.day <= day] if codes else []
    if not given or is_gone(facts, codes, given[-1].day, day - ONE_DAY):
        return None
    return governed_end(given, lifetimes, since, day)


def _came_now(line: ServiceLine, day: dt.date, codes: Collection[str], facts: Callable[[], Facts]) -> bool:
    """Whether a rental month that does not say which it is begins with a piece that was brought for it. One that takes
    another's place on the day on which the next month begins does not; one that comes when the other had gone does."""
    if RENTAL not in line.modifiers or not NOT_NEW.isdisjoint(line.modifiers):
        return False
    known = facts()
    return is_another_piece(line.code, day, known) and (
        back_since(known.equipment, codes, day) == day
        or not goes_on(line.code, line.modifiers, day, known, on_its_day=True)
    )


def _came_back(line: ServiceLine, day: dt.date, claim: Claim, facts: Facts) -> bool:
    """Whether the line bills the item that the patient had before, after a break in need: a new rental period, and no
    new item. Its note says so (BIN), or the registry has the same serial number again."""
    if RENTAL not in line.modifiers:
        return False
    told = " ".join(note.text for note in (*line.notes, *claim.notes))
    return NEW_NEED.search(told) is not None or is_same_piece(line.code, day, facts)


def _year(
    line: ServiceLine, day: dt.date, lifetime: Lifetime, claim: Claim, lifetimes: Lifetimes, facts: Facts
) -> Iterator[Hold | Finding]:
    codes = lifetimes.codes(lifetime.group)
    before = sum(
        (
            _number(one.units)
            for one in billed(facts.history, facts.payments, codes, modifier="")
            if one.from_date is not None and one.from_date.year == day.year
        ),
        Decimal(0),
    )
    before += sum(
        (
            other.units
            for other in claim.lines
            if other.code in codes and other.number < line.number and (other.dates.start or day).year == day.year
        ),
        Decimal(0),
    )
    if before + line.units > lifetime.units:
        yield _say(
            "RUL-YEAR",
            line,
            lifetime,
            f"{(before + line.units).normalize():f} units in {day.year}, and {lifetime.units} are usual from January "
            "to December. Bill the rest next year, or document why more is needed.",
        )


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _say(rule: str, line: ServiceLine, lifetime: Lifetime, message: str) -> Hold | Finding:
    text = f"Line {line.number}, {line.code}: {message}"
    if lifetime.weight == "warn":
        return Finding(rule=rule, message=text, severity=Severity.WARN, line=line.number, place="2400 SV101", team=TEAM)
    return Hold(rule=rule, reason=text, type=HoldType.SYSTEM, team=TEAM, line=line.number)
