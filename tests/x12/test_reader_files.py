"""What the field really sends: separators of all kinds, several interchanges, what stands before and after."""

from __future__ import annotations

import io

import pytest

from gateway.core.x12.events import (
    GroupStart,
    InterchangeAck,
    InterchangeEnd,
    InterchangeStart,
    Piece,
    SetEnd,
    SetStart,
)
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters

from .wire import (
    BODY_837,
    CLAIM,
    HEADER,
    codes_of,
    events_of,
    faults_of,
    file_of,
    gs,
    interchange,
    isa,
    kinds_of,
    one_set,
    pieces_of,
)

ENDS = ["~", "~\n", "~\r\n", "~\r", "\n", "\r\n", "\r", "|", "'", "\x1c", "\x00", "\x85", "~ \n", "~\n\n", "~\t", "!\n"]


@pytest.mark.parametrize("end", ENDS)
def test_any_terminator_and_what_stands_after_it(end: str) -> None:
    data = file_of(interchange(), end)
    events = events_of(data)
    start = events[0]
    assert isinstance(start, InterchangeStart)
    assert start.delimiters == Delimiters("*", ":", "^", end[0])
    assert [segment for piece in pieces_of(data) for segment in piece] == list(BODY_837)
    assert codes_of(data) == {}


@pytest.mark.parametrize("element", ["|", "\x1d", "\t", ",", "^", "\xa7"])
@pytest.mark.parametrize("component", [">", "<", "\x1f", "\\"])
def test_any_separators(element: str, component: str) -> None:
    table = str.maketrans({"*": element, ":": component, "^": "`"})
    data = file_of(segment.translate(table) for segment in interchange())
    assert events_of(data)[0].delimiters == Delimiters(element, component, "`", "~")  # type: ignore[union-attr]
    assert codes_of(data) == {}


def test_a_claim_comes_in_pieces_at_its_loops() -> None:
    pieces = [event for event in events_of(file_of(interchange())) if isinstance(event, Piece)]
    assert [piece.tag for piece in pieces] == ["BHT", "HL", "HL", "CLM"]
    assert pieces[0].segments == list(HEADER)
    assert pieces[-1].segments == list(CLAIM)


def test_a_piece_knows_where_it_stands() -> None:
    data = file_of(interchange(), "~\n")
    for event in events_of(data):
        if isinstance(event, Piece):
            assert data[event.offset :].startswith(event.segments[0].encode())
            assert data[: event.offset].count(b"~") == event.segment_number - 1
            # ISA and GS stand before the ST.
            assert event.set_position == event.segment_number - 2


@pytest.mark.parametrize("tag", ["STC", "SVC", "SE1", "GSX", "ISAX", "HLX", "TA12", "CLMX"])
def test_a_tag_that_only_begins_like_another_is_another(tag: str) -> None:
    data = file_of(interchange(one_set([*HEADER, "HL*1**20*1", f"{tag}*1"])))
    assert kinds_of(data).count("Finding") == (len(tag) > 3)
    assert [piece[-1] for piece in pieces_of(data)][-1] == f"{tag}*1"


def test_several_interchanges_each_with_its_own_separators() -> None:
    other = str.maketrans({"*": "|", ":": ">"})
    first = file_of(interchange(number="000000001"), "~\n")
    second = file_of((segment.translate(other) for segment in interchange(number="000000002")), "'")
    third = file_of(interchange(number="000000003"), "\r\n")
    data = first + second + third
    starts = [event for event in events_of(data) if isinstance(event, InterchangeStart)]
    assert [start.isa[13] for start in starts] == ["000000001", "000000002", "000000003"]
    assert [start.delimiters.segment for start in starts] == ["~", "'", "\r"]
    assert [start.offset for start in starts] == [0, len(first), len(first) + len(second)]
    assert codes_of(data) == {}


