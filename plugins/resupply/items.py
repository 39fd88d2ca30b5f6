"""The lines of a claim that dispense supplies, and what is known of their patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from gateway.core.model.belongings import Delivery, Document, Order
from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import ClaimContext, HistoryLine

from .limits import Book, Limit, for_line
from .requests import REFILLS, Request, requests_of
from .settings import ResupplySettings
from .supply import NOT_BILLED, Dispensed, dispensed

FACILITIES = frozenset({"31", "32"})
"""Places of service of nursing facilities (1.4)."""


class Past:
    """What is known of the patient; each kind is looked up when it is first asked for."""

    def __init__(self, claim: Claim, context: ClaimContext[ResupplySettings]) -> None:
        self._claim = claim
        self._context = context

    @cached_property
    def history(self) -> Sequence[HistoryLine]:
        """Lines of the patient's claims."""
        return self._context.history(self._claim)

    @cached_property
    def deliveries(self) -> Sequence[Delivery]:
        """What was delivered."""
        return self._context.deliveries(self._claim)

    @cached_property
    def orders(self) -> Sequence[Order]:
        """Practitioners' orders."""
        return self._context.orders(self._claim)

    @cached_property
    def documents(self) -> Sequence[Document]:
        """Papers."""
        return self._context.documents(self._claim)

    @cached_property
    def requests(self) -> Sequence[Request]:
        """Refill requests."""
        return requests_of(self._context.rows(REFILLS.name, self._claim))

    @cached_property
    def codes(self) -> frozenset[str]:
        """What the patient had, rented or bought, has, or was given."""
        known = {line.code for line in self.history if line.state not in NOT_BILLED}
        known |= {one.code for one in self.deliveries}
        return frozenset(known)

    def has(self, codes: Collection[str], day: dt.date) -> bool:
        """Whether the patient had one of these by a day."""
        if not self.codes.isdisjoint(codes):
            return True
        return any(one.code in codes and one.started_on <= day for one in self._context.equipment(self._claim))


@dataclass(frozen=True)
class Item:
    """A line that dispenses a supply: on which day, with the maximums that are meant for it, and the units of the
    claim's earlier lines of the same code."""

    claim: Claim
    line: ServiceLine
    day: dt.date
    limits: tuple[Limit, ...]
    beside: Decimal
    past: Past

    @property
    def days(self) -> int:
        """How many days the line spans."""
        end = self.line.dates.end or self.day
        return max((end - self.day).days + 1, 1)

    @property
    def at_facility(self) -> bool:
        """Whether the patient is in a nursing facility."""
        return (self.line.place_of_service or self.claim.place_of_service) in FACILITIES

    @cached_property
    def given(self) -> tuple[Dispensed, ...]:
        """What the patient was given of the item before. A replacement bills again what stands there of its day."""
        found = dispensed(self.past.history, self.past.deliveries, self.line.code, self.claim.id, self.day)
        return found if self.claim.frequency == "1" else tuple(one for one in found if one.on != self.day)


def items_of(claim: Claim, book: Book, past: Past, today: dt.date) -> list[Item]:
    """The lines of a claim that dispense supplies with a usual maximum."""
    so_far: dict[str, Decimal] = {}
    found = []
    for line in claim.lines:
        code = line.code
        if not book.knows(code):
            continue
        day = line.dates.start or today
        limits = book.limits(day, code)
        if limits:
            beside = so_far.get(code, Decimal(0))
            found.append(Item(claim, line, day, for_line(limits, line.modifiers), beside, past))
            so_far[code] = beside + line.units
    return found
