"""Writes docs/rules.md: `python -m tests.rules.page`. A test holds the page to what this makes."""

from __future__ import annotations

from itertools import groupby

from gateway.plugins import RuleState

from .book import ROOT, Kept, kept, left_out

PAGE = ROOT / "docs" / "rules.md"
HEAD = """# The rules that the shipped plugins keep

Written by `python -m tests.rules.page` from the plugins and their tests. An id such as R1.02 is that of the rule in the
project's page of billing rules; ids with a name (R1.POS-1) are our own, for rules that have no number there.

| state | what happens where the rule is not kept |
|---|---|
| rejects | the claim waits: a payer refuses it for certain |
| holds | the claim waits until a person has looked, or a document has come |
| warns | the claim goes; the warning stands on its timeline |
| informs | the claim goes; a remark stands on its timeline |
| corrects | it is set right by itself, and the timeline says so |
| off | nothing, until a setting or a table switches it on; then it warns, if its words say no more |

A step of a chain leaves rules out with `skip: [R1.20, ...]`.

Beside the tests named here, invented patients live through seven years each (tests/lives): claims, holds and due lists
are compared with an independent checker written from the page (tests/oracle). Where the two read it differently, and
fairly, `tests/lives/readings.toml` says so.
"""
PROCESSES = (
    ("11.1", "Order confirmation", "OC-1 to OC-9, above", "tests/plugins/order_confirmation"),
    (
        "11.2",
        "Holds",
        "the core: four types, several at once, team, due day, expiry, release by what comes",
        "tests/flow/out/test_release.py",
    ),
    (
        "11.3",
        "Transmission",
        "the core: batches of a partner, control numbers, the clock of answers",
        "tests/flow/out/test_batch.py",
    ),
    (
        "11.4",
        "Rejections",
        "the core: the queue, correcting in place, the week by cause",
        "tests/flow/test_rejections.py",
    ),
    ("11.5", "Cash", "the core: register of deposits, variance of the day", "tests/cash/test_days.py"),
    ("11.6", "Denials", "plugin denials and its tables (section 6)", "tests/plugins/denials"),
    (
        "11.7",
        "Follow-up",
        "plugin receivables: what has no answer, by filing time and balance",
        "tests/plugins/receivables",
    ),
    ("11.8", "Resupply", "RS-1 to RS-6, above, and the due list", "tests/plugins/resupply"),
    ("11.8", "Oxygen contents", "O-C1 to O-C5, above", "tests/plugins/oxygen"),
    ("11.8", "Lifetimes", "RUL-1 to RUL-3, above, and the list", "tests/plugins/rul"),
    ("11.8", "Maintenance", "O-M1 to O-M6, above, and the calendar", "tests/plugins/maintenance"),
)
"""Section 11 of the domain page: processes, which have rules in other sections or are kept by the core."""
_SECTION_11 = """
## The processes of section 11

| section | process | kept by | tests |
|---|---|---|---|
"""
_LEFT = """
## Not kept by a plugin

| rule | why |
|---|---|
"""


def _row(one: Kept) -> str:
    tests = ", ".join(f"`{test.rpartition('::')[2]}`" for test in one.tests[:2])
    more = f" and {len(one.tests) - 2} more" if len(one.tests) > 2 else ""
    return f"| {one.rule.id} | {one.rule.state} | {one.rule.what} | {tests}{more} |"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    every = kept()
    for name, group in groupby(every, lambda one: one.plugin):
        rows = list(group)
        on = sum(one.rule.state is not RuleState.OFF for one in rows)
        parts.append(
            f"\n## {name}\n\n{len(rows)} rules, {on} of them on as shipped. Tests: tests/plugins/{name}/.\n\n"
            "| rule | state | what it wants | shown by |\n|---|---|---|---|\n" + "\n".join(map(_row, rows)) + "\n"
        )
    parts.append(_SECTION_11 + "".join(f"| {' | '.join(one)} |\n" for one in PROCESSES))
    rest = [f"| {rule} | {why} |" for rule, why in sorted(left_out().items())]
    if rest:
        parts.append(_LEFT + "\n".join(rest) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
