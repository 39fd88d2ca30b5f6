"""Where a claim status points to in a claim."""

from __future__ import annotations

import pytest

from gateway.core.x12.acknowledgment import StatusCode
from gateway.core.x12.answers import status_places
from gateway.core.x12.answers.status_map import ENTITIES, STATUSES
from gateway.core.x12.answers.status_places import place_of
from gateway.core.x12.editing import parse_place


def at(text: str, **how: bool) -> str:
    return str(place_of(StatusCode(*(text + "::").split(":")[:3]), **how) or "")


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("A7:164:IL", "2010BA NM109"),
        ("A7:562:85", "2010AA NM109"),
        ("A7:562:DK", "2420E NM109"),
        ("A7:145:85", "2000A PRV03"),
        ("A7:158:QC", "2010CA DMG02"),
        ("A7:187", "2400 DTP[472]03"),
        ("A7:453", "2400 SV101-3"),
        ("A3:33:IL", "2010BA NM109"),
        ("A8:496:85", "2010AA NM109"),
        ("A7:535", "2300 CLM05-3"),
        ("A3:247", ""),
        ("A7:562", ""),
        ("A7:684", ""),
        ("A3:21", ""),
    ],
)
def test_a_status_points_to_a_place(code: str, place: str) -> None:
    assert at(code) == place


def test_a_line_says_it_of_its_own_element() -> None:
    assert at("A7:178") == "2300 CLM02"
    assert at("A7:178", of_line=True) == "2400 SV102"
    assert at("A7:562:82", of_line=True) == "2420A NM109"
    assert at("A7:562:82") == "2310B NM109"


def test_the_patient_is_the_subscriber_where_there_is_no_other() -> None:
    assert at("A7:158:QC", own_patient=True) == "2010CA DMG02"
    assert at("A7:158:QC", own_patient=False) == "2010BA DMG02"


@pytest.mark.parametrize("element", [*status_places._ELEMENTS.values(), *status_places._ON_LINE.values()])
def test_every_place_can_be_read(element: str) -> None:
    assert parse_place(element).element


def test_what_our_own_answers_say_of_a_place_points_near_it() -> None:
    """The two tables agree: a status that we give for a finding in a loop leads back into that loop's part."""
    far = []
    for place, status in STATUSES.items():
        loop = place.split(" ")[0] if " " in place else ""
        found = place_of(StatusCode("A7", status, ENTITIES.get(loop, "")), of_line=loop[:2] == "24")
        if loop and found is not None and found.loop[:2] != loop[:2]:
            far.append((place, str(found)))
    assert far == []
