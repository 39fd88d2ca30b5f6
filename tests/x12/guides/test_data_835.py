"""The 835's guide against what is printed, and against the remittances of other projects."""

from __future__ import annotations

import pytest

from gateway.core.x12.guides.notation import guide

from .facts import codes, element, every_sample, loop, segment, sets, usage
from .plain_walk import faults

GUIDE = guide("835")
ADVICE = """
ST*835*0001
BPR*I*80*C*ACH*CCP*01*888999777*DA*24681012*1935665544**01*111333555*DA*144444*20260316
TRN*1*71700666555*1935665544
REF*F2*R26
DTM*405*20260314
N1*PR*NORTHERN PLAN
N3*1000 MAIN STREET
N4*DULUTH*MN*55802
PER*BL*EDI HELP*TE*2185550100*EX*12
N1*PE*LAKE MEDICAL SUPPLY*XX*1234567893
LX*1
CLP*5554555444*1*100*80*12*MB*94060555410000**1
NM1*QC*1*BUDD*WILLIAM****MI*33344555510
NM1*74*1**BILL
MOA***MA01*N211
REF*EA*666123
DTM*050*20260312
AMT*AU*92
SVC*HC:E0601:RR:KX*100*80**1
DTM*472*20260301
CAS*CO*45*8
CAS*PR*2*12
REF*6R*1
AMT*B6*92
LQ*HE*N130
PLB*1234567893*20261231*FB:9*0
SE*28*0001
"""
# One segment of it changed, and what the guide says to that.
WRONG = [
    ("CLP*5554555444*1", "CLP*5554555444*5", "2100 CLP02 code 5"),
    ("*12*MB*", "*12*XX*", "2100 CLP06 code XX"),
    ("CAS*CO*45*8", "CAS*CR*45*8", "2110 CAS01 code CR"),
    ("CAS*PR*2*12", "CAS*PR*2*12***5", "2110 CAS C0605"),
    ("CAS*PR*2*12", "CAS*PR*2*12**3", "2110 CAS L050607"),
    ("AMT*AU*92", "AMT*AU*12345678901", "2100 AMT02 length 11"),
    ("N4*DULUTH*MN*55802", "N4*DULUTH*MN*55802***X", "1000A N406 not used"),
    ("REF*6R*1", "REF*6R*1\nREF*6R*2", "no place for segment 24: REF"),
    ("LQ*HE*N130", "LQ*HE", "2110 LQ02 missing"),
    ("DTM*472*20260301", "DTM*472*260301", "2110 DTM02 length 6"),
    ("PER*BL*EDI HELP*TE*2185550100*EX*12\n", "", "1000A lacks payer's technical contact"),
    ("TRN*1*71700666555*1935665544", "TRN*1*71700666555*935665544", "835 TRN03 length 9"),
    ("SVC*HC:E0601:RR:KX*", "SVC*ZZ:E0601*", "2110 SVC01-01 code ZZ"),
    ("*FB:9*0", "*XX:9*0", "835 PLB03-01 code XX"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_wrong_segment_does_not_fit(right: str, wrong: str, said: str) -> None:
    assert ADVICE.count(right) == 1
    assert said in faults(GUIDE, ADVICE.replace(right, wrong).split("\n")[1:-1])


def test_a_right_remittance_fits() -> None:
    assert faults(GUIDE, ADVICE.split("\n")[1:-1]) == []


@every_sample("835")
def test_the_remittances_of_others_fit(file: str) -> None:
    for segments, delimiters in sets(file):
        found = faults(GUIDE, segments, delimiters)
        if file == "gunajii/sample_835.edi":
            # It leaves out what the guide requires; it is no example of X12's.
            assert found == [
                "1000A lacks street",
                "1000A lacks city, state and ZIP",
                "1000A lacks payer's technical contact",
                "1000B N103 missing",
                "1000B N104 missing",
            ]
        else:
            assert found == []


def test_its_versions_and_loops() -> None:
    assert (GUIDE.set, GUIDE.versions) == ("835", ("005010X221A1", "005010X221"))
    assert [(one.id, str(one.usage), one.repeats) for one in GUIDE.root.loops()][1:] == [
        ("1000A", "R", 1),
        ("1000B", "R", 1),
        ("2000", "S", 0),
        ("2100", "R", 0),
        ("2110", "S", 999),
    ]


def test_the_payment() -> None:
    assert codes(GUIDE, "835", "BPR", 1) == set("CDHIPUX")
    assert codes(GUIDE, "835", "BPR", 4) == {"ACH", "BOP", "CHK", "FWT", "NON"}
    assert usage(GUIDE, "835", "TRN") == ("R", 1)
    assert [str(rule) for rule in segment(GUIDE, "835", "BPR").syntax][:2] == ["P0607", "C0809"]
    assert usage(GUIDE, "835", "PLB") == ("S", 0)
    assert len(codes(GUIDE, "835", "PLB", 3, 1)) == 41


def test_payer_and_payee() -> None:
    assert usage(GUIDE, "1000A", "PER", "CX") == ("S", 1)
    assert usage(GUIDE, "1000A", "PER", "BL") == ("R", 0)
    assert usage(GUIDE, "1000A", "PER", "IC") == ("S", 1)
    assert codes(GUIDE, "1000B", "N1", 3) == {"FI", "XV", "XX"}
    assert usage(GUIDE, "1000B", "N3") == ("S", 1)
    assert codes(GUIDE, "1000B", "REF", 1) == {"0B", "D3", "PQ", "TJ"}


def test_the_claim() -> None:
    assert codes(GUIDE, "2100", "CLP", 2) == {"1", "2", "3", "4", "19", "20", "21", "22", "23", "25"}
    assert len(codes(GUIDE, "2100", "CLP", 6)) == 19
    assert 10 not in [one.position for one in segment(GUIDE, "2100", "CLP").elements]
    assert usage(GUIDE, "2100", "CAS") == ("S", 99)
    assert codes(GUIDE, "2100", "CAS", 1) == codes(GUIDE, "2110", "CAS", 1) == {"CO", "OA", "PI", "PR"}
    assert usage(GUIDE, "2100", "NM1", "QC") == ("R", 1)
    assert [usage(GUIDE, "2100", "NM1", who)[0] for who in ("IL", "74", "82", "TT", "PR", "GB")] == ["S"] * 6
    assert usage(GUIDE, "2100", "REF", "EA") == ("S", 5)
    assert usage(GUIDE, "2100", "REF", "1C") == ("S", 10)
    assert usage(GUIDE, "2100", "DTM", "233") == ("S", 2)
    assert usage(GUIDE, "2100", "AMT") == ("S", len(codes(GUIDE, "2100", "AMT", 1))) == ("S", 13)
    assert usage(GUIDE, "2100", "QTY") == ("S", len(codes(GUIDE, "2100", "QTY", 1))) == ("S", 14)


def test_the_line() -> None:
    assert [one.place for one in loop(GUIDE, "2110").children if not hasattr(one, "children")] == [
        700, 800, 900, 1000, 1000, 1000, 1000, 1100, 1200, 1300
    ]  # fmt: skip
    assert codes(GUIDE, "2110", "DTM", 1) == {"150", "151", "472"}
    assert [usage(GUIDE, "2110", "REF", kind)[1] for kind in ("1S", "6R", "HPI", "0K")] == [8, 1, 10, 5]
    assert usage(GUIDE, "2110", "LQ") == ("S", 99)
    assert codes(GUIDE, "2110", "LQ", 1) == {"HE", "RX"}
    assert element(segment(GUIDE, "2110", "SVC"), 6, 7).usage == "S"


def test_amounts_have_ten_digits() -> None:
    elements = [one for each in GUIDE.root.loops() for child in each.children for one in getattr(child, "elements", ())]
    amounts = [one.data for one in elements if one.data is not None and one.data.number == "782"]
    assert len(amounts) > 50
    assert {one.longest for one in amounts} == {10}
