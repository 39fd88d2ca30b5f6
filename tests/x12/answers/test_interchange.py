"""The TA1: which note a file brings about, and that what is written is right itself."""

from __future__ import annotations

import pytest

from gateway.core.x12.answers.interchange import (
    OF_ELEMENT,
    OF_FAULT,
    OF_FILE,
    OF_RECEIVER,
    TAKEN_ANYWAY,
    notes,
    ta1,
    verdict_of,
)
from gateway.core.x12.guides.answer_codes import InterchangeCode as Code
from gateway.core.x12.guides.answer_codes import InterchangeVerdict as Verdict
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Finding, Walk
from gateway.core.x12.writer import isa_text

from ...sandbox.test_money import pyx12_faults
from .made import AT, GOOD, MARKS, checked, head


def with_isa(element: int, value: str, data: bytes = GOOD) -> bytes:
    """The good file with one element of its ISA changed."""
    isa, rest = data.split(b"~", 1)
    parts = isa.decode("latin-1").split("*")
    parts[element] = value
    return "*".join(parts).encode("latin-1") + b"~" + rest


BYTES = {
    Code.NUMBERS_DIFFER: GOOD.replace(b"IEA*1*000000101", b"IEA*1*000000102"),
    Code.STANDARD_NOT_SUPPORTED: with_isa(11, "X", with_isa(12, "00401")),
    Code.VERSION_NOT_SUPPORTED: with_isa(11, "U", with_isa(12, "00401")),
    Code.SENDER_QUALIFIER: with_isa(5, "XX"),
    Code.SENDER: with_isa(6, " " * 15),
    Code.RECEIVER_QUALIFIER: with_isa(7, "  "),
    Code.RECEIVER: with_isa(8, " " * 15),
    Code.AUTHORIZATION_QUALIFIER: with_isa(1, "99"),
    Code.AUTHORIZATION: with_isa(2, "AUTH"),
    Code.SECURITY_QUALIFIER: with_isa(3, "02"),
    Code.SECURITY: with_isa(4, "PASS"),
    Code.BAD_DATE: with_isa(9, "261320"),
    Code.BAD_TIME: with_isa(10, "2460"),
    Code.REPETITION_SEPARATOR: with_isa(11, "U"),
    Code.BAD_VERSION: with_isa(12, "5010 "),
    Code.BAD_NUMBER: with_isa(13, "00000010A"),
    Code.ACKNOWLEDGMENT_REQUEST: with_isa(14, "2"),
    Code.USAGE: with_isa(15, "I"),
    Code.GROUP_COUNT: GOOD.replace(b"IEA*1*", b"IEA*2*"),
    Code.BAD_STRUCTURE: GOOD.replace(b"GS*HC*DESK*GATEWAY*20261120*0930*101*X*005010X222A1~\n", b""),
    Code.ENDS_TOO_EARLY: GOOD[: GOOD.index(b"IEA*")],
    Code.BAD_CONTENT: GOOD.replace(b"GS*HC", b"GS*PO").replace(b"ST*837", b"ST*850"),
    Code.COMPONENT_SEPARATOR: with_isa(16, "A"),
}
"""A file for each note that a file can bring about."""


def said(data: bytes) -> list[Code]:
    return notes(checked(data).interchanges[0])


def test_there_is_a_file_for_every_note_that_a_file_can_cause() -> None:
    assert set(BYTES) == OF_FILE
    assert set(OF_ELEMENT.values()) | set(OF_FAULT.values()) < OF_FILE | {Code.COMPONENT_SEPARATOR}
    assert not OF_RECEIVER & OF_FILE


@pytest.mark.parametrize("note", sorted(BYTES), ids=lambda note: note.name.lower())
def test_a_file_brings_about_its_note_first(note: Code) -> None:
    interchange = checked(BYTES[note]).interchanges[0]
    assert notes(interchange)[0] is note
    text = ta1(interchange.isa, note, AT, MARKS)
    assert text.split("*")[4:] == ["E" if note in TAKEN_ANYWAY else "R", note]
    whole = [isa_text(head("999"), MARKS), text, "IEA*0*000000007"]
    assert against_envelope(whole) == []
    assert pyx12_faults("".join(f"{each}~\n" for each in whole)) == []


def against_envelope(segments: list[str]) -> list[Finding]:
    walk = Walk(compiled(guide("envelope"), MARKS))
    walk.feed(segments)
    walk.end()
    # The blanks with which an ISA is filled are not in the guide's notation.
    return [finding for finding in walk.findings if finding.tag != "ISA"]


def test_a_good_interchange_has_no_note() -> None:
    (interchange,) = checked(GOOD).interchanges
    assert notes(interchange) == []
    assert verdict_of(Code.NO_ERROR) is Verdict.ACCEPTED
    assert ta1(interchange.isa, Code.NO_ERROR, AT, MARKS) == "TA1*000000101*261120*0930*A*000"


def test_what_of_the_isa_cannot_be_said_again_is_brought_into_a_form_that_can() -> None:
    (interchange,) = checked(with_isa(13, "00000010A")).interchanges
    assert ta1(interchange.isa, Code.BAD_NUMBER, AT, MARKS).startswith("TA1*000000010*261120*0930*R*018")
    (interchange,) = checked(with_isa(9, "AB1320")).interchanges
    assert ta1(interchange.isa, Code.BAD_DATE, AT, MARKS) == "TA1*000000101*261123*0930*E*014"


def test_lost_padding_is_told_at_its_element() -> None:
    assert said(with_isa(6, "DESK")) == [Code.SENDER]


def test_a_receiver_may_take_what_the_note_would_refuse() -> None:
    (interchange,) = checked(BYTES[Code.ENDS_TOO_EARLY]).interchanges
    noted = ta1(interchange.isa, Code.ENDS_TOO_EARLY, AT, MARKS, Verdict.ERRORS_NOTED)
    assert noted.endswith("*E*023")


def test_an_answer_is_no_bad_content() -> None:
    """A 999 that comes in is not answered; a TA1 for it would be one."""
    assert said(GOOD.replace(b"GS*HC", b"GS*FA").replace(b"ST*837", b"ST*999")) == []
