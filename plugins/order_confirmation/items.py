"""What the tables say of an item: its payment category, whether it bears a number, for how long it is rented, and
whether it is billed with a span of days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import NamedTuple

from gateway.plugins import Row, Table, Tables
from gateway.plugins.by_code import deciding_rows, expanded

from .authorizations import Listed, faults_of_listed, listed

CATEGORIES, DELIVERED, CAPS, REASONS, AUTHORIZED = TABLES = (
    "payment_categories",
    "delivered_items",
    "rental_caps",
    "order_reasons",
    "prior_authorization",
)
SPANS, LIFETIMES, JURISDICTIONS = "span_dates", "useful_lifetime", "jurisdictions"
"""Tables that are asked where they are there."""
OXYGEN = "OX"
NOTHING = "none"
_REMEMBERED = 16_384
RENTED = frozenset({OXYGEN, "CR", "FS", "IN", "TE"})
"""Payment categories of which items are rented."""


class Cap(NamedTuple):
    """For how many months an item is rented (None: as long as it is needed), and whether its months have KH, KI, KJ."""

    months: int | None
    has_modifiers: bool


class Items:
    """The tables about items. `table` gives one by name; KeyError where there is none."""

    def __init__(self, table: Callable[[str], Table]) -> None:
        self._categories = table(CATEGORIES)
        self._delivered = table(DELIVERED)
        self._caps = table(CAPS)
        self._spans = _if_there(table, SPANS)
        lifetimes = _if_there(table, LIFETIMES)
        self._lifetimes = deciding_rows(lifetimes.rows if lifetimes is not None else ())
        contractors = _if_there(table, JURISDICTIONS)
        self.contractors = frozenset(row.values["payer"] for row in contractors.rows) if contractors else frozenset()
        """Payer ids that are all Medicare's."""
        self._authorized: dict[str, list[Row]] = {}
        for row in table(AUTHORIZED).rows:
            self._authorized.setdefault(row.values["payer"], []).append(row)
        # Every claim asks for the same few items again.
        self._category_row = lru_cache(maxsize=_REMEMBERED)(partial(_of_code, self._categories.rows))
        self._delivered_row = lru_cache(maxsize=_REMEMBERED)(partial(_of_code, self._delivered.rows))

    def category(self, day: dt.date, code: str) -> str:
        """The payment category of a code (CR, OX, FS, IN ...); empty where the table has none."""
        row = self._category_row(day, code)
        return row.values["category"] if row is not None else ""

    def needs(self, day: dt.date, code: str) -> str:
        """Which number an item bears: serial, lot or none."""
        row = self._delivered_row(day, code)
        return row.values["needs"] if row is not None else NOTHING

    def by_month(self, day: dt.date, code: str) -> bool:
        """Whether an item is billed by the month, whatever was delivered for it."""
        row = self._delivered_row(day, code)
        return row is not None and row.values.get("by_month", "") == "yes"

    def authorized(self, day: dt.date, code: str, payers: Sequence[str]) -> Listed | None:
        """What a payer says of an item that it wants authorized; None where it wants nothing. `payers` as for
        `has_span`."""
        for payer in payers:
            row = _of_code(self._authorized.get(payer, ()), day, code)
            if row is not None:
                return listed(row.values)
        return None

    def lasts(self, day: dt.date, code: str) -> bool:
        """Whether an item is one that must last for a time (table useful_lifetime, where it is there)."""
        return any(row.holds_on(day) for row in self._lifetimes.get(code, ()))

    def cap(self, day: dt.date, code: str, classes: Sequence[str]) -> Cap | None:
        """How long an item is rented, by the first of these payer classes that has it; None where none has."""
        own = self._category_row(day, code)
        category = own.values["category"] if own is not None else ""
        for payer_class in classes:
            for item in (code, category):
                row = self._caps.find(day, item, payer_class) if item else None
                if row is not None:
                    months = (own.values.get("cap", "") if own is not None else "") or row.values["months"]
                    return Cap(int(months) if months else None, row.values["modifiers"] == "yes")
        return None

    def rented(self, day: dt.date) -> list[str]:
        """Every code that may be rented."""
        patterns = {row.values["code"] for row in self._categories.on(day) if row.values["category"] in RENTED}
        return sorted({code for pattern in patterns | set(self._own_caps(day)) for code in expanded(pattern)})

    def _own_caps(self, day: dt.date) -> Iterable[str]:
        return (row.values["item"] for row in self._caps.on(day) if len(row.values["item"]) == 5)

    def together(self, day: dt.date, code: str) -> frozenset[str]:
        """The codes whose rental months make one count: of oxygen equipment all of its group, for another modality
        starts no new period (R1.06); else the code alone."""
        row = self._category_row(day, code)
        series = row.values.get("series", "") if row is not None else ""
        if series:
            found = {one.values["code"] for one in self._categories.on(day) if one.values.get("series", "") == series}
            return frozenset({code} | found)
        group = self._similar(day, code) if self.category(day, code) == OXYGEN else ""
        if not group:
            return frozenset({code})
        return frozenset(one for one in self._lifetimes if self._similar(day, one) == group)

    def _similar(self, day: dt.date, code: str) -> str:
        """The group of what is the same or similar; empty where a code has none."""
        return next((row.values["group"] for row in self._lifetimes.get(code, ()) if row.holds_on(day)), "")

    def has_span(self, day: dt.date, code: str, modifiers: Sequence[str], payers: Sequence[str]) -> bool:
        """Whether a payer wants an item from its first day to the last that it should last (R1.30). `payers`: the
        payer's id, then its class; what stands of the first that has the item goes."""
        if self._spans is None:
            return False
        for payer in payers:
            rows = [
                row
                for row in self._spans.on(day)
                if row.values.get("payer", "") == payer
                and (not row.values.get("modifier", "") or row.values["modifier"] in modifiers)
            ]
            row = _of_code(rows, day, code)
            if row is not None:
                return row.values["span"] == "required"
        return False


