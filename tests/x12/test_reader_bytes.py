"""Properties of the reader over any bytes: it never raises, does not depend on how the stream is read, keeps every
segment, and holds no more than its bounds."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.x12 import held, reader, seek
from gateway.core.x12.events import Event, Finding, GroupEnd, InterchangeEnd, InterchangeStart, Piece, SetEnd, SetStart
from gateway.core.x12.identify import identify, looks_complete
from gateway.core.x12.tokens import copy
from gateway.core.x12.transactions import transactions

from .endless import STREAMS
from .wire import LONG, SOAK, events_of, file_of, interchange, isa, one_set

CHUNKS = (1, 7, 64)
SNIPPETS = [
    *(b"~", b"~~", b"~\n", b"\r\n", b" ", b"*", b":", b"\x00", b"\xff", b"A", b"\xef\xbb\xbf"),
    *(b"ISA*", b"~ISA|", b"~GS*", b"~GE*1*1~", b"~SE*1*1~", b"~IEA*1*1~", b"~ST*835*0002~", b"~HL*1~", b"~CLM*1*2~"),
    *(b"~TA1*000000001*261101*1200*A*000~", b"~STC*A1~", isa().encode(), isa().encode() + b"~", isa().encode() + b"'"),
    *(b"ST*837*0001*005010X222A1", b"GS*HC*A*B*20261101*1200*1*X*005010X222A1\n", b"PLB*1", b"LX*1", b"CLP*1"),
]
SEEDS = [
    file_of(interchange(), "~\n"),
    file_of(interchange(one_set(number="1"), one_set(number="2")), "\n"),
    file_of(one_set(), "~\r\n"),
    file_of(interchange(), "~") + file_of((text.replace("*", "|") for text in interchange()), "'"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sound file with pieces cut out, put in, or moved."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["put", "cut", "end", "byte", "copy"]))
        if how == "put":
            data[at:at] = draw(st.sampled_from(SNIPPETS))
        elif how == "cut":
            del data[at : at + draw(st.sampled_from([1, 2, 5, 40, 200]))]
        elif how == "end":
            del data[at:]
        elif how == "byte" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif how == "copy":
            data[at:at] = data[at // 2 : at]
    return bytes(data[:8000])


@st.composite
def fragments(draw: st.DrawFn) -> bytes:
    """Snippets in any order, nothing sound about them."""
    return b"".join(draw(st.lists(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=12)), max_size=40)))


ANYTHING = st.one_of(mutated(), fragments(), st.binary(max_size=400))


def check(events: list[Event], size: int) -> None:
    """What holds whatever the bytes: everything that opens closes, in order; numbers and places only grow."""
    open_: list[str] = []
    number = offset = 0
    for event in events:
        name = type(event).__name__
        if isinstance(event, Finding):
            assert 0 <= event.fault.offset <= size
            assert event.fault.message.endswith(".")
            continue
        assert event.offset >= offset - 1
        offset = event.offset
        assert event.segment_number >= number
        number = event.segment_number
        if name.endswith("Start"):
            open_.append(name.removesuffix("Start"))
        elif name.endswith("End"):
            assert open_.pop() == name.removesuffix("End")
        elif isinstance(event, Piece):
            assert open_[-1] == "Set"
            assert event.segments
            assert all(event.segments)
            assert not any(event.delimiters.segment in segment for segment in event.segments)
            number += len(event.segments) - 1
    assert not open_


@LONG
@given(ANYTHING)
def test_no_bytes_make_it_raise_and_everything_that_opens_closes(data: bytes) -> None:
    check(events_of(data), len(data))


@LONG
@given(ANYTHING)
def test_how_the_stream_is_read_does_not_matter(data: bytes) -> None:
    whole = events_of(data)
    for size in CHUNKS:
        assert events_of(data, size) == whole


@LONG
@given(ANYTHING)
def test_the_rest_of_the_way_takes_what_the_reader_gives(data: bytes) -> None:
    list(transactions(events_of(data)))
    identify(data)
    looks_complete(io.BytesIO(data))


@LONG
@given(ANYTHING)
def test_any_bytes_pass_through_unchanged(data: bytes) -> None:
    assert b"".join(copy(io.BytesIO(data))) == data


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so small that small files reach them."""
    for name, value in {
        "MAX_SEGMENT": 150,
        "MAX_PIECE": 500,
        "MAX_PIECE_SEGMENTS": 7,
        "BLOCK_SEGMENTS": 5,
        "_PIECE_AT_ONCE": 0,
        "_BLOCK": 200,
    }.items():
        monkeypatch.setattr(reader, name, value)
    monkeypatch.setattr(held, "LOOKAHEAD", 450)
    monkeypatch.setattr(seek, "LOOKAHEAD", 450)


