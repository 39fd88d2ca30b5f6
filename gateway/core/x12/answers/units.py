"""The unit of business that a finding belongs to: the claim, the subscriber, the payment (CTX of the 999).

Only what stands near a finding is kept, so that memory does not grow with the set.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ..guides.answer_codes import SegmentCode
from ..guides.walk import Finding
from ..segment import Delimiters
from .functional import Unit

_BEFORE = frozenset({SegmentCode.MISSING, SegmentCode.SITUATION_MISSING, SegmentCode.LOOP_TOO_FEW, SegmentCode.TOO_FEW})
"""What is missing is told at the segment before which it should have stood: that may be the next claim's."""
_SUBSCRIBER = frozenset({"2000B", "2010BA", "2010BB"})


class Units:
    """Watches the pieces of one set (`events.Piece`) go by."""

    def __init__(self, kind: str, delimiters: Delimiters) -> None:
        self.kind = kind
        self.delimiters = delimiters
        self._trace = ""
        # Each the one before and the one that is open: position of the first segment, and the id.
        self._claims: list[tuple[int, str]] = []
        self._subscribers: list[tuple[int, str]] = []
        self._kept: dict[str, dict[int, str]] = {"claim": {}, "subscriber": {}}

    def piece(self, tag: str, segments: Sequence[str], position: int) -> None:
        """A piece of the set, of which the first segment is at this position."""
        separator = self.delimiters.element
        if self.kind == "837":
            if tag == "CLM":
                self._claims = [*self._claims[-1:], (position, _element(segments[0], 1, separator))]
            elif tag == "HL":
                level = _element(segments[0], 3, separator)
                # What stands in a level that follows is no part of the claim before.
                self._claims = [*self._claims[-1:], (position, "")]
                if level != "23":
                    self._subscribers = [*self._subscribers[-1:], (position, self._member(segments))]
        elif not self._trace:
            start = "TRN" + separator
            self._trace = next((_element(raw, 2, separator) for raw in segments if raw.startswith(start)), "")

    def _member(self, segments: Sequence[str]) -> str:
        separator = self.delimiters.element
        start = f"NM1{separator}IL{separator}"
        return next((_element(raw, 9, separator) for raw in segments if raw.startswith(start)), "")

    def keep(self) -> None:
        """Something was found in the last piece, or at the end of what stood before it."""
        self._kept["claim"].update(self._claims)
        self._kept["subscriber"].update(self._subscribers)

    def of(self, finding: Finding) -> Unit | None:
        """The unit of a finding, once the set is over; None where it concerns none, or one without an id."""
        if self.kind == "835":
            return Unit("TRN02", self._trace) if self._trace else None
        if self.kind != "837":
            return None
        if finding.loop[:2] in ("23", "24") and not _whole_loop_missing(finding, "CLM"):
            value = self._find("claim", finding)
            return Unit("CLM01", value) if value else None
        if finding.loop in _SUBSCRIBER and not _whole_loop_missing(finding, "HL"):
            value = self._find("subscriber", finding)
            return Unit("SUBSCRIBER NAME NM109", value) if value else None
        return None

    def _find(self, which: str, finding: Finding) -> str:
        kept = self._kept[which]
        positions = list(kept)
        find = bisect_left if finding.ik304 in _BEFORE else bisect_right
        at = find(positions, finding.position) - 1
        return kept[positions[at]] if at >= 0 else ""


def _whole_loop_missing(finding: Finding, first: str) -> bool:
    return finding.tag == first and finding.ik304 in _BEFORE


def _element(raw: str, position: int, separator: str) -> str:
    parts = raw.split(separator, position + 1)
    return parts[position] if position < len(parts) else ""
