"""A service line as the rules look at it: what is asked again and again is read once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from gateway.core.x12.party import Party
from gateway.core.x12.service_line import ServiceLine

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
    item's row of payment_categories (None: no row)."""

    __slots__ = (
        *(
            "_notes",
            "_orderer",
            "category",
            "code",
            "day",
            "end",
            "have",
            "modifiers",
            "number",
            "raw",
            "start",
            "units",
        ),
    )

    def __init__(self, raw: ServiceLine, today: dt.date) -> None:
        self.raw = raw
        self.number = raw.number
        self.code = raw.code
        self.modifiers = raw.modifiers
        self.have = _set_of(self.modifiers)
        self.start, self.end = raw.dates
        self.day = self.start or today
        self.units: Decimal = raw.units
        self.category: Category | None = None
        self._notes: str | None = None
        self._orderer: Party | None = None

    @property
    def kind(self) -> str:
        """The payment category: IN, CR, FS, OX ..., empty where the table has no row for the code."""
        return self.category.name if self.category is not None else ""

    @property
    def rented(self) -> bool:
        """Whether it bills a rental month."""
        return RENTAL in self.have

    @property
    def maintenance(self) -> bool:
        """Whether it bills a visit, a repair or its parts, and no item."""
        return "MS" in self.have or "RB" in self.have or self.code in LABOR

    @property
    def orderer(self) -> Party:
        """The ordering provider (2420E); an empty party where there is none."""
        if self._orderer is None:
            self._orderer = self.raw.ordering_provider
        return self._orderer

    @property
    def notes(self) -> str:
        """The text of its notes (NTE), joined."""
        if self._notes is None:
            self._notes = " ".join([note.text for note in self.raw.notes])
        return self._notes
