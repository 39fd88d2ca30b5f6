"""The envelope's guide against what is printed, and against the envelopes of other projects."""

from __future__ import annotations

import pytest

from gateway.core.x12.guides.answer_codes import InterchangeCode, InterchangeVerdict
from gateway.core.x12.guides.notation import guide

from .facts import codes, element, envelope, every_sample, segment, usage
from .plain_walk import faults

GUIDE = guide("envelope")
ISA = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'SUPPLY':15}*27*{'PAYER':15}*260205*1635*^*00501*000000017*0*P*:"
FILE = f"""
{ISA}
TA1*000000016*260205*1630*A*000
GS*HC*SUPPLY*PAYER*20260205*1635*17*X*005010X222A1
GE*1*17
GS*FA*SUPPLY*PAYER*20260205*163501*18*X*005010X231A1
GE*1*18
IEA*2*000000017
"""
WRONG = [
    ("*ZZ*", "*Z1*", "envelope ISA05 code Z1"),
    (f"{'SUPPLY':15}", "SUPPLY", "envelope ISA06 length 6"),
    ("*0*P*:", "*0*I*:", "envelope ISA15 code I"),
    ("*A*000", "*A*032", "envelope TA105 code 032"),
    ("*A*000", "*P*000", "envelope TA104 code P"),
    ("GS*HC*", "GS*PO*", "GROUP GS01 code PO"),
    ("GE*1*17\n", "", "GROUP lacks group ends"),
    ("IEA*2*000000017", "IEA*2*17", "envelope IEA02 length 2"),
    ("163501*18", "16350*18", "GROUP GS05 no TM: 16350"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_wrong_segment_does_not_fit(right: str, wrong: str, said: str) -> None:
    assert FILE.count(right) == 1
    assert said in faults(GUIDE, FILE.replace(right, wrong).split("\n")[1:-1])


def test_a_right_envelope_fits() -> None:
    assert faults(GUIDE, FILE.split("\n")[1:-1]) == []


def test_an_interchange_may_hold_only_a_ta1() -> None:
    assert faults(GUIDE, [ISA, "TA1*000000016*260205*1630*R*025", "IEA*0*000000017"]) == []


@every_sample("835", "999", "999+TA1", "277CA")
def test_the_envelopes_of_others_fit(file: str) -> None:
    segments, delimiters = envelope(file)
    if segments and segments[0].startswith("ISA"):
        found = faults(GUIDE, segments, delimiters)
        # One of them has a receiver that is not filled up with blanks; the list of the files says so too.
        assert found == (["envelope ISA08 length 14"] if file == "gunajii/sample_835.edi" else [])


def test_what_is_printed() -> None:
    assert (GUIDE.set, GUIDE.versions) == ("envelope", ("00501",))
    assert [usage(GUIDE, "envelope", tag) for tag in ("ISA", "TA1", "IEA")] == [("R", 1), ("S", 0), ("R", 1)]
    assert [one.position for one in segment(GUIDE, "envelope", "ISA").elements] == list(range(1, 17))
    assert all(one.usage == "R" for one in segment(GUIDE, "envelope", "ISA").elements)
    assert codes(GUIDE, "envelope", "ISA", 5) == codes(GUIDE, "envelope", "ISA", 7)
    assert codes(GUIDE, "envelope", "ISA", 5) == {"01", "14", "20", "27", "28", "29", "30", "33", "ZZ"}
    assert codes(GUIDE, "envelope", "ISA", 1) == {"00", "03"}
    assert codes(GUIDE, "envelope", "ISA", 3) == {"00", "01"}
    assert codes(GUIDE, "envelope", "ISA", 15) == {"P", "T"}
    assert {"HC", "HP", "HN", "FA"} < codes(GUIDE, "GROUP", "GS", 1)
    assert codes(GUIDE, "GROUP", "GS", 7) == {"X"}
    number = element(segment(GUIDE, "envelope", "ISA"), 13).data
    assert number is not None
    assert (str(number.kind), number.shortest, number.longest) == ("N0", 9, 9)


def test_the_codes_of_a_ta1_are_those_that_we_have_words_for() -> None:
    assert codes(GUIDE, "envelope", "TA1", 4) == set(InterchangeVerdict)
    assert codes(GUIDE, "envelope", "TA1", 5) == set(InterchangeCode)
