"""A file of claims held against its implementation guide while it is read: which claims have which findings.

Findings of a claim are those in its own loops and in the levels over it (billing provider, subscriber, patient). They
are known when the claim is over, which is one piece of the file later than the claim itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..x12.events import Event, InterchangeStart, Piece, SetEnd, SetStart
from ..x12.guides.compiled import compiled
from ..x12.guides.notation import guide
from ..x12.guides.walk import Finding, Walk
from ..x12.segment import Delimiters

PROFESSIONAL = "837p"


class GuideCheck:
    """Walks every professional set of a file along the guide of the 837P, as its events pass."""

    def __init__(self) -> None:
        self._of_claims: dict[int, list[Finding]] = {}
        self._walk: Walk | None = None
        self._start = 0
        self.set_findings: list[Finding] = []
        """What concerns the last set as a whole: its header."""

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events, each looked at before it is handed on."""
        delimiters = Delimiters()
        for event in events:
            if isinstance(event, Piece):
                if self._walk is not None:
                    self._walk.feed(event.segments)
            elif isinstance(event, InterchangeStart):
                delimiters = event.delimiters
            elif isinstance(event, SetStart):
                self._begin(event, delimiters)
            elif isinstance(event, SetEnd) and self._walk is not None:
                self._end(event)
            yield event

    def _begin(self, start: SetStart, delimiters: Delimiters) -> None:
        self._walk = None
        guide_of_claims = guide(PROFESSIONAL)
        if start.kind == guide_of_claims.set and (not start.version or start.version in guide_of_claims.versions):
            self._start = start.segment_number
            self._walk = Walk(compiled(guide_of_claims, delimiters), self._note)
            self._walk.feed([start.st.raw])

    def _end(self, end: SetEnd) -> None:
        walk = self._walk
        assert walk is not None
        if end.se is not None:
            walk.feed([end.se.raw])
        walk.end()
        self.set_findings = [one for one in walk.findings if one.claims == (0, 0)]
        self._walk = None

    def _note(self, position: int, findings: list[Finding]) -> None:
        self._of_claims[self._start + position - 1] = findings

    def of_claim(self, segment_number: int) -> list[Finding]:
        """The findings of the claim whose CLM is this segment of the file; asked once, when the claim is over."""
        return self._of_claims.pop(segment_number, [])
