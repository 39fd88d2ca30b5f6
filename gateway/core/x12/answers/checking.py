"""A file held against its guides while it is read, set by set, and what is to be answered to each of its groups.

`Checking.watch` hands every event of the reader on as it came, so that the same reading serves whoever takes the claims
in. What was found waits in `interchanges`, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ..events import Event, GroupEnd, GroupStart, InterchangeEnd, InterchangeStart, Piece, SetEnd, SetStart
from ..events import Finding as FaultEvent
from ..fault import Fault
from ..guides.answer_codes import GroupCode, SetCode, SetVerdict
from ..guides.compiled import compiled
from ..guides.known import guide_for
from ..guides.walk import FINDINGS_KEPT, WHOLE_SET, Finding, Walk
from ..segment import Delimiters, Segment
from ..sets import FAULTS_KEPT
from .functional import AnsweredGroup, AnsweredSet, Told, group_codes, set_codes
from .units import Units


class CheckedSet:
    """One transaction set. `ordinal` counts those of the file from 1 (as `SetInfo.ordinal` does); `supported` says
    whether there is a guide for it; `told` is what the guide finds, `finding_count` how much that was with what was
    not kept; `faults` are the reader's; `sound` is False where the reader says that it cannot be trusted.
    """

    def __init__(self, start: SetStart, delimiters: Delimiters, ordinal: int) -> None:
        self.ordinal = ordinal
        self.kind = start.kind
        self.st02 = start.st[2]
        self.version = start.st[3]
        self.guide_version = start.version
        self.faults: list[Fault] = []
        self.told: list[Told] = []
        self.finding_count = 0
        self.claims = 0
        self.sound = True
        self._more: list[Finding] = []
        self._by_claim: dict[int, list[Finding]] | None = None
        self._of_several: list[Finding] = []
        guide = guide_for(start.kind, start.version)
        self.supported = guide is not None
        self._walk = Walk(compiled(guide, delimiters)) if guide is not None else None
        self._units = Units(start.kind, delimiters)
        if self._walk is not None:
            self._walk.feed((start.st.raw,))

    @property
    def claims_so_far(self) -> int:
        """How many claims the guide has counted up to here: the number of the claim that was handed on last."""
        return self._walk.claims if self._walk is not None else self.claims

    def piece(self, piece: Piece) -> None:
        """The next piece of its body."""
        walk = self._walk
        if walk is None:
            return
        before, position = len(walk.findings), piece.set_position
        walk.position = position - 1  # a segment that is too long was passed over, and counts
        walk.feed(piece.segments)
        self._units.piece(piece.tag, piece.segments, position)
        if len(walk.findings) != before:
            self._units.keep()

    def add(self, findings: Iterable[Finding]) -> None:
        """What other checks (levels 3 to 5) find in the claim that was handed on last."""
        for finding in findings:
            self.finding_count += 1
            if len(self._more) < FINDINGS_KEPT:
                self._more.append(finding)
                self._units.keep()

    def end(self, end: SetEnd) -> None:
        """It is over: what was found stands in `told`."""
        self.sound = end.sound
        self.told = [Told(finding, self._units.of(finding)) for finding in self._more]
        walk, self._walk = self._walk, None
        if walk is None:
            return
        before = len(walk.findings)
        if end.se is not None:
            walk.position = end.segments - 1
            walk.feed((end.se.raw,))
        walk.end()
        if len(walk.findings) != before:
            self._units.keep()
        # That there is no SE is told of the set as a whole (IK502), not as one of its segments.
        found = [finding for finding in walk.findings if finding.tag != "SE" or finding.loop or end.se is not None]
        self.told += [Told(finding, self._units.of(finding)) for finding in found]
        self.finding_count += walk.finding_count - len(walk.findings) + len(found)
        self.claims = walk.claims

    @property
    def concerns_whole(self) -> bool:
        """Whether something is wrong that is no single claim's: the guide's finding belongs to no claim, or the reader
        says that the set cannot be trusted."""
        return not self.sound or any(one.finding.claims == WHOLE_SET for one in self.told)

    def of_claim(self, number: int) -> list[Finding]:
        """What concerns a claim (counted from 1 in the set, as `claims_so_far` said of it), alone or with its level;
        once the set is over."""
        if self._by_claim is None:
            self._by_claim, self._of_several = {}, []
            for one in self.told:
                first, last = one.finding.claims
                if first == last:
                    self._by_claim.setdefault(first, []).append(one.finding)
                else:
                    self._of_several.append(one.finding)
        several = [one for one in self._of_several if one.claims[0] <= number <= one.claims[1]]
        return sorted(several + self._by_claim.get(number, []), key=lambda one: one.position)


Judge = Callable[[CheckedSet], SetVerdict]
"""How a set is answered."""


def judge(one: CheckedSet) -> SetVerdict:
    """E where claims can be refused singly, R where the set as a whole is wrong or of no guide that is here."""
    if not one.supported or one.concerns_whole:
        return SetVerdict.REJECTED
    return SetVerdict.ERRORS_NOTED if one.told or set_codes(one.faults) else SetVerdict.ACCEPTED


def judge_all_or_nothing(one: CheckedSet) -> SetVerdict:
    """R where anything at all is wrong: for a source that wants it so."""
    return SetVerdict.ACCEPTED if judge(one) is SetVerdict.ACCEPTED else SetVerdict.REJECTED


def judge_readable(one: CheckedSet) -> SetVerdict:
    """R only where the set cannot be read or trusted; all else is noted and taken in."""
    if not one.supported or not one.sound:
        return SetVerdict.REJECTED
    return SetVerdict.ERRORS_NOTED if one.told or set_codes(one.faults) else SetVerdict.ACCEPTED


def answered_set(one: CheckedSet, judge: Judge = judge) -> AnsweredSet:
    """What a 999 says of a set."""
    codes = set_codes(one.faults)
    if not one.supported:
        known = guide_for(one.kind, "") is not None
        codes = (*codes, SetCode.GUIDE_NOT_SUPPORTED if known else SetCode.NOT_SUPPORTED)
    return AnsweredSet(one.kind, one.st02, one.version, judge(one), codes, one.told)


@dataclass(slots=True)
class CheckedGroup:
    """One group: its GS, and what the reader says of its end. `ge` is None where there is none."""

    gs: Segment
    sets: list[CheckedSet] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ge: Segment | None = None
    inferred: bool = False


def answered_group(
    group: CheckedGroup, judge: Judge = judge, *, refused: bool = False, codes: Iterable[GroupCode] = ()
) -> AnsweredGroup:
    """What a 999 says of a group. `codes`: AK905 beside those that follow from its end; `refused`: as a whole."""
    found = [*codes, *group_codes(group.faults)]
    version = group.gs[8].strip()
    if group.sets and all(_other_guide(one, version) for one in group.sets):
        found.append(GroupCode.VERSION_NOT_SUPPORTED)
    said = group.ge[1].strip() if group.ge is not None else ""
    return AnsweredGroup(
        group.gs[1],
        group.gs[6],
        version or next((one.guide_version for one in group.sets), ""),
        [answered_set(one, judge) for one in group.sets],
        int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None,
        tuple(dict.fromkeys(found)),
        refused,
    )


def _other_guide(one: CheckedSet, version: str) -> bool:
    """Whether a set is of a kind that is known, in the version of its group, which is not."""
    return not one.supported and one.guide_version == version and guide_for(one.kind, "") is not None


@dataclass(slots=True)
class CheckedInterchange:
    """One interchange: its ISA, its groups, and what the reader says of its envelope. `inferred`: there is no ISA, so
    that nothing can be answered to it."""

    isa: Segment
    delimiters: Delimiters
    inferred: bool = False
    groups: list[CheckedGroup] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ended: bool = False


class Checking:
    """What was found in one file so far."""

    def __init__(self) -> None:
        self.interchanges: list[CheckedInterchange] = []
        self.set: CheckedSet | None = None
        """The set that is open, or was the last."""
        self._open: CheckedSet | None = None
        self._sets = 0

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events of a file, each handed on once it has been looked at."""
        for event in events:
            if type(event) is Piece:
                if self._open is not None:
                    self._open.piece(event)
            else:
                self._envelope(event)
            yield event

    def _envelope(self, event: Event) -> None:
        if isinstance(event, FaultEvent):
            self._fault(event.fault)
        elif isinstance(event, InterchangeStart):
            self.interchanges.append(CheckedInterchange(event.isa, event.delimiters, event.inferred))
        elif isinstance(event, GroupStart):
            self.interchanges[-1].groups.append(CheckedGroup(event.gs, inferred=event.inferred))
        elif isinstance(event, SetStart):
            self._sets += 1
            self.set = self._open = CheckedSet(event, self.interchanges[-1].delimiters, self._sets)
            self.interchanges[-1].groups[-1].sets.append(self._open)
        elif isinstance(event, SetEnd):
            if self._open is not None:
                self._open.end(event)
                self._open = None
        elif isinstance(event, GroupEnd):
            self.interchanges[-1].groups[-1].ge = event.ge
        elif isinstance(event, InterchangeEnd):
            self.interchanges[-1].ended = True

    def _fault(self, fault: Fault) -> None:
        if self._open is not None:
            kept = self._open.faults
        elif not self.interchanges or self.interchanges[-1].ended:
            return  # it belongs to no interchange, so nobody can be told
        elif fault.code in ("ge-missing", "ge01-count", "ge02-control-number"):
            kept = self.interchanges[-1].groups[-1].faults
        else:
            kept = self.interchanges[-1].faults
        if len(kept) < FAULTS_KEPT:
            kept.append(fault)
