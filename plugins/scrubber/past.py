"""The patient's past, looked up when a rule first needs it: lines by code, what was denied of them, orders,
authorizations, deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal

from gateway.core.model.belongings import Authorization, Order
from gateway.plugins import ClaimContext, HistoryLine

from .line import FIRST, Line
from .months import BEGINS, months_of
from .settings import ScrubberSettings

MEDICAL_RECORD = "medical_record"
"""The kind of a visit note, or of a report of use."""
_NOTHING = Decimal(0)
_MONTH = dt.timedelta(days=31)
_DECIDED = frozenset({"paid", "closed", "accepted", "denied"})
"""States of claims of which a payer may have denied a line."""


class Past:
    """Everything about one patient that the rules ask for."""

    __slots__ = ("_by_code", "_context", "_denied", "payer_id")

    def __init__(self, context: ClaimContext[ScrubberSettings]) -> None:
        self._context = context
        self._by_code: dict[str, list[HistoryLine]] | None = None
        self._denied: frozenset[tuple[str, int]] | None = None
        self.payer_id = context.payer_id

    def lines(self, code: str) -> Sequence[HistoryLine]:
        """Earlier lines of an item, oldest first."""
        by_code = self._by_code
        if by_code is None:
            by_code = self._by_code = {}
            for line in self._context.history():
                by_code.setdefault(line.code, []).append(line)
        return by_code.get(code, ())

    def of(self, codes: Collection[str]) -> list[HistoryLine]:
        """Earlier lines of several items, oldest first."""
        found = [line for code in codes for line in self.lines(code)]
        if len(codes) > 1:
            found.sort(key=lambda line: line.from_date or dt.date.min)
        return found

    def denied(self, lines: Sequence[HistoryLine]) -> frozenset[tuple[str, int]]:
        """Claim number and line of what a payer has denied: nothing paid, nothing left to the patient. Payments are
        looked up only where one of these lines has been decided."""
        if self._denied is None:
            if not any(line.state in _DECIDED for line in lines):
                return frozenset()
            payments = self._context.payments()
            # Few lines were ever denied: only what was posted on those is added up.
            refused = {(one.claim_number, one.line) for one in payments if one.denied > 0}
            kept, taken = dict.fromkeys(refused, _NOTHING), dict.fromkeys(refused, _NOTHING)
            for one in payments if refused else ():
                key = (one.claim_number, one.line)
                if key in kept:
                    kept[key] += one.paid + one.patient
                    taken[key] += one.denied
            self._denied = frozenset(key for key in refused if kept[key] <= 0 < taken[key])
        return self._denied

    def orders(self) -> Sequence[Order]:
        """The patient's orders, oldest first."""
        return self._context.orders()

    def authorizations(self) -> Sequence[Authorization]:
        """The patient's authorizations, oldest first."""
        return self._context.authorizations()

    def records_of(self, code: str) -> list[dt.date]:
        """The days of the patient's medical records that speak of an item."""
        return [
            one.dated
            for one in self._context.documents()
            if one.kind == MEDICAL_RECORD and one.dated is not None and code in one.codes
        ]

    def handed_over(self, line: Line) -> dt.date | None:
        """The day on which a line's item was handed over: of a later rental month the delivery with which its rental
        began (None: none is known; the same item that came back after a break was not handed over anew), of a first
        month or a purchase the day of service, or a delivery in the month before it."""
        if line.rented and not line.have & FIRST and not self._came_with(line):
            began = self._began(line)
            at_first = self._delivered(line.code, began) if began is not None else None
            return at_first or self._delivered(line.code, line.day)
        known = self._delivered(line.code, line.day)
        return known if known is not None and line.day - known <= _MONTH else line.day

    def _came_with(self, line: Line) -> bool:
        """Whether a piece that the patient did not have before was delivered on the day of the line."""
        pieces = [one for one in self._context.equipment() if one.code == line.code and one.started_on <= line.day]
        before = {one.serial for one in pieces if one.started_on < line.day}
        return bool(before) and any(one.started_on == line.day and one.serial not in before for one in pieces)

    def _began(self, line: Line) -> dt.date | None:
        """The first month of the rental that a later month belongs to, as far as it was billed here."""
        lines = self.lines(line.code)
        months = [month for month in months_of(lines, self.denied(lines)) if month.start < line.day]
        begun = [month.start for month in months if BEGINS & set(month.modifiers)]
        return (begun[-1] if begun else months[0].start) if months else None

    def _delivered(self, code: str, day: dt.date) -> dt.date | None:
        days = [one.delivered_on for one in self._context.deliveries() if one.code == code and one.delivered_on <= day]
        days += [one.started_on for one in self._context.equipment() if one.code == code and one.started_on <= day]
        return max(days, default=None)
