"""A transaction set laid out along its guide for people: each segment with its loops, the guide's name for it, and what
is wrong with it.

One segment at a time, for the eye; who only wants to know what is wrong takes `walk`, which is several times faster.
"""

from __future__ import annotations

from typing import NamedTuple

from ..segment import Delimiters
from .compiled import compiled
from .model import Guide, Loop, Segment
from .walk import MISSING, Finding, Walk


class LaidSegment(NamedTuple):
    """A segment at its place.

    `segment` is the guide's (None: it may not stand here, and its loops are those that were open before it); `loops`
    are those it stands in, from the outermost in, of which the last `begins` begin with it (0 or 1). `before`: what is
    missing before it; `at`: what is wrong with itself.
    """

    raw: str
    position: int
    segment: Segment | None
    loops: tuple[Loop, ...]
    begins: int
    before: list[Finding]
    at: list[Finding]

    @property
    def tag(self) -> str:
        """Its id as it stands there."""
        return self.segment.tag if self.segment is not None else ""

    @property
    def loop(self) -> str:
        """The id of the innermost loop; empty where it stands in none."""
        return self.loops[-1].id if self.loops else ""


class Layout:
    """One set on its way along a guide: every segment from ST to SE is placed, then it is ended."""

    def __init__(self, guide: Guide, delimiters: Delimiters) -> None:
        self.guide = guide
        self._walk = Walk(compiled(guide, delimiters))

    def place(self, raw: str, position: int) -> LaidSegment:
        """Where the next segment stands; `position` is its number in the set (ST is 1)."""
        walk = self._walk
        step = walk.step_to(raw)
        walk.position = position - 1  # a segment that is too long was passed over, and counts
        walk.feed((raw,))
        found = walk.taken()
        return LaidSegment(
            raw,
            position,
            step.node.segment if step is not None else None,
            tuple(walk.open_loops),
            1 if step is not None and step.child is not None else 0,
            [one for one in found if one.ik304 == MISSING],
            [one for one in found if one.ik304 != MISSING],
        )

    def end(self) -> list[Finding]:
        """The set is over: what is missing at its end."""
        self._walk.end()
        return self._walk.taken()
