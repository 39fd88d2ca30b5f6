"""Every fault that a guide can have at any of its elements has a sentence that reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gateway.core.x12.guides.elements import ElementFault, check
from gateway.core.x12.guides.model import Guide, Loop, Segment
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import HAS_ELEMENTS, Finding
from gateway.core.x12.guides.words import Words
from gateway.core.x12.segment import Delimiters

from .facts import segment

GUIDES = ("837p", "835", "277ca", "999", "envelope")
CODES = ("1", "4", "5", "6", "7", "8", "9", "12", "13", "I10", "3")
SEGMENT_CODES = ("1", "2", "3", "4", "5", "6", "7", "I4")
WHAT_TO_DO = {
    "837p": r" in the .*\b(record|claim|line|insurance|drug|form|settings|program that wrote the file)\.$",
    "835": r" Ask the payer for a corrected remittance\.$",
    "277ca": r" Ask the partner that sent it for a corrected answer\.$",
    "999": r" Ask the partner that sent it for a corrected answer\.$",
    "envelope": r" Correct it in the program that wrote the file\.$",
}


def places(of: Guide) -> Iterator[tuple[Loop, Segment]]:
    for loop in of.root.loops():
        for child in loop.children:
            if isinstance(child, Segment):
                yield loop, child


def faults(one: Segment) -> Iterator[ElementFault]:
    for element in one.elements:
        for code in CODES:
            yield ElementFault(element.position, 0, 0, code, "Q", element)
        for component in element.components:
            yield from (ElementFault(element.position, component.position, 0, code, "Q", component) for code in CODES)
    for rule in one.syntax:
        positions = rule.positions[1:] if rule.letter in "CL" else rule.positions
        yield from (ElementFault(position, 0, 0, "2", "", None, rule) for position in positions)


@pytest.mark.parametrize("name", GUIDES)
def test_every_fault_reads(name: str) -> None:
    of = guide(name)
    words = Words(of)
    said: set[str] = set()
    for loop, one in places(of):
        inside = "" if loop is of.root else loop.id
        for fault in faults(one):
            said.add(words.of(Finding(1, 5, one.tag, inside, one.name, HAS_ELEMENTS, fault)))
        said |= {words.of(Finding(2, 5, one.tag, inside, one.name, code)) for code in SEGMENT_CODES}
        said.add(words.of(Finding(2, 5, one.tag, inside, loop.name, "3")))
    assert len(said) > 50
    for sentence in said:
        where, _, what = sentence.partition(": ")
        assert re.fullmatch(r"(Loop \S+ )?[A-Z][A-Z0-9]{1,2}(\d\d(-\d+)?)?", where), sentence
        assert what
        assert what[0].islower() or what[:2].isupper(), sentence
        assert re.search(WHAT_TO_DO[name], sentence), sentence
        assert not re.search(r"\b(\w+) \1\b|  |None|\(\)|'s 's| ,", sentence), sentence


def _nm1() -> Segment:
    return segment(guide("837p"), "2010AA", "NM1")


def test_a_wrong_code_is_shown_and_a_name_that_slipped_is_not() -> None:
    words = Words(guide("837p"))
    one = _nm1()
    for raw, shown in (("NM1*85*3*X*****XX*1999999018", "is 3,"), ("NM1*85*SMITH*X*****XX*1999999018", "is none")):
        (fault,) = check(one, raw, Delimiters())
        said = words.of(Finding(2, 5, "NM1", "2010AA", one.name, HAS_ELEMENTS, fault))
        assert shown in said
        assert "SMITH" not in said


def test_up_to_eight_codes_are_listed() -> None:
    words = Words(guide("837p"))
    sbr = segment(guide("837p"), "2000B", "SBR")
    (fault,) = check(sbr, "SBR*P*18*******XY", Delimiters())
    said = words.of(Finding(2, 5, "SBR", "2000B", sbr.name, HAS_ELEMENTS, fault))
    assert "(it allows 11, 12, 13, 14, 15, 16, 17, AM ...)" in said


def test_what_must_be_there_anyhow_is_told_once() -> None:
    """REF02 is required, and the rule R0203 wants it too."""
    ref = segment(guide("837p"), "2010AA", "REF", "EI")
    (fault,) = check(ref, "REF*EI", Delimiters())
    assert (fault.position, fault.code, fault.rule) == (2, "1", None)
