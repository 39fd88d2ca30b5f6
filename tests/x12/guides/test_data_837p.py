"""The 837P's guide: facts that a person can hold against the printed one, and real files that fit it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import combinations

import pytest

from gateway.core.x12.events import Piece, SetEnd, SetStart
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.model import Element, Kind, Loop, Segment, Usage
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Walk
from gateway.core.x12.reader import read

from ..test_samples import SAMPLES

LOOPS = (
    *("1000A", "1000B", "2000A", "2010AA", "2010AB", "2010AC", "2000B", "2010BA", "2010BB", "2300"),
    *("2310A", "2310B", "2310C", "2310D", "2310E", "2310F", "2320"),
    *("2330A", "2330B", "2330C", "2330D", "2330E", "2330F", "2330G", "2400", "2410"),
    *("2420A", "2420B", "2420C", "2420D", "2420E", "2420F", "2420G", "2420H", "2430", "2440", "2000C", "2010CA"),
)
SUITED = (
    "stupidedi/005010/X222A1_HC837_Health_Care_Claim_Professional/pass/*.edi",
    "moov/example_5010_837p/sample.txt",
    "cloudfocused/samples/sample837p_01.txt",
    "apimeister/_837_test.parse_837_3.txt",
    "britten/837/Professional/encounter.edi",
)
FILES = [path for pattern in SUITED for path in sorted(SAMPLES.glob(pattern))]


def _loop(name: str) -> Loop:
    return next(loop for loop in guide("837p").root.loops() if loop.id == name)


def _key_codes(segment: Segment) -> set[str]:
    """The codes that tell a segment from others of its tag."""
    return {
        code
        for key in segment.keys
        for code in (key.codes or next(component.codes for component in key.components if component.codes))
    }


def _segment(loop: str, name: str) -> Segment:
    """`CLM`, or `REF G1` where a loop has several."""
    tag, _, code = name.partition(" ")
    found = [
        child
        for child in _loop(loop).children
        if isinstance(child, Segment) and child.tag == tag and (not code or code in _key_codes(child))
    ]
    assert len(found) == 1, f"{loop} {name}: {len(found)}"
    return found[0]


def _element(loop: str, place: str) -> Element:
    """`CLM05-3`, or `REF G1 02`."""
    name, number = place[:-2].rstrip(), place[-2:]
    component = 0
    if "-" in place:
        whole, _, part = place.partition("-")
        name, number, component = whole[:-2].rstrip(), whole[-2:], int(part)
    elements = _segment(loop, name).elements
    found = next(element for element in elements if element.position == int(number))
    if component:
        found = next(part for part in found.components if part.position == component)
    return found


def _all_segments() -> Iterator[tuple[Loop, Segment]]:
    for loop in guide("837p").root.loops():
        for child in loop.children:
            if isinstance(child, Segment):
                yield loop, child


# --- the whole


def test_the_guide_is_read_for_its_three_versions() -> None:
    found = guide("837p")
    assert (found.set, found.versions) == ("837", ("005010X222", "005010X222A1", "005010X222A2"))


def test_every_loop_stands_there_once_and_the_claim_again_below_the_patient() -> None:
    names = [loop.id for loop in guide("837p").root.loops()][1:]
    claim = LOOPS[LOOPS.index("2300") : LOOPS.index("2000C")]
    assert tuple(names) == (*LOOPS, *claim)
    below = {parent: [child.id for child in _loop(parent).children if isinstance(child, Loop)] for parent in names}
    assert below["2000A"] == ["2010AA", "2010AB", "2010AC", "2000B"]
    assert below["2000B"] == ["2010BA", "2010BB", "2300", "2000C"]
    assert below["2000C"] == ["2010CA", "2300"]


def test_no_two_segments_that_may_stand_in_one_loop_are_taken_for_each_other() -> None:
    for loop in guide("837p").root.loops():
        firsts = [child.first if isinstance(child, Loop) else child for child in loop.children]
        for one, other in combinations(firsts, 2):
            if one.tag == other.tag:
                assert _key_codes(one), f"{loop.id} {one.tag} has no key"
                assert not _key_codes(one) & _key_codes(other), f"{loop.id} {one.tag}: {one.name}, {other.name}"


def test_a_date_is_written_as_an_element_says_that_is_there() -> None:
    dates = 0
    for loop, segment in _all_segments():
        for element in segment.elements:
            if element.data is not None and element.data.number == "1251":
                by = next(one for one in segment.elements if one.position == element.date_by)
                assert by.data is not None
                assert (by.data.number, bool(by.codes)) == ("1250", True), f"{loop.id} {segment.name}"
                dates += 1
    assert dates > 30


# --- facts to hold against the printed guide


@pytest.mark.parametrize(
    ("loop", "usage", "repeats"),
    [
        ("1000A", "R", 1),
        ("2000A", "R", 0),
        ("2010AB", "S", 1),
        ("2010AC", "S", 1),
        ("2000B", "R", 0),
        ("2000C", "S", 0),
        ("2300", "S", 100),
        ("2310A", "S", 2),
        ("2310B", "S", 1),
        ("2320", "S", 10),
        ("2330A", "R", 1),
        ("2330B", "R", 1),
        ("2330C", "S", 2),
        ("2400", "R", 50),
        ("2410", "S", 1),
        ("2420F", "S", 2),
        ("2430", "S", 15),
        ("2440", "S", 0),
    ],
)
def test_loops(loop: str, usage: str, repeats: int) -> None:
    found = _loop(loop)
    assert (found.usage.value, found.repeats) == (usage, repeats)


@pytest.mark.parametrize(
    ("loop", "name", "place", "usage", "repeats"),
    [
        ("1000A", "PER", 450, "R", 2),
        ("2000A", "PRV", 30, "S", 1),
        ("2010AA", "REF EI", 350, "R", 1),
        ("2010AA", "REF 0B", 350, "S", 2),
        ("2000B", "SBR", 50, "R", 1),
        ("2010BA", "DMG", 320, "S", 1),
        ("2010CA", "DMG", 320, "R", 1),
        ("2010BB", "REF 2U", 350, "S", 3),
        ("2300", "DTP 314", 1350, "S", 1),
        ("2300", "DTP 090", 1350, "S", 2),
        ("2300", "PWK", 1550, "S", 10),
        ("2300", "REF G1", 1800, "S", 1),
        ("2300", "K3", 1850, "S", 10),
        ("2300", "CRC 07", 2200, "S", 3),
        ("2300", "HI ABK", 2310, "R", 1),
        ("2300", "HI BG", 2310, "S", 2),
        ("2300", "HCP", 2410, "S", 1),
        ("2320", "CAS", 2950, "S", 5),
        ("2320", "OI", 3100, "R", 1),
        ("2330B", "DTP", 3500, "S", 1),
        ("2400", "SV1", 3700, "R", 1),
        ("2400", "SV5", 4000, "S", 1),
        ("2400", "PWK AB", 4200, "S", 1),
        ("2400", "CR3", 4350, "S", 1),
        ("2400", "DTP 472", 4550, "R", 1),
        ("2400", "DTP 738", 4550, "S", 2),
        ("2400", "MEA", 4620, "S", 5),
        ("2400", "REF G1", 4700, "S", 5),
        ("2400", "REF 6R", 4700, "S", 1),
        ("2410", "CTP", 4940, "R", 1),
        ("2420E", "REF", 5250, "S", 20),
        ("2420E", "PER", 5300, "S", 1),
        ("2430", "DTP", 5500, "R", 1),
        ("2440", "FRM", 5520, "R", 99),
    ],
)
def test_segments(loop: str, name: str, place: int, usage: str, repeats: int) -> None:
    found = _segment(loop, name)
    assert (found.place, found.usage.value, found.repeats) == (place, usage, repeats)


@pytest.mark.parametrize(
    ("loop", "place", "usage", "codes"),
    [
        ("837", "BHT06", "R", "31 CH RP"),
        ("1000A", "PER03", "R", "EM FX TE"),
        ("2000B", "SBR01", "R", "A B C D E F G H P S T U"),
        ("2000B", "SBR02", "S", "18"),
        ("2320", "SBR02", "R", "01 18 19 20 21 39 40 53 G8"),
        ("2000B", "SBR05", "S", "12 13 14 15 16 41 42 43 47"),
        ("2000B", "SBR09", "S", "11 12 13 14 15 16 17 AM BL CH CI DS FI HM LM MA MB MC OF TV VA WC ZZ"),
        ("2000C", "PAT01", "R", "01 19 20 21 39 40 53 G8"),
        ("2010BA", "NM108", "S", "II MI"),
        ("2010BB", "NM108", "R", "PI XV"),
        ("2300", "CLM05-2", "R", "B"),
        ("2300", "CLM06", "R", "N Y"),
        ("2300", "CLM07", "R", "A B C"),
        ("2300", "CLM08", "R", "N W Y"),
        ("2300", "CLM09", "R", "I Y"),
        ("2300", "CLM10", "S", "P"),
        ("2300", "CLM11-1", "R", "AA EM OA"),
        ("2300", "CLM20", "S", "1 2 3 4 5 6 7 8 9 10 11 15"),
        ("2300", "HI ABK 01-1", "R", "ABK BK"),
        ("2300", "HI ABK 02-1", "R", "ABF BF"),
        ("2300", "NTE01", "R", "ADD CER DCP DGN TPO"),
        ("2310A", "NM101", "R", "DN P3"),
        ("2320", "CAS01", "R", "CO CR OA PI PR"),
        ("2400", "SV101-1", "R", "ER HC IV WK"),
        ("2400", "SV103", "R", "MJ UN"),
        ("2400", "SV502", "R", "DA"),
        ("2400", "SV506", "R", "1 4 6"),
        ("2400", "PWK AB 02", "R", "AB AD AF AG NS"),
        ("2400", "CR301", "R", "I R S"),
        ("2400", "CR302", "R", "MO"),
        ("2400", "CRC 09 03", "R", "38 ZV"),
        ("2400", "MEA02", "R", "HT R1 R2 R3 R4"),
        ("2410", "LIN02", "R", "EN EO HI N4 ON UK UP"),
        ("2410", "CTP05-1", "R", "F2 GR ME ML UN"),
        ("2440", "LQ01", "R", "AS UT"),
        ("2440", "FRM02", "S", "N W Y"),
    ],
)
def test_codes(loop: str, place: str, usage: str, codes: str) -> None:
    found = _element(loop, place)
    assert (found.usage.value, found.codes) == (usage, tuple(codes.split()))


@pytest.mark.parametrize(
    ("loop", "place", "external"),
    [
        ("2000A", "PRV03", "taxonomy"),
        ("2010AA", "NM109", "npi"),
        ("2300", "CLM05-1", "pos"),
        ("2300", "CLM05-3", "frequency"),
        ("2300", "HI ABK 12-2", "icd10"),
        ("2320", "CAS17", "carc"),
        ("2320", "MOA07", "rarc"),
        ("2400", "SV101-2", "hcpcs"),
        ("2400", "SV101-6", "modifier"),
        ("2410", "LIN03", "ndc"),
    ],
)
def test_codes_of_sets_outside_x12(loop: str, place: str, external: str) -> None:
    found = _element(loop, place)
    assert (found.external, found.codes) == (external, ())


@pytest.mark.parametrize(
    ("loop", "place", "kind", "shortest", "longest"),
    [
        ("837", "BHT03", Kind.TEXT, 1, 30),
        ("2300", "CLM01", Kind.TEXT, 1, 38),
        ("2300", "CLM02", Kind.DECIMAL, 1, 10),
        ("2300", "REF D9 02", Kind.TEXT, 1, 50),
        ("2010BA", "REF SY 02", Kind.INTEGER, 9, 9),
        ("2010BA", "NM103", Kind.TEXT, 1, 60),
        ("2400", "REF 6R 02", Kind.TEXT, 1, 50),
        ("2400", "SV104", Kind.DECIMAL, 1, 8),
        ("2400", "PWK AA 06", Kind.TEXT, 2, 50),
    ],
)
def test_types_and_lengths(loop: str, place: str, kind: Kind, shortest: int, longest: int) -> None:
    data = _element(loop, place).data
    assert data is not None
    assert (data.kind, data.shortest, data.longest) == (kind, shortest, longest)


@pytest.mark.parametrize(
    ("loop", "name", "positions"),
    [
        ("2000A", "HL", (1, 3, 4)),
        ("2010AB", "NM1", (1, 2)),
        ("2010CA", "NM1", (1, 2, 3, 4, 5, 7)),
        ("2000B", "PAT", (5, 6, 7, 8, 9)),
        ("2300", "CLM", (1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 20)),
        ("2300", "CR2", (8, 10, 11)),
        ("2300", "HCP", (1, 2, 3, 4, 5, 6, 7, 13, 14, 15)),
        ("2400", "HCP", (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15)),
        ("2400", "SV1", (1, 2, 3, 4, 5, 7, 9, 11, 12, 15)),
        ("2430", "SVD", (1, 2, 3, 5, 6)),
    ],
)
def test_elements_that_are_used_and_no_others(loop: str, name: str, positions: tuple[int, ...]) -> None:
    assert tuple(element.position for element in _segment(loop, name).elements) == positions


@pytest.mark.parametrize(
    ("loop", "name", "rules"),
    [
        ("2010AA", "NM1", "P0809 C1110 C1203"),
        ("2010AA", "N4", "E0207 C0605 C0704"),
        ("2300", "REF G1", "R0203"),
        ("2400", "QTY PT", "R0204 E0204"),
        ("2400", "SV5", "R0405 C0604"),
        ("2410", "CTP", "P0405 C0607 C0902 C1002 C1103"),
        ("2440", "FRM", "R02030405"),
    ],
)
def test_rules_between_elements(loop: str, name: str, rules: str) -> None:
    assert " ".join(map(str, _segment(loop, name).syntax)) == rules


def test_the_claim_is_required_of_a_patient_and_not_of_a_subscriber_with_patients() -> None:
    patient = next(child for child in _loop("2000C").children if isinstance(child, Loop) and child.id == "2300")
    assert (patient.usage, patient.repeats) == (Usage.REQUIRED, 100)
    assert patient.children == _loop("2300").children


# --- real files


def _walks(data: bytes) -> Iterator[Walk]:
    walk: Walk | None = None
    for event in read(io.BytesIO(data)):
        if isinstance(event, SetStart):
            walk = Walk(compiled(guide("837p"), event.st.delimiters))
            walk.feed([event.st.raw])
        elif isinstance(event, Piece) and walk is not None:
            walk.feed(event.segments)
        elif isinstance(event, SetEnd) and walk is not None:
            assert event.se is not None
            walk.feed([event.se.raw])
            walk.end()
            yield walk


@pytest.mark.skipif(not FILES, reason="the sample files are not here (../shared/samples)")
def test_x12s_own_examples_and_other_sound_files_fit() -> None:
    claims = 0
    for path in FILES:
        for walk in _walks(path.read_bytes()):
            assert walk.findings == [], path.name
            claims += walk.claims
    assert claims >= 20