def test_two_payments_in_one_835_are_two_sets() -> None:
    body = (
        "BPR*I*10*C*ACH",
        "TRN*1*T1*1999999018",
        "LX*1",
        "CLP*C1*1*10*10**MC*9",
        "SVC*HC:E1390*10*10",
        "PLB*9*20261231*FB:1*5",
    )
    sets = [one_set(body, number=number, kind="835", version="005010X221A1") for number in ("0001", "0002")]
    data = file_of(interchange(*sets))
    assert [event.st[2] for event in events_of(data) if isinstance(event, SetStart)] == ["0001", "0002"]
    assert [piece[0][:3] for piece in pieces_of(data)] == ["BPR", "LX*", "CLP", "PLB"] * 2
    assert codes_of(data) == {}


def test_the_version_is_st03_or_else_gs08() -> None:
    data = file_of(interchange(["ST*835*0001", "BPR*I*0*C*NON", "SE*3*0001"]))
    assert next(event for event in events_of(data) if isinstance(event, SetStart)).version == "005010X222A1"


@pytest.mark.parametrize(
    ("version", "eleventh", "repetition"),
    [
        ("00501", "^", "^"),
        ("00501", "U", ""),
        ("00401", "^", ""),
        ("00401", "U", ""),
        ("00501", ":", ""),
        ("00801", "!", "!"),
    ],
)
def test_isa11_repeats_only_from_00501_on(version: str, eleventh: str, repetition: str) -> None:
    segments = interchange()
    segments[0] = isa(version=version, repetition=eleventh)
    start = events_of(file_of(segments))[0]
    assert isinstance(start, InterchangeStart)
    assert start.delimiters.repetition == repetition


TA1 = "TA1*000000101*261101*1200*A*000"


@pytest.mark.parametrize("after", [1, -1])
def test_a_ta1_before_or_after_the_groups(after: int) -> None:
    segments = interchange()
    data = file_of([*segments[:after], TA1, TA1, *segments[after:]])
    acks = [event for event in events_of(data) if isinstance(event, InterchangeAck)]
    assert [ack.ta1.raw for ack in acks] == [TA1, TA1]
    assert codes_of(data) == {}


def test_a_ta1_alone() -> None:
    assert kinds_of(file_of([isa(), TA1, "IEA*0*000000101"])) == [
        "InterchangeStart",
        "InterchangeAck",
        "InterchangeEnd",
    ]


def test_a_byte_order_mark_is_passed_over() -> None:
    data = b"\xef\xbb\xbf" + file_of(interchange())
    assert [fault.code for fault in faults_of(data)] == ["byte-order-mark"]
    assert events_of(data)[1].offset == 3  # type: ignore[union-attr]


@pytest.mark.parametrize("mark", ["utf-16", "utf-16-le", "utf-16-be", "cp500"])
def test_a_file_in_another_encoding_is_named(mark: str) -> None:
    data = file_of(interchange()).decode().encode(mark)
    assert "encoding" in codes_of(data)
    assert not pieces_of(data)


@pytest.mark.parametrize(("before", "code"), [(b"\r\n  ", "leading-blanks"), (b"MAIL HEADER 12\n\n", "stray-bytes")])
def test_what_stands_before_the_isa_is_told(before: bytes, code: str) -> None:
    data = before + file_of(interchange())
    assert [(fault.code, fault.offset) for fault in faults_of(data)] == [(code, 0)]
    assert len(pieces_of(data)) == 4


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n\r\n   "])
def test_blanks_at_the_end_are_nothing(tail: bytes) -> None:
    assert codes_of(file_of(interchange()) + tail) == {}


@pytest.mark.parametrize("tail", [b"\x1a", b"\x00\x00", b"END OF FILE", b"~", b"*"])
def test_stray_bytes_after_the_iea_are_told(tail: bytes) -> None:
    data = file_of(interchange(), "~\n")
    (fault,) = faults_of(data + tail)
    assert (fault.code, fault.offset) == ("stray-bytes", len(data))


