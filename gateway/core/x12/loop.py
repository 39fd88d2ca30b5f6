"""The segments of one loop, and what can be asked of any loop: references, dates, amounts, notes by qualifier.

A view holds text and parses an element when it is asked for. What cannot be parsed reads as None (dates), zero
(numbers) or the empty string; the whole transaction's `faults` says where and why, so nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from .segment import Delimiters, Segment
from .values import NO_PERIOD, Period, cents, dollars, parse_date, parse_number, parse_period


class Reference(NamedTuple):
    """A REF: its qualifier (REF01), value (REF02) and description (REF03)."""

    qualifier: str
    value: str
    description: str = ""


class Dated(NamedTuple):
    """A DTP or DTM: its qualifier and the days it names."""

    qualifier: str
    period: Period


class Amount(NamedTuple):
    """An AMT or the like: its qualifier, and cents (0 where it cannot be read)."""

    qualifier: str
    cents: int

    @property
    def dollars(self) -> Decimal:
        """The same in dollars."""
        return dollars(self.cents)


class Quantity(NamedTuple):
    """A QTY: its qualifier, and the number (0 where it cannot be read)."""

    qualifier: str
    number: Decimal


class Note(NamedTuple):
    """An NTE: its code (ADD, DCP, TPO ...) and text."""

    code: str
    text: str


class Attachment(NamedTuple):
    """A PWK: what is attached (PWK01), how it travels (PWK02), its control number (PWK06)."""

    type: str
    transmission: str
    control_number: str


class Condition(NamedTuple):
    """A CRC: its category, whether the conditions apply (Y, N), and their codes."""

    category: str
    applies: str
    codes: tuple[str, ...]


class Measurement(NamedTuple):
    """A MEA: what was measured, by which qualifier, and the value (None where it cannot be read)."""

    reference: str
    qualifier: str
    value: Decimal | None


class Adjustment(NamedTuple):
    """One trio of a CAS: group (CO, PR, OA, PI, CR), reason (CARC), cents, and the quantity, if any."""

    group: str
    reason: str
    cents: int
    quantity: Decimal | None = None

    @property
    def amount(self) -> Decimal:
        """The same in dollars."""
        return dollars(self.cents)


def amount_cents(text: str) -> int:
    """Cents of an amount element; 0 where it is empty or cannot be read."""
    return cents(text) or 0


def number(text: str) -> Decimal:
    """The number in an element; 0 where it is empty or cannot be read."""
    return parse_number(text) or _ZERO


# A named tuple made without its keyword arguments: three times faster, for what there are millions of.
_new = tuple.__new__


def adjustments_in(segments: Iterable[str], separator: str) -> tuple[Adjustment, ...]:
    """Every adjustment of every CAS among the segments: up to six trios each, in order."""
    found: list[Adjustment] = []
    cas = "CAS" + separator
    for raw in segments:
        if raw[:4] == cas:
            parts = raw.split(separator)
            count = len(parts)
            if count == 4:
                found.append(_new(Adjustment, (parts[1], parts[2], cents(parts[3]) or 0, None)))
                continue
            for at in range(2, count, 3):
                reason = parts[at]
                value = parts[at + 1] if at + 1 < count else ""
                if reason or value:
                    quantity = parts[at + 2] if at + 2 < count else ""
                    count_of = parse_number(quantity) if quantity else None
                    found.append(_new(Adjustment, (parts[1], reason, cents(value) or 0, count_of)))
    return tuple(found)


class Loop:
    """The segments that stand in one loop itself, not in the loops within it."""

    __slots__ = ("_raw", "delimiters")

    def __init__(self, raw: Sequence[str], delimiters: Delimiters) -> None:
        self._raw = raw
        self.delimiters = delimiters

    def _own(self) -> Sequence[str]:
        """The text of the segments that stand in this loop itself."""
        return self._raw

    @property
    def segments(self) -> list[Segment]:
        """The segments, with those of the loops within."""
        return [Segment(raw, self.delimiters) for raw in self._raw]

    def find_all(self, tag: str, qualifier: str = "") -> list[Segment]:
        """The segments of this loop itself with this tag, and with this first element where one is given."""
        separator = self.delimiters.element
        start = tag + separator
        found = [Segment(raw, self.delimiters) for raw in self._own() if raw.startswith(start) or raw == tag]
        return [segment for segment in found if segment[1] == qualifier] if qualifier else found

    def find(self, tag: str, qualifier: str = "") -> Segment | None:
        """The first of `find_all`, or None."""
        found = self.find_all(tag, qualifier)
        return found[0] if found else None

    def _elements(self, tag: str) -> list[str]:
        """Tag and elements of the first segment with this tag; `[tag]` where there is none."""
        start = tag + self.delimiters.element
        for raw in self._own():
            if raw.startswith(start):
                return raw.split(self.delimiters.element)
        return [tag]

    def _element(self, tag: str, position: int) -> str:
        elements = self._elements(tag)
        return elements[position] if position < len(elements) else ""

    @property
    def references(self) -> tuple[Reference, ...]:
        """Every REF."""
        return tuple(Reference(ref[1], ref[2], ref[3]) for ref in self.find_all("REF"))

    def reference(self, qualifier: str) -> str:
        """REF02 of the first REF with this qualifier; empty where there is none."""
        separator = self.delimiters.element
        start = f"REF{separator}{qualifier}{separator}"
        for raw in self._own():
            if raw.startswith(start):
                return raw.split(separator, 3)[2]
        return ""

    @property
    def all_dates(self) -> tuple[Dated, ...]:
        """Every DTP (and DTM), with its qualifier."""
        found = [Dated(dtp[1], parse_period(dtp[2], dtp[3]) or NO_PERIOD) for dtp in self.find_all("DTP")]
        for dtm in self.find_all("DTM"):
            day = parse_date(dtm[2])
            found.append(Dated(dtm[1], Period(day, day)))
        return tuple(found)

    def date(self, qualifier: str) -> Period:
        """The days of the first DTP (or DTM) with this qualifier; an empty period where there is none."""
        separator = self.delimiters.element
        start = f"DTP{separator}{qualifier}{separator}"
        for raw in self._own():
            if raw.startswith(start):
                parts = raw.split(separator)
                return (parse_period(parts[2], parts[3]) if len(parts) > 3 else None) or NO_PERIOD
        start = f"DTM{separator}{qualifier}{separator}"
        for raw in self._own():
            if raw.startswith(start):
                day = parse_date(raw.split(separator, 3)[2])
                return Period(day, day)
        return NO_PERIOD

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """Every AMT."""
        return tuple(Amount(amt[1], amount_cents(amt[2])) for amt in self.find_all("AMT"))

    def amount_cents(self, qualifier: str) -> int | None:
        """Cents of the first AMT with this qualifier; None where there is none."""
        amt = self.find("AMT", qualifier)
        return amount_cents(amt[2]) if amt else None

    def amount(self, qualifier: str) -> Decimal | None:
        """Dollars of the first AMT with this qualifier; None where there is none."""
        found = self.amount_cents(qualifier)
        return None if found is None else dollars(found)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every QTY."""
        return tuple(Quantity(qty[1], number(qty[2])) for qty in self.find_all("QTY"))

    @property
    def notes(self) -> tuple[Note, ...]:
        """Every NTE."""
        return self._find_notes()

    def _find_notes(self) -> tuple[Note, ...]:
        if not any(raw.startswith("NTE") for raw in self._raw):
            return ()  # most loops have none
        return tuple(Note(nte[1], nte[2]) for nte in self.find_all("NTE"))

    @property
    def file_information(self) -> tuple[str, ...]:
        """Every K3."""
        return tuple(k3[1] for k3 in self.find_all("K3"))

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every PWK."""
        return tuple(Attachment(pwk[1], pwk[2], pwk[6]) for pwk in self.find_all("PWK"))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every CRC."""
        return tuple(
            Condition(crc[1], crc[2], tuple(code for code in crc.elements[3:] if code)) for crc in self.find_all("CRC")
        )

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Every adjustment of every CAS of this loop."""
        return adjustments_in(self._own(), self.delimiters.element)


_ZERO = Decimal(0)