@pytest.mark.usefixtures("_small")
class TestAtItsBounds:
    # A class, so that the fixture is set once for all examples and not once for each.
    @LONG
    @given(data=st.one_of(mutated(), fragments()))
    def test_how_the_stream_is_read_does_not_matter(self, data: bytes) -> None:
        whole = events_of(data)
        check(whole, len(data))
        for size in CHUNKS:
            assert events_of(data, size) == whole


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="~*:^\x85\xa0"), max_size=20)
SEGMENT = st.builds(
    lambda tag, values: "*".join([tag, *values]),
    st.sampled_from(["NM1", "REF", "CLM", "HL", "SV1", "STC", "LX", "CLP", "NTE", "DTP", "SVC", "K3"]),
    st.lists(TEXT, min_size=1, max_size=6),
)
BODY = st.lists(SEGMENT, min_size=1, max_size=30)


@LONG
@given(st.lists(BODY, min_size=1, max_size=4), st.sampled_from(["~", "~\n", "~\r\n", "\n", "\r\n", "~ "]), st.data())
def test_what_was_written_is_read(bodies: list[list[str]], end: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["837", "835", "277", "999", "834"]))
    sets = [one_set(body, number=f"{n:04d}", kind=kind) for n, body in enumerate(bodies, 1)]
    events = events_of(file_of(interchange(*sets), end))
    assert not [event for event in events if isinstance(event, Finding)]
    read_back: list[list[str]] = []
    for event in events:
        if isinstance(event, SetStart):
            read_back.append([])
        elif isinstance(event, Piece):
            read_back[-1] += event.segments
    assert read_back == bodies
    assert all(event.sound for event in events if isinstance(event, SetEnd))


# --- memory ----------------------------------------------------------------------------------------


def _peak(name: str, megabytes: int) -> int:
    """Megabytes that a process needs at its peak to read a stream of that size."""
    command = [sys.executable, "-m", "tests.x12.endless", name, str(megabytes)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=True, text=True)
    return int(done.stdout)


@pytest.mark.parametrize("name", STREAMS)
def test_memory_does_not_grow_with_the_file(name: str) -> None:
    # A loop may have two megabytes; what is slow to read (a finding for every few bytes) gets less.
    slow = name.startswith("broken")
    megabytes = (20 if slow else 200) if SOAK else 1 if slow else 8
    # The interpreter takes 12 of them, and two megabytes of the smallest segments as strings the most of the rest.
    assert _peak(name, megabytes) < 90


def test_ten_times_the_claims_take_no_more_memory() -> None:
    assert _peak("claims", 100) < _peak("claims", 10) + 3


def test_ends_are_of_what_began() -> None:
    events = events_of(b"".join(SEEDS))
    starts = [event.isa[13] for event in events if isinstance(event, InterchangeStart) and not event.inferred]
    ends = [event.iea[2] for event in events if isinstance(event, InterchangeEnd) and event.iea]
    assert starts == ends
    assert len([event for event in events if isinstance(event, GroupEnd)]) == len(starts) + 1
