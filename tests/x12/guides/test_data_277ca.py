"""The 277CA's guide against what is printed, and against the answers of other projects."""

from __future__ import annotations

import pytest

from gateway.core.x12.guides.notation import guide

from .facts import codes, element, every_sample, segment, sets, usage
from .plain_walk import faults

GUIDE = guide("277ca")
ANSWER = """
ST*277*0001*005010X214
BHT*0085*08*277-17*20260205*1635*TH
HL*1**20*1
NM1*AY*2*FIRST CLEARINGHOUSE*****46*CLHR00
TRN*1*2026020516350001
DTP*050*D8*20260205
DTP*009*D8*20260206
HL*2*1*21*1
NM1*41*2*LAKE MEDICAL SUPPLY*****46*S00001
TRN*2*B20260205-1
STC*A1:19:PR*20260206*WQ*700
QTY*90*1
QTY*AA*1
AMT*YU*200
AMT*YY*500
HL*3*2*19*1
NM1*85*2*LAKE MEDICAL SUPPLY*****XX*1234567893
TRN*1*0
REF*TJ*123456789
QTY*QA*1
QTY*QC*1
HL*4*3*PT
NM1*QC*1*DOE*JOHN****MI*00ABCD1234
TRN*2*4001/1339
STC*A2:20:PR*20260206*WQ*200
REF*1K*22029500123407X
DTP*472*RD8*20260128-20260131
HL*5*3*PT
NM1*QC*1*DOE*JANE****MI*45613027602
TRN*2*2890/4
STC*A3:21:82*20260206*U*500******A7:562:82
STC*A7:247*20260206*U*500********LOOK AT THE LINES
DTP*472*D8*20260115
SVC*HC:E0601:RR*350*****1
STC*A7:507**U*******A3:153:82
STC*A7:454**U
REF*FJ*11
SE*38*0001
"""
WRONG = [
    ("STC*A7:454**U", "STC*A7:454*20260206*U", "2220D STC02 not used"),
    ("STC*A7:454**U", "STC*A7:454**WQ", "2220D STC03 code WQ"),
    ("STC*A1:19:PR*", "STC*A1:19:85*", "2200B STC01-03 code 85"),
    ("*U*500******A7:562:82", "*U*500******A7", "2200D STC10-02 missing"),
    ("STC*A2:20:PR*20260206*WQ*200", "STC*A2:20:PR**WQ*200", "2200D STC02 missing"),
    ("DTP*472*RD8*20260128-20260131", "DTP*472*D8*20260128-20260131", "2200D DTP03 no D8: 20260128-20260131"),
    ("DTP*009*D8*20260206\n", "", "2200A lacks processed"),
    ("REF*FJ*11\n", "", "2220D lacks provider's number of the line"),
    ("HL*4*3*PT", "HL*4*3*22", "no place for segment 22: HL"),
    ("QTY*QA*1", "QTY*90*1", "no place for segment 20: QTY"),
    ("NM1*QC*1*DOE*JANE****MI*", "NM1*QC*2*DOE*JANE****MI*", "2100D NM102 code 2"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_wrong_segment_does_not_fit(right: str, wrong: str, said: str) -> None:
    assert ANSWER.count(right) == 1
    assert said in faults(GUIDE, ANSWER.replace(right, wrong).split("\n")[1:-1])


def test_a_right_answer_fits() -> None:
    assert faults(GUIDE, ANSWER.split("\n")[1:-1]) == []


def test_a_file_that_was_refused_as_a_whole_names_no_claim() -> None:
    head = ANSWER.split("HL*3*2")[0].replace("HL*2*1*21*1", "HL*2*1*21*0")
    assert faults(GUIDE, [*head.split("\n")[1:-1], "SE*16*0001"]) == []


@every_sample("277CA")
def test_the_answers_of_others_fit(file: str) -> None:
    for segments, delimiters in sets(file):
        found = faults(GUIDE, segments, delimiters)
        if segments[0].endswith("005010X364"):
            # Another guide, for data reporting; ours says so.
            assert found[0] == "277 ST03 code 005010X364"
        else:
            assert found == []


def test_its_version_and_loops() -> None:
    assert (GUIDE.set, GUIDE.versions) == ("277", ("005010X214",))
    assert [(one.id, str(one.usage), one.repeats) for one in GUIDE.root.loops()][1:] == [
        ("2000A", "R", 1),
        ("2100A", "R", 1),
        ("2200A", "R", 1),
        ("2000B", "R", 1),
        ("2100B", "R", 1),
        ("2200B", "R", 1),
        ("2000C", "S", 0),
        ("2100C", "R", 1),
        ("2200C", "S", 1),
        ("2000D", "S", 0),
        ("2100D", "R", 1),
        ("2200D", "R", 0),
        ("2220D", "S", 0),
    ]


def test_the_levels() -> None:
    assert [codes(GUIDE, f"2000{level}", "HL", 3) for level in "ABCD"] == [{"20"}, {"21"}, {"19"}, {"PT"}]
    assert [one.position for one in segment(GUIDE, "2000D", "HL").elements] == [1, 2, 3]
    assert codes(GUIDE, "2000B", "HL", 4) == codes(GUIDE, "2000C", "HL", 4) == {"0", "1"}


def test_the_status() -> None:
    assert [usage(GUIDE, place, "STC") for place in ("2200B", "2200C", "2200D", "2220D")] == [
        ("R", 0),
        ("S", 0),
        ("R", 0),
        ("R", 0),
    ]
    assert codes(GUIDE, "2200B", "STC", 1, 3) == {"36", "40", "41", "AY", "PR"}
    assert codes(GUIDE, "2200C", "STC", 1, 3) == {"36", "40", "41", "77", "82", "85", "87", "AY", "PR"}
    assert len(codes(GUIDE, "2200D", "STC", 1, 3)) == 30
    assert codes(GUIDE, "2200D", "STC", 3) == {"U", "WQ"}
    assert codes(GUIDE, "2220D", "STC", 3) == {"U"}
    assert [one.position for one in segment(GUIDE, "2200C", "STC").elements] == [1, 3, 4, 10, 11]
    assert [one.position for one in segment(GUIDE, "2200D", "STC").elements] == [1, 2, 3, 4, 10, 11, 12]
    assert [element(segment(GUIDE, "2200D", "STC"), 1, at).external for at in (1, 2)] == [
        "claim_status_category",
        "claim_status",
    ]


def test_the_totals() -> None:
    assert [usage(GUIDE, "2200B", "QTY", kind) for kind in ("90", "AA")] == [("S", 1)] * 2
    assert [usage(GUIDE, "2200C", "QTY", kind) for kind in ("QA", "QC")] == [("S", 1)] * 2
    assert [usage(GUIDE, "2200B", "AMT", kind) for kind in ("YU", "YY")] == [("S", 1)] * 2


def test_the_numbers_of_a_claim() -> None:
    assert [usage(GUIDE, "2200D", "REF", kind) for kind in ("1K", "D9", "BLT")] == [("S", 1)] * 3
    assert usage(GUIDE, "2200D", "DTP") == ("R", 1)
    assert usage(GUIDE, "2200C", "REF") == ("S", 3)
    assert usage(GUIDE, "2220D", "REF", "FJ") == ("R", 1)
    assert usage(GUIDE, "2220D", "REF", "XZ") == ("S", 1)
