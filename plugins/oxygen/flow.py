"""Flow and group modifiers (hme-billing-rules 2.3): what the claim itself can tell."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine

from .equipment import RENTAL
from .items import Items
from .rules import Says

LOW, HIGH = Decimal(1), Decimal(4)
"""Liters a minute below which half is paid, above which half again."""
_LITERS = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)\s*(?:LPM|L/MIN|L/M|LITERS?(?:\s+(?:PER|A)\s+MINUTE)?)\b")
_OTHER_FLOW = re.compile(r"EXER|EXERT|AMBULAT|WALK|PORTABLE|ACTIV")
"""Words that say that the flow of exercise, or of the portable system, is meant: it does not count."""


def check_flow(claim: Claim, items: Items, today: dt.date, say: Says) -> None:
    """O-Q1 to O-Q5 and O-N1 for every oxygen line."""
    lines = [(line, *items.kind(line.code, line.dates.start or today)) for line in claim.lines]
    oxygen = [(line, kind) for line, kind, _ in lines if kind and kind != "purchase" and "MS" not in line.modifiers]
    with_portable = any(kind == "portable" and RENTAL in line.modifiers for line, kind in oxygen)
    for line, kind in oxygen:
        day = line.dates.start or today
        flows = [word for word in line.modifiers if word in items.flow]
        if len(set(flows)) > 1:
            say("O-Q1", line, f"has {' and '.join(flows)}; one flow modifier may stand at most.", place="2400 SV101-3")
        for word in dict.fromkeys(flows):
            _check_place(line, kind, word, day, with_portable, items, say)
        if kind == "stationary" and len(set(flows)) < 2:
            _check_told(line, claim, flows, day, with_portable, items, say)
        _check_group(line, day, items, say)
    _check_same(oxygen, items, today, say)


def _check_place(
    line: ServiceLine, kind: str, word: str, day: dt.date, with_portable: bool, items: Items, say: Says
) -> None:
    row = items.modifiers.find(day, word)
    if row is None:
        return
    on = row.values["on"]
    if kind not in ("stationary", "portable") or (on == "stationary" and kind != "stationary"):
        where = "the stationary equipment" if on == "stationary" else "the equipment"
        say("O-Q3", line, f"{word} stands on the line of {where} only. Remove it here.", place="2400 SV101-3")
    elif row.values["portable"] == "no" and with_portable:
        other = "QF" if row.values["average"] == "no" else "QB"
        say(
            "O-Q4",
            line,
            f"{word} says that no portable system is prescribed, and one is billed here. With a portable it is {other} "
            "on both lines.",
            place="2400 SV101-3",
        )


def _check_same(oxygen: list[tuple[ServiceLine, str]], items: Items, today: dt.date, say: Says) -> None:
    """O-Q2: of one day's stationary and portable line, what the one has of QF and QB the other has too."""

    def shared(line: ServiceLine) -> set[str]:
        day = line.dates.start or today
        rows = [(word, items.modifiers.find(day, word)) for word in line.modifiers if word in items.flow]
        return {word for word, row in rows if row is not None and row.values["on"] == "both"}

    rented = [(line, kind) for line, kind in oxygen if RENTAL in line.modifiers]
    for portable, kind in rented:
        if kind != "portable":
            continue
        for stationary, other in rented:
            if other != "stationary" or stationary.dates.start != portable.dates.start:
                continue
            here, there = shared(portable), shared(stationary)
            if here != there:
                word = " and ".join(sorted(here ^ there))
                where = "this line" if here - there else f"line {stationary.number}"
                say(
                    "O-Q2",
                    portable,
                    f"{word} stands on {where} only; with a portable system both lines have the same.",
                    place="2400 SV101-3",
                )


def _check_told(
    line: ServiceLine, claim: Claim, flows: list[str], day: dt.date, with_portable: bool, items: Items, say: Says
) -> None:
    """O-Q5: the flow that the note tells against the modifier. Day and night are averaged, a single flow is not."""
    told = told_flow([note.text for note in (*line.notes, *claim.notes)])
    if not told:
        return
    flow = sum(told, Decimal(0)) / len(told)
    level = "low" if flow < LOW else "high" if flow > HIGH else ""
    average = "yes" if len(set(told)) > 1 else "no"
    fitting = [
        row.values["modifier"]
        for row in items.modifiers.on(day)
        if row.values["kind"] == "flow"
        and row.values["flow"] == level
        and row.values["average"] == average
        and row.values["portable"] in ("any", "yes" if with_portable else "no")
    ]
    wanted = fitting[0] if level and fitting else ""
    if (flows[0] if flows else "") != wanted:
        is_there = f"{flows[0]} is there" if flows else "no flow modifier is there"
        fits = wanted or "none"
        say(
            "O-Q5",
            line,
            f"the note tells {flow.normalize():f} liters a minute, for which {fits} would fit; {is_there}.",
            place="2400 SV101-3",
        )


def told_flow(notes: list[str]) -> tuple[Decimal, ...]:
    """The flows at rest that notes tell, in liters a minute: one, or one for the day and one for the night."""
    for text in notes:
        upper = text.upper()
        found = [Decimal(one) for one in _LITERS.findall(upper)]
        if not found or _OTHER_FLOW.search(upper):
            continue
        by_day_and_night = "DAY" in upper and "NIGHT" in upper
        if len(found) == 1 or (len(found) == 2 and by_day_and_night):
            return tuple(found)
    return ()


def _check_group(line: ServiceLine, day: dt.date, items: Items, say: Says) -> None:
    """O-N1, from the day on which the modifiers are in force."""
    in_force = [word for word in sorted(items.group) if items.modifiers.find(day, word) is not None]
    groups = {word for word in line.modifiers if word in items.group}
    if in_force and len(groups) != 1:
        has = f"has {' and '.join(sorted(groups))}" if groups else "has none"
        say("O-N1", line, f"needs exactly one of {', '.join(in_force)}, and {has}.", place="2400 SV101-3")
