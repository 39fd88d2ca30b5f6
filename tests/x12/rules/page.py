"""Writes docs/findings.md: `python -m tests.x12.rules.page`. A test holds the page to what this makes."""

from __future__ import annotations

from pathlib import Path

from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.words import Words
from gateway.core.x12.rules import RULES, RuleFinding

from .cases import CASES, changed, codes_of, findings

PAGE = Path(__file__).parents[3] / "docs" / "findings.md"
HEAD = """# What the checker finds, and what it says

Written by `python -m tests.x12.rules.page`: each row is one change to a sound claim, and what is said of it. A level is
one of the field's seven: 1 syntax, 2 guide, 3 sums, 4 situations, 5 codes of others. The codes are those of a 999
(IK304, IK403) and, where a rule goes beyond the guide of one segment, of a 277CA (category, status, entity).

| what it says | level | 999 | 277CA | rule |
|---|---|---|---|---|
"""
RULES_HEAD = """
## The rules of levels 3 to 5

| rule | what it asks, and where the guide says so | 999 | 277CA |
|---|---|---|---|
"""


def rows() -> list[str]:
    """A row for each case, in the order of the levels and places of the guide, as the cases are written."""
    words = Words(guide("837p"))
    made = []
    for case in CASES:
        found = next(one for one in findings(changed(case)) if codes_of(one) == case.codes)
        rule = found.rule.id if isinstance(found, RuleFinding) else ""
        status = found.status if isinstance(found, RuleFinding) else ""
        codes = " ".join(code for code in (found.ik304, found.ik403) if code)
        made.append(f"| {words.of(found)} | {found.level} | {codes} | {status} | {rule} |")
    return list(dict.fromkeys(made))


def page() -> str:
    """The whole page."""
    rules = [
        f"| {rule.id} | {rule.says} | {' '.join(code for code in (rule.ik304, rule.ik403) if code)} | {rule.status} |"
        for rule in sorted(RULES.values())
    ]
    return HEAD + "\n".join(rows()) + "\n" + RULES_HEAD + "\n".join(rules) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
