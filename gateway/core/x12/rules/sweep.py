"""A file checked at the levels 1 to 5 while it is read: what is wrong with each claim, and with what is no claim's.

Memory does not grow with the file: what was found is handed on when its claim is over.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

from ..events import CUT_AT, Event, GroupEnd, GroupStart, InterchangeEnd, InterchangeStart, Piece, SetEnd, SetStart
from ..events import Finding as FaultEvent
from ..fault import Fault
from ..guides.compiled import compiled
from ..guides.known import guide_for
from ..guides.model import Guide
from ..guides.walk import Finding, Walk
from ..items import ReadClaim, ReadPayment
from ..segment import Delimiters, display
from ..sets import Envelope, SetInfo
from .beyond import Beyond
from .codes import Codes

CARRIED = 2_000
"""Findings of levels (billing provider, subscriber) that wait for the first claim below; more are told without it."""
_LEVELS = {"837": "HL", "835": "LX"}
_Key = tuple[int, str, str, str, str]


class SweptSet(NamedTuple):
    """A transaction set begins. `guide` is None where there is none here: then only its structure is looked at."""

    kind: str
    st02: str
    version: str
    guide: Guide | None
    segment_number: int

    def number(self, finding: Finding) -> int:
        """The number in the file of the segment of a finding."""
        return self.segment_number + max(1, finding.position) - 1


class SweptClaim(NamedTuple):
    """A claim (or claim payment) is over. `number` is CLM01 or CLP01; `ordinal` counts those of the set from 1.

    `findings` are its own, and those of the levels over it that were not told with a claim before; `every` is all that
    concerns it, what was told of its levels before too (at most `walk.FINDINGS_OF_A_LOOP` of each).
    """

    number: str
    ordinal: int
    segment_number: int
    findings: list[Finding]
    every: list[Finding]
    read: ReadClaim | ReadPayment

    @property
    def sound(self) -> bool:
        """Whether nothing at all concerns it."""
        return not self.every


class SweptRest(NamedTuple):
    """What was found in a set and belongs to no single claim that is still to come."""

    findings: list[Finding]


class SweptEnd(NamedTuple):
    """The end of a set. `sound`: the reader says that it can be trusted."""

    info: SetInfo
    sound: bool


class SweptFault(NamedTuple):
    """What the reader says of the structure: envelope, counts, terminators (level 1). `inside`: in a set."""

    fault: Fault
    inside: bool


Swept = SweptSet | SweptClaim | SweptRest | SweptEnd | SweptFault


def sweep(events: Iterable[Event], codes: Codes) -> Iterator[Swept]:
    """Everything that is found in a file, in its order; claims without a finding too."""
    envelope = Envelope(None, None, Delimiters())
    current: _Set | None = None
    for event in events:
        if isinstance(event, Piece):
            if current is not None:
                yield from current.piece(event)
        elif isinstance(event, FaultEvent):
            yield SweptFault(event.fault, current is not None)
        elif isinstance(event, SetStart):
            current = _Set(event, envelope, codes)
            yield current.swept
        elif isinstance(event, SetEnd):
            if current is not None:
                yield from current.end(event)
                yield SweptEnd(current.info, event.sound)
                current = None
        elif isinstance(event, InterchangeStart):
            envelope = Envelope(event.isa, None, event.delimiters)
        elif isinstance(event, GroupStart):
            envelope = envelope._replace(gs=event.gs)
        elif isinstance(event, GroupEnd | InterchangeEnd):
            envelope = envelope._replace(gs=None)


class _Set:
    """The set that is open: its walk, its rules, and the claim whose end is not known yet."""

    def __init__(self, start: SetStart, envelope: Envelope, codes: Codes) -> None:
        guide = guide_for(start.kind, start.version)
        self.swept = SweptSet(start.kind, start.st[2], start.version, guide, start.segment_number)
        self._beyond = Beyond(start, envelope, codes)
        self._walk = Walk(compiled(guide, envelope.delimiters), self._over) if guide is not None else None
        self._cuts = CUT_AT.get(start.kind, frozenset())
        self._level = _LEVELS.get(start.kind, "")
        self._count = 0
        self._claim: ReadClaim | ReadPayment | None = None
        self._own: list[Finding] = []
        self._every: list[Finding] = []
        self._first = 0
        self._carried: list[Finding] = []
        self._told: frozenset[_Key] = frozenset()
        self._split = 0
        self._walked: list[Finding] = []
        self.info = self._beyond.info
        if self._walk is not None:
            self._walk.feed((start.st.raw,))

    def _over(self, position: int, found: list[Finding]) -> None:
        """The walk leaves a claim's loop: what it has found up to now is this claim's."""
        assert self._walk is not None
        self._split = len(self._walk.findings)
        self._walked = found

    def piece(self, piece: Piece) -> Iterator[Swept]:
        walk = self._walk
        if walk is None:
            return
        walk.position = piece.set_position - 1  # a segment that is too long was passed over, and counts
        walk.feed(piece.segments)
        fresh = walk.taken()
        if piece.tag in self._cuts:
            fresh = yield from self._close(fresh)
        later: list[Finding] = list(self._beyond.piece(piece))
        claim = self._beyond.claim
        if claim is not None:
            self._count += 1
            self._claim, self._first, self._every = claim, piece.set_position, later
            self._own = [*self._carried, *fresh, *self._new(later)]
            self._carried = []
        elif self._claim is not None:
            self._own += [*fresh, *later]
        elif piece.tag == self._level and len(self._carried) < CARRIED:
            # What is told of the level before this one (that it had no claim) is no claim's.
            past = [one for one in later if one.position < piece.set_position or one.tag == "CLM"]
            self._carried += [*fresh, *(one for one in later if one not in past)]
            if past:
                yield SweptRest(past)
        elif fresh or later:
            yield SweptRest(_in_order([*fresh, *later]))

    def end(self, end: SetEnd) -> Iterator[Swept]:
        walk = self._walk
        if walk is None:
            return
        if end.se is not None:
            walk.position = end.segments - 1
            walk.feed((end.se.raw,))
        walk.end()
        # That there is no SE is told by the reader.
        fresh = [one for one in walk.taken() if one.tag != "SE" or one.loop or end.se is not None]
        fresh = yield from self._close(fresh)
        rest = [*self._carried, *fresh, *self._beyond.end(end)]
        if rest:
            yield SweptRest(_in_order(rest))

    def _close(self, fresh: list[Finding]) -> Generator[Swept, None, list[Finding]]:
        """The claim that was open is over; gives back what of the walk's new findings is not its own."""
        split, self._split = self._split, 0
        walked, self._walked = self._walked, []
        claim, self._claim = self._claim, None
        if claim is None:
            return fresh
        found = [*self._own, *fresh[:split]]
        yield SweptClaim(
            display(claim.claim.id if isinstance(claim, ReadClaim) else claim.payment.claim_id),
            self._count,
            claim.segment_number,
            _in_order(found),
            _in_order(list({id(one): one for one in (*walked, *self._every, *found)}.values())),
            claim,
        )
        return fresh[split:]

    def _new(self, later: list[Finding]) -> list[Finding]:
        """Without what was told of the levels over the claim when an earlier claim of theirs was checked."""
        above = {_key(one): one for one in later if one.position < self._first}
        told, self._told = self._told, frozenset(above)
        return [one for one in later if one.position >= self._first or _key(one) not in told]


def _key(finding: Finding) -> _Key:
    return finding.position, finding.place, finding.ik304, finding.ik403, finding.words


def _in_order(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: one.position)
