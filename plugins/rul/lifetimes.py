"""How long items must last (table `useful_lifetime`), and when the last one of a kind was given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.core.model.belongings import Delivery, Equipment
from gateway.plugins import HistoryLine, LinePayment, Table, Tables
from gateway.plugins.by_code import deciding_rows, unusable
from gateway.plugins.months import WITHDRAWN, add_months, billed, rental_month_end, uncounted

KINDS = ("months", "calendar year", "none")
WEIGHTS = ("hold", "warn", "off")
RENTAL = "RR"
FIRST_MONTH = "KH"
NOT_NEW = frozenset({"KI", "KJ", "MS", "RB"})
"""A later rental month, maintenance, a repair: no new item."""
REPLACEMENT = "RA"
HELD = "held"
SIDES = frozenset({"RT", "LT"})
NEAR = dt.timedelta(days=31)
"""A delivery and the first claim for it lie this near to each other."""
ONE_DAY = dt.timedelta(days=1)
SAME_DELIVERY = dt.timedelta(days=2)
"""An item may be fitted so long before the date of service (1.4): it is the one that is billed."""


class Lifetime(NamedTuple):
    """What the table says of a code."""

    code: str
    group: str
    months: int
    kind: str
    units: int
    ra_at_end: bool
    governed_by: str
    weight: str


class Facts(NamedTuple):
    """What is known of a patient: the records of a context or of a desk's patient."""

    history: Sequence[HistoryLine] = ()
    payments: Sequence[LinePayment] = ()
    deliveries: Sequence[Delivery] = ()
    equipment: Sequence[Equipment] = ()


class Given(NamedTuple):
    """An item that the patient was given: when, which, for which sides; `billed_new`: a claim bills it as new to the
    patient (a purchase, a first rental month, a replacement)."""

    day: dt.date
    code: str
    sides: frozenset[str]
    billed_new: bool = False