def _if_there(table: Callable[[str], Table], name: str) -> Table | None:
    try:
        return table(name)
    except KeyError:
        return None


def _of_code(rows: Sequence[Row], day: dt.date, code: str) -> Row | None:
    """The row of a code: its own, or the first whose pattern it is."""
    held = [row for row in rows if row.holds_on(day) and fnmatchcase(code, row.values["code"])]
    return next((row for row in held if row.values["code"] == code), held[0] if held else None)


class Reason(NamedTuple):
    """Why an order waits: its code and rule, the team that mends it, the one that hears of it, and the words."""

    code: str
    rule: str
    team: str
    feedback: str
    inventory: bool
    words: str


def reasons_of(table: Table) -> dict[str, Reason]:
    """The reasons by their codes."""
    found = {}
    for row in table.rows:
        code, rule, team, feedback, inventory, words = (
            row.values[name] for name in ("code", "rule", "team", "feedback", "inventory", "words")
        )
        found[code] = Reason(code, rule, team, feedback, inventory == "yes", words)
    return found


NEEDED_REASONS = (
    *("FIELDS", "COVERAGE", "AUTHORIZATION", "ORDERER", "SERIAL", "SERIAL-OUT", "QUANTITY", "PROOF"),
    *("SERVICE-DATE", "PRICE", "RENTAL", "DUPLICATE"),
)


def faults_of(tables: Tables) -> Iterator[str]:
    """What cannot be used in the tables, in plain sentences."""
    for row in tables[CAPS].rows:
        item, months = row.values.get("item", ""), row.values.get("months", "")
        if months and (not months.isdigit() or not int(months)):
            yield f"in the table {CAPS}, months of {item} is {months}; it must be a whole number, or empty"
        if row.values.get("modifiers") not in ("yes", "no"):
            yield f"in the table {CAPS}, modifiers of {item} must be yes or no"
    for row in tables[DELIVERED].rows:
        if row.values.get("needs") not in ("serial", "lot", NOTHING):
            yield f"in the table {DELIVERED}, needs of {row.values.get('code', '')} must be serial, lot or none"
    yield from faults_of_listed(tables[AUTHORIZED])
    codes = {row.values.get("code", "") for row in tables[REASONS].rows}
    for code in NEEDED_REASONS:
        if code not in codes:
            yield f"the table {REASONS} has no row for {code}"
    for row in tables[REASONS].rows:
        lacking = [name for name in ("rule", "team", "feedback", "inventory", "words") if not row.values.get(name)]
        if lacking:
            yield f"in the table {REASONS}, {row.values.get('code', '')} has no {lacking[0]}"
