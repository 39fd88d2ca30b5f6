"""The batch writer: claims taken from anywhere leave together, whole, under a hierarchy and counts of their own."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.x12.delimit import choose
from gateway.core.x12.items import ReadClaim
from gateway.core.x12.reader import read
from gateway.core.x12.second_opinion import Envelope, suspicions
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.transactions import ClaimSetEnd, FileFault, claims, transactions
from gateway.core.x12.writer import (
    ClaimHead,
    ClaimSet,
    InterchangeHead,
    WriterFault,
    isa_text,
    write_claims,
    write_sets,
)

from .wire import LONG, codes_of, kinds_of, pieces_of

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
MARKS = Delimiters()
HEAD = InterchangeHead(
    sender_qualifier="ZZ",
    sender="SUPPLIER",
    receiver_qualifier="30",
    receiver="CLEARING",
    group_sender="SUPPLIER1",
    group_receiver="CLEARING1",
    isa13="000000042",
    gs06="17",
    usage="T",
    at=dt.datetime(2026, 11, 2, 8, 5, tzinfo=dt.UTC),
)
START = ClaimHead(
    "B42",
    (("NM1", "41", "2", "STILLWATER", "", "", "", "", "46", "SUPPLIER"), ("PER", "IC", "OFFICE", "TE", "9375550100")),
    (("NM1", "40", "2", "CLEARING", "", "", "", "", "46", "CLEARING"),),
)
BILLING = ["NM1*85*2*STILLWATER*****XX*1999999018", "N3*1 RIVER ST", "N4*DAYTON*OH*454021111", "REF*EI*999000001"]
SUBSCRIBER = ["SBR*P*18*******MB", "NM1*IL*1*QUILL*JANE****MI*1EG4TE5MK73", "NM1*PR*2*DME MAC*****PI*16013"]
PATIENT = ["PAT*19", "NM1*QC*1*QUILL*BEN", "DMG*D8*20150405*M"]


def claim(
    number: str = "C1", *, billing: str = "", subscriber: str = "", patient: str = "", more: Sequence[str] = ()
) -> StoredClaim:
    """A claim; a word makes its billing provider, subscriber or patient another one."""
    return StoredClaim(
        MARKS,
        [*BILLING, f"PER*IC*{billing}*TE*1"] if billing else BILLING,
        [*SUBSCRIBER, f"REF*SY*{subscriber}"] if subscriber else SUBSCRIBER,
        [*PATIENT, f"REF*Y4*{patient}"] if patient else [],
        [f"CLM*{number}*150***12:B:1*Y*A*Y*Y", "HI*ABK:J449", *more, "LX*1", "SV1*HC:E1390:RR*150*UN*1***1"],
    )


def written(
    stored: Iterable[StoredClaim], marks: Delimiters = MARKS, *, number: str = "0001", line_ending: str = ""
) -> bytes:
    return b"".join(write_claims(HEAD, START, [ClaimSet(number, stored)], marks, line_ending=line_ending))


def read_back(data: bytes) -> list[StoredClaim]:
    return [item.claim.stored for item in transactions(read(io.BytesIO(data))) if isinstance(item, ReadClaim)]


def levels(data: bytes) -> list[str]:
    """HL and CLM segments, in order."""
    return [piece[0] for piece in pieces_of(data) if piece[0].startswith(("HL", "CLM"))]


def numbers(data: bytes) -> list[str]:
    return [one.claim[0].split("*")[1] for one in read_back(data)]


def test_one_interchange_as_it_stands() -> None:
    text = written([claim()]).decode()
    assert text.split("~")[:-1] == [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*SUPPLIER       *30*CLEARING       *261102*0805*^*00501*000000042*0*T*:",
        "GS*HC*SUPPLIER1*CLEARING1*20261102*0805*17*X*005010X222A1",
        "ST*837*0001*005010X222A1",
        "BHT*0019*00*B42*20261102*0805*CH",
        "NM1*41*2*STILLWATER*****46*SUPPLIER",
        "PER*IC*OFFICE*TE*9375550100",
        "NM1*40*2*CLEARING*****46*CLEARING",
        "HL*1**20*1",
        *BILLING,
        "HL*2*1*22*0",
        *SUBSCRIBER,
        *claim().claim,
        "SE*19*0001",
        "GE*1*17",
        "IEA*1*000000042",
    ]


@pytest.mark.parametrize("marks", [MARKS, Delimiters("|", ">", "!", "\n"), Delimiters("\x1d", "\x1f", "\x1e", "\x1c")])
@pytest.mark.parametrize("line_ending", ["", "\n", "\r\n"])
def test_what_is_written_has_no_fault_and_gives_the_claims_back(marks: Delimiters, line_ending: str) -> None:
    stored = [claim("C1"), claim("C2", patient="A"), claim("C3", subscriber="B"), claim("C4", billing="Z")]
    data = written(stored, marks, line_ending=line_ending)
    assert codes_of(data) == {}
    again = written(read_back(data), MARKS)
    assert read_back(again) == stored


def test_equal_ancestors_share_their_levels() -> None:
    stored = [claim("C1"), claim("C2"), claim("C3", subscriber="B"), claim("C4", billing="Z", subscriber="B")]
    assert levels(written(stored)) == [
        *("HL*1**20*1", "HL*2*1*22*0", stored[0].claim[0], stored[1].claim[0]),
        *("HL*3*1*22*0", stored[2].claim[0]),
        *("HL*4**20*1", "HL*5*4*22*0", stored[3].claim[0]),
    ]


def test_a_dependent_has_a_level_under_its_subscriber() -> None:
    stored = [claim("C1", patient="A"), claim("C2"), claim("C3", patient="B"), claim("C4", patient="A")]
    assert levels(written(stored)) == [
        *("HL*1**20*1", "HL*2*1*22*1", stored[1].claim[0]),
        *("HL*3*2*23*0", stored[0].claim[0], stored[3].claim[0]),
        *("HL*4*2*23*0", stored[2].claim[0]),
    ]


def test_a_long_run_of_one_subscriber_keeps_each_claim_with_its_patient() -> None:
    """Hundreds of claims of one member, its own and its dependents' mixed: none may slip under another's level."""
    stored = [claim(f"C{n}", patient=("", "A", "B")[n % 3]) for n in range(1_300)]
    back = read_back(written(stored))
    assert sorted(back) == sorted(stored)


def test_the_same_claims_give_the_same_bytes() -> None:
    stored = [claim(f"C{n}", patient="A" * (n % 2)) for n in range(50)]
    assert written(stored) == written(list(stored))


def test_several_sets_in_one_group() -> None:
    sets = [ClaimSet("0001", [claim("C1")]), ClaimSet("0002", [claim("C2"), claim("C3")])]
    data = b"".join(write_claims(HEAD, START, sets, MARKS))
    assert codes_of(data) == {}
    ends = [item for item in transactions(read(io.BytesIO(data))) if isinstance(item, ClaimSetEnd)]
    assert [(end.set.st02, end.sound) for end in ends] == [("0001", True), ("0002", True)]
    assert numbers(data) == ["C1", "C2", "C3"]


def test_badx12_reads_the_same_envelope() -> None:
    sets = [ClaimSet("0001", [claim("C1")]), ClaimSet("0002", [claim("C2", patient="A"), claim("C3")])]
    data = b"".join(write_claims(HEAD, START, sets, MARKS, line_ending="\n"))
    assert suspicions(data, Envelope("000000042", "17", ("0001", "0002"))) == []


def test_many_claims_leave_in_small_pieces() -> None:
    stored = (claim(f"C{n}", subscriber=str(n)) for n in range(5_000))
    pieces = list(write_claims(HEAD, START, [ClaimSet("0001", stored)], MARKS))
    assert max(len(piece) for piece in pieces) < 200_000
    assert len(numbers(b"".join(pieces))) == 5_000


def test_more_than_5000_claims_do_not_go_into_a_set() -> None:
    with pytest.raises(WriterFault, match="more than 5000"):
        written(claim(f"C{n}") for n in range(5_001))
    with pytest.raises(WriterFault, match="more than 2"):
        list(write_claims(HEAD, START, [ClaimSet("0001", [claim()] * 3)], MARKS, max_claims=2))


@pytest.mark.parametrize(
    ("sets", "why"),
    [
        ([], "a group needs a transaction set"),
        ([ClaimSet("0001", [])], "has no claim"),
        ([ClaimSet("0001", [claim()]), ClaimSet("0001", [claim()])], "used twice"),
    ],
)
def test_an_interchange_without_sense_is_refused(sets: list[ClaimSet], why: str) -> None:
    with pytest.raises(WriterFault, match=why):
        list(write_claims(HEAD, START, sets, MARKS))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sender": "MORE THAN FIFTEEN"}, "ISA06 has room for 15"),
        ({"receiver_qualifier": "ZZZ"}, "ISA07 has room for 2"),
        ({"isa13": "42"}, "nine digits"),
        ({"usage": "X"}, "P or T"),
        ({"sender": "A*B"}, "separator"),
    ],
)
def test_an_isa_that_would_be_wrong_is_refused(change: dict[str, str], why: str) -> None:
    with pytest.raises(WriterFault, match=why):
        isa_text(HEAD._replace(**change), MARKS)


def test_an_isa_is_106_characters_with_its_terminator() -> None:
    assert len(isa_text(HEAD, MARKS)) == 105
    assert len(isa_text(HEAD._replace(sender="A", receiver="B" * 15), MARKS)) == 105


def test_other_sets_get_their_envelope_too() -> None:
    head = HEAD._replace(function="FA", version="005010X231A1")
    body = ["AK1*HC*7*005010X222A1", "AK2*837*0001*005010X222A1", "IK5*A", "AK9*A*1*1*1"]
    data = b"".join(write_sets(head, [("999", "0001", body)], MARKS, line_ending="\r\n"))
    assert codes_of(data) == {}
    assert [segment for piece in pieces_of(data) for segment in piece] == body


def test_an_835_has_no_st03() -> None:
    data = b"".join(write_sets(HEAD._replace(version="005010X221A1"), [("835", "0001", ["BPR*I*0*C*NON"])], MARKS))
    assert b"~ST*835*0001~" in data


def test_a_terminator_inside_a_segment_never_leaves() -> None:
    with pytest.raises(WriterFault, match="terminator"):
        list(write_sets(HEAD, [("999", "0001", ["AK1*HC*7~AK9*A"])], MARKS))


def test_names_that_latin_1_has_not_go_as_utf_8() -> None:
    start = START._replace(receiver=(("NM1", "40", "2", "Łódź", "", "", "", "", "46", "X"),))
    data = b"".join(write_claims(HEAD, start, [ClaimSet("0001", [claim()])], MARKS))
    assert "NM1*40*2*Łódź*".encode() in data
    with pytest.raises(WriterFault, match="no byte"):
        written([claim(more=["NTE*ADD*Łódź"])])


def _sample_claims(limit: int = 100) -> list[StoredClaim]:
    found = []
    for path in sorted(SAMPLES.rglob("*")):
        if path.is_file() and path.suffix != ".tsv":
            with path.open("rb") as stream:
                found += [item.claim.stored for item, _ in zip(claims(read(stream)), range(limit), strict=False)]
    return found


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not here (../shared/samples)")
def test_real_claims_of_many_files_leave_together_and_keep_every_segment() -> None:
    """Each under separators of its own; together under ours, and each comes back as it was."""
    stored = _sample_claims()
    assert len(stored) > 150
    assert len({one.delimiters for one in stored}) > 4
    stored = [one for one in stored if one.claim]
    marks = choose(stored)
    assert marks is not None
    stored.sort(key=lambda one: (one.delimiters, one.billing, one.subscriber, one.patient))
    data = written(stored, marks)
    assert codes_of(data).keys() <= {"segment-id"}
    back = read_back(data)
    assert len(back) == len(stored)
    assert [_elements(one) for one in back] == [_elements(one) for one in stored]


def _elements(stored: StoredClaim) -> list[list[list[str]]]:
    """The elements of every segment, without the separators inside them."""
    element, component, repetition, _ = stored.delimiters
    inside = {ord(mark): "" for mark in (component, repetition) if mark}
    parts = (stored.billing, stored.subscriber, stored.patient, stored.claim)
    return [[[value.translate(inside) for value in raw.split(element)] for raw in part] for part in parts]


def test_nothing_of_the_file_is_a_fault() -> None:
    data = written([claim()], line_ending="\n")
    assert not [item for item in transactions(read(io.BytesIO(data))) if isinstance(item, FileFault)]
    assert kinds_of(data).count("Finding") == 0


# --- any claims --------------------------------------------------------------------------------------

VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=12)
NAMES = st.sampled_from(["", "", "A", "B"])


@st.composite
def any_claim(draw: st.DrawFn) -> StoredClaim:
    """A claim with notes and names that hold anything but its own separators."""
    own = Delimiters(*draw(st.sampled_from(["*:^~", "|>!~", "*>^'", "\x1d\x1f\x1e\x1c", "*:^\n"])))
    table = str.maketrans(dict(zip("*:^~", own, strict=True)))
    safe = {ord(mark): "." for mark in own} | {13: ".", 10: "."}
    more = [
        f"{tag}{own.element}{first}{own.element}{draw(VALUE).translate(safe)}x"
        for tag, first in draw(st.lists(st.sampled_from([("NTE", "ADD"), ("REF", "EA"), ("K3", "1")]), max_size=3))
    ]
    stored = claim(f"C{draw(st.integers(0, 99))}", billing=draw(NAMES), subscriber=draw(NAMES), patient=draw(NAMES))
    parts = [[raw.translate(table) for raw in part] for part in stored[1:]]
    return StoredClaim(own, parts[0], parts[1], parts[2], parts[3] + more)


@LONG
@given(st.lists(any_claim(), min_size=1, max_size=12))
def test_any_claims_leave_together_and_come_back(stored: list[StoredClaim]) -> None:
    marks = choose(stored, MARKS)
    if marks is None:
        return
    stored.sort(key=lambda one: (one.delimiters, one.billing, one.subscriber, one.patient))
    data = written(stored, marks)
    assert codes_of(data) == {}
    back = read_back(data)
    # Each claim with its own ancestors, whatever the hierarchy around it.
    assert sorted(map(_elements, back)) == sorted(map(_elements, stored))


@LONG
@given(any_claim())
def test_a_claim_is_kept_as_it_is(stored: StoredClaim) -> None:
    assert StoredClaim.unpack(stored.pack()) == stored
