"""What stands between and behind values, and which characters they may have: wrong ones are found, right ones pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.x12.guides.elements import ElementFault, Rules, broken_rules, check
from gateway.core.x12.guides.model import Loop, Segment, Syntax
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.patterns import pattern
from gateway.core.x12.segment import Delimiters

MARKS = Delimiters()


def _segment(name: str, loop: str, tag: str) -> Segment:
    root = guide(name).root
    found = next(one for one in root.loops() if one.id == loop)
    return next(child for child in found.children if not isinstance(child, Loop) and child.tag == tag)


def _faults(name: str, loop: str, raw: str) -> list[ElementFault]:
    """What is wrong with a segment; its pattern must say the same of whether something is."""
    segment = _segment(name, loop, raw.split("*")[0])
    faults = check(segment, raw, MARKS)
    if faults:
        assert not pattern(segment, MARKS).fullmatch(raw)
    return faults


@pytest.mark.parametrize(
    ("name", "loop", "raw", "place", "code"),
    [
        # Separators behind the last value, in a segment and in a composite.
        ("837p", "2010AA", "N4*COLUMBUS*OH*43215*", (4, 0), "3"),
        ("837p", "2010AA", "N3*1 MAIN ST***", (2, 0), "3"),
        ("837p", "2400", "SV1*HC:E0601:*100*UN*1***1", (1, 3), "13"),
        ("837p", "2400", "SV1*HC:E0601:RR::*100*UN*1***1", (1, 4), "13"),
        # Nothing said at all.
        ("835", "2100", "MOA", (1, 0), "1"),
        ("835", "2100", "MOA***", (1, 0), "3"),
        # A required element at the end is missing, and that alone is told.
        ("837p", "2010AA", "REF*EI*", (2, 0), "1"),
        # Blanks where a value may stand.
        ("837p", "2400", "SV1*HC:E0601:  :KX*100*UN*1***1", (1, 3), "6"),
        ("837p", "2010AA", "N3*1 MAIN ST*  ", (2, 0), "6"),
        # Characters of neither character set, and separators inside values.
        ("837p", "2010AA", "N3*1 MU\xd1OZ ST", (1, 0), "6"),
        ("837p", "2010AA", "N3*1 MAIN^ST", (1, 0), "6"),
        ("837p", "2010AA", "N3*1 MAIN\tST", (1, 0), "6"),
        # Ten digits, the cents that are left out among them.
        ("837p", "2300", "CLM*A*123456789***12:B:1*Y*A*Y*Y", (2, 0), "5"),
        ("837p", "2300", "CLM*A*123456789.5***12:B:1*Y*A*Y*Y", (2, 0), "5"),
        ("837p", "2300", "CLM*A*12345678.125***12:B:1*Y*A*Y*Y", (2, 0), "5"),
    ],
)
def test_it_is_told_once_and_where(name: str, loop: str, raw: str, place: tuple[int, int], code: str) -> None:
    assert [(one.position, one.component, one.code) for one in _faults(name, loop, raw)] == [(*place, code)]


@pytest.mark.parametrize(
    ("name", "loop", "raw"),
    [
        ("837p", "2010AA", "N4*COLUMBUS*OH*43215"),
        ("837p", "2010AA", "N4*TORONTO***CA"),
        ("837p", "2010AA", "N3*1 MAIN ST. #4 `A' | B"),
        ("837p", "2400", "SV1*HC:E0601:RR::KX*100*UN*1***1"),
        ("837p", "2300", "CLM*A*99999999.99***12:B:1*Y*A*Y*Y"),
        ("837p", "2300", "CLM*A*-5.***12:B:1*Y*A*Y*Y"),
        ("835", "2100", "MOA***MA01"),
    ],
)
def test_what_is_right_passes(name: str, loop: str, raw: str) -> None:
    assert _faults(name, loop, raw) == []


@pytest.mark.parametrize(
    ("raw", "place", "code"),
    [
        # The standard has twelve elements in NM1 and eleven in DMG; the guide uses nine and three.
        ("NM1*IL*1*DOE*JOE****MI*A1****X", (13, 0), "3"),
        ("DMG*D8*19740303*F*X", (4, 0), "I10"),
        # The form of the date is wrong: that is told, and not the date too.
        ("DMG*RD8*19740303*F", (1, 0), "7"),
        ("REF*SY*", (2, 0), "1"),
    ],
)
def test_what_the_guide_does_not_use_is_told_from_what_the_standard_does_not_have(
    raw: str, place: tuple[int, int], code: str
) -> None:
    assert [(one.position, one.component, one.code) for one in _faults("837p", "2010BA", raw)] == [(*place, code)]


@given(
    st.lists(
        st.builds(
            lambda letter, positions: Syntax(letter, tuple(positions)),
            st.sampled_from("PRECL"),
            st.lists(st.integers(1, 8), min_size=2, max_size=4, unique=True),
        ),
        max_size=4,
    ),
    st.lists(st.sampled_from(["", "A"]), max_size=8),
)
def test_rules_asked_at_once_say_what_they_say_one_by_one(rules: list[Syntax], values: list[str]) -> None:
    parts = ["X", *values]
    assert Rules(rules).hold(parts) == (not broken_rules(rules, parts))
