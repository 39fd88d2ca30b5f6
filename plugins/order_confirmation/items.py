"""What the tables say of an item: its payment category, whether it bears a number, for how long it is rented, and
whether it is billed with a span of days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from gateway.plugins import Row, Table

CATEGORIES, SERIALISED, CAPS, REASONS, SPANS = (
    "payment_categories",
    "serialised_items",
    "rental_caps",
    "order_reasons",
    "span_dates",
)
TABLES = (CATEGORIES, SERIALISED, CAPS, REASONS)
"""What the plugin cannot do without; `span_dates` it asks where it is there."""
MEDICARE = "medicare"
MONTHS = ("KH", "KI", "KJ")


class Cap(NamedTuple):
    """For how many months an item is rented (None: as long as it is needed), and whether its months have KH, KI, KJ."""

    months: int | None
    has_modifiers: bool


class Items:
    """The tables about items. `table` gives one by name; KeyError where there is none."""

    def __init__(self, table: Callable[[str], Table]) -> None:
        self._categories = table(CATEGORIES)
        self._serialised = table(SERIALISED)
        self._caps = table(CAPS)
        try:
            self._spans: Table | None = table(SPANS)
        except KeyError:
            self._spans = None

    def category(self, day: dt.date, code: str) -> str:
        """The payment category of a code (CR, OX, FS, IN ...); empty where the table has none."""
        row = _of_code(self._categories.rows, day, code)
        return row.values["category"] if row is not None else ""

    def needs(self, day: dt.date, code: str) -> str:
        """Which number an item bears: serial, lot, or empty for none."""
        row = _of_code(self._serialised.rows, day, code)
        return row.values["needs"] if row is not None else ""

    def cap(self, day: dt.date, code: str, classes: Sequence[str]) -> Cap | None:
        """How long an item is rented, by the first of these payer classes that has it; None where none has."""
        category = self.category(day, code)
        for payer_class in classes:
            for item in (code, category):
                row = self._caps.find(day, item, payer_class) if item else None
                if row is not None:
                    months = row.values["months"]
                    return Cap(int(months) if months else None, row.values["modifiers"] == "yes")
        return None

    def rented(self, day: dt.date) -> list[str]:
        """Every code that may be rented."""
        return sorted({row.values["code"] for row in self._categories.on(day)} | set(self._own_caps(day)))

    def _own_caps(self, day: dt.date) -> Iterable[str]:
        return (row.values["item"] for row in self._caps.on(day) if len(row.values["item"]) == 5)

    def has_span(self, day: dt.date, code: str) -> bool:
        """Whether an item is billed from its first day to the last that it should last (R1.30)."""
        return self._spans is not None and _of_code(self._spans.rows, day, code) is not None


def _of_code(rows: Sequence[Row], day: dt.date, code: str) -> Row | None:
    return next((row for row in rows if row.holds_on(day) and fnmatchcase(code, row.values["code"])), None)


class Reason(NamedTuple):
    """Why an order waits: its code and rule, the team that mends it, the one that hears of it, and the words."""

    code: str
    rule: str
    team: str
    feedback: str
    inventory: bool
    words: str


def reasons_of(table: Table, day: dt.date) -> dict[str, Reason]:
    """The reasons by their codes."""
    found = {}
    for row in table.on(day):
        code, rule, team, feedback, inventory, words = (
            row.values[name] for name in ("code", "rule", "team", "feedback", "inventory", "words")
        )
        found[code] = Reason(code, rule, team, feedback, inventory == "yes", words)
    return found
