"""Broken files: each fault is named with its place, and takes no neighbour with it."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.core.x12 import reader
from gateway.core.x12.events import Finding, GroupEnd, InterchangeEnd, InterchangeStart, Piece, SetEnd, SetStart

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

SOUND = interchange()
ST, GE, IEA = 2, len(SOUND) - 2, len(SOUND) - 1
SE = GE - 1


def changed(at: int, segment: str) -> bytes:
    return file_of([*SOUND[:at], segment, *SOUND[at + 1 :]])


@pytest.mark.parametrize(
    ("at", "segment", "code", "element", "said"),
    [
        (SE, "SE*99*0001", "se01-count", 1, "SE01 says 99 segments; there are 16."),
        (SE, "SE*X*0001", "se01-count", 1, "SE01 says no number of segments; there are 16."),
        (SE, "SE", "se01-count", 1, "SE01 says no number of segments; there are 16."),
        (SE, "SE*16*0002", "se02-control-number", 2, "SE02 is not ST02"),
        (GE, "GE*2*7", "ge01-count", 1, "GE01 says 2 transaction sets; there are 1."),
        (GE, "GE*1*8", "ge02-control-number", 2, "GE02 is not GS06"),
        (IEA, "IEA*3*000000101", "iea01-count", 1, "IEA01 says 3 groups; there are 1."),
        (IEA, "IEA*1*000000102", "iea02-control-number", 2, "IEA02 is not ISA13"),
    ],
)
def test_a_trailer_that_disagrees(at: int, segment: str, code: str, element: int, said: str) -> None:
    data = changed(at, segment)
    fault = next(fault for fault in faults_of(data) if fault.code == code)
    assert said in fault.message
    assert (fault.segment_id, fault.element) == (segment.split("*")[0], element)
    assert fault.segment_number == at + 1
    assert data[fault.offset :].startswith(segment.encode())
    assert len(pieces_of(data)) == 4


@pytest.mark.parametrize(("segment", "sound"), [("SE*99*0001", False), ("SE*16*0002", False), ("SE*16*0001", True)])
def test_a_set_whose_trailer_disagrees_cannot_be_trusted(segment: str, sound: bool) -> None:
    end = next(event for event in events_of(changed(SE, segment)) if isinstance(event, SetEnd))
    assert end.sound is sound


def test_leading_zeros_of_a_group_number_do_not_matter() -> None:
    assert codes_of(changed(GE, "GE*01*0007")) == {}


@pytest.mark.parametrize(
    ("missing", "codes"),
    [
        (SE, {"se-missing"}),
        (GE, {"ge-missing"}),
        (IEA, {"iea-missing"}),
        (1, {"gs-missing", "ge-without-gs", "iea01-count"}),
    ],
)
def test_a_segment_of_the_envelope_is_missing(missing: int, codes: set[str]) -> None:
    data = file_of([*SOUND[:missing], *SOUND[missing + 1 :]])
    assert set(codes_of(data)) == codes
    assert len(pieces_of(data)) == 4


def test_an_st_in_an_open_set_closes_it() -> None:
    first, second = one_set(number="0001")[:-1], one_set(number="0002")
    data = file_of([isa(), gs(), *first, *second, "GE*2*7", "IEA*1*000000101"])
    ends = [event for event in events_of(data) if isinstance(event, SetEnd)]
    assert [(end.se is None, end.sound, end.segments) for end in ends] == [(True, False, 15), (False, True, 16)]
    assert codes_of(data) == {"se-missing": 1}
    assert len(pieces_of(data)) == 8


def test_an_isa_in_an_open_interchange_closes_it() -> None:
    data = file_of([*SOUND[:-3], *interchange(number="000000102")])
    assert codes_of(data) == {"se-missing": 1, "ge-missing": 1, "iea-missing": 1}
    ends = [event for event in events_of(data) if isinstance(event, InterchangeEnd)]
    assert [end.iea is None for end in ends] == [True, False]


def test_a_broken_set_between_two_sound_ones_leaves_them_alone() -> None:
    sets = [one_set(number="0001"), [*one_set(number="0002")[:-1], "SE*1*9999"], one_set(number="0003")]
    data = file_of(interchange(*sets))
    assert [event.sound for event in events_of(data) if isinstance(event, SetEnd)] == [True, False, True]


def test_a_control_number_that_comes_twice_in_a_group() -> None:
    data = file_of(interchange(one_set(number="0001"), one_set(number="0001")))
    assert codes_of(data) == {"st02-repeated": 1}
    two_groups = [isa(), gs("1"), *one_set(), "GE*1*1", gs("2"), *one_set(), "GE*1*2", "IEA*2*000000101"]
    assert codes_of(file_of(two_groups)) == {}


@pytest.mark.parametrize("at", [2, SE + 1, GE + 1])
def test_segments_outside_a_set_are_told_once_for_all(at: int) -> None:
    data = file_of([*SOUND[:at], "REF*1*A", "REF*1*B", *SOUND[at:]])
    (fault,) = faults_of(data)
    assert (fault.code, fault.segment_number) == ("segment-outside-set", at + 1)
    assert "2 segments" in fault.message
    assert data[fault.offset :].startswith(b"REF*1*A")


@pytest.mark.parametrize(("end", "empties"), [("~", "~~"), ("~\n", "~\n~\n"), ("~", "~ \t~")])
def test_empty_segments_are_told_and_reading_goes_on(end: str, empties: str) -> None:
    """`~~` ends reading for others, and the rest of the file is lost."""
    sound = file_of(SOUND, end).decode()
    at = sound.index("HI*ABK")
    data = (sound[:at] + empties + sound[at:]).encode()
    assert codes_of(data) == {"empty-segment": 1}
    assert [segment for piece in pieces_of(data) for segment in piece] == list(BODY_837)
    (fault,) = faults_of(data)
    assert "2 segments" in fault.message
    assert abs(fault.offset - at) <= 1
    assert fault.segment_number == 13


def test_an_empty_segment_between_trailers_is_told() -> None:
    data = file_of(SOUND).replace(b"~GE*", b"~~GE*")
    assert codes_of(data) == {"empty-segment": 1}


@pytest.mark.parametrize("blank", ["\n", "\n\n", "\r\n"])
def test_blank_lines_are_no_empty_segments(blank: str) -> None:
    data = file_of(SOUND, "\n").replace(b"\nHI*", f"\n{blank}HI*".encode())
    assert codes_of(data) == {}
    assert [segment for piece in pieces_of(data) for segment in piece] == list(BODY_837)


def test_data_that_holds_the_terminator_shows_as_a_segment_without_id() -> None:
    data = file_of(interchange(one_set([*BODY_837, "NTE*ADD*CALL~first thing", "REF*6R*1"])))
    assert codes_of(data) == {"segment-id": 1, "se01-count": 1}


def test_a_line_end_in_data_is_told() -> None:
    data = file_of(interchange(one_set([*BODY_837, "NTE*ADD*ONE\nTWO"])), "~\n")
    (fault,) = faults_of(data)
    assert fault.code == "line-end-in-segment"
    assert data[fault.offset :].startswith(b"NTE")


def test_a_wrapped_file_is_told_and_keeps_its_bytes() -> None:
    """Mainframes cut at 80 columns, through the middle of segments."""
    plain = file_of(SOUND).decode()
    wrapped = "\n".join(plain[at : at + 80] for at in range(0, len(plain), 80)).encode()
    assert set(codes_of(wrapped)) >= {"isa-padding", "line-end-in-segment"}


@pytest.mark.parametrize("cut", [SE, 10, ST + 1])
def test_a_file_that_was_cut_off(cut: int) -> None:
    """A truncated file gives others no error."""
    data = file_of(SOUND[:cut]) + SOUND[cut][:3].encode()
    codes = codes_of(data)
    assert codes["terminator-missing"] == codes["ge-missing"] == codes["iea-missing"] == 1
    assert [event.sound for event in events_of(data) if isinstance(event, SetEnd)] == [False]
    fault = next(fault for fault in faults_of(data) if fault.code == "terminator-missing")
    assert (fault.offset, fault.segment_number) == (len(data), cut + 1)


def test_only_the_last_terminator_is_missing() -> None:
    data = file_of(SOUND)[:-1]
    assert codes_of(data) == {"terminator-missing": 1}
    assert all(event.sound for event in events_of(data) if isinstance(event, SetEnd))
    assert isinstance(events_of(data)[-1], InterchangeEnd)


@pytest.mark.parametrize("cut", ["IEA*1*000000101", "SV1*HC:E13"])
def test_a_file_that_was_cut_off_with_another_put_behind_it(cut: str) -> None:
    first = file_of(SOUND[:IEA]) if cut.startswith("IEA") else file_of(SOUND[: SE - 2])
    data = first + cut.encode() + file_of(interchange(number="000000102"))
    assert codes_of(data)["terminator-missing"] == 1
    starts = [event for event in events_of(data) if isinstance(event, InterchangeStart)]
    assert [start.offset for start in starts] == [0, len(first) + len(cut)]
    ends = [event for event in events_of(data) if isinstance(event, SetEnd)]
    assert [end.sound for end in ends] == [cut.startswith("IEA"), True]


@pytest.mark.parametrize("name", ["ISABELLE", "LISA", "ISA", "ISA 00"])
def test_a_name_is_no_interchange(name: str) -> None:
    assert codes_of(file_of(interchange(one_set([*HEADER, f"NM1*IL*1*{name}*{name}****MI*{name}"])))) == {}


LOST = isa().replace(" ", "")
WIDE = isa().replace("CH ", "CLEARINGHOUSE OF THE WEST ")


@pytest.mark.parametrize("header", [LOST, WIDE, isa().replace("000000101", "101")])
def test_an_isa_whose_padding_is_wrong_is_read_by_its_separators(header: str) -> None:
    data = file_of([header, *SOUND[1:]], "~\n")
    assert codes_of(data)["isa-padding"] == 1
    start = events_of(data)[0]
    assert isinstance(start, InterchangeStart)
    assert start.delimiters == ("*", ":", "^", "~")
    assert len(pieces_of(data)) == 4


def test_an_isa_without_its_component_separator() -> None:
    data = file_of([isa()[:-1], *SOUND[1:]], "~\n")
    assert set(codes_of(data)) >= {"isa16-missing"}
    assert len(pieces_of(data)) == 4


@pytest.mark.parametrize("header", ["ISA*00*", "ISA*00*          *00*", "ISA", isa()[:60]])
def test_an_isa_that_cannot_be_read_does_not_hide_what_follows(header: str) -> None:
    data = file_of([header, *SOUND[1:]])
    assert {"isa-missing", "iea-without-isa"} <= set(codes_of(data))
    assert len(pieces_of(data)) == 4


def test_a_broken_isa_inside_an_interchange_is_a_segment_that_does_not_belong() -> None:
    data = file_of([*SOUND[:GE], "ISA*00*X", *SOUND[GE:]])
    assert codes_of(data) == {"isa-broken": 1, "segment-outside-set": 1}


def test_separators_that_are_the_same_are_told() -> None:
    assert "isa-delimiters" in codes_of(file_of([isa(component="~"), *SOUND[1:]]))


@pytest.mark.parametrize("inside", [False, True])
def test_a_ta1_out_of_place_is_taken_and_told(inside: bool) -> None:
    at = 6 if inside else 2
    data = file_of([*SOUND[:at], "TA1*000000101*261101*1200*A*000", *SOUND[at:]])
    assert codes_of(data)["ta1-place"] == 1
    assert kinds_of(data).count("InterchangeAck") == 1


@pytest.mark.parametrize(
    "data", [b"", b"   \r\n", b"hello", b"PK\x03\x04" + bytes(300), b"\x00" * 20_000, b"ISA", b"ST*"]
)
def test_what_is_no_x12_has_no_events_but_findings(data: bytes) -> None:
    events = events_of(data)
    assert all(isinstance(event, Finding) for event in events)
    assert bool(events) == bool(data)
    assert not data or "no-x12" in codes_of(data)


def test_trailers_alone() -> None:
    data = file_of(SOUND) + file_of(["SE*2*0001", "GE*1*7", "IEA*1*000000101"])
    assert codes_of(data) == {"se-without-st": 1, "ge-without-gs": 1, "iea-without-isa": 1}


# --- bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["NTE*ADD*", "SE*", "CLM*", "GE*"])
def test_a_segment_that_is_too_long_is_passed_over(tag: str) -> None:
    long = tag + "X" * (reader.MAX_SEGMENT + 1)
    body = [*BODY_837, long, *CLAIM] if tag[0] in "NC" else list(BODY_837)
    segments = interchange(one_set(body))
    if tag[0] not in "NC":
        segments.insert(len(segments) - 2, long)
    data = file_of(segments)
    assert codes_of(data)["segment-too-long"] == 1
    assert kinds_of(data).count("CLM") == 1 + (tag[0] in "NC")
    assert isinstance(events_of(data)[-1], InterchangeEnd)
    fault = next(fault for fault in faults_of(data) if fault.code == "segment-too-long")
    assert data[fault.offset :].startswith(tag.encode())


@pytest.mark.parametrize("end", ["~", '"'])
def test_a_broken_header_that_begins_a_segment_too_long_is_passed_over_with_it(end: str) -> None:
    opened = interchange()[:-2]
    header = (
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*CH             *261101*1200*^*00501*00000017*X*00501~"
    )
    data = file_of(opened, end) + header.encode() + b"x" * (3 * reader.MAX_SEGMENT)
    for size in (1 << 20, 1 << 12):
        found = Counter(event.fault.code for event in events_of(data, size) if isinstance(event, Finding))
        assert found["isa-broken"] == 1
        assert found["segment-too-long"] == 1


def test_a_loop_that_is_too_long_comes_in_several_pieces() -> None:
    body = [*HEADER, "CLM*C1*1", *(f"REF*6R*{n}" for n in range(2 * reader.MAX_PIECE_SEGMENTS))]
    pieces = pieces_of(file_of(interchange(one_set(body))))
    assert [len(piece) for piece in pieces[1:]] == [reader.MAX_PIECE_SEGMENTS, reader.MAX_PIECE_SEGMENTS, 1]
    assert [segment for piece in pieces for segment in piece] == body


def test_a_thousand_findings_of_one_kind_are_one() -> None:
    data = file_of(SOUND).replace(b"~HI*", b"~" * 1_001 + b"HI*")
    (fault,) = faults_of(data)
    assert "1000 segments" in fault.message


def test_a_fault_says_nothing_of_the_patient() -> None:
    secret = "ZEBULON"
    body = [*HEADER, f"NM1*IL*1*{secret}~{secret}*1", f"NTE*ADD*{secret}\n{secret}"]
    data = (
        file_of([isa(), gs(), f"ST*837*{secret}", *body, f"SE*{secret}*1", secret, f"{secret}*1", "GE*1"])
        + secret.encode()
    )
    assert len(faults_of(data)) > 5
    assert not any(secret in str(fault) for fault in faults_of(data))


def test_group_and_interchange_ends_count_what_they_held() -> None:
    events = events_of(file_of(interchange(one_set(number="1"), one_set(number="2"), one_set(number="3"))))
    assert next(event for event in events if isinstance(event, GroupEnd)).sets == 3
    assert next(event for event in events if isinstance(event, InterchangeEnd)).groups == 1
    assert len([event for event in events if isinstance(event, SetStart)]) == 3
    assert len([event for event in events if isinstance(event, Piece)]) == 12
