"""The codes of TA1 and 999 have their words, all of them, and no others."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import pytest

from gateway.core.x12.guides.answer_codes import (
    AK9_CODES,
    IK3_CODES,
    IK4_CODES,
    IK5_CODES,
    TA1_NOTES,
    ElementCode,
    GroupCode,
    GroupVerdict,
    InterchangeCode,
    SegmentCode,
    SetCode,
    SetVerdict,
)

ALL = [
    (SegmentCode, IK3_CODES, 13),
    (ElementCode, IK4_CODES, 18),
    (SetCode, IK5_CODES, 25),
    (GroupCode, AK9_CODES, 20),
    (InterchangeCode, TA1_NOTES, 32),
]


@pytest.mark.parametrize(("codes", "words", "count"), ALL, ids=[codes.__name__ for codes, _, _ in ALL])
def test_every_code_has_words(codes: type[enum.StrEnum], words: Mapping[str, str], count: int) -> None:
    assert list(words) == list(codes)
    assert len(codes) == count
    for said in words.values():
        assert said == said.strip()
        assert said[0] not in "AT"
        assert not said.endswith(".")


def test_a_code_just_read_finds_its_words() -> None:
    assert IK3_CODES.get("14") is None
    assert IK4_CODES.get("11") is None
    assert IK3_CODES["3"] == "a required segment is missing"
    assert IK4_CODES["I12"] == "the value does not have the right form"
    assert SegmentCode("I9") is SegmentCode.SITUATION_NOT_USED


def test_only_a_group_is_partly_accepted() -> None:
    assert set(GroupVerdict) - set(SetVerdict) == {"P"}
