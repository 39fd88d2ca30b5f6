"""A file checked against its guides: everything that the reader and the walk say of its transaction sets, in order."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from gateway.core.x12.events import Event, Finding, GroupStart, Piece, SetEnd, SetStart
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Walk
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters

GUIDES = {"837": "837p", "835": "835"}


class Seen(NamedTuple):
    """One thing that was found. `number` counts segments in the file (ISA is 1), `position` those of the set (ST is 1;
    0: in the envelope). `place` is the place as people write it: `2300 CLM05-3`. `code` is the reader's, where it is
    the reader's finding."""

    number: int
    position: int
    level: int
    place: str
    ik304: str
    ik403: str
    code: str = ""


class Checked(NamedTuple):
    """What was found in a file, and how many segments each of its sets has, ST and SE among them."""

    found: list[Seen]
    lengths: list[int]


def check(data: bytes) -> Checked:
    """Read a file, and walk each 837P and 835 in it; that there is no guide for a set is found too."""
    found: list[Seen] = []
    lengths: list[int] = []
    walk: Walk | None = None
    start = length = 0
    marks = Delimiters()
    for event, marks in _with_marks(read(io.BytesIO(data))):
        if isinstance(event, SetStart):
            start, length = event.segment_number, 1
            name = GUIDES.get(event.kind)
            walk = Walk(compiled(guide(name), marks)) if name else None
            if walk is not None:
                walk.feed([event.st.raw])
            else:
                found.append(Seen(start, 1, 1, "ST01", "", "", "no-guide"))
        elif isinstance(event, Piece):
            length += len(event.segments)
            if walk is not None and start:
                walk.feed(event.segments)
        elif isinstance(event, SetEnd):
            if walk is not None:
                if event.se is not None:
                    walk.feed([event.se.raw])
                walk.end()
                found += [
                    Seen(start + one.position - 1, one.position, one.level, one.place, one.ik304, one.ik403)
                    for one in walk.findings
                ]
            lengths.append(length + (event.se is not None))
            walk, start = None, 0
        elif isinstance(event, Finding):
            fault = event.fault
            at = fault.segment_number - start + 1 if start and fault.segment_number >= start else 0
            found.append(Seen(fault.segment_number, at, 1, fault.segment_id, "", "", fault.code))
        elif isinstance(event, GroupStart):
            start = 0
    return Checked(sorted(found, key=lambda one: one.number), lengths)


def _with_marks(events: Iterator[Event]) -> Iterator[tuple[Event, Delimiters]]:
    """Each event with the separators of its interchange."""
    marks = Delimiters()
    for event in events:
        marks = getattr(event, "delimiters", marks)
        yield event, marks
