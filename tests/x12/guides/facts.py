"""What the tests of the guides ask a guide, and the files of other projects that must fit one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.x12.guides.model import Element, Guide, Loop, Segment
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.tokens import tokens

SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples"
_MANIFEST = SAMPLES / "MANIFEST.tsv"


def loop(guide: Guide, name: str) -> Loop:
    """The one loop of this id."""
    (found,) = (one for one in guide.root.loops() if one.id == name)
    return found


def segments(guide: Guide, place: str, tag: str) -> list[Segment]:
    """The segments of a tag that stand in a loop (its id; the set's for what stands in none)."""
    return [one for one in loop(guide, place).children if isinstance(one, Segment) and one.tag == tag]


def segment(guide: Guide, place: str, tag: str, code: str = "") -> Segment:
    """The one segment of a tag in a loop; with `code`, the one whose key it is."""
    (found,) = (
        one
        for one in segments(guide, place, tag)
        if not code or any(code in (key.codes or key.components[0].codes) for key in one.keys)
    )
    return found


def element(segment: Segment, *positions: int) -> Element:
    """An element, or a component of it: `element(clp, 2)`, `element(svc, 1, 1)`."""
    (found,) = (one for one in segment.elements if one.position == positions[0])
    for position in positions[1:]:
        (found,) = (one for one in found.components if one.position == position)
    return found


def codes(guide: Guide, place: str, tag: str, *positions: int, key: str = "") -> set[str]:
    """The codes that a guide allows there."""
    return set(element(segment(guide, place, tag, key), *positions).codes)


def usage(guide: Guide, place: str, tag: str, key: str = "") -> tuple[str, int]:
    """Whether a segment is required, and how often it may stand (0: any number)."""
    found = segment(guide, place, tag, key)
    return str(found.usage), found.repeats


def every_sample(*transactions: str) -> pytest.MarkDecorator:
    """Runs a test for each of the files of other projects that hold such a transaction set of version 005010."""
    rows: list[dict[str, str]] = []
    if _MANIFEST.exists():
        with _MANIFEST.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
    files: list[object] = [
        row["file"] for row in rows if row["transaction"] in transactions and row["version"].startswith("005010")
    ]
    skipped = pytest.param("", marks=pytest.mark.skip("the sample files are not here (../shared/samples)"))
    return pytest.mark.parametrize("file", files or [skipped])


def sets(file: str) -> Iterator[tuple[list[str], Delimiters]]:
    """The transaction sets of a sample file, from ST to SE, and what its segments are read by."""
    current: list[str] | None = None
    for tag, raw, delimiters in _segments(file):
        if tag == "ST":
            current = []
        if current is not None:
            current.append(raw)
        if tag == "SE" and current is not None:
            yield current, delimiters
            current = None


def envelope(file: str) -> tuple[list[str], Delimiters]:
    """The segments around the transaction sets of a sample file."""
    found = [one for one in _segments(file) if one[0] in ("ISA", "TA1", "GS", "GE", "IEA")]
    return [raw for _, raw, _ in found], found[0][2] if found else Delimiters()


def _segments(file: str) -> Iterator[tuple[str, str, Delimiters]]:
    delimiters = Delimiters()
    for token in tokens(io.BytesIO((SAMPLES / file).read_bytes())):
        raw = token.raw.strip("\r\n")
        if raw.startswith("ISA"):
            isa = raw.split(raw[3])
            delimiters = Delimiters(raw[3], isa[16][:1], isa[11] if isa[12] == "00501" else "", token.terminator)
        if raw:
            yield raw.split(delimiters.element)[0], raw, delimiters
