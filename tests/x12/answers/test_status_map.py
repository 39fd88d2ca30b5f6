"""The claim status of a finding: every code has one, and every element of note."""

from __future__ import annotations

import re

import pytest

from gateway.core.model.code_words import CATEGORIES, ENTITIES, STATUSES
from gateway.core.x12.answers.status_map import ENTITIES as LOOPS
from gateway.core.x12.answers.status_map import (
    OF_ELEMENT,
    OF_ENTITIES,
    OF_SEGMENT,
    SYNTAX,
    status_of,
)
from gateway.core.x12.answers.status_map import STATUSES as MAPPED
from gateway.core.x12.guides.answer_codes import ElementCode, SegmentCode
from gateway.core.x12.guides.compiled import key_codes
from gateway.core.x12.guides.elements import ElementFault
from gateway.core.x12.guides.model import Loop, Segment
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Finding

from ..guides.facts import codes

CLAIM = guide("837p")
STATUS = guide("277ca")


def element(loop: str, tag: str, position: int, code: str, component: int = 0, name: str = "") -> Finding:
    return Finding(1, 9, tag, loop, name, "8", ElementFault(position, component, 0, code, ""))


def test_every_code_of_the_999_has_a_category() -> None:
    assert set(OF_SEGMENT) == set(SegmentCode)
    assert set(OF_ELEMENT) == set(ElementCode)
    assert {*OF_SEGMENT.values(), *OF_ELEMENT.values()} == {"A3", "A6", "A7", "A8"} <= set(CATEGORIES)


def _tags() -> set[str]:
    return {child.tag for loop in CLAIM.root.loops() for child in loop.children if isinstance(child, Segment)}


@pytest.mark.parametrize("place", sorted(MAPPED))
def test_a_place_of_the_table_is_in_the_guide_of_the_claim(place: str) -> None:
    tags = "|".join(sorted(_tags(), key=len, reverse=True))
    key = r"(?:\*(?P<key>ABK|[A-Z]\w|\d{3}))?"
    found = re.fullmatch(rf"(?:(?P<loop>\w+) )?(?P<tag>{tags}){key}(?P<at>\d\d)?(?:-(?P<part>\d))?", place)
    assert found is not None
    loops = [loop for loop in CLAIM.root.loops() if found["loop"] in (None, loop.id)]
    fitting = [
        child
        for loop in loops
        for child in loop.children
        if isinstance(child, Segment)
        and child.tag == found["tag"]
        and (found["key"] is None or found["key"] in key_codes(child.keys[0]))
    ]
    assert fitting
    if found["at"]:
        at = int(found["at"])
        elements = [one for child in fitting for one in child.elements if one.position == at]
        assert elements
        if found["part"]:
            assert int(found["part"]) in {part.position for one in elements for part in one.components}


def test_every_status_has_words_and_every_entity_may_stand_in_a_277ca() -> None:
    assert {*MAPPED.values(), SYNTAX} <= set(STATUSES)
    assert set(STATUSES) >= OF_ENTITIES
    assert set(LOOPS) <= {loop.id for loop in CLAIM.root.loops()}
    assert set(LOOPS.values()) <= set(ENTITIES)
    allowed = codes(STATUS, "2200D", "STC", 1, 3) & codes(STATUS, "2220D", "STC", 1, 3)
    assert {entity for loop, entity in LOOPS.items() if loop >= "2"} <= allowed


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (element("2010AA", "NM1", 9, "5"), "A7:562:85"),
        (element("2420E", "NM1", 9, "1"), "A6:562:DK"),
        (element("2010BA", "NM1", 9, "1"), "A6:164:IL"),
        (element("2010BA", "N4", 3, "4"), "A7:500:IL"),
        (element("2010CA", "DMG", 2, "8"), "A7:158:QC"),
        (element("2300", "CLM", 2, "1"), "A6:178"),
        (element("2300", "CLM", 5, "7", 3), "A7:535"),
        (element("2300", "CLM", 11, "10"), "A8:684"),
        (element("2400", "SV1", 1, "4", 3), "A7:453"),
        (element("2400", "SV1", 7, "1", 1), "A6:477"),
        (element("2310E", "NM1", 3, "1"), "A6:684"),
        (Finding(2, 9, "N3", "2010AA", "address", "3"), "A6:126:85"),
        (Finding(2, 9, "LX", "2400", "service line", "3"), "A6:684"),
        (Finding(2, 9, "N3", "2010AA", "", "2"), "A3:684"),
        (Finding(1, 9, "LXX", "2300", "", "1"), "A3:684"),
        (Finding(3, 9, "CLM", "2300", "claim", "8", ElementFault(2, 0, 0, "7", "5")), "A7:400"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.place,
)
def test_what_a_finding_is_called(finding: Finding, said: str) -> None:
    assert ":".join(part for part in status_of(finding) if part) == said


def names(loop: str, tag: str, code: str) -> str:
    (found, *_) = (one for one in CLAIM.root.loops() if one.id == loop)
    segments = [one for one in found.children if isinstance(one, Segment) and one.tag == tag]
    return next(one.name for one in segments if code in key_codes(one.keys[0]))


@pytest.mark.parametrize(
    ("loop", "tag", "key", "said"),
    [
        ("2300", "HI", "ABK", "A6:254"),
        ("2300", "REF", "F8", "A6:464"),
        ("2300", "REF", "EA", "A6:684"),
        ("2400", "DTP", "472", "A6:187"),
        ("2300", "DTP", "435", "A6:189"),
    ],
)
def test_segments_of_one_tag_are_told_apart(loop: str, tag: str, key: str, said: str) -> None:
    status = status_of(Finding(2, 9, tag, loop, names(loop, tag, key), "3"))
    assert ":".join(part for part in status if part) == said


def test_every_element_that_the_claims_guide_has_gets_a_status() -> None:
    """And a status that speaks of an entity names it."""
    for loop in CLAIM.root.loops():
        for child in loop.children:
            segment = child.first if isinstance(child, Loop) else child
            for one in segment.elements:
                status = status_of(element(loop.id, segment.tag, one.position, "7", 0, segment.name))
                assert status.category == "A7"
                assert status.status in STATUSES
                assert bool(status.entity) == (status.status in OF_ENTITIES)
