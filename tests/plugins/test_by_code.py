"""Rows of tables by code, where a code may be a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gateway.plugins import Row
from gateway.plugins.by_code import deciding_rows, expanded, rows_by_code, unusable
from gateway.plugins.testing import make_table


def rows(*codes: str) -> Sequence[Row]:
    return make_table("t", [{"code": code, "n": str(n)} for n, code in enumerate(codes)]).rows


def numbers(found: Mapping[str, Sequence[Row]]) -> dict[str, list[str]]:
    return {code: [row.values["n"] for row in several] for code, several in found.items()}


def test_a_row_with_the_code_goes_before_a_pattern_and_of_patterns_the_first() -> None:
    found = numbers(rows_by_code(rows("K000[12]", "K000?", "K0001")))
    assert found["K0001"] == ["2", "0", "1"]
    assert found["K0002"] == ["0", "1"]
    assert found["K0009"] == ["1"]
    assert "K0010" not in found


def test_what_stands_behind_a_row_that_always_holds_decides_nothing() -> None:
    assert numbers(deciding_rows(rows("K000[12]", "K0001"))) == {"K0001": ["1"], "K0002": ["0"]}
    dated = make_table("t", [{"code": "K0001", "n": "own", "valid_from": "2026-01-01"}, {"code": "K000?", "n": "all"}])
    assert numbers(deciding_rows(dated.rows))["K0001"] == ["own", "all"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("K0001", ""),
        ("K000[1-7]", ""),
        ("A6???", ""),
        ("K08*", "write ? for a digit"),
        ("K00?", "it stands for no HCPCS codes"),
        ("K000[1-7", "it stands for no HCPCS codes"),
        ("K000[.]", "it stands for no HCPCS codes"),
        ("A????", "it stands for 10000 codes"),
    ],
)
def test_a_pattern_stands_for_codes_that_can_be_told(code: str, told: str) -> None:
    assert told in unusable(code)
    assert bool(unusable(code)) == bool(told)


def test_a_question_mark_is_a_digit_and_brackets_some_characters() -> None:
    assert expanded("K000[13]") == ["K0001", "K0003"]
    assert len(expanded("K08??")) == 100
