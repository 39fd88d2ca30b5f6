"""The envelope around a transaction set, and the set itself: what each typed thing that is read can be traced to."""

from __future__ import annotations

from typing import NamedTuple

from .events import SetStart
from .fault import Fault
from .party import Party
from .segment import Delimiters, Segment

FAULTS_KEPT = 200
"""How many of a transaction set's faults are kept; the rest are counted."""


class Envelope(NamedTuple):
    """The ISA and GS around something (either may be missing), and the set's own start."""

    isa: Segment | None
    gs: Segment | None
    delimiters: Delimiters

    def _isa(self, position: int) -> str:
        return self.isa[position].strip() if self.isa else ""

    def _gs(self, position: int) -> str:
        return self.gs[position].strip() if self.gs else ""

    @property
    def sender(self) -> str:
        """ISA06."""
        return self._isa(6)

    @property
    def sender_qualifier(self) -> str:
        """ISA05."""
        return self._isa(5)

    @property
    def receiver(self) -> str:
        """ISA08."""
        return self._isa(8)

    @property
    def receiver_qualifier(self) -> str:
        """ISA07."""
        return self._isa(7)

    @property
    def isa13(self) -> str:
        """The interchange's control number."""
        return self._isa(13)

    @property
    def usage(self) -> str:
        """ISA15: P production, T test."""
        return self._isa(15)

    @property
    def gs02(self) -> str:
        """The application that sent the group."""
        return self._gs(2)

    @property
    def gs03(self) -> str:
        """The application that receives the group."""
        return self._gs(3)

    @property
    def gs06(self) -> str:
        """The group's control number."""
        return self._gs(6)

    @property
    def version(self) -> str:
        """GS08."""
        return self._gs(8)


class SetInfo:
    """A transaction set: where it stands, its header, and what is wrong with it so far.

    `faults` and `fault_count` grow while the set is read; `sound` and `ended` are certain only once it has ended
    (`ClaimSetEnd`, `RemittanceEnd`).
    """

    __slots__ = (
        "ended",
        "envelope",
        "fault_count",
        "faults",
        "header",
        "kind",
        "offset",
        "ordinal",
        "segment_number",
        "sound",
        "st",
        "version",
    )

    def __init__(self, start: SetStart, envelope: Envelope, ordinal: int) -> None:
        self.st = start.st
        self.kind = start.kind
        self.version = start.version
        self.offset = start.offset
        self.segment_number = start.segment_number
        self.envelope = envelope
        self.ordinal = ordinal
        self.header: list[str] = []
        self.faults: list[Fault] = []
        self.fault_count = 0
        self.sound = True
        self.ended = False

    @property
    def st02(self) -> str:
        """The set's control number."""
        return self.st[2]

    def position(self, segment_number: int) -> int:
        """The number in the set (ST is 1) of a segment with this number in the file; 0 where not known."""
        return segment_number - self.segment_number + 1 if segment_number else 0

    def add(self, fault: Fault) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(fault)
        if fault.stops_set:
            self.sound = False

    def _first(self, tag: str) -> Segment | None:
        start = tag + self.envelope.delimiters.element
        text = next((raw for raw in self.header if raw.startswith(start)), None)
        return None if text is None else Segment(text, self.envelope.delimiters)

    @property
    def bht03(self) -> str:
        """The batch's reference."""
        bht = self._first("BHT")
        return bht[3] if bht else ""

    @property
    def bht06(self) -> str:
        """CH (claims) or RP (encounters) of an 837."""
        bht = self._first("BHT")
        return bht[6] if bht else ""

    def _party(self, entity: str) -> Party:
        separator = self.envelope.delimiters.element
        found: list[str] = []
        for raw in self.header:
            if raw.startswith("NM1" + separator):
                if found:
                    break
                if raw.split(separator, 2)[1] == entity:
                    found.append(raw)
            elif found:
                found.append(raw)
        return Party(found, self.envelope.delimiters)

    @property
    def submitter(self) -> Party:
        """1000A of an 837."""
        return self._party("41")

    @property
    def receiver(self) -> Party:
        """1000B of an 837."""
        return self._party("40")
