"""The 999: what stands in it for what is wrong, and that it is right itself."""

from __future__ import annotations

import pytest

from gateway.core.x12.answers.checking import (
    Judge,
    answered_group,
    judge,
    judge_all_or_nothing,
    judge_readable,
)
from gateway.core.x12.answers.functional import (
    MOST_SEGMENTS,
    AnsweredGroup,
    AnsweredSet,
    Told,
    can_be_answered,
    functional,
)
from gateway.core.x12.guides.answer_codes import GroupCode, SetVerdict
from gateway.core.x12.guides.elements import ElementFault
from gateway.core.x12.guides.walk import FINDINGS_KEPT, Finding
from gateway.core.x12.segment import Delimiters

from ...flow.out.made import Made, make_837
from ...sandbox.test_money import pyx12_faults
from .made import GOOD, MARKS, against_guide, checked, interchange, spoilt
from .test_x12_example import answer as example_answer
from .test_x12_example import three_837s


def answer(data: bytes, judge: Judge = judge, marks: Delimiters = MARKS) -> list[str]:
    """The 999 for the one group of a file; it passes its guide."""
    ((group,),) = (one.groups for one in checked(data).interchanges)
    body = list(functional(answered_group(group, judge), marks))
    assert against_guide("999", body, marks) == []
    return body


def test_a_group_that_no_999_can_name_has_none() -> None:
    for kind in ("PO", "FA", ""):
        group = AnsweredGroup(kind, "1", "004010", [AnsweredSet("850", "0001", "", SetVerdict.REJECTED)])
        assert not can_be_answered(group)
        with pytest.raises(ValueError, match="no 999"):
            list(functional(group, MARKS))


def test_a_good_file_is_accepted_without_a_word() -> None:
    assert answer(GOOD) == ["AK1*HC*101*005010X222A1", "AK2*837*0001*005010X222A1", "IK5*A", "AK9*A*1*1*1"]


BAD_CHARGE = spoilt((b"CLM*C-2*150*", b"CLM*C-2*15o*"))


def test_a_claim_that_is_wrong_is_named_and_the_set_accepted_with_errors() -> None:
    assert answer(BAD_CHARGE) == [
        "AK1*HC*101*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK3*CLM*32*2300*8",
        "CTX*CLM01:C-2",
        "IK4*2*782*6*15o",
        "IK5*E*5",
        "AK9*E*1*1*1",
    ]


def test_for_a_source_that_wants_it_so_one_wrong_claim_refuses_the_set() -> None:
    assert answer(BAD_CHARGE, judge_all_or_nothing)[-2:] == ["IK5*R*5", "AK9*R*1*1*0"]


def test_what_is_wrong_with_no_claim_refuses_the_set() -> None:
    data = spoilt((b"PER*IC*EDI DESK*TE*6145550100", b"PER*ZZ*EDI DESK*TE*6145550100"))
    body = answer(data)
    assert body[2:] == ["IK3*PER*4*1000A*8", "IK4*1*366*7*ZZ", "IK5*R*5", "AK9*R*1*1*0"]
    assert answer(data, judge_readable)[-2:] == ["IK5*E*5", "AK9*E*1*1*1"]


def test_what_is_missing_in_a_claim_belongs_to_it_though_it_is_told_at_the_next() -> None:
    data = spoilt((b"HI*ABK:J449~\nLX*1~\nSV1*HC:E1390:RR*150*UN*1*12**1~\nDTP*472*D8*20261101~\n", b"HI*ABK:J449~\n"))
    body = answer(data)
    assert [text for text in body if text[:3] in ("IK3", "CTX")] == ["IK3*LX*22*2400*3", "CTX*CLM01:C-1"]


def test_a_fault_of_a_subscriber_names_the_subscriber() -> None:
    body = answer(spoilt((b"N4*DAYTON*OH*45402~", b"N4*DAYTON*O*45402~")))
    assert body[2:5] == ["IK3*N4*16*2010BA*8", "CTX*SUBSCRIBER NAME NM109:1EG4TE5MK72", "IK4*2*156*4*O"]


def test_several_wrong_elements_of_a_segment_stand_under_one_ik3() -> None:
    body = answer(spoilt((b"SV1*HC:E1390:RR*150*UN*1*12**1", b"SV1*HC:E1390:R*1x0*UX*1*12**1")))
    assert [text for text in body if text[:3] in ("IK3", "IK4")] == [
        "IK3*SV1*23*2400*8",
        "IK4*1:3*1339*4*R",
        "IK4*2*782*6*1x0",
        "IK4*3*355*7*UX",
    ]


@pytest.mark.parametrize(
    ("value", "copy"),
    [
        ("X" * 150, "X" * 99),
        ("A\x07B", ""),
        ("A>B", ""),
        ("caf\xe9", ""),
        ("", ""),
        ("  ", ""),
    ],
    ids=["longer than allowed", "a control character", "our separator", "no basic character", "nothing", "blanks"],
)
def test_a_value_is_copied_only_where_it_may_stand_in_the_answer(value: str, copy: str) -> None:
    marks = Delimiters("*", ">", "^", "~")
    finding = Finding(1, 7, "NM1", "2010AA", "name", "8", ElementFault(3, 0, 0, "5", value))
    group = AnsweredGroup(
        "HC", "1", "005010X222A1", [AnsweredSet("837", "0001", "", SetVerdict.REJECTED, (), [Told(finding)])]
    )
    body = list(functional(group, marks))
    assert body[3] == f"IK4*3**5*{copy}".rstrip("*")
    assert against_guide("999", body, marks) == []