class Lifetimes:
    """The table, compiled."""

    def __init__(self, table: Table) -> None:
        self._rows = deciding_rows(table.rows)
        self._codes: dict[str, set[str]] = {row.values["group"]: set() for row in table.rows}
        for code, rows in self._rows.items():
            for row in rows:
                self._codes[row.values["group"]].add(code)
        self._known = frozenset(self._rows)
        self._on = lru_cache(maxsize=16_384)(self._find)

    def of(self, code: str, day: dt.date) -> Lifetime | None:
        """What holds for a code on a day; None where the table does not know it, or it is off."""
        return self._on(code, day) if code in self._known else None

    def _find(self, code: str, day: dt.date) -> Lifetime | None:
        row = next((one for one in self._rows[code] if one.holds_on(day)), None)
        if row is None:
            return None
        given = row.values
        found = Lifetime(
            code,
            given["group"],
            int(given["months"]),
            given.get("kind") or "months",
            int(given.get("units") or 0),
            given.get("ra_at_end") == "yes",
            given.get("governed_by") or "",
            given.get("weight") or "hold",
        )
        return None if found.weight == "off" or found.kind == "none" else found

    def codes(self, group: str) -> Collection[str]:
        """All codes of a group, whenever they were in force."""
        return self._codes.get(group, ())

    @property
    def all_codes(self) -> frozenset[str]:
        """Every code of the table."""
        return self._known

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group, in the order of the table."""
        return tuple(self._codes)


def make_lifetimes(settings: object, tables: Tables) -> Lifetimes:
    """The table (`context.prepared`)."""
    return Lifetimes(tables["useful_lifetime"])


def faults(tables: Tables) -> Iterator[str]:
    """What is wrong with the table, in sentences."""
    for row in tables["useful_lifetime"].rows:
        given = row.values
        code, group, months, kind = (given.get(name) or "" for name in ("code", "group", "months", "kind"))
        if why := unusable(code):
            yield f"in the table useful_lifetime, {code} cannot be used as a code: {why}"
        if not group or not months.isdigit() or not (int(months) or kind == "none"):
            yield f"in the table useful_lifetime, {code} needs a group and a whole number of months"
        if kind and kind not in KINDS:
            yield f"in the table useful_lifetime, kind of {code} must be one of {', '.join(KINDS)}"
        if kind == "calendar year" and not (given.get("units") or "").isdigit():
            yield f"in the table useful_lifetime, {code} needs the units of a calendar year"
        if (given.get("weight") or "hold") not in WEIGHTS:
            yield f"in the table useful_lifetime, weight of {code} must be one of {', '.join(WEIGHTS)}"


def sides_of(modifiers: Collection[str]) -> frozenset[str]:
    """For which sides an item is; both where none is said."""
    return frozenset(modifiers) & SIDES or SIDES


def is_new_item(modifiers: Collection[str]) -> bool:
    """Whether a line is the item itself, new to the patient: a purchase, or the first month of a capped rental. Other
    rentals do not say which month they are."""
    given = set(modifiers)
    return not (given & NOT_NEW) and (RENTAL not in given or FIRST_MONTH in given)


def goes_on(code: str, modifiers: Collection[str], day: dt.date, facts: Facts, *, on_its_day: bool = False) -> bool:
    """Whether a rental month follows the one before of the same item, with nothing delivered between: the rental goes
    on, also where it is month 1 again because the payer refused the first (R1.04).

    Args:
        on_its_day: it begins on the day after the one before has ended, whatever was delivered.
    """
    if RENTAL not in modifiers:
        return False
    months = [
        line.from_date
        for line in facts.history
        if line.code == code and RENTAL in line.modifiers and line.from_date is not None and line.state not in WITHDRAWN
    ]
    last = max((month for month in months if month < day), default=None)
    if on_its_day:
        ends = {rental_month_end(last), rental_month_end(last, max(month.day for month in months))} if last else set()
        return day - ONE_DAY in ends
    if last is None or day > max(rental_month_end(last), last + NEAR) + ONE_DAY:
        return False
    brought = [one.delivered_on for one in facts.deliveries if one.code == code]
    brought += [one.started_on for one in facts.equipment if one.code == code]
    return not any(last < one <= day for one in brought)


def is_same_piece(code: str, day: dt.date, facts: Facts) -> bool:
    """Whether what came for a day is a piece that the patient had before, by its serial number."""
    pieces = [one for one in facts.equipment if one.code == code and one.serial and one.started_on <= day]
    last = max(pieces, key=lambda one: one.started_on, default=None)
    return (
        last is not None
        and day - last.started_on <= SAME_DELIVERY
        and any(one.serial == last.serial and one.started_on < last.started_on for one in pieces)
    )


def _replaced_and_denied(facts: Facts, codes: Collection[str], counted: Collection[dt.date]) -> set[Given]:
    """Replacements (RA) that the payer refused, where the registry knows that the item came: its lifetime runs."""
    brought = [one.delivered_on for one in facts.deliveries if one.code in codes]
    brought += [one.started_on for one in facts.equipment if one.code in codes]
    left = [line for line in facts.history if line.state != HELD]
    refused = uncounted(left, codes, counted, REPLACEMENT)
    return {
        Given(line.from_date, line.code, sides_of(line.modifiers), True)
        for line in facts.history
        if line.from_date in refused
        and line.from_date is not None
        and line.code in codes
        and any(dt.timedelta(0) <= line.from_date - day <= SAME_DELIVERY for day in brought)
    }


def is_another_piece(code: str, day: dt.date, facts: Facts) -> bool:
    """Whether a piece with another serial number than those before was brought for a day."""
    pieces = [one for one in facts.equipment if one.code == code and one.serial and one.started_on <= day]
    last = max(pieces, key=lambda one: one.started_on, default=None)
    if last is None or day - last.started_on > SAME_DELIVERY:
        return False
    return any(one.started_on < last.started_on for one in pieces) and not is_same_piece(code, day, facts)


def _again(line: HistoryLine, day: dt.date, facts: Facts) -> bool:
    """Whether a line that bills month 1 bills what the patient had before: after a denied first month, or a break."""
    return goes_on(line.code, line.modifiers, day, facts) or (
        RENTAL in line.modifiers and is_same_piece(line.code, day, facts)
    )


def given_items(facts: Facts, codes: Collection[str], but: str = "") -> list[Given]:
    """When the patient was given such items, oldest first: deliveries, equipment, and what was billed as new; without
    any of it, the first day that was billed. `but`: a claim whose own deliveries are left out."""
    found = {
        Given(one.delivered_on, one.code, sides_of(one.modifiers))
        for one in facts.deliveries
        if one.code in codes and not (but and one.claim_number == but)
    }
    # A piece whose delivery is on record as well says nothing more, and not for which side it is.
    told = {(one.code, one.delivered_on) for one in facts.deliveries}
    found |= {
        Given(one.started_on, one.code, SIDES)
        for one in facts.equipment
        if one.code in codes and (one.code, one.started_on) not in told
    }
    # What is held says nothing yet: it is looked at again when it is let go.
    left = [line for line in facts.history if line.state != HELD]
    lines = [
        (line.from_date, line)
        for line in billed(left, facts.payments, codes, modifier="")
        if line.from_date is not None
    ]
    found |= {
        Given(day, line.code, sides_of(line.modifiers), True)
        for day, line in lines
        if REPLACEMENT in line.modifiers or (is_new_item(line.modifiers) and not _again(line, day, facts))
    }
    found |= _replaced_and_denied(facts, codes, {day for day, _ in lines})
    if not found and lines:
        day, line = lines[0]
        found.add(Given(day, line.code, sides_of(line.modifiers)))
    return sorted(found, key=lambda one: (one.day, one.billed_new, one.code))


def lifetimes_begun(given: Sequence[Given], lifetimes: Lifetimes, day: dt.date) -> list[Given]:
    """The items with which a lifetime began, oldest first: by their delivery. One that came inside the lifetime of
    another begins one of its own only if it was billed as new; else it is the same item again in another machine, and
    neither a machine nor a modality nor a supplier begins anew (2.2, 3)."""
    begun: list[Given] = []
    new = [one.day for one in given if one.billed_new]
    for one in given:
        if begun:
            last = begun[-1]
            lifetime = lifetimes.of(last.code, day)
            over = lifetime is None or one.day >= lifetime_end(last.day, lifetime.months)
            billed_now = any(abs(one.day - other) <= NEAR for other in new)
            if one.day - last.day <= NEAR or not (over or billed_now):
                continue
        begun.append(one)
    return begun


def last_before(given: Sequence[Given], lifetimes: Lifetimes, day: dt.date, sides: frozenset[str]) -> Given | None:
    """The item whose lifetime runs, or ran last, when one of this day comes for the same sides. What came within two
    days is the item itself."""
    before = [one for one in given if one.day < day - SAME_DELIVERY and one.sides & sides]
    begun = lifetimes_begun(before, lifetimes, day)
    return begun[-1] if begun else None


def is_gone(facts: Facts, codes: Collection[str], last: dt.date, today: dt.date) -> bool:
    """Whether the equipment on record is all gone, and nothing came after it (the `last` on that day)."""
    pieces = [one for one in facts.equipment if one.code in codes]
    ended = [one.ended_on for one in pieces if one.ended_on is not None and one.ended_on <= today]
    return bool(pieces) and len(ended) == len(pieces) and last <= max(ended)


def governed_end(given: Sequence[Given], lifetimes: Lifetimes, since: dt.date, day: dt.date) -> dt.date | None:
    """When the lifetime of equipment that came on `since` ends with that of these items (O-R3); None where none of
    them came before the day. One that replaces another inside its lifetime moves the date."""
    begun = lifetimes_begun([one for one in given if one.day < day - SAME_DELIVERY], lifetimes, day)
    for one, following in zip(begun, [*begun[1:], None], strict=True):
        lifetime = lifetimes.of(one.code, day)
        if lifetime is None:
            continue
        end = lifetime_end(one.day, lifetime.months)
        if end > since and (following is None or following.day >= end):
            return end
    return None


def lifetime_end(start: dt.date, months: int) -> dt.date:
    """The first day on which an item may be replaced: the same day so many months after its delivery; February 28 for
    one that was delivered on a February 29."""
    return add_months(start, months)
