"""The 999's guide against what is printed, and against the answers of other projects."""

from __future__ import annotations

import pytest

from gateway.core.x12.guides.answer_codes import ElementCode, GroupCode, GroupVerdict, SegmentCode, SetCode, SetVerdict
from gateway.core.x12.guides.notation import guide

from .facts import codes, element, every_sample, segment, segments, sets, usage
from .plain_walk import faults

GUIDE = guide("999")
ANSWER = """
ST*999*0001*005010X231A1
AK1*HC*17456*005010X222A1
AK2*837*0001*005010X222A1
IK3*CLM*22*2300*8
CTX*CLM01:A37YH556
CTX*SITUATIONAL TRIGGER*CLM*43**5:3*C023:1325
IK4*5:3:1*1325*I6*9
CTX*SITUATIONAL TRIGGER*SBR*12*2000B*2*1069
IK3*NM1*30*2010AA*I6
IK5*R*5*I5
AK2*837*0002
IK5*A
AK9*P*2*2*1
SE*14*0001
"""
WRONG = [
    ("IK5*R*5*I5", "IK5*P*5*I5", "2000 IK501 code P"),
    ("IK5*R*5*I5", "IK5*R*14", "2000 IK502 code 14"),
    ("*2010AA*I6", "*2010AA*I5", "2100 IK304 code I5"),
    ("*1325*I6*9", "*1325*11*9", "2110 IK403 code 11"),
    ("*1325*I6*9", "*1325**9", "2110 IK403 missing"),
    ("CTX*CLM01:A37YH556", "CTX*CLM01", "2100 CTX01-02 missing"),
    ("CTX*CLM01:A37YH556", "CTX*CLM01:A*CLM*22", "2100 CTX02 not used"),
    ("CTX*CLM01:A37YH556", "CTX*CLAIM:A37YH556", "no place for segment 5: CTX"),
    ("AK9*P*2*2*1", "AK9*P*2*2*1*7", "999 AK905 code 7"),
    ("IK5*A\n", "", "2000 lacks answer to the transaction set"),
    ("AK2*837*0002", "AK2*837*0002\nIK4*1**1", "no place for segment 12: IK4"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_wrong_segment_does_not_fit(right: str, wrong: str, said: str) -> None:
    assert ANSWER.count(right) == 1
    assert said in faults(GUIDE, ANSWER.replace(right, wrong).split("\n")[1:-1])


def test_a_right_answer_fits() -> None:
    assert faults(GUIDE, ANSWER.split("\n")[1:-1]) == []


@every_sample("999", "999+TA1")
def test_the_answers_of_others_fit(file: str) -> None:
    for each, delimiters in sets(file):
        assert faults(GUIDE, each, delimiters) == []


def test_its_versions_and_loops() -> None:
    assert (GUIDE.set, GUIDE.versions) == ("999", ("005010X231A1", "005010X231"))
    assert [(one.id, str(one.usage), one.repeats) for one in GUIDE.root.loops()][1:] == [
        ("2000", "S", 0),
        ("2100", "S", 0),
        ("2110", "S", 0),
    ]


def test_the_codes_are_those_that_we_have_words_for() -> None:
    assert codes(GUIDE, "2100", "IK3", 4) == set(SegmentCode)
    assert codes(GUIDE, "2110", "IK4", 3) == set(ElementCode)
    assert codes(GUIDE, "2000", "IK5", 1) == set(SetVerdict)
    assert [codes(GUIDE, "2000", "IK5", at) for at in range(2, 7)] == [set(SetCode)] * 5
    assert codes(GUIDE, "999", "AK9", 1) == set(GroupVerdict)
    assert [codes(GUIDE, "999", "AK9", at) for at in range(5, 10)] == [set(GroupCode)] * 5


def test_the_two_contexts_of_a_segment() -> None:
    """Nine that name a situation, and one that names the claim; standing at one place, in any order."""
    trigger, unit = segments(GUIDE, "2100", "CTX")
    assert (trigger.repeats, unit.repeats) == (9, 1)
    assert trigger.place == unit.place == 500
    assert element(trigger, 1, 1).codes == ("SITUATIONAL TRIGGER",)
    assert "CLM01" in element(unit, 1, 1).codes
    assert [one.position for one in unit.elements] == [1]
    assert element(segment(GUIDE, "2100", "CTX", "CLM01"), 1, 2).usage == "R"


def test_what_is_required() -> None:
    assert usage(GUIDE, "2000", "IK5") == ("R", 1)
    assert usage(GUIDE, "999", "AK9") == ("R", 1)
    assert usage(GUIDE, "2110", "CTX") == ("S", 10)
    assert [str(element(segment(GUIDE, "2100", "IK3"), at).usage) for at in (1, 2, 3, 4)] == ["R", "R", "S", "R"]
    assert [str(element(segment(GUIDE, "2110", "IK4"), at).usage) for at in (1, 2, 3, 4)] == ["R", "S", "R", "S"]
    assert element(segment(GUIDE, "2000", "AK2"), 3).usage == "S"
