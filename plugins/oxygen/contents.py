"""Contents: who may be billed for them, from when on, how many, and that they were delivered (O-C1 to O-C5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence

from gateway.core.model.belongings import Delivery, Ownership, Proof
from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins.months import add_months, billed, months_between, rental_month_end
from gateway.plugins.rental_clock import Clock, Facts, Month

from .clock import CAP, ONE_DAY, make_clock
from .flow import HIGH, told_flow
from .items import DELIVERED_SYSTEMS, Items
from .rules import Says

HELD = "held"
MOST_MONTHS = 3
"""Months of contents that may be delivered at once (O-C3)."""


def contents_lines(claim: Claim, items: Items, today: dt.date) -> Iterator[tuple[ServiceLine, str, dt.date]]:
    """The contents lines of a claim: each with the equipment that it is for (stationary, portable), and its day."""
    for line in claim.lines:
        if line.code not in items.every:
            continue
        day = line.dates.start or today
        kind, _ = items.kind(line.code, day)
        if kind.endswith(" contents"):
            yield line, kind.split()[0], day


def check_contents(
    line: ServiceLine,
    kind: str,
    day: dt.date,
    claim: Claim,
    now: Sequence[Month],
    facts: Facts,
    items: Items,
    say: Says,
) -> None:
    """All rules of contents but the proof of delivery. `now`: rental months of stationary equipment on this claim."""
    clock = make_clock(facts, items.codes["stationary"], day, [month for month in now if month.day <= day])
    _check_quantity(line, day, claim, facts, say)
    owned = _owned_systems(facts, items, day)
    if kind == "stationary":
        _check_stationary(line, day, clock, owned, facts, items, say)
    elif not _systems(facts, items, "portable", day) & DELIVERED_SYSTEMS:
        known = _systems(facts, items, "portable", day)
        has = f"only a {' and a '.join(sorted(known))} is known" if known else "none is known"
        say("O-C2", line, f"portable contents go with a portable gas or liquid system in use, and {has}.")
    _check_dose(line, day, claim, facts, items, say)
    if clock is not None and not (owned & DELIVERED_SYSTEMS):
        _check_start(line, kind, day, clock, facts, items, say)


def _check_dose(line: ServiceLine, day: dt.date, claim: Claim, facts: Facts, items: Items, say: Says) -> None:
    """O-C2-FLOW: contents for a high flow want one that was billed, or that the note tells."""
    row = items.table.find(day, line.code)
    if row is None or row.values.get("flow") != "high":
        return
    told = told_flow([note.text for note in (*line.notes, *claim.notes)])
    if told and sum(told) / len(told) > HIGH:
        return
    rented = [
        one
        for one in billed(facts.history, facts.payments, items.codes["stationary"])
        if one.from_date is not None and one.from_date <= day
    ]
    flows = [items.modifiers.find(day, word) for word in (rented[-1].modifiers if rented else ())]
    if not any(found is not None and found.values["flow"] == "high" for found in flows):
        say(
            "O-C2-FLOW",
            line,
            "it is for a stationary dose above 4 liters a minute, and none was billed. E0444 may fit.",
        )


def _check_quantity(line: ServiceLine, day: dt.date, claim: Claim, facts: Facts, say: Says) -> None:
    if line.units != 1:
        units = f"{line.units.normalize():f}"
        say("O-C3", line, f"contents are one unit for one month, not {units}.", place="2400 SV104")
    # What is held itself keeps no other month back; it is looked at again when it is let go.
    left = [one for one in facts.history if one.state != HELD]
    before = [one.from_date for one in billed(left, facts.payments, {line.code}, modifier="")]
    before += [other.dates.start for other in claim.lines if other.code == line.code and other.number < line.number]
    for start in before:
        if start is not None and start <= rental_month_end(day) and day <= rental_month_end(start):
            end = rental_month_end(start)
            say(
                "O-C3",
                line,
                f"{start:%m/%d/%Y} to {end:%m/%d/%Y} is billed already. Bill the next month from the day after.",
                place="2400 DTP03",
            )
            return


def _check_stationary(
    line: ServiceLine,
    day: dt.date,
    clock: Clock | None,
    owned: Collection[str],
    facts: Facts,
    items: Items,
    say: Says,
) -> None:
    """O-C1: a gas or liquid stationary system was in use in month 36, or the patient owns one."""
    if set(owned) & DELIVERED_SYSTEMS:
        return
    last = clock.code_of(CAP) if clock else ""
    systems = {items.system(last, day)} if last else _systems(facts, items, "stationary", day)
    if not systems & DELIVERED_SYSTEMS:
        has = f"the patient has a {' and a '.join(sorted(systems))}" if systems else "no stationary system is known"
        say(
            "O-C1", line, f"stationary contents go with a gas or liquid stationary system, and {has}. Do not bill them."
        )


def _check_start(
    line: ServiceLine, kind: str, day: dt.date, clock: Clock, facts: Facts, items: Items, say: Says
) -> None:
    """O-C5: not before the day after month 36; and then on that day of the month (O-C3)."""
    end = clock.cap_end
    if end is not None and day > end:
        anchor = end + ONE_DAY
        due = add_months(anchor, months_between(anchor, day))
        if due != day:
            say(
                "O-C3-DAY",
                line,
                f"its months begin on day {anchor.day} of the month, as month 36 ended on {end:%m/%d/%Y}; this one "
                f"begins on {due:%m/%d/%Y}.",
                place="2400 DTP03",
            )
        return
    if kind == "portable" and _given_back(facts, items.codes["stationary"], day):
        return
    if not clock.complete and clock.at(day) is None:
        say(
            "O-C5-OPEN",
            line,
            f"the record shows {clock.period.length} of 36 rental months of the stationary equipment, and not when it "
            "was delivered. Bring its delivery in, so that the months can be counted.",
        )
        return
    at = clock.at(day)
    number = at[1].number if at else clock.period.length
    say(
        "O-C5",
        line,
        f"the stationary rental pays for contents until its month 36 has ended, and {number} are counted. Remove the "
        "line, or bring in that the equipment was given back.",
    )


def _given_back(facts: Facts, codes: Collection[str], day: dt.date) -> bool:
    """Whether all equipment of the kind that is on record has gone."""
    pieces = [one for one in facts.equipment if one.code in codes and one.started_on <= day]
    return bool(pieces) and all(one.ended_on is not None and one.ended_on <= day for one in pieces)


def _owned_systems(facts: Facts, items: Items, day: dt.date) -> frozenset[str]:
    """Systems of stationary equipment that the patient owns."""
    return frozenset(
        items.system(one.code, day)
        for one in facts.equipment
        if one.ownership is Ownership.OWNED
        and one.code in items.codes["stationary"]
        and one.started_on <= day
        and (one.ended_on is None or one.ended_on > day)
    )


def _systems(facts: Facts, items: Items, kind: str, day: dt.date) -> frozenset[str]:
    """Systems of a kind of equipment that are in use on a day: as the equipment on record says; without any, the last
    delivery; without that, what was billed last."""
    codes = items.codes[kind]
    pieces = [one for one in facts.equipment if one.code in codes and one.started_on <= day]
    if pieces:
        return frozenset(items.system(one.code, day) for one in pieces if one.ended_on is None or one.ended_on > day)
    brought = [(one.delivered_on, one.code) for one in facts.deliveries if one.code in codes]
    shown = brought or [
        (one.from_date, one.code) for one in billed(facts.history, facts.payments, codes) if one.from_date is not None
    ]
    past = [(when, code) for when, code in shown if when <= day]
    last = max((when for when, _ in past), default=None)
    return frozenset(items.system(code, day) for when, code in past if when == last)


# --- proof of delivery


def covering(deliveries: Iterable[Delivery], code: str, day: dt.date) -> list[Delivery]:
    """Deliveries of these contents whose months a day lies in (O-C4): `delivered_on <= day < delivered_on + months`,
    where months are the delivered quantity, three at most (O-C3)."""
    return [
        one
        for one in deliveries
        if one.code == code and one.delivered_on <= day < add_months(one.delivered_on, months_supplied(one))
    ]


def months_supplied(delivery: Delivery) -> int:
    """For how many months a delivery lasts: a unit is a month."""
    return min(int(delivery.quantity), MOST_MONTHS)


def check_delivered(line: ServiceLine, day: dt.date, deliveries: Sequence[Delivery], say: Says) -> None:
    """What the delivery that covers a line says beside the proof: O-C3 (too much at once) and O-C4-PICKUP."""
    proven = [one for one in covering(deliveries, line.code, day) if one.proof is not Proof.NONE]
    if proven and all(one.quantity > MOST_MONTHS for one in proven):
        one = proven[-1]
        say(
            "O-C3",
            line,
            f"{one.quantity.normalize():f} months were delivered on {one.delivered_on:%m/%d/%Y}, and {MOST_MONTHS} are "
            "the most at once. Ask the warehouse what was delivered.",
            team="confirmation",
        )
    if proven and all(one.proof is Proof.PICKUP for one in proven):
        say(
            "O-C4-PICKUP",
            line,
            "the patient collected the cylinders. Medicare wants them brought (supplier standard 12).",
            team="confirmation",
        )


def missing_proof(line: ServiceLine, day: dt.date, deliveries: Sequence[Delivery]) -> str:
    """Why a contents line waits (O-C4), as a sentence; empty where a proven delivery covers it."""
    there = covering(deliveries, line.code, day)
    if any(one.proof is not Proof.NONE for one in there):
        return ""
    start = f"Line {line.number}, {line.code}: oxygen contents are billed once delivered, and "
    if there:
        return (
            f"{start}the delivery of {there[-1].delivered_on:%m/%d/%Y} has no proof yet. Bring in the signed ticket or "
            "the carrier's proof."
        )
    earlier = [one for one in deliveries if one.code == line.code and one.delivered_on <= day]
    if earlier:
        last = max(earlier, key=lambda one: one.delivered_on)
        until = add_months(last.delivered_on, months_supplied(last)) - ONE_DAY
        return (
            f"{start}the last delivery, of {last.delivered_on:%m/%d/%Y}, lasts until {until:%m/%d/%Y}. Bring in the "
            f"delivery that covers {day:%m/%d/%Y}."
        )
    return (
        f"{start}no delivery that covers {day:%m/%d/%Y} is known. Check the signed delivery ticket for this month, and "
        "bring it in or release."
    )