def test_an_interchange_after_stray_bytes_is_read() -> None:
    first, second = file_of(interchange(number="000000001")), file_of(interchange(number="000000002"))
    data = first + b"== next file ==\n" + second
    assert codes_of(data) == {"stray-bytes": 1}
    assert len([event for event in events_of(data) if isinstance(event, InterchangeEnd) and event.iea]) == 2


def test_a_bare_set_is_read_by_inference() -> None:
    data = file_of(one_set(), "~\n")
    events = events_of(data)
    assert kinds_of(data) == [
        *("InterchangeStart", "Finding", "GroupStart", "SetStart", "BHT", "HL", "HL", "CLM", "SetEnd", "GroupEnd"),
        "InterchangeEnd",
    ]
    assert isinstance(events[0], InterchangeStart)
    assert events[0].inferred
    assert isinstance(events[2], GroupStart)
    assert events[2].inferred
    assert codes_of(data) == {"isa-missing": 1}


@pytest.mark.parametrize("end", ["~", "\n", "\r\n", "'\n", "|"])
@pytest.mark.parametrize("component", [":", ">", "<"])
def test_separators_without_an_isa_are_inferred(end: str, component: str) -> None:
    data = file_of((segment.replace(":", component) for segment in one_set()), end)
    start = events_of(data)[0]
    assert isinstance(start, InterchangeStart)
    assert start.delimiters[:2] == ("*", component)
    assert start.delimiters.segment == end[0]
    assert [segment for piece in pieces_of(data) for segment in piece] == [
        segment.replace(":", component) for segment in BODY_837
    ]


def test_a_group_without_an_isa() -> None:
    data = file_of([gs(), *one_set(), "GE*1*7"])
    assert codes_of(data) == {"isa-missing": 1}
    start = next(event for event in events_of(data) if isinstance(event, GroupStart))
    assert not start.inferred


def test_latin_1_names_keep_their_bytes() -> None:
    data = file_of(interchange(one_set([*HEADER, "NM1*IL*1*MU\xd1OZ*JOS\xc9"])))
    assert pieces_of(data)[0][-1] == "NM1*IL*1*MU\xd1OZ*JOS\xc9"
    assert codes_of(data) == {}


def test_an_unknown_set_comes_in_bounded_pieces() -> None:
    data = file_of(interchange(one_set([f"REF*ZZ*{n}" for n in range(2_500)], kind="834", version="005010X220A1")))
    assert [len(piece) for piece in pieces_of(data)] == [1000, 1000, 500]
    assert codes_of(data) == {}


def test_no_claim_is_glued_to_another_at_a_chunk_border() -> None:
    claims = [f"CLM*C{n}*1***12:B:1*Y*A*Y*Y" for n in range(3_000)]
    data = file_of(interchange(one_set([*HEADER, *claims])), "~\n")
    for size in (1000, 4096, 65_536, 99_999):
        events = read(io.BytesIO(data), chunk_size=size)
        assert [event.segments for event in events if isinstance(event, Piece)][1:] == [[claim] for claim in claims]


def test_a_stream_that_gives_less_than_it_is_asked_for() -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(3)

    data = file_of(interchange())
    assert list(read(Dribble(data))) == events_of(data)


def test_events_come_while_the_file_is_read() -> None:
    """Lazily: the first claim is there before the last bytes are asked for."""
    stream = io.BytesIO(file_of(interchange(one_set([*HEADER, *(CLAIM * 20_000)])), "~\n"))
    for event in read(stream, chunk_size=4096):
        if isinstance(event, Piece) and event.tag == "CLM":
            break
    assert stream.tell() < 50_000


def test_a_set_end_counts_its_segments() -> None:
    end = next(event for event in events_of(file_of(interchange())) if isinstance(event, SetEnd))
    assert end.sound
    assert end.segments == len(BODY_837) + 2