def test_a_set_with_no_end_of_errors_has_so_many_and_the_code_that_says_so() -> None:
    data = make_837([Made(f"C-{number}") for number in range(MOST_SEGMENTS + 50)])
    body = answer(data.replace(b"*150***12:B:1*", b"*1x0***12:B:1*"))
    assert sum(text.startswith("IK3") for text in body) == MOST_SEGMENTS
    assert body[-2:] == ["IK5*E*5", "AK9*E*1*1*1"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (make_837([Made()], se01=99), ["IK5*R*4", "AK9*R*1*1*0"]),
        (GOOD.replace(b"SE*51*0001", b"SE*51*0002"), ["IK5*R*3", "AK9*R*1*1*0"]),
        (GOOD[: GOOD.index(b"SE*")], ["IK5*R*2", "AK9*R*1*1*0*3"]),
        (GOOD.replace(b"GE*1*", b"GE*2*"), ["IK5*A", "AK9*E*2*1*1*5"]),
        (GOOD.replace(b"GE*1*101", b"GE*1*102"), ["IK5*A", "AK9*E*1*1*1*4"]),
        (GOOD.replace(b"GE*1*101~\n", b""), ["IK5*A", "AK9*E*1*1*1*3"]),
        (GOOD.replace(b"*0001", b"*1"), ["IK5*R*7*5", "AK9*R*1*1*0"]),
        (GOOD.replace(b"*20261120*0930*101*X", b"*20261120*0930*A1*X"), ["IK5*A", "AK9*E*1*1*1*4*6"]),
        (GOOD.replace(b"GS*HC", b"GS*ZZ"), ["IK5*A", "AK9*E*1*1*1*1"]),
        (GOOD.replace(b"ST*837", b"ST*8S7"), ["IK5*R*1*6", "AK9*R*1*1*0"]),
        (GOOD.replace(b"GS*HC", b"GS*HP"), ["IK5*E*18", "AK9*E*1*1*1"]),
        (GOOD.replace(b"005010X222A1", b"005010X223A2"), ["IK5*R*I6", "AK9*R*1*1*0*2"]),
        (
            make_837([Made()]).replace(b"ST*837*0001*005010X222A1", b"ST*270*0001*005010X279A1"),
            ["IK5*R*1*18", "AK9*R*1*1*0"],
        ),
    ],
    ids=[
        *("SE01", "SE02", "cut short", "GE01", "GE02", "no GE", "ST02 too short", "GS06 no number", "GS01 unknown"),
        *("ST01 unknown", "set of another group", "guide not here", "set not taken"),
    ],
)
def test_what_is_wrong_with_sets_and_groups_as_a_whole_has_its_code(data: bytes, said: list[str]) -> None:
    assert answer(data)[-2:] == said


def test_a_number_used_twice_in_a_group_is_noted() -> None:
    start, end = GOOD.index(b"ST*"), GOOD.index(b"GE*")
    twice = GOOD[:end] + GOOD[start:end] + GOOD[end:].replace(b"GE*1", b"GE*2")
    assert [text for text in answer(twice) if text[:3] in ("IK5", "AK9")] == ["IK5*A", "IK5*E*23", "AK9*E*2*2*2"]


def test_a_group_that_is_refused_as_a_whole_says_nothing_of_its_sets() -> None:
    (one,) = checked(GOOD).interchanges
    group = answered_group(one.groups[0], refused=True, codes=[GroupCode.NUMBER_USED_TWICE])
    assert list(functional(group, MARKS)) == ["AK1*HC*101*005010X222A1", "AK9*R*1*1*0*19"]


PYX12_CTX = "Segment CTX exceeded max count.  Found 2, should have 1"
"""It takes the CTX of a situation and that of the claim for the same one, and so refuses X12's own example too."""


@pytest.mark.parametrize(
    "data",
    [GOOD, BAD_CHARGE, make_837([Made()], se01=99), spoilt((b"LX*1~", b"LXX*1~")), three_837s()],
    ids=["good", "a wrong claim", "a wrong count", "an unknown segment", "X12's example"],
)
def test_pyx12_takes_our_answers_too(data: bytes) -> None:
    body = example_answer() if data == three_837s() else answer(data)
    found = pyx12_faults(interchange("999", [body]))
    assert [text for text in found if PYX12_CTX not in text] == []
    assert len(found) == sum(text.startswith("CTX*SITUATIONAL") for text in body)


def test_what_is_kept_of_a_set_full_of_errors_has_an_end() -> None:
    data = make_837([Made(f"C-{number}") for number in range(FINDINGS_KEPT + 200)])
    checking = checked(data.replace(b"*150***12:B:1*", b"*1x0***12:B:1*"))
    assert checking.set is not None
    assert checking.set.finding_count == FINDINGS_KEPT + 200
    assert len(checking.set.told) == FINDINGS_KEPT
    assert checking.set.told[-1].unit == ("CLM01", f"C-{FINDINGS_KEPT - 1}")
