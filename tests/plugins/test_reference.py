"""docs/plugin-reference.md is what the code says: it is made from it, and nothing that a plugin meets is left out."""

from __future__ import annotations

import re

from gateway import plugins
from gateway.plugins import testing

from .reference import PAGE, page

TOLD_ELSEWHERE = {"ClaimContext", "PaymentContext", "PluginSettings", "HttpFailed", "SecretMissing"}
"""The contexts are on the page as Context; the rest has a word on plugins.md, and nothing to read."""


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.plugins.reference"


def test_nothing_that_a_plugin_is_given_or_makes_is_missing() -> None:
    classes = {name for name in plugins.__all__ if isinstance(getattr(plugins, name), type)}
    heads = re.findall(r"^### (\w+)$", page(), flags=re.M)
    missing = (classes | set(testing.__all__)) - set(heads) - TOLD_ELSEWHERE - {"TODAY"}
    assert not missing
    assert {"Claim", "ServiceLine", "Party", "ClaimPayment", "Match", "Denial", "PostingPlan", "Decision"} <= set(heads)


def test_every_row_says_a_name_and_a_type() -> None:
    rows = [line.split(" | ") for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) > 600
    assert [row for row in rows if not row[1].startswith("`")] == []


def test_what_a_newcomer_had_to_guess_is_there() -> None:
    told = page()
    assert "| `find(day: dt.date, *key: str)` | `Row \\| None` |" in told
    assert "| `values` | `Mapping[str, str]` |" in told
    assert re.search(r"### make_line\n.*?\| `units=` \| `str` \| `'1'` \|", told, flags=re.S)
    assert re.search(r"### HistoryLine\n.*?\| `from_date` \| `dt.date \\\| None` \|", told, flags=re.S)
    assert re.search(r"### Claim\n.*?\| `id` \| `str` \| CLM01\. \|", told, flags=re.S)
