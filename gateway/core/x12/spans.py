"""Which loop each segment of a claim stands in: one pass over the tags, no guide needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """The segments of one loop itself: `start` up to, not including, `end`."""

    loop: str
    start: int
    end: int


# NM101 to the letter of the loop it opens (005010X222A1; SUB, FA, LR and TL are of older versions).
_BILLING = {"85": "2010AA", "87": "2010AB", "PE": "2010AC"}
_SUBSCRIBER = {"IL": "2010BA", "PR": "2010BB"}
_PATIENT = {"QC": "2010CA"}
_CLAIM = {"DN": "2310A", "P3": "2310A", "82": "2310B", "77": "2310C", "DQ": "2310D", "PW": "2310E", "45": "2310F"}
_OTHER = {
    "IL": "2330A",
    "PR": "2330B",
    "DN": "2330C",
    "P3": "2330C",
    "82": "2330D",
    "77": "2330E",
    "DQ": "2330F",
    "85": "2330G",
}
_LINE = {
    "82": "2420A",
    "QB": "2420B",
    "77": "2420C",
    "DQ": "2420D",
    "DK": "2420E",
    "DN": "2420F",
    "P3": "2420F",
    "PW": "2420G",
    "45": "2420H",
}
ENTITIES = {
    "2000A": _BILLING,
    "2000B": _SUBSCRIBER,
    "2000C": _PATIENT,
    "2300": _CLAIM,
    "2320": _OTHER,
    "2400": _LINE,
}
_UNNAMED = {"2000A": "2010A", "2000B": "2010B", "2000C": "2010C", "2300": "2310", "2320": "2330", "2400": "2420"}


def _spans(raw: Sequence[str], separator: str, first: str, opens: dict[str, str]) -> list[Span]:
    """Spans of segments whose loops open at NM1 and at the tags of `opens`; `first` is the loop of the first."""
    found: list[Span] = []
    loop, parent, start = first, first, 0
    for at, text in enumerate(raw):
        tag = text[:4]
        if tag[:3] == "NM1":
            entity = text[4:7].split(separator, 1)[0]
            new = ENTITIES[parent].get(entity) or _UNNAMED[parent]
        else:
            opened = opens.get(tag.split(separator, 1)[0])
            if opened is None:
                continue
            new = opened
            if opened == "2320":
                parent = opened
        if at > start:
            found.append(Span(loop, start, at))
        loop, start = new, at
    if len(raw) > start:
        found.append(Span(loop, start, len(raw)))
    return found


_NOTHING: dict[str, str] = {}
_OTHERS = {"SBR": "2320"}
_LINE_LOOPS = {"LIN": "2410", "SVD": "2430", "LQ": "2440"}


def level_spans(raw: Sequence[str], separator: str, level: str) -> list[Span]:
    """The loops of a hierarchical level (`2000A`, `2000B`, `2000C`), without its HL."""
    return _spans(raw, separator, level, _NOTHING)


def head_spans(raw: Sequence[str], separator: str) -> list[Span]:
    """The loops of a claim before its first line: 2300, 2310s, and each 2320 with its 2330s."""
    return _spans(raw, separator, "2300", _OTHERS)


def line_spans(raw: Sequence[str], separator: str) -> list[Span]:
    """The loops of one service line: 2400, 2410, 2420s, 2430s, 2440s."""
    return _spans(raw, separator, "2400", _LINE_LOOPS)


def level_party(raw: Sequence[str], separator: str, level: str, loop: str) -> list[str]:
    """The segments of one party of a hierarchical level; empty where it is not there. A level has no loops but those
    that an NM1 opens, so they are not all laid out for it."""
    names, other = ENTITIES[level], _UNNAMED[level]
    start = -1
    for at, text in enumerate(raw):
        if text[:3] == "NM1":
            if start >= 0:
                return list(raw[start:at])
            if (names.get(text[4:7].split(separator, 1)[0]) or other) == loop:
                start = at
    return list(raw[start:]) if start >= 0 else []


def level_segments(raw: Sequence[str], separator: str, tags: tuple[str, ...]) -> list[str]:
    """The segments of a level itself, before its parties, that have one of these tags."""
    found = []
    for text in raw:
        tag = text.split(separator, 1)[0]
        if tag == "NM1":
            break
        if tag in tags:
            found.append(text)
    return found
