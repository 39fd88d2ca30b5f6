"""A service line as the rules look at it: what is asked again and again is read once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from gateway.core.x12.party import Party
from gateway.core.x12.service_line import ServiceLine

from .coded import Coded
from .records import Category

RENTAL = "RR"
PURCHASE_OR_RENTAL = frozenset({"RR", "NU", "UE"})
PURCHASE = frozenset({"NU", "UE"})
FIRST = frozenset({"KH", "NU", "UE", "RA"})
"""What tells that the item is handed over with this line: a first rental month, a purchase, a replacement."""
LABOR = frozenset({"K0739", "K0740"})


@lru_cache(maxsize=4096)
def _set_of(modifiers: tuple[str, ...]) -> frozenset[str]:
    return frozenset(modifiers)


class Line:
    """`day` is the first day of service (today where it cannot be read), `have` the modifiers as a set, `category` the
    item's row of payment_categories (None: no row), `kind` its name (IN, CR, FS, OX ..., empty without a row).
    `most`: what a finding by that row weighs at most. `rented`: it bills a rental month; `maintenance`: a visit, a
    repair or its parts, and no item."""

    __slots__ = (
        *("_notes", "category", "code", "day", "end", "have", "kind", "maintenance", "modifiers", "most", "number"),
        *("raw", "rented", "start", "units"),
    )

    def __init__(self, raw: ServiceLine, today: dt.date, categories: Coded[Category]) -> None:
        self.raw = raw
        self.number = raw.number
        self.code = code = raw.code
        self.modifiers = raw.modifiers
        self.have = have = _set_of(self.modifiers)
        self.start, self.end = raw.dates
        self.day = self.start or today
        self.units: Decimal = raw.units
        row = categories.find(code, self.day)
        self.category: Category | None = row[0] if row is not None else None
        self.kind = self.category.name if self.category is not None else ""
        self.most = self.category.check if self.category is not None else None
        self.rented = RENTAL in have
        self.maintenance = "MS" in have or "RB" in have or code in LABOR
        self._notes: str | None = None

    @property
    def orderer(self) -> Party:
        """The ordering provider (2420E); an empty party where there is none."""
        return self.raw.ordering_provider

    @property
    def notes(self) -> str:
        """The text of its notes (NTE), joined."""
        if self._notes is None:
            self._notes = " ".join([note.text for note in self.raw.notes])
        return self._notes
