"""A loop that stands in two places of a guide is written out once."""

from __future__ import annotations

import pytest

from gateway.core.x12.guides.model import Guide, Loop, Segment, Usage
from gateway.core.x12.guides.notation import NotationError, parse

HEAD = """GUIDE 837 005010X222A1 ; claim
LOOP 2000B R >1 ; subscriber
  SEG 0010 HL R 1 ; level
    03 735 R key = 22
"""
CLAIM = """  LOOP 2300 S 100 ; claim
    SEG 1300 CLM R 1 ; claim
      01 1028 R
"""
PATIENT = """  LOOP 2000C S >1 ; patient
    SEG 0010 HL R 1 ; level
      03 735 R key = 23
"""


def _loops(guide: Guide) -> list[Loop]:
    return list(guide.root.loops())[1:]


def test_a_loop_that_is_not_written_out_above_cannot_stand_there_again() -> None:
    with pytest.raises(NotationError, match=r"claim\.guide:8: .*known above"):
        parse(HEAD + PATIENT + "    AGAIN 2300 R 100\n", "claim.guide")


def test_again_needs_its_usage_and_repeats() -> None:
    with pytest.raises(NotationError, match=r"claim\.guide:11: .*AGAIN id usage repeats"):
        parse(HEAD + CLAIM + PATIENT + "    AGAIN 2300\n", "claim.guide")


def test_a_loop_written_out_twice_is_told() -> None:
    with pytest.raises(NotationError, match="loop 2300 stands there twice"):
        parse(HEAD + CLAIM + CLAIM, "claim.guide")


def test_the_same_loop_stands_in_both_places_each_with_its_own_usage() -> None:
    subscriber, first, patient, second = _loops(parse(HEAD + CLAIM + PATIENT + "    AGAIN 2300 R 50\n", "claim.guide"))
    assert (subscriber.id, patient.id) == ("2000B", "2000C")
    assert (first.usage, first.repeats) == (Usage.SITUATIONAL, 100)
    assert (second.usage, second.repeats) == (Usage.REQUIRED, 50)
    assert first.children == second.children


def test_the_key_of_a_composite_needs_codes_in_one_of_its_components() -> None:
    segment = "GUIDE 837 005010X222A1 ; claim\nSEG 2310 HI R 1 ; diagnoses\n  01 C022 R key\n    1 1270 R"
    with pytest.raises(NotationError, match="needs its codes"):
        parse(segment, "claim.guide")
    found = parse(segment + " = ABK BK\n", "claim.guide").root.first
    assert isinstance(found, Segment)
    assert [key.composite for key in found.keys] == ["C022"]
