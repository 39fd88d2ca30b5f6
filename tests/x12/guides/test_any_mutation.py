"""Anything done to the samples: reader and walk raise nothing, what they find lies in the file, and memory is bounded.

`SOAK=1` runs a million of them over several processes, else a few hundred by GATEWAY_TEST_SEED."""

from __future__ import annotations

import os
import random
import re
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import pytest

from gateway.core.x12.guides.elements import check as check_segment
from gateway.core.x12.guides.model import Segment
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.patterns import pattern
from gateway.core.x12.guides.walk import FINDINGS_KEPT
from gateway.core.x12.segment import Delimiters
from tests.crash.cases import seed
from tests.soak import SOAK

from .checked import check
from .mutate import untouched

SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples" / "stupidedi" / "005010"
MOST_BYTES = 6_000
"""Larger samples are cut, so that a million are done in an hour."""
MOST_FINDINGS = 2 * FINDINGS_KEPT
MOST_GROWTH = 8 << 20
RUNS = 1_000_000 if SOAK else 400
CHUNK = 10_000 if SOAK else 200
TRACED = 100
"""One of so many runs with every allocation counted, which is slow."""


@cache
def _bases() -> tuple[bytes, ...]:
    """What is mutated: X12's examples where they are here, and generated files."""
    found = [path.read_bytes()[:MOST_BYTES] for path in sorted(SAMPLES.glob("X22[12]A1*/pass/*"))]
    return (*found, *(untouched(file, number)[:MOST_BYTES] for file in ("837", "835") for number in range(4)))


@cache
def _tags() -> tuple[bytes, ...]:
    """Segments of all bases, to be put where they do not belong."""
    return tuple(sorted({one for base in _bases() for one in base.replace(b"\n", b"").split(b"~") if one}))


def mutated(number: str) -> bytes:
    """One to four changes of bytes, elements and segments. Short ones: what a fuzzer does without coverage."""
    rng = random.Random(number)
    data = rng.choice(_bases())
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = _CHANGES[rng.randrange(len(_CHANGES))](data, rng) or data
    return data


def _bytes(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data)), rng.choice((0, 1, 1, 2, 30))
    new = bytes(rng.choice(b"*:~^>|A1 \n\x00\xff\xe9ISAGSTE") for _ in range(rng.choice((0, 1, 1, 3))))
    return data[:at] + new + data[at + length :]


def _segments(data: bytes, rng: random.Random) -> bytes:
    parts = data.split(b"~")
    at, to = rng.randrange(len(parts)), rng.randrange(len(parts))
    match rng.randrange(5):
        case 0:
            del parts[at]
        case 1:
            parts[at:at] = [parts[to]] * rng.choice((1, 1, 2, 60))
        case 2:
            parts.insert(at, rng.choice(_tags()))
        case 3:
            parts[at], parts[to] = parts[to], parts[at]
        case _:
            parts = parts[:at]
    return b"~".join(parts)


def _elements(data: bytes, rng: random.Random) -> bytes:
    segments = data.split(b"~")
    at = rng.randrange(len(segments))
    parts = segments[at].split(b"*")
    position = rng.randrange(len(parts))
    match rng.randrange(5):
        case 0:
            parts[position] = b""
        case 1:
            parts[position] = parts[position] * rng.choice((2, 50))
        case 2:
            parts.insert(position, rng.choice(parts))
        case 3:
            parts[position] = rng.choice(
                (b"-", b".", b"-.", b"0", b"00000000", b"20240230", b"9" * 40, b":", b"::", b"^^", b" ")
            )
        case _:
            parts[position] = rng.choice(rng.choice(_tags()).split(b"*"))
    segments[at] = b"*".join(parts)
    return b"~".join(segments)


_CHANGES = (_bytes, _segments, _elements, _segments, _elements)


def _chunk(first: int, count: int) -> list[str]:
    """What went wrong in so many runs."""
    wrong = []
    for number in range(first, first + count):
        data = mutated(f"{seed()}:{number}")
        try:
            _one(data, traced=not number % TRACED)
        except Exception as error:
            wrong.append(f"GATEWAY_TEST_SEED={seed()}, run {number}: {type(error).__name__}: {error}")
    return wrong


def _one(data: bytes, *, traced: bool) -> None:
    if traced:
        tracemalloc.start()
    try:
        checked = check(data)
        grown = tracemalloc.get_traced_memory()[1] if traced else 0
    finally:
        tracemalloc.stop()
    assert grown < MOST_GROWTH, f"{len(data)} bytes took {grown >> 20} MB"
    assert len(checked.found) <= MOST_FINDINGS * max(1, len(checked.lengths)) + data.count(b"~")
    longest = max(checked.lengths, default=0)
    for one in checked.found:
        # What is missing at the end of a set without SE is missing behind its last segment.
        assert 0 <= one.position <= longest + 1, one
        assert one.level in (1, 2), one
        assert bool(one.code) != bool(one.ik304), one
        assert (one.ik304 == "8") == bool(one.ik403), one


def test_nothing_raises_and_what_is_found_lies_in_the_file() -> None:
    firsts = range(0, RUNS, CHUNK)
    _chunk(0, 1)
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        wrong = [one for found in pool.map(_chunk, firsts, [CHUNK] * len(firsts)) for one in found]
    assert not wrong, wrong[:20]


def test_mutations_reach_both_verdicts_and_every_kind_of_finding() -> None:
    found = [check(mutated(f"{number}")).found for number in range(300)]
    assert 0 < sum(not one for one in found) < 200
    kinds = {(seen.ik304, seen.ik403) for one in found for seen in one}
    assert kinds > {("1", ""), ("2", ""), ("3", ""), ("5", ""), ("8", "1"), ("8", "6"), ("8", "7")}


@pytest.mark.parametrize("name", ["837p", "835"])
def test_no_pattern_takes_what_the_exact_look_refuses(name: str) -> None:
    by_tag: dict[str, list[tuple[Segment, re.Pattern[str]]]] = {}
    for loop in guide(name).root.loops():
        for child in loop.children:
            if isinstance(child, Segment):
                by_tag.setdefault(child.tag, []).append((child, pattern(child, Delimiters())))
    taken = refused = 0
    for number in range(20_000 if SOAK else 1_500):
        rng = random.Random(f"{seed()}:pattern:{number}")
        raw = rng.choice(_tags()).decode("latin-1")
        for _ in range(rng.choice((0, 1, 2))):
            raw = (_elements if rng.random() < 0.7 else _bytes)(raw.encode("latin-1"), rng).decode("latin-1") or raw
        for segment, right in by_tag.get(raw.split("*")[0], ()):
            faults = [one for one in check_segment(segment, raw, Delimiters()) if one.rule is None]
            matched = right.fullmatch(raw) is not None
            assert not (matched and faults), f"GATEWAY_TEST_SEED={seed()}, {number}: {segment.tag} {faults}"
            taken, refused = taken + matched, refused + bool(faults)
    assert taken > 200
    assert refused > 200
