"""Repairs: none of oxygen equipment (O-M6), labor of everything else with its item, its note and its units."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from gateway.core.model.belongings import Ownership
from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import Table
from gateway.plugins.matching import is_pattern
from gateway.plugins.months import add_months, billed, use_periods
from gateway.plugins.rental_clock import Facts

from .items import Items
from .rules import Says

LABOR = "K0739"
OXYGEN_LABOR = "K0740"
LOANER = "K0462"
PART = "RB"
CAP = 13
"""Rental months after which a capped rental is the patient's own (1.1)."""
STILL_RENTED = 3
"""Months without a bill after which a rental is taken to have ended."""
OXYGEN = frozenset({"OX", "OC"})
"""Payment categories of oxygen."""
_CODE = re.compile(r"\b[A-Z]\d{4}\b")
_SERIAL = re.compile(r"\b(?:S/?N|SERIAL)\b(?:\W*\b(?:NO|NUMBER)\b)?\W*\w+")
_CONCENTRATOR = re.compile(r"\bCONCENTRATORS?\b")


class Named(NamedTuple):
    """What the notes of a line name: oxygen items, other items, and words that look like a code and are no item that is
    known."""

    oxygen: frozenset[str]
    others: frozenset[str]
    unknown: frozenset[str]


def needs_look(claim: Claim, items: Items) -> bool:
    """Whether a claim has anything to do with repairs."""
    return any(line.code in (LABOR, OXYGEN_LABOR, LOANER) or PART in line.modifiers for line in claim.lines)


def check_repairs(
    claim: Claim, items: Items, facts: Facts, categories: Table, labor: Table, today: dt.date, say: Says
) -> None:
    """Every rule of repairs, for every line."""
    beside = [line for line in claim.lines if line.code in items.oxygen and line.code not in (LABOR, OXYGEN_LABOR)]
    for line in claim.lines:
        day = line.dates.start or today
        named = named_items(line, claim, items, facts, categories, day)
        about_oxygen = beside or _CONCENTRATOR.search(notes_of(line, claim))
        if line.code == OXYGEN_LABOR:
            say(
                "O-M6",
                line,
                "Medicare does not pay repairs of oxygen equipment. Remove the line.",
                place="2400 SV101-2",
            )
        elif line.code == LABOR and (named.oxygen or (about_oxygen and not named.others)):
            say("O-M6", line, _is_oxygens(named), place="2400 SV101-2")
        elif PART in line.modifiers and line.code in items.oxygen:
            say(
                "O-M6", line, "parts of oxygen equipment are inside its payment. Remove the line.", place="2400 SV101-3"
            )
        elif line.code == LABOR:
            _check_labor(line, claim, named.others, facts, categories, labor, day, say)
        elif line.code == LOANER:
            _check_loaner(line, claim, say)


def notes_of(line: ServiceLine, claim: Claim) -> str:
    """Everything that the notes of the line and of the claim say, in capitals."""
    return " ".join(note.text for note in (*line.notes, *claim.notes)).upper()


def named_items(line: ServiceLine, claim: Claim, items: Items, facts: Facts, categories: Table, day: dt.date) -> Named:
    """The items that the notes name: what was repaired. A diagnosis and a serial number may look like a HCPCS code, so
    a word counts as another item only where one is known: on the claim, of the patient, or by its payment category."""
    words = frozenset(_CODE.findall(_SERIAL.sub(" ", notes_of(line, claim)))) - {LABOR, OXYGEN_LABOR, LOANER}
    oxygen = words & items.oxygen
    records = (claim.lines, facts.equipment, facts.deliveries, facts.history)
    known = {one.code for several in records for one in several}
    diagnoses = {one.code for one in claim.diagnoses}
    others = {
        word
        for word in words - oxygen
        if word in known or (word not in diagnoses and category_of(categories, day, word) not in OXYGEN | {""})
    }
    return Named(oxygen, frozenset(others), words - oxygen - others - diagnoses)


def category_of(categories: Table, day: dt.date, code: str) -> str:
    """The payment category of a code, its own row before a pattern's; empty where it has none."""
    row = categories.find(day, code) or next(
        (row for row in categories.on(day) if is_pattern(row.values["code"]) and fnmatchcase(code, row.values["code"])),
        None,
    )
    return row.values["category"] if row is not None else ""


def _is_oxygens(named: Named) -> str:
    """Why labor is taken for that of oxygen equipment, and what to do where it is not."""
    told = (
        "K0739 is labor for equipment other than oxygen, not paid beside it: parts and labor are inside the "
        "maintenance payment. Remove the line"
    )
    if named.oxygen:
        return f"{told}, or correct the note if it names the wrong item ({', '.join(sorted(named.oxygen))})."
    told += ". If another item was repaired, name its HCPCS code in the note."
    if named.unknown:
        told += (
            f" Not known as an item: {', '.join(sorted(named.unknown))} (neither this claim nor the patient's record "
            "nor the table payment_categories has it)."
        )
    return told


def _check_labor(
    line: ServiceLine,
    claim: Claim,
    named: frozenset[str],
    facts: Facts,
    categories: Table,
    labor: Table,
    day: dt.date,
    say: Says,
) -> None:
    if not notes_of(line, claim).strip():
        say(
            "REPAIR-NOTE",
            line,
            "repair labor needs a note: the repaired item (its code, and the month in which the patient got it), and "
            "what was done in how much time.",
            place="2400 NTE",
            team="billing",
        )
        return
    for code in sorted(named):
        category = category_of(categories, day, code)
        if category == "FS":
            say("REPAIR-OWNED", line, f"{code} is frequently serviced: its rent pays for repairs.", team="billing")
        elif category == "CR" and is_rented(facts, code, day):
            say(
                "REPAIR-OWNED",
                line,
                f"{code} is still rented: repairs are paid once the patient owns it, after {CAP} months.",
                team="billing",
            )
    _check_units(line, claim, labor, day, say)


def is_rented(facts: Facts, code: str, day: dt.date) -> bool:
    """Whether an item is rented on a day and not the patient's own yet."""
    pieces = [one for one in facts.equipment if one.code == code and one.started_on <= day]
    if any(one.ownership is Ownership.OWNED and (one.ended_on is None or one.ended_on > day) for one in pieces):
        return False
    starts = [
        line.from_date
        for line in billed(facts.history, facts.payments, {code})
        if line.from_date is not None and line.from_date <= day
    ]
    periods = use_periods(starts)
    if not periods or periods[-1].length >= CAP:
        return False
    return day < add_months(periods[-1].end, STILL_RENTED)


def _check_units(line: ServiceLine, claim: Claim, labor: Table, day: dt.date, say: Says) -> None:
    notes = notes_of(line, claim)
    parts = [row.values for row in labor.on(day) if row.values["word"] in notes]
    usual = sum((Decimal(part["units"]) for part in parts), Decimal(0))
    if parts and line.units > usual:
        words = ", ".join(part["word"].lower() for part in parts)
        say(
            "REPAIR-UNITS",
            line,
            f"{line.units.normalize():f} units, and {usual:f} are usual for what the note names ({words}), however "
            "long it took.",
            place="2400 SV104",
            team="billing",
        )


def _check_loaner(line: ServiceLine, claim: Claim, say: Says) -> None:
    repaired = any(other.code == LABOR or PART in other.modifiers for other in claim.lines)
    if not repaired or line.units != 1:
        say(
            "REPAIR-LOANER",
            line,
            "a loaner is one unit beside the repair of the patient's own item (K0739, or a part with RB). Bill both on "
            "one claim, and name the item in the note.",
            team="billing",
        )
