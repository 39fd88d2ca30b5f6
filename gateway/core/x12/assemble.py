"""From the pieces of one transaction set to the claims, payments and acknowledgments in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from .acknowledgment import StatusLevel, group_acknowledgment, set_acknowledgment, status_levels
from .checks import segment_faults
from .claim import Numbers
from .events import Piece, SetStart
from .fault import Fault
from .items import (
    AcknowledgmentEnd,
    ClaimSetEnd,
    ReadClaim,
    ReadGroupAcknowledgment,
    ReadPayment,
    ReadSetAcknowledgment,
    ReadStatus,
    RemittanceEnd,
    RemittanceStart,
    Transaction,
    UnknownSet,
)
from .remittance import ClaimPayment, Header, ProviderAdjustment, Remittance, provider_adjustments
from .segment import Delimiters, Segment
from .sets import SetInfo
from .stored import StoredClaim


class Assembler(Protocol):
    """What assembles one kind of transaction set."""

    info: SetInfo

    def piece(self, piece: Piece) -> Iterable[Transaction]:
        """What became whole with this piece."""

    def end(self, sound: bool) -> Iterable[Transaction]:
        """What is left at the end of the set."""


class ClaimAssembler:
    """An 837: levels are kept until another replaces them, each CLM becomes a claim with the levels over it."""

    def __init__(self, info: SetInfo, first_ordinal: int) -> None:
        self.info = info
        self.ordinal = first_ordinal
        self.count = 0
        self.billing: list[str] = []
        self.subscriber: list[str] = []
        self.patient: list[str] = []
        self.numbers = [0, 0, 0]
        self.ids = ["", "", ""]
        self.level_faults: list[tuple[Fault, ...]] = [(), (), ()]
        self.faults: tuple[Fault, ...] = ()

    def piece(self, piece: Piece) -> Iterable[Transaction]:
        tag, segments, delimiters, offset, number, position = piece
        if tag == "CLM":
            self.ordinal += 1
            self.count += 1
            stored = _new(StoredClaim, (delimiters, self.billing, self.subscriber, self.patient, segments))
            numbers = _new(Numbers, (*self.numbers, number))
            return (ReadClaim(stored, numbers, self.ordinal, self.info, offset, number, self.faults),)
        if tag == "HL":
            self._level(piece)
        elif position <= 2:
            self.info.header = segments
        else:
            self.info.add(_too_long(piece))
        return ()

    def _level(self, piece: Piece) -> None:
        """Put a level in the place of the one before it; what stood under that one is gone with it."""
        segments = piece.segments
        hl = [*segments[0].split(piece.delimiters.element), "", "", ""]
        level = _LEVELS.get(hl[3], 0)
        content, first = segments[1:], piece.segment_number + 1
        fault = None
        if hl[3] not in _LEVELS:
            # Whose claims come next is not known: they stand under nothing.
            fault = _hl_fault(piece, 3, "hl-level", "The level is none of a professional claim.")
            content = []
        elif level and hl[2] != self.ids[level - 1]:
            fault = _hl_fault(piece, 2, "hl-parent", "The parent that is named is not the level above.")
        self.ids[level] = hl[1]
        if level == 0:
            self.billing, self.subscriber, self.patient = content, [], []
            self.ids[1] = self.ids[2] = ""
            self.numbers = [first, 0, 0]
        elif level == 1:
            self.subscriber, self.patient = content, []
            self.ids[2] = ""
            self.numbers = [self.numbers[0], first, 0]
        else:
            self.patient = content
            self.numbers[2] = first
        if fault or self.faults:
            self.level_faults[level:] = [(fault,) if fault else (), (), ()][: 3 - level]
            self.faults = tuple(fault for faults in self.level_faults for fault in faults)
        if fault:
            self.info.add(fault)

    def end(self, sound: bool) -> Iterable[Transaction]:
        return (ClaimSetEnd(self.info, sound, self.count),)


# A named tuple made without its keyword arguments: three times faster, for what there is one of for each claim.
_new = tuple.__new__
_LEVELS = {"20": 0, "22": 1, "23": 2}


def _hl_fault(piece: Piece, element: int, code: str, words: str) -> Fault:
    return Fault(code, words, piece.offset, piece.segment_number, "", "HL", element)


def _too_long(piece: Piece) -> Fault:
    return Fault(
        "loop-too-long",
        "A loop has more segments than can be read as one; the rest of it was set aside.",
        piece.offset,
        piece.segment_number,
        "",
        piece.tag,
        stops_set=True,
    )


class _Payments:
    """An 835."""

    def __init__(self, info: SetInfo) -> None:
        self.info = info
        self.count = 0
        self.started = False
        self.header: Header | None = None
        self.adjustments: list[ProviderAdjustment] = []
        self.faults: list[Fault] = []

    def _start(self, segments: list[str], delimiters: Delimiters, number: int) -> Iterable[Transaction]:
        self.started = True
        self.info.header = segments
        return (RemittanceStart(Remittance(segments, delimiters, number), self.info),)

    def piece(self, piece: Piece) -> Iterable[Transaction]:
        tag = piece.tag
        if tag == "CLP":
            self.count += 1
            payment = ClaimPayment(piece.segments, piece.delimiters, piece.segment_number)
            item = ReadPayment(payment, self.count, self.info, self.header, piece.offset, piece.segment_number)
            return (item,) if self.started else (*self._start([], piece.delimiters, 0), item)
        if tag == "LX":
            self.header = Header(piece.segments, piece.delimiters)
        elif tag == "PLB":
            self._adjust(piece)
        elif not self.started:
            return self._start(piece.segments, piece.delimiters, piece.segment_number)
        else:
            self.info.add(_too_long(piece))
        return () if self.started else self._start([], piece.delimiters, 0)

    def _adjust(self, piece: Piece) -> None:
        for raw in piece.segments:
            segment = Segment(raw, piece.delimiters)
            if segment.tag == "PLB":
                self.adjustments += provider_adjustments(segment)
        self.faults += segment_faults(piece.segments, piece.delimiters, piece.segment_number)

    def end(self, sound: bool) -> Iterable[Transaction]:
        first = () if self.started else self._start([], self.info.envelope.delimiters, 0)
        end = RemittanceEnd(tuple(self.adjustments), tuple(self.faults), self.info, sound, self.count)
        return (*first, end)


class _Acknowledgments:
    """A 999 or 997."""

    def __init__(self, info: SetInfo) -> None:
        self.info = info
        self.ak1: Segment | None = None
        self.named: list[str] = []

    def piece(self, piece: Piece) -> Iterable[Transaction]:
        first = Segment(piece.segments[0], piece.delimiters)
        if piece.tag == "AK2":
            gs06 = self.ak1[2] if self.ak1 else ""
            found = set_acknowledgment(piece.segments, piece.delimiters, gs06)
            self.named.append(found.st02)
            return (ReadSetAcknowledgment(found, self.info, piece.offset, piece.segment_number),)
        if piece.tag == "AK9":
            group = group_acknowledgment(self.ak1, first, self.named)
            return (ReadGroupAcknowledgment(group, self.info, piece.offset, piece.segment_number),)
        if piece.set_position <= 2:
            self.info.header = piece.segments
            ak1 = next((raw for raw in piece.segments if raw.startswith("AK1" + piece.delimiters.element)), None)
            self.ak1 = None if ak1 is None else Segment(ak1, piece.delimiters)
        else:
            self.info.add(_too_long(piece))
        return ()

    def end(self, sound: bool) -> Iterable[Transaction]:
        return (AcknowledgmentEnd(self.info, sound),)


class _Statuses:
    """A 277: its levels, each with those over it."""

    def __init__(self, info: SetInfo) -> None:
        self.info = info
        self.open: list[tuple[str, StatusLevel]] = []

    def piece(self, piece: Piece) -> Iterable[Transaction]:
        if piece.tag != "HL":
            if piece.set_position <= 2:
                self.info.header = piece.segments
            else:
                self.info.add(_too_long(piece))
            return ()
        hl = Segment(piece.segments[0], piece.delimiters)
        # The levels over it are those from the top down to the parent that it names.
        while self.open and self.open[-1][0] != hl[2]:
            self.open.pop()
        above = tuple(level for _, level in self.open)
        if not above and hl[3] != "20":
            self.info.add(_hl_fault(piece, 2, "hl-parent", "The parent that is named does not stand before it."))
        first = piece.segment_number + 1
        found = status_levels(hl[3], piece.segments[1:], piece.delimiters, above, first)
        self.open.append((hl[1], found[0]))
        return [ReadStatus(status, self.info, piece.offset, piece.segment_number) for status in found]

    def end(self, sound: bool) -> Iterable[Transaction]:
        return (AcknowledgmentEnd(self.info, sound),)


class _Unknown:
    def __init__(self, info: SetInfo) -> None:
        self.info = info

    def piece(self, piece: Piece) -> Iterable[Transaction]:
        if not self.info.header:
            self.info.header = piece.segments
        return ()

    def end(self, sound: bool) -> Iterable[Transaction]:
        return (UnknownSet(self.info, sound),)


def open_set(start: SetStart, info: SetInfo, claims: int) -> Assembler:
    """What assembles a set that starts like this; `claims` have been read in the file before it."""
    if start.kind == "837":
        return ClaimAssembler(info, claims)
    if start.kind == "835":
        return _Payments(info)
    if start.kind in ("999", "997"):
        return _Acknowledgments(info)
    return _Statuses(info) if start.kind == "277" else _Unknown(info)
