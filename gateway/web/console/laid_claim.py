"""A claim or a file laid out by the loops of its guide: each segment with its name, each element with name and meaning,
and what is wrong at its place."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from ...core.x12.guides.words import words_of
from ...core.x12.reader import read
from ...core.x12.rules.codes import Codes
from ...core.x12.stored import StoredClaim
from ...core.x12.writer import ClaimHead, ClaimSet, InterchangeHead, write_claims
from ...operate.x12_decoded import Decoded, decoded, elements_of, text_of
from ...operate.x12_laid import Shown, laid

_ENVELOPE = frozenset({"ISA", "GS", "ST", "BHT", "SE", "GE", "IEA"})
_MADE_UP = frozenset({"1000A", "1000B"})
"""Loops that only an interchange has; a stored claim has none of its own."""


class SegmentShown(NamedTuple):
    """A segment: its text, name and elements, and what is wrong at it."""

    text: str
    name: str
    elements: list[Decoded]
    faults: list[str]


class Loop(NamedTuple):
    """Segments of one loop, in their order."""

    id: str
    name: str
    depth: int
    segments: list[SegmentShown]


def laid_out(content: bytes, codes: Codes) -> list[Loop]:
    """A stored claim; nothing of it where it cannot be read."""
    try:
        stored = StoredClaim.unpack(content)
    except ValueError:
        return []
    head = InterchangeHead("ZZ", "CONSOLE", "ZZ", "CONSOLE", "CONSOLE", "CONSOLE", "000000001", "1", "T", _DAY)
    start = ClaimHead(
        "1",
        (("NM1", "41", "2", "CONSOLE", "", "", "", "", "46", "CONSOLE"), ("PER", "IC", "CONSOLE", "TE", "2025550100")),
        (("NM1", "40", "2", "CONSOLE", "", "", "", "", "46", "CONSOLE"),),
    )
    written = b"".join(write_claims(head, start, [ClaimSet("0001", [stored])], stored.delimiters))
    found = loops_of(laid(read(io.BytesIO(written)), codes))
    return [one for one in found if one.id not in _MADE_UP and one.segments]


_DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def of_file(stream: BinaryIO, codes: Codes, most: int) -> tuple[list[Loop], bool]:
    """A file, its first segments; and whether there are more."""
    shown: list[Shown] = []
    more = False
    for one in laid(read(stream), codes):
        if len(shown) >= most:
            more = True
            break
        shown.append(one)
    return list(loops_of(shown, envelope=True)), more


def loops_of(found: Iterable[Shown], *, envelope: bool = False) -> Iterator[Loop]:
    """What is shown, by loop. `envelope`: with the segments of the interchange, group and set."""
    current: Loop | None = None
    for one in found:
        tag = one.raw.split(one.delimiters.element, 1)[0] if one.raw else ""
        if tag in _ENVELOPE and not envelope:
            continue
        loop = one.loops[-1] if one.loops else None
        loop_id = loop.id if loop is not None else ""
        begins = bool(one.begins) and bool(one.raw)
        if current is None or current.id != loop_id or begins:
            if current is not None:
                yield current
            current = Loop(loop_id, loop.name if loop is not None else "", max(len(one.loops) - 1, 0), [])
        current.segments.append(_segment(one))
    if current is not None:
        yield current


def _segment(one: Shown) -> SegmentShown:
    words = words_of(one.guide) if one.guide is not None else None
    faults = [words.of(finding) for finding in (*one.before, *one.at)] if words is not None else []
    faults += [fault.message for fault in one.faults]
    if not one.raw:
        return SegmentShown("", "", [], faults)
    elements = elements_of(one, patient=True)
    name = one.segment.name if one.segment is not None else ""
    return SegmentShown(text_of(elements, one.delimiters), name, list(decoded(one, elements, None)), faults)
