"""A separator can never stand inside data: others are taken, free text gets a blank, or the claim waits."""

from __future__ import annotations

import pytest

from gateway.core.x12.delimit import CANDIDATES, Blanked, Conflict, WriterFault, choose, fit, translated
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim

from .test_writer import MARKS, claim, read_back, written
from .wire import codes_of

OTHER = Delimiters("|", ">", "!", "'")
"""Of a source whose data may hold what are separators here."""


def other(*segments: str) -> StoredClaim:
    """A claim of that source with these segments more."""
    table = str.maketrans(dict(zip(MARKS, OTHER, strict=True)))
    stored = claim()
    parts = [[raw.translate(table) for raw in part] for part in stored[1:]]
    return StoredClaim(OTHER, parts[0], parts[1], parts[2], [*parts[3], *segments])


def test_the_wanted_separators_are_taken_where_no_data_holds_them() -> None:
    assert choose([claim(), other()], MARKS) == MARKS


@pytest.mark.parametrize(
    ("note", "taken"),
    [("CALL: BEFORE 5", 1), ("5*6", 0), ("A^B", 2), ("ABOUT ~20", 3)],
)
def test_another_separator_is_taken_where_data_holds_one(note: str, taken: int) -> None:
    stored = [claim(), other(f"NTE|ADD|{note}")]
    marks = choose(stored, MARKS)
    assert marks is not None
    assert marks[taken] not in note
    assert [mark for at, mark in enumerate(marks) if at != taken] == [
        mark for at, mark in enumerate(MARKS) if at != taken
    ]
    data = written(stored, marks)
    assert codes_of(data) == {}
    assert f"{marks.element}ADD{marks.element}{note}".encode() in data


def test_a_separator_of_its_own_source_that_slipped_into_a_note_is_data() -> None:
    stored = claim(more=["NTE*ADD*CALL: BEFORE 5"])
    marks = choose([stored], MARKS)
    assert marks is not None
    assert marks.component != ":"
    back = read_back(written([stored], marks))
    assert back[0].claim[2] == "NTE*ADD*CALL: BEFORE 5"
    assert back[0].claim[0] == f"CLM*C1*150***12{marks.component}B{marks.component}1*Y*A*Y*Y"


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("SV1|HC>E1390>RR>KX|150|UN|1|||1>2", "SV1*HC:E1390:RR:KX*150*UN*1***1:2"),
        ("SV5|HC>E1390|DA|30|150|5000|4", "SV5*HC:E1390*DA*30*150*5000*4"),
        ("HI|ABK>J449|ABF>G4733", "HI*ABK:J449*ABF:G4733"),
        ("SVD|16013|80|HC>E1390>RR||1", "SVD*16013*80*HC:E1390:RR**1"),
        ("CTP||||1|UN>1", "CTP****1*UN:1"),
        ("CLM|A|1|||12>B>1|Y|A|Y|Y||EM>>>OH", "CLM*A*1***12:B:1*Y*A*Y*Y**EM:::OH"),
        ("REF|9F|1||2U>16013", "REF*9F*1**2U:16013"),
        ("DMG|D8|19400203|F||RET>1!RET>2", "DMG*D8*19400203*F**RET:1^RET:2"),
    ],
)
def test_composites_and_repetitions_are_joined_anew(segment: str, expected: str) -> None:
    assert translated([segment], OTHER, MARKS) == [expected]
    assert translated([expected], MARKS, OTHER) == [segment]


def test_the_separators_of_the_source_are_plain_characters_in_a_note() -> None:
    assert translated(["NTE|ADD|SIZE > 5! YES"], OTHER, MARKS) == ["NTE*ADD*SIZE > 5! YES"]


def test_a_value_that_holds_a_separator_is_never_translated_silently() -> None:
    with pytest.raises(WriterFault, match="NTE02"):
        translated(["NTE|ADD|CALL: NOW"], OTHER, MARKS)
    with pytest.raises(WriterFault, match="REF02"):
        written([other("REF|EA|12*34")], MARKS)


@pytest.mark.parametrize(
    ("segment", "where", "expected"),
    [
        ("NTE|ADD|CALL: A*B~C", ("NTE", 2), "NTE|ADD|CALL  A B C"),
        ("K3|A^B", ("K3", 1), "K3|A B"),
        ("SV1|HC>E1399>>>>>BOX: LARGE|5|UN|1", ("SV1", 1), "SV1|HC>E1399>>>>>BOX  LARGE|5|UN|1"),
        ("FRM|1A||X: Y", ("FRM", 3), "FRM|1A||X  Y"),
    ],
)
def test_free_text_gets_blanks_where_the_partner_fixes_the_separators(
    segment: str, where: tuple[str, int], expected: str
) -> None:
    stored, blanked, conflicts = fit(other(segment), MARKS)
    assert conflicts == []
    assert blanked == [Blanked(*where)]
    assert stored.claim[-1] == expected
    assert codes_of(written([stored], MARKS)) == {}


@pytest.mark.parametrize(
    ("segment", "conflict"),
    [
        ("REF|EA|12*34", Conflict("REF", 2, "*")),
        ("NM1|DK|1|O~NEIL", Conflict("NM1", 3, "~")),
        ("SV1|HC>E13:90|5|UN|1", Conflict("SV1", 1, ":")),
        ("HI|ABK>J44^9", Conflict("HI", 1, "^")),
    ],
)
def test_anything_else_is_a_conflict_for_a_person(segment: str, conflict: Conflict) -> None:
    stored, blanked, conflicts = fit(other(segment), MARKS)
    assert (blanked, conflicts) == ([], [conflict])
    assert stored.claim[-1] == segment


def test_a_claim_without_conflict_is_the_same_claim() -> None:
    stored = other()
    assert fit(stored, MARKS) == (stored, [], [])
    assert fit(stored, MARKS)[0] is stored


def test_when_every_separator_is_in_use_there_is_none() -> None:
    full = StoredClaim(Delimiters("\x02", "\x03", "\x04", "\x05"), [], [], [], [f"NTE\x02ADD\x02{CANDIDATES}"])
    assert choose([full], MARKS) is None


def test_what_a_blank_replaced_is_no_part_of_the_other_claims() -> None:
    good, bad = other("NTE|ADD|FINE"), other("NTE|ADD|A:B")
    assert fit(good, MARKS)[0].claim[-1] == "NTE|ADD|FINE"
    assert fit(bad, MARKS)[0].claim[-1] == "NTE|ADD|A B"
    assert bad.claim[-1] == "NTE|ADD|A:B"
