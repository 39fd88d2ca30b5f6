"""What is open while a file is read: interchange, group, transaction set; and what their trailers say of them.

Each method takes one envelope segment with its place and returns the events that follow from it. Whatever is still
open where something else begins is closed with a fault, so that a broken set does not take its neighbours with it.
"""

from __future__ import annotations

from .events import (
    Event,
    Finding,
    GroupEnd,
    GroupStart,
    InterchangeAck,
    InterchangeEnd,
    InterchangeStart,
    SetEnd,
    SetStart,
)
from .fault import Fault
from .header import Isa
from .segment import Delimiters, Segment

CONTROL_NUMBERS_KEPT = 50_000
"""So many ST02 of a group are remembered to notice one that comes twice; beyond, none is noticed."""


class Place:
    """Where a segment stands: byte offset, and number in the file."""

    __slots__ = ("number", "offset")

    def __init__(self, offset: int, number: int) -> None:
        self.offset = offset
        self.number = number


class Nesting:
    """The interchange, group and set that are open."""

    def __init__(self) -> None:
        self.delimiters = Delimiters()
        self.isa: Segment | None = None
        self.gs: Segment | None = None
        self.st: Segment | None = None
        self.kind = ""
        self.st_number = 0
        self._isa_inferred = self._gs_inferred = False
        self._groups = self._sets = 0
        self._sound = True
        self._st02s: set[str] = set()

    # --- what opens -------------------------------------------------------------------------------------

    def interchange(self, isa: Isa, at: Place) -> list[Event]:
        """An ISA."""
        events = self._close_interchange(at, "the next ISA")
        self.delimiters = isa.delimiters
        segment = Segment(isa.raw, isa.delimiters)
        self._open_interchange(segment, False)
        events.append(InterchangeStart(segment, isa.delimiters, at.offset, at.number))
        return events + [self._fault(code, message, at, "ISA", element) for code, message, element in isa.faults]

    def _open_interchange(self, isa: Segment, inferred: bool) -> None:
        self.isa = isa
        self._isa_inferred = inferred
        self._groups = 0

    def _need_interchange(self, tag: str, at: Place) -> list[Event]:
        if self.isa is not None:
            return []
        element, _, _, end = self.delimiters
        what = f"{tag} stands under no ISA; its separators ({_name(element)} and {_name(end)}) were inferred."
        segment = Segment("ISA" + element * 16, self.delimiters)
        self._open_interchange(segment, True)
        return [
            InterchangeStart(segment, self.delimiters, at.offset, at.number, True),
            self._fault("isa-missing", what, at, tag),
        ]

    def group(self, raw: str, at: Place) -> list[Event]:
        """A GS."""
        events = self._close_group(at, "the next GS")
        events += self._need_interchange("GS", at)
        self._open_group(Segment(raw, self.delimiters), False)
        events.append(GroupStart(Segment(raw, self.delimiters), at.offset, at.number))
        return events

    def _open_group(self, gs: Segment, inferred: bool) -> None:
        self.gs = gs
        self._gs_inferred = inferred
        self._groups += not inferred
        self._sets = 0
        self._st02s.clear()

    def transaction_set(self, raw: str, at: Place) -> list[Event]:
        """An ST."""
        events = self._close_set(at, "the next ST")
        st = Segment(raw, self.delimiters)
        bare = self.isa is None
        events += self._need_interchange("ST", at)
        if self.gs is None:
            gs = Segment("GS" + self.delimiters.element * 8 + st[3], self.delimiters)
            self._open_group(gs, True)
            events.append(GroupStart(gs, at.offset, at.number, True))
            if not bare:
                events.append(self._fault("gs-missing", "ST stands under no GS.", at, "ST"))
        self._sets += 1
        self.st, self.st_number, self.kind, self._sound = st, at.number, st[1].strip(), True
        assert self.gs is not None
        version = st[3].strip() or self.gs[8].strip()
        events.append(SetStart(st, self.kind, version, at.offset, at.number))
        if st[2] in self._st02s:
            what = "ST02 is that of another set in this group; each must have its own."
            events.append(self._fault("st02-repeated", what, at, "ST", 2))
        elif len(self._st02s) < CONTROL_NUMBERS_KEPT:
            self._st02s.add(st[2])
        return events

    # --- what closes ------------------------------------------------------------------------------------

    def set_end(self, raw: str, at: Place) -> list[Event]:
        """An SE."""
        if self.st is None:
            return [self._fault("se-without-st", "SE stands under no ST.", at, "SE")]
        se = Segment(raw, self.delimiters)
        count = at.number - self.st_number + 1
        events: list[Event] = []
        if _number(se[1]) != count:
            what = f"SE01 says {_said(se[1])} segments; there are {count}."
            events.append(self._fault("se01-count", what, at, "SE", 1, True))
        # Blanks in front are significant (X12.6), those behind are not.
        if se[2].rstrip() != self.st[2].rstrip():
            what = "SE02 is not ST02: the control numbers of the set's start and end differ."
            events.append(self._fault("se02-control-number", what, at, "SE", 2, True))
        return [*events, self._end_set(se, at)]

    def _end_set(self, se: Segment | None, at: Place) -> Event:
        count = at.number - self.st_number + 1
        self.st, self.kind = None, ""
        return SetEnd(se, count, self._sound, at.offset, at.number)

    def group_end(self, raw: str, at: Place) -> list[Event]:
        """A GE."""
        ge = Segment(raw, self.delimiters)
        if self.gs is None or self._gs_inferred:
            events = self._close_group(at, "GE")
            return [*events, self._fault("ge-without-gs", "GE stands under no GS.", at, "GE")]
        events = self._close_set(at, "GE")
        if _number(ge[1]) != self._sets:
            what = f"GE01 says {_said(ge[1])} transaction sets; there are {self._sets}."
            events.append(self._fault("ge01-count", what, at, "GE", 1))
        if not _same_number(ge[2], self.gs[6]):
            what = "GE02 is not GS06: the control numbers of the group's start and end differ."
            events.append(self._fault("ge02-control-number", what, at, "GE", 2))
        self.gs = None
        return [*events, GroupEnd(ge, self._sets, at.offset, at.number)]

    def interchange_end(self, raw: str, at: Place) -> list[Event]:
        """An IEA."""
        iea = Segment(raw, self.delimiters)
        if self.isa is None or self._isa_inferred:
            events = self._close_interchange(at, "IEA")
            return [*events, self._fault("iea-without-isa", "IEA stands under no ISA.", at, "IEA")]
        events = self._close_group(at, "IEA")
        if _number(iea[1]) != self._groups:
            what = f"IEA01 says {_said(iea[1])} groups; there are {self._groups}."
            events.append(self._fault("iea01-count", what, at, "IEA", 1))
        if iea[2].strip() != self.isa[13].strip():
            what = "IEA02 is not ISA13: the control numbers of the interchange's start and end differ."
            events.append(self._fault("iea02-control-number", what, at, "IEA", 2))
        self.isa = None
        return [*events, InterchangeEnd(iea, self._groups, at.offset, at.number)]

    def acknowledgment(self, raw: str, at: Place) -> list[Event]:
        """A TA1: its place is between ISA and the first GS; it is taken wherever it stands."""
        events = self._need_interchange("TA1", at)
        if self.gs is not None:
            where = "a transaction set" if self.st is not None else "a group"
            what = f"TA1 stands inside {where}; its place is between ISA and GS."
            events.append(self._fault("ta1-place", what, at, "TA1"))
        events.append(InterchangeAck(Segment(raw, self.delimiters), at.offset, at.number))
        return events

    def end_of_file(self, at: Place) -> list[Event]:
        """Nothing more comes."""
        return self._close_interchange(at, "the end of the file")

    def _close_set(self, at: Place, before: str) -> list[Event]:
        if self.st is None:
            return []
        what = f"SE is missing: the transaction set is still open at {before}."
        return [self._fault("se-missing", what, at, "SE", 0, True), self._end_set(None, _before(at, before))]

    def _close_group(self, at: Place, before: str) -> list[Event]:
        if self.gs is None:
            return []
        events = self._close_set(at, before)
        if not self._gs_inferred:
            what = f"GE is missing: the group is still open at {before}."
            events.append(self._fault("ge-missing", what, at, "GE"))
        self.gs = None
        place = _before(at, before)
        return [*events, GroupEnd(None, self._sets, place.offset, place.number)]

    def _close_interchange(self, at: Place, before: str) -> list[Event]:
        if self.isa is None:
            return []
        events = self._close_group(at, before)
        if not self._isa_inferred:
            what = f"IEA is missing: the interchange is still open at {before}."
            events.append(self._fault("iea-missing", what, at, "IEA"))
        self.isa = None
        place = _before(at, before)
        return [*events, InterchangeEnd(None, self._groups, place.offset, place.number)]

    # --- faults -----------------------------------------------------------------------------------------

    def _fault(
        self, code: str, message: str, at: Place, segment_id: str, element: int = 0, stops: bool = False
    ) -> Finding:
        return self.fault(Fault(code, message, at.offset, at.number, "", segment_id, element, 0, stops))

    def fault(self, fault: Fault) -> Finding:
        """A finding; one that stops the set makes the open set unsound."""
        if fault.stops_set:
            self._sound = False
        return Finding(fault)


def _before(at: Place, before: str) -> Place:
    """The number of the last segment of what was left open: the one that stands before what shows it."""
    return at if before == "the end of the file" else Place(at.offset, at.number - 1)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _said(text: str) -> str:
    number = _number(text)
    return "no number of" if number < 0 else str(number)


def _same_number(one: str, other: str) -> bool:
    """GS06 and GE02 are numbers: leading zeros do not matter."""
    one, other = one.strip(), other.strip()
    return one == other or (_number(one) >= 0 and _number(one) == _number(other))


def _name(char: str) -> str:
    return char if char.isprintable() and char != " " else f"0x{ord(char):02X}"
