"""A file laid out for `gateway x12 show`: its segments one after the other, each at its place and with what is wrong
with it. No more than one claim and the levels over it are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..core.x12.events import (
    Event,
    GroupEnd,
    GroupStart,
    InterchangeAck,
    InterchangeEnd,
    InterchangeStart,
    Piece,
    SetEnd,
    SetStart,
)
from ..core.x12.events import Finding as FaultEvent
from ..core.x12.fault import Fault
from ..core.x12.guides.known import guide_for
from ..core.x12.guides.layout import LaidSegment, Layout
from ..core.x12.guides.model import Guide, Loop, Segment
from ..core.x12.guides.notation import guide
from ..core.x12.guides.walk import Finding
from ..core.x12.items import ReadClaim
from ..core.x12.rules.beyond import Beyond
from ..core.x12.rules.codes import Codes
from ..core.x12.segment import Delimiters, display
from ..core.x12.sets import Envelope

_RANKS = {"20": 0, "22": 1, "23": 2}
_MOST_TOLD = 5_000
_MOST_FAULTS = 200


@dataclass(slots=True)
class Shown:
    """A segment, or (where `raw` is empty) findings that stand at no segment.

    `guide`: of its set (None: there is none here, or it is the envelope); `number` counts segments of the file,
    `position` those of the set (0: envelope).
    """

    raw: str
    delimiters: Delimiters
    number: int
    position: int = 0
    kind: str = ""
    st02: str = ""
    guide: Guide | None = None
    segment: Segment | None = None
    loops: tuple[Loop, ...] = ()
    begins: int = 0
    before: list[Finding] = field(default_factory=list)
    at: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class _Unit:
    """Segments that are shown together: a level, a claim, or others. `rank`: of the level among levels."""

    def __init__(self, items: list[Shown], rank: int = 0) -> None:
        self.items = items
        self.rank = rank
        self.told = False


def laid(events: Iterable[Event], codes: Codes, claim: str = "") -> Iterator[Shown]:
    """Everything in a file, in its order; with `claim`, only the claims of this number (CLM01, CLP01, or TRN02 of a
    claim's status) with the levels over them."""
    file = _File(codes, claim)
    for event in events:
        yield from file.event(event)
    yield from file.faults()


class _File:
    """The envelope that is open, and the set in it."""

    def __init__(self, codes: Codes, claim: str) -> None:
        self._codes = codes
        self._claim = claim
        self._envelope = Envelope(None, None, Delimiters())
        self._set: _Set | None = None
        self._faults: list[Fault] = []
        first = guide("envelope").root
        self._names = {one.tag: one for loop in first.loops() for one in loop.children if isinstance(one, Segment)}

    def event(self, event: Event) -> Iterator[Shown]:
        if isinstance(event, FaultEvent):
            self._faults.append(event.fault)
            if len(self._faults) >= _MOST_FAULTS:
                yield from self.faults()
            return
        if isinstance(event, Piece):
            if self._set is not None:
                yield from self._set.piece(event)
        elif isinstance(event, InterchangeStart):
            self._envelope = Envelope(event.isa, None, event.delimiters)
            if not event.inferred:
                yield from self._shown("ISA", event.isa.raw, event.segment_number)
        elif isinstance(event, GroupStart):
            self._envelope = self._envelope._replace(gs=event.gs)
            if not event.inferred:
                yield from self._shown("GS", event.gs.raw, event.segment_number)
        elif isinstance(event, SetStart):
            self._set = _Set(event, self._envelope, self._codes, self._claim)
            yield from self._set.start(event)
        elif isinstance(event, SetEnd):
            if self._set is not None:
                yield from self._set.end(event)
                self._set = None
        elif isinstance(event, GroupEnd):
            yield from self._shown("GE", event.ge.raw if event.ge is not None else "", event.segment_number)
        elif isinstance(event, InterchangeEnd):
            yield from self._shown("IEA", event.iea.raw if event.iea is not None else "", event.segment_number)
        elif isinstance(event, InterchangeAck):
            yield from self._shown("TA1", event.ta1.raw, event.segment_number)
        if not self._claim and self._faults and not isinstance(event, Piece):
            yield from self.faults()

    def _shown(self, tag: str, raw: str, number: int) -> Iterator[Shown]:
        if raw and not self._claim:
            yield Shown(raw, self._envelope.delimiters, number, segment=self._names.get(tag))

    def faults(self) -> Iterator[Shown]:
        """What the reader said of the structure."""
        found, self._faults = self._faults, []
        if found and not self._claim:
            number = found[0].segment_number
            yield Shown("", self._envelope.delimiters, number, faults=found)


class _Set:
    """One transaction set."""

    def __init__(self, start: SetStart, envelope: Envelope, codes: Codes, claim: str) -> None:
        self._guide = guide_for(start.kind, start.version)
        self._layout = Layout(self._guide, envelope.delimiters) if self._guide is not None else None
        self._beyond = Beyond(start, envelope, codes)
        self._kind, self._st02, self._first = start.kind, start.st[2], start.segment_number
        self._delimiters = envelope.delimiters
        self._wanted = claim
        self._levels: list[_Unit] = []
        self._showing = not claim
        self._told: set[tuple[int, str, str]] = set()

    def start(self, start: SetStart) -> Iterator[Shown]:
        unit = self._unit([start.st.raw], 1)
        if not self._wanted:
            yield from unit.items

    def piece(self, piece: Piece) -> Iterator[Shown]:
        unit = self._unit(piece.segments, piece.set_position)
        yield from self._behind(unit)
        found: list[Finding] = list(self._beyond.piece(piece))
        claim = self._beyond.claim
        separator = self._delimiters.element
        if claim is None and self._is_level(piece):
            unit.rank = _RANKS.get((piece.segments[0].split(separator) + [""] * 3)[3], 0) if piece.tag == "HL" else 0
            if any(not one.told and one.rank >= unit.rank for one in self._levels):
                yield from self._flush()
            self._levels = [one for one in self._levels if one.rank < unit.rank] + [unit]
            self._put(found, unit)
            return
        if claim is not None:
            number = claim.claim.id if isinstance(claim, ReadClaim) else claim.payment.claim_id
            self._showing = not self._wanted or display(number) == self._wanted
        elif self._wanted:
            self._showing = self._speaks_of(piece)
        self._put(found, unit)
        if self._showing:
            yield from self._flush(over=True)
            yield from unit.items

    def end(self, end: SetEnd) -> Iterator[Shown]:
        yield from self._flush()
        if end.se is not None:
            unit = self._unit([end.se.raw], end.segments)
            yield from self._behind(unit)
            self._put(list(self._beyond.end(end)), unit)
            if not self._wanted:
                yield from unit.items
        elif self._layout is not None:
            found = [one for one in (*self._layout.end(), *self._beyond.end(end)) if one.tag != "SE" or one.loop]
            if found and self._showing:
                yield self._made("", end.segments, before=found)

    def _is_level(self, piece: Piece) -> bool:
        return (self._kind, piece.tag) in (("837", "HL"), ("835", "LX"))

    def _speaks_of(self, piece: Piece) -> bool:
        """Whether a level of a 277CA is the claim that is wanted."""
        separator = self._delimiters.element
        rows = (raw.split(separator) for raw in piece.segments if raw.startswith("TRN" + separator))
        return self._kind == "277" and any(len(row) > 2 and display(row[2]) == self._wanted for row in rows)

    # --- units

    def _unit(self, segments: list[str], position: int) -> _Unit:
        items = []
        for at, raw in enumerate(segments, position):
            if self._layout is None:
                items.append(self._made(raw, at))
            else:
                items.append(self._placed(self._layout.place(raw, at)))
        return _Unit(items)

    def _made(self, raw: str, position: int, before: list[Finding] | None = None) -> Shown:
        number = self._first + position - 1
        shown = Shown(raw, self._delimiters, number, position, self._kind, self._st02, self._guide)
        shown.before = before or []
        return shown

    def _placed(self, one: LaidSegment) -> Shown:
        shown = self._made(one.raw, one.position, one.before)
        shown.segment, shown.loops, shown.begins, shown.at = one.segment, one.loops, one.begins, one.at
        return shown

    def _behind(self, unit: _Unit) -> Iterator[Shown]:
        """What is missing before the first segment of a unit is missing in the one before it."""
        first = unit.items[0]
        if first.before and first.raw and first.position > 1:
            found, first.before = first.before, []
            behind = self._made("", first.position, found)
            behind.loops = first.loops[:-1] if first.begins else first.loops
            if self._levels and not self._levels[-1].told:
                self._levels[-1].items.append(behind)
            elif self._showing:
                yield behind

    def _flush(self, *, over: bool = False) -> Iterator[Shown]:
        """The levels that were not shown yet. `over`: a claim below them is."""
        for level in self._levels:
            if not level.told and (over or not self._wanted):
                level.told = True
                yield from level.items

    def _put(self, found: list[Finding], unit: _Unit) -> None:
        """Findings of the levels 3 to 5 at their segments; those whose segment has been shown, at the unit's first."""
        waiting = [one for one in self._levels if not one.told]
        items = {item.position: item for one in (*waiting, unit) for item in one.items if item.raw}
        for finding in found:
            key = (finding.position, finding.place, finding.words)
            if finding.position < unit.items[0].position:
                if key in self._told:
                    continue
                if len(self._told) < _MOST_TOLD:
                    self._told.add(key)
            item = items.get(finding.position, unit.items[0])
            (item.at if finding.fault is not None or finding.ik304 == "I9" else item.before).append(finding)
