"""The tables of resupply, read once: usual maximums, refill windows, exemptions, base equipment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from gateway.plugins import Row, Table
from gateway.plugins.by_code import rows_by_code, unusable

SUPPLY_LIMITS, REFILL_RULES, REFILL_EXEMPT, BASE_EQUIPMENT = TABLES = (
    "supply_limits",
    "refill_rules",
    "refill_exempt",
    "base_equipment",
)
MEDICARE = "medicare"
WARN = "warn"
MOST_AT_ONCE = 3
_REMEMBERED = 16_384
SUPPLY_END, SHIP_DATE = "supply end", "ship date"


class Limit(NamedTuple):
    """A usual maximum: `units` in so many `months`, of `at_once` months at most in one dispensing (None: as the payer's
    refill rule says); `per_day`: units for each day of the line's span (None: counted over the period instead).
    `modifier`: of lines that have it; empty: of all. `warns`: it is not sure enough to keep a claim back.

    Where `units` is None, no maximum is known: a refill all the same, which lasts as its span of dates says."""

    code: str
    units: Decimal | None
    months: int
    family: str
    modifier: str
    at_once: int | None
    per_day: Decimal | None
    warns: bool


class RefillRule(NamedTuple):
    """When a refill may be asked for and delivered, in days; None: whenever. See the table refill_rules."""

    contact_days: int | None
    contact_from: str
    ship_days: int | None
    grace_days: int
    partial: bool
    most_months: int
    facility_months: int

    @property
    def early_days(self) -> int:
        """How many days before the supply ends a refill may be delivered."""
        return (self.ship_days or 0) + self.grace_days


class Book:
    """The tables as the payers of some classes have them."""

    def __init__(self, classes: Sequence[str], limits: Table, rules: Table, exempt: Table, bases: Table) -> None:
        self._classes = tuple(classes)
        self._rules = rules
        self._exempt = exempt
        self._bases = bases
        # Read once: a line is asked about for every claim.
        read = {id(row): (row, row.values.get("payer_class", MEDICARE), _limit(row)) for row in limits.rows}
        self._limits = {code: [read[id(row)] for row in rows] for code, rows in rows_by_code(limits.rows).items()}
        self._read_rules = {id(row): _refill_rule(row) for row in rules.rows}
        # What is asked again and again for the same items and days.
        self._limits_on = lru_cache(maxsize=_REMEMBERED)(self._find_limits)
        self._rule_on = lru_cache(maxsize=_REMEMBERED)(self._find_rule)
        self._exempt_on = lru_cache(maxsize=_REMEMBERED)(self._find_exempt)
        self._bases_on = lru_cache(maxsize=_REMEMBERED)(self._find_bases)

    def limits(self, day: dt.date, code: str) -> tuple[Limit, ...]:
        """The maximums of a code on a day: those of the first class that has some, of its own rows or else of the first
        pattern; empty where it is no supply."""
        return self._limits_on(day, code) if code in self._limits else ()

    def _find_limits(self, day: dt.date, code: str) -> tuple[Limit, ...]:
        rows = self._limits[code]
        for wanted in self._classes:
            found = [limit for row, payer_class, limit in rows if payer_class == wanted and row.holds_on(day)]
            if found:
                return tuple(limit for limit in found if limit.code == found[0].code)
        return ()

    def knows(self, code: str) -> bool:
        """Whether a code ever has a row."""
        return code in self._limits

    def codes(self) -> frozenset[str]:
        """Every code that has a row, those of patterns among them."""
        return frozenset(self._limits)

    def rule(self, day: dt.date) -> RefillRule | None:
        """The refill rule that holds on a day; None where these payers have none."""
        return self._rule_on(day)

    def _find_rule(self, day: dt.date) -> RefillRule | None:
        for payer_class in self._classes:
            row = self._rules.find(day, payer_class)
            if row is not None:
                return self._read_rules[id(row)]
        return None

    def is_exempt(self, day: dt.date, code: str) -> bool:
        """Whether an item needs no refill request (4.1.7)."""
        return self._exempt_on(day, code)

    def _find_exempt(self, day: dt.date, code: str) -> bool:
        return any(self._exempt.find(day, code, payer_class) is not None for payer_class in self._classes)

    def bases(self, day: dt.date, families: Sequence[str]) -> frozenset[str]:
        """Codes of equipment with which supplies of these families are used; empty where one of them needs none."""
        return self._bases_on(day, tuple(families))

    def _find_bases(self, day: dt.date, families: tuple[str, ...]) -> frozenset[str]:
        found = [
            {row.values["code"] for row in self._bases.on(day) if row.values["family"] == family} for family in families
        ]
        return frozenset().union(*found) if all(found) else frozenset()


def for_line(limits: Sequence[Limit], modifiers: Sequence[str]) -> tuple[Limit, ...]:
    """Those maximums that may be meant for a line: of its modifiers where some are told by modifier, else all."""
    told = tuple(one for one in limits if not one.modifier or one.modifier in modifiers)
    return told or tuple(limits)


def _limit(row: Row) -> Limit:
    values = row.values
    units, at_once, per_day = (values.get(name, "") for name in ("units", "at_once", "per_day"))
    return Limit(
        values["code"],
        Decimal(units) if units else None,
        int(values["months"]) if units else 0,
        values.get("family", ""),
        values.get("modifier", ""),
        int(at_once) if at_once else None,
        Decimal(per_day) if per_day else None,
        values.get("severity", "") == WARN,
    )


def _refill_rule(row: Row) -> RefillRule:
    values = row.values
    contact, ship = values["contact_days"], values["ship_days"]
    return RefillRule(
        int(contact) if contact else None,
        values["contact_from"],
        int(ship) if ship else None,
        int(values["grace_days"] or 0),
        values["partial"] == "yes",
        int(values["most_months"]),
        int(values["facility_months"]),
    )


def faults_of_limits(table: Table) -> Iterator[str]:
    """What cannot be used in the table supply_limits, in plain sentences."""
    for row in table.rows:
        code, units, months = (row.values.get(name, "") for name in ("code", "units", "months"))
        if why := unusable(code):
            yield f"in the table supply_limits, {code} cannot be used as a code: {why}"
        if not units and not months:
            yield from _faults_without_maximum(code, row)
        elif not months.isdigit() or not int(months):
            yield f"in the table supply_limits, months of {code} is {months or 'missing'}; it must be a whole number"
        if (units or months) and not units.isdigit():
            yield f"in the table supply_limits, units of {code} is {units or 'missing'}; it must be a whole number"
        if row.values.get("severity", "") not in ("", "hold", WARN):
            yield f"in the table supply_limits, severity of {code} must be hold or warn, or left out"
        for name in ("at_once", "per_day"):
            value = row.values.get(name, "")
            if value and (not value.isdigit() or not int(value)):
                yield f"in the table supply_limits, {name} of {code} is {value}; it must be a whole number, or left out"


def _faults_without_maximum(code: str, row: Row) -> Iterator[str]:
    """A row that names no maximum says at least for how long may be dispensed at once."""
    if not row.values.get("at_once", ""):
        yield (
            f"in the table supply_limits, {code} has neither units and months nor at_once; give the usual maximum, or "
            "for how many months may be dispensed at once"
        )
    if row.values.get("per_day", ""):
        yield f"in the table supply_limits, per_day of {code} goes with units and months, which are missing"


def faults_of_rules(table: Table) -> Iterator[str]:
    """What cannot be used in the table refill_rules, in plain sentences."""
    for row in table.rows:
        of = f"of {row.values.get('payer_class', '')}"
        for name, may_be_empty in (
            ("contact_days", True),
            ("ship_days", True),
            ("grace_days", True),
            ("most_months", False),
            ("facility_months", False),
        ):
            value = row.values.get(name, "")
            if not value.isdigit() and (value or not may_be_empty):
                yield f"in the table refill_rules, {name} {of} is {value or 'missing'}; it must be a whole number"
        if row.values.get("contact_from") not in (SUPPLY_END, SHIP_DATE):
            yield f"in the table refill_rules, contact_from {of} must be {SUPPLY_END!r} or {SHIP_DATE!r}"
        if row.values.get("partial") not in ("yes", "no"):
            yield f"in the table refill_rules, partial {of} must be yes or no"
