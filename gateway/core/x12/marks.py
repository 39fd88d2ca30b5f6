"""Patterns that find what matters in text with given delimiters."""

from __future__ import annotations

import re
from functools import lru_cache

from .events import CUT_AT
from .header import GAPS
from .segment import Delimiters

_ENVELOPE = ("GS", "ST", "SE", "GE", "IEA", "TA1")
_WINDOW = 1 << 16


class Marks:
    """Patterns for one set of delimiters."""

    def __init__(self, delimiters: Delimiters) -> None:
        element, _, _, end = delimiters
        self.element = element
        self.end = end
        # A terminator that is itself a line end or blank: several in a row are blank lines, not empty segments.
        self.silent = end in GAPS
        # With a line end as terminator each of CR, LF and CRLF ends a segment.
        self.line_ends = end in "\r\n"
        one = "[\r\n]" if self.line_ends else re.escape(end)
        self.terminator = re.compile(one)
        # Without the terminator itself: several blank lines in a row would cost their square.
        between = "".join(char for char in GAPS if char != end and not (self.line_ends and char in "\r\n"))
        self.gap = re.compile(f"[{between}]*")
        self.token = re.compile(f"([{between}]*+)([^{re.escape(end)}]*+)({re.escape(end)})")
        self._after = f"{one}[{between}]*+"
        self._stop = f"(?=[{re.escape(element)}{re.escape(end)}\r\n])"
        self._boundaries: dict[str, re.Pattern[str]] = {}
        self._id = f"[A-Z][A-Z0-9]{{1,2}}{re.escape(element)}"
        self.starts_with_id = re.compile(f"[A-Z][A-Z0-9]{{1,2}}(?:{re.escape(element)}|$)").match
        self._odd: dict[str, re.Pattern[str]] = {}
        # An ISA in the middle of a segment, all its padding in place: the file before it was cut off.
        fields = "".join(rf"[^{re.escape(end)}]{{{width}}}\1" for width in (2, 10, 2, 10, 2, 15, 2, 15))
        self.glued_length = 70
        self.glued = re.compile(rf"ISA([^A-Za-z0-9 \r\n{re.escape(end)}]){fields}")

    def boundary(self, kind: str) -> re.Pattern[str]:
        """What ends a piece: a terminator before a segment of the envelope (group 1: its tag; an ISA has none, since
        it may bring another separator) or, in a set of this kind, before one of `CUT_AT`."""
        found = self._boundaries.get(kind)
        if found is None:
            tags = [*sorted(CUT_AT.get(kind, ())), *_ENVELOPE]
            # Looking at the first letter alone halves the time: most segments end there.
            letters = "".join(sorted({tag[0] for tag in tags}))
            some = "|".join(tags)
            found = re.compile(f"{self._after}(?=[{letters}])(?:({some}){self._stop}|(?=ISA[^A-Za-z0-9 \r\n]))")
            self._boundaries[kind] = found
        return found

    def last(self, text: str, before: int | None = None) -> int:
        """The place of the last terminator (before a place, where one is given); -1 where there is none."""
        if self.line_ends:
            return max(text.rfind("\r", 0, before), text.rfind("\n", 0, before))
        return text.rfind(self.end, 0, before)

    def even(self, text: str, start: int, last: int) -> tuple[str, int]:
        """Whether segments follow each other evenly: from the terminator at `start` on, each terminator is followed
        by the same line end (or none) and a segment id with data, and there is no other line end.

        Returns what stands between two segments (empty: they are not even) and up to where that is known.
        """
        end = self.end
        if text[start] != end:
            return "", last
        until = last if last - start < _WINDOW else text.rfind(end, start, start + _WINDOW)
        until = max(until, start + 1)
        following = text[start + 1 : start + 3]
        between = end + ("\r\n" if following == "\r\n" else following[:1] if following[:1] in ("\r", "\n") else "")
        odd = self._odd.get(between)
        if odd is None:
            odd = self._odd[between] = re.compile(f"{re.escape(end)}(?!{between[1:]}{self._id})")
        ends = text.count(end, start, until)
        if (
            odd.search(text, start, until)
            or text.count("\n", start, until) != ends * between.count("\n")
            or text.count("\r", start, until) != ends * between.count("\r")
        ):
            return "", until
        return between, until


@lru_cache(maxsize=64)
def marks_of(delimiters: Delimiters) -> Marks:
    """The patterns for these delimiters."""
    return Marks(delimiters)
