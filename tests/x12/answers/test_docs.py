"""docs/acknowledgments.md says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.model.code_words import STATUSES as WORDS
from gateway.core.x12.answers.functional import GROUP_CODES, SET_CODES
from gateway.core.x12.answers.interchange import OF_ELEMENT, OF_FAULT, OF_FILE, OF_RECEIVER, verdict_of
from gateway.core.x12.answers.status_map import STATUSES, SYNTAX
from gateway.core.x12.guides.answer_codes import AK9_CODES, IK5_CODES, TA1_NOTES
from gateway.core.x12.guides.answer_codes import InterchangeCode as Code

PAGE = Path(__file__).parents[3] / "docs" / "acknowledgments.md"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def note_table() -> str:
    """Every note of a TA1 that can be given, and what it means for the interchange by itself."""
    rows = []
    for note in sorted(OF_FILE | OF_RECEIVER):
        elements = [f"ISA{at:02d}" for at, code in OF_ELEMENT.items() if code is note]
        faults = [f"`{fault}`" for fault, code in OF_FAULT.items() if code is note]
        faults += ["a group that no 999 can name"] if note is Code.BAD_CONTENT else []
        other = "its receiver" if note in OF_RECEIVER else "ISA11 and ISA12"
        seen = ", ".join([*elements, *faults]) or other
        rows.append((f"{note}", verdict_of(note).value, TA1_NOTES[note], seen))
    return _table(("TA105", "TA104", "What it says", "Seen in"), rows)


def fault_table() -> str:
    """What the reader's faults are called in a 999."""
    rows = [(f"`{fault}`", f"IK502 {code}", IK5_CODES[code]) for fault, code in SET_CODES.items()]
    rows += [(f"`{fault}`", f"AK905 {code}", AK9_CODES[code]) for fault, code in GROUP_CODES.items()]
    return _table(("The reader's fault", "Code", "What it says"), rows)


def status_table() -> str:
    """The claim status codes, and the places that have each."""
    rows = []
    for code in sorted(set(STATUSES.values()), key=int):
        places = ", ".join(f"`{place}`" for place, found in STATUSES.items() if found == code)
        rows.append((code, WORDS[code], places))
    rows.append((SYNTAX, WORDS[SYNTAX], "everywhere else"))
    return _table(("Status", "What it speaks of", "Where the finding is"), rows)


@pytest.mark.parametrize("table", [note_table, fault_table, status_table], ids=["TA1", "999", "277CA"])
def test_the_tables_of_the_page_are_those_of_the_code(table: object) -> None:
    assert callable(table)
    assert table() in PAGE.read_text(encoding="utf-8")
