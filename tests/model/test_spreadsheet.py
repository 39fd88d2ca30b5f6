"""CSV in which nothing becomes a formula, and nothing is lost."""

from __future__ import annotations

import ast
import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway
from gateway.core.model.spreadsheet import CsvWriter, cell

ALONE = {
    # What an administrator has written, and files for programs, go out as they are.
    "config/commands.py",
    "core/reports/files.py",
    "core/model/spreadsheet.py",
}


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+CMD", "-2+3", "\t=1", "\r=1"])
def test_a_formula_stays_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "A-1", "-12.50", "+5", -3, Decimal("-1.00"), "E0601"])
def test_numbers_and_words_stay_as_they_are(value: object) -> None:
    assert cell(value) == value


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), min_size=1))
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    CsvWriter(text, "\r\n").writerows(rows)
    text.seek(0)
    read = list(csv.reader(text))
    assert [[one.removeprefix("'") for one in row] for row in read] == [
        [one.removeprefix("'") for one in row] for row in rows
    ]


def test_every_list_is_written_this_way() -> None:
    package = Path(gateway.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "writer"
        and isinstance(node.value, ast.Name)
        and node.value.id == "csv"
    }
    assert found == ALONE
