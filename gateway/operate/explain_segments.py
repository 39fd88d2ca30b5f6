"""A claim's segments as they would be sent, with what changed marked, and the patient hidden."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ..core.x12.segment import Delimiters
from ..core.x12.stored import StoredClaim

_PEOPLE = frozenset({"IL", "QC"})
_OF_A_PERSON = frozenset({"N3", "N4", "DMG", "PER", "REF"})
_MEDICAL_RECORD = "EA"
_FREE_TEXT = {"NTE": 2, "K3": 1, "MSG": 1}
"""Segments in which anything may stand, a name too, and how many of their elements are shown."""
_DOTS = "..."


def marked(came: StoredClaim, sent: StoredClaim, *, hide: bool) -> list[str]:
    """The segments that are sent, each behind two blanks; what came and is not sent behind `- `, what is new behind
    `+ `. `hide`: names, addresses, birth dates and ids of the subscriber and the patient as dots, and free
    text."""
    before, after = list(_segments(came)), list(_segments(sent))
    shown_before, shown_after = list(_shown(came, hide)), list(_shown(sent, hide))
    lines: list[str] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for what, first, last, new_first, new_last in matcher.get_opcodes():
        if what == "equal":
            lines += [f"  {text}" for text in shown_after[new_first:new_last]]
        else:
            lines += [f"- {text}" for text in shown_before[first:last]]
            lines += [f"+ {text}" for text in shown_after[new_first:new_last]]
    return lines


def _segments(stored: StoredClaim) -> Iterator[tuple[str, ...]]:
    """Elements of each segment: other separators alone are no change."""
    marks = stored.delimiters
    for part in stored[1:]:
        for raw in part:
            plain = raw.replace(marks.component, "\0")
            if marks.repetition:
                plain = plain.replace(marks.repetition, "\1")
            yield tuple(plain.split(marks.element))


def _shown(stored: StoredClaim, hide: bool) -> Iterator[str]:
    marks = stored.delimiters
    for part in stored[1:]:
        person = False
        for raw in part:
            elements = raw.split(marks.element)
            if elements[0] == "NM1":
                person = len(elements) > 1 and elements[1] in _PEOPLE
                hidden = elements[:3] if person else elements
            else:
                person = person and elements[0] in _OF_A_PERSON
                chart = elements[:2] == ["REF", _MEDICAL_RECORD]
                hidden = elements[: 2 if chart else 1] if person or chart else elements
                hidden = elements[: _FREE_TEXT.get(elements[0], len(hidden))] if hidden is elements else hidden
            yield _joined(hidden if hide else elements, marks, cut=hide and len(hidden) < len(elements))


def _joined(elements: list[str], marks: Delimiters, *, cut: bool) -> str:
    return marks.element.join([*elements, _DOTS] if cut else elements) + marks.segment
