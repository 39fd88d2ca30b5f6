"""The files of other projects: each is read, counted as its list says, and goes through unchanged."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.core.x12.events import (
    Event,
    Finding,
    GroupEnd,
    GroupStart,
    InterchangeAck,
    InterchangeEnd,
    InterchangeStart,
    Piece,
    SetEnd,
    SetStart,
)
from gateway.core.x12.identify import identify
from gateway.core.x12.reader import read
from gateway.core.x12.tokens import copy, tokens
from gateway.core.x12.transactions import transactions

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
_MANIFEST = SAMPLES / "MANIFEST.tsv"
_NONE = "the sample files are not here (../shared/samples)"

# How the list names a fault, and the reader's name for it.
CODES = (
    (r"ISA not 106 fixed chars", "isa-padding"),
    (r"SE01=\d+ real \d+", "se01-count"),
    (r"GE01=\d+ real \d+", "ge01-count"),
    (r"IEA01=\d+ real \d+", "iea01-count"),
    (r"SE02!=ST02", "se02-control-number"),
    (r"GE02!=GS06", "ge02-control-number"),
    (r"IEA02!=ISA13", "iea02-control-number"),
    (r"ST without SE", "se-missing"),
    (r"GS without GE", "ge-missing"),
    (r"ISA without IEA", "iea-missing"),
    (r"GE without GS", "ge-without-gs"),
    (r"IEA without ISA", "iea-without-isa"),
)
# What a sound file may be told of all the same: no envelope is `ok` in the list, and so is a byte order mark.
HARMLESS = {"isa-missing", "byte-order-mark"}


class Sample(NamedTuple):
    file: str
    transaction: str
    ok: bool
    counts: tuple[int, int, int, int]
    faults: str


def _samples() -> list[Sample]:
    if not _MANIFEST.exists():
        return []
    with _MANIFEST.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [
        Sample(
            row["file"],
            row["transaction"],
            row["structure"] == "ok",
            (int(row["n_ISA"]), int(row["n_GS"]), int(row["n_ST"]), int(row["n_segments"])),
            row["notes"].partition("STRUCTURE: ")[2].split(" | ")[0],
        )
        for row in rows
    ]


ALL = _samples()
every = pytest.mark.parametrize("sample", ALL or [pytest.param(None, marks=pytest.mark.skip(_NONE))], ids=str)
sound = pytest.mark.parametrize(
    "sample", [one for one in ALL if one.ok] or [pytest.param(None, marks=pytest.mark.skip(_NONE))], ids=str
)
broken = pytest.mark.parametrize(
    "sample", [one for one in ALL if not one.ok] or [pytest.param(None, marks=pytest.mark.skip(_NONE))], ids=str
)


@lru_cache(maxsize=1)
def _data(file: str) -> bytes:
    return (SAMPLES / file).read_bytes()


def _events(sample: Sample) -> list[Event]:
    return list(read(io.BytesIO(_data(sample.file))))


def _counts(events: list[Event]) -> tuple[int, int, int, int]:
    """ISA, GS, ST and segments that really stand in the file."""
    isa = sum(isinstance(event, InterchangeStart) and not event.inferred for event in events)
    gs = sum(isinstance(event, GroupStart) and not event.inferred for event in events)
    st = sum(isinstance(event, SetStart) for event in events)
    body = sum(len(event.segments) for event in events if isinstance(event, Piece))
    trailers = sum(
        (isinstance(event, SetEnd) and event.se is not None)
        or (isinstance(event, GroupEnd) and event.ge is not None)
        or (isinstance(event, InterchangeEnd) and event.iea is not None)
        for event in events
    )
    ta1 = sum(isinstance(event, InterchangeAck) for event in events)
    alone = sum(
        isinstance(event, Finding) and event.fault.code in ("se-without-st", "ge-without-gs", "iea-without-isa")
        for event in events
    )
    return isa, gs, st, isa + gs + st + body + trailers + ta1 + alone


@every
def test_every_segment_is_counted_and_none_twice(sample: Sample) -> None:
    assert _counts(_events(sample)) == sample.counts


@sound
def test_a_sound_file_has_no_fault(sample: Sample) -> None:
    codes = {event.fault.code for event in _events(sample) if isinstance(event, Finding)}
    assert codes <= HARMLESS
    assert all(event.sound for event in _events(sample) if isinstance(event, SetEnd))


@broken
def test_the_fault_of_a_broken_file_is_named(sample: Sample) -> None:
    codes = {event.fault.code for event in _events(sample) if isinstance(event, Finding)}
    expected = {code for pattern, code in CODES if re.search(pattern, sample.faults)}
    assert expected
    assert expected <= codes


@broken
def test_every_fault_has_its_place_and_a_sentence(sample: Sample) -> None:
    size = len(_data(sample.file))
    for event in _events(sample):
        if isinstance(event, Finding):
            assert 0 <= event.fault.offset <= size
            assert event.fault.message.endswith(".")


@every
def test_a_file_goes_through_byte_for_byte(sample: Sample) -> None:
    data = _data(sample.file)
    assert b"".join(copy(io.BytesIO(data))) == data


@every
def test_what_passes_through_is_what_is_read(sample: Sample) -> None:
    """Two ways through the file, which share no loop, see the same segments in the same order."""
    seen = [token.raw for token in tokens(io.BytesIO(_data(sample.file))) if token.raw.strip()]
    body = iter(seen)
    for event in _events(sample):
        if isinstance(event, Piece):
            for segment in event.segments:
                assert segment in body


@every
def test_offsets_point_at_what_they_name(sample: Sample) -> None:
    text = _data(sample.file).decode("latin-1")
    for event in _events(sample):
        if isinstance(event, Piece):
            assert text.startswith(event.segments[0], event.offset)
        elif isinstance(event, SetStart):
            assert text.startswith(event.st.raw, event.offset)


@every
def test_chunks_do_not_matter(sample: Sample) -> None:
    data = _data(sample.file)
    whole = _events(sample)
    sizes = (7, 64, 4096) if len(data) < 20_000 else (4096,)
    for size in sizes:
        assert list(read(io.BytesIO(data), chunk_size=size)) == whole


@every
def test_the_views_take_every_file(sample: Sample) -> None:
    assert Counter(type(item).__name__ for item in transactions(_events(sample)))


@every
def test_a_file_is_known_by_what_it_holds(sample: Sample) -> None:
    data = _data(sample.file)[:8192]
    found = identify(data).name
    expected = sample.transaction.removesuffix("+TA1")
    known = expected in ("837P", "837I", "837D", "835", "277CA", "999", "997")
    # Of claim status those of 5010 alone: an older one is nothing that we read.
    known = known or (expected in ("276", "277") and b"X212" in data)
    assert found == (expected if known else "other")
