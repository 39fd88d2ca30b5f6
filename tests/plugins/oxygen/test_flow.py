"""Flow and group modifiers."""

from __future__ import annotations

import pytest

from gateway.plugins.testing import rules

from .conftest import Asks, claim, line

ON = "2026-01-10"
QUIET = {"skip": ["O-N1", "O-C2"]}


@pytest.mark.rule("O-Q1")
def test_one_flow_modifier_at_most(scrub: Asks) -> None:
    assert rules(scrub(claim(line("E1390", "RR", "QE", "QG", on=ON)), QUIET)) == ["O-Q1"]
    assert rules(scrub(claim(line("E1390", "RR", "QG", on=ON)), QUIET)) == []
    assert rules(scrub(claim(line("E1390", "RR", on=ON)), QUIET)) == []


@pytest.mark.rule("O-Q2")
@pytest.mark.parametrize("word", ["QF", "QB"])
def test_with_a_portable_both_lines_have_the_same(scrub: Asks, word: str) -> None:
    with_it, without = (line("E1390", "RR", word, on=ON), line("E1390", "RR", on=ON))
    portable, bare = (line("E0431", "RR", word, on=ON), line("E0431", "RR", on=ON))
    assert rules(scrub(claim(with_it, bare), QUIET)) == ["O-Q2"]
    assert rules(scrub(claim(without, portable), QUIET)) == ["O-Q2"]
    assert rules(scrub(claim(with_it, portable), QUIET)) == []
    assert rules(scrub(claim(without, bare), QUIET)) == []


@pytest.mark.rule("O-Q3")
@pytest.mark.parametrize("word", ["QE", "QA", "QG", "QR"])
def test_these_stand_on_the_stationary_line_only(scrub: Asks, word: str) -> None:
    assert rules(scrub(claim(line("E0431", "RR", word, on=ON)), QUIET)) == ["O-Q3"]
    assert rules(scrub(claim(line("E0424", "RR", word, on=ON)), QUIET)) == []


@pytest.mark.rule("O-Q3")
def test_contents_have_no_flow_modifier(scrub: Asks) -> None:
    assert rules(scrub(claim(line("E0443", "QF", on=ON)), QUIET)) == ["O-Q3"]
    assert rules(scrub(claim(line("E0443", "N1", on=ON)), QUIET)) == []


@pytest.mark.rule("O-Q4")
@pytest.mark.parametrize(("word", "instead"), [("QG", "QF"), ("QR", "QB")])
def test_a_high_flow_with_a_portable_has_another_modifier(scrub: Asks, word: str, instead: str) -> None:
    said = scrub(claim(line("E1390", "RR", word, on=ON), line("E0431", "RR", on=ON)), QUIET)
    assert rules(said) == ["O-Q4"]
    assert instead in said.holds[0].hold.reason
    assert rules(scrub(claim(line("E1390", "RR", word, on=ON)), QUIET)) == []


@pytest.mark.rule("O-Q5")
@pytest.mark.parametrize(
    ("modifiers", "note", "wanted"),
    [
        (["QE"], "FLOW 0.5 LPM", []),
        ([], "FLOW 0.5 LPM", ["O-Q5"]),
        (["QE"], "FLOW 2 LPM", ["O-Q5"]),
        ([], "FLOW 2 LPM", []),
        ([], "FLOW 1 LPM", []),
        ([], "4 L/MIN CONTINUOUS", []),
        ([], "4.5 L/MIN CONTINUOUS", ["O-Q5"]),
        (["QG"], "5 LITERS PER MINUTE", []),
        # Day and night are averaged: 3 and 6 are 4.5, 0.5 and 1 are 0.75.
        (["QR"], "3 LPM DAY 6 LPM NIGHT", []),
        (["QG"], "3 LPM DAY 6 LPM NIGHT", ["O-Q5"]),
        (["QA"], "0.5 LPM DAY 1 LPM NIGHT", []),
        ([], "2 LPM DAY 3 LPM NIGHT", []),
        # A single flow is not averaged with nothing, though it is for the night only.
        ([], "2 LPM NIGHT ONLY", []),
        # Exercise does not count, and what cannot be told is not judged.
        ([], "6 LPM WITH EXERTION", []),
        (["QE"], "OXYGEN AS ORDERED", []),
    ],
)
def test_the_modifier_against_the_flow_in_the_note(
    scrub: Asks, modifiers: list[str], note: str, wanted: list[str]
) -> None:
    said = scrub(claim(line("E1390", "RR", *modifiers, on=ON, note=note)), QUIET)
    assert rules(said) == wanted
    assert said.passes, "a note is read, and not relied on"


@pytest.mark.rule("O-Q5")
def test_with_a_portable_the_high_flow_is_qf(scrub: Asks) -> None:
    stationary = line("E1390", "RR", "QF", on=ON, note="FLOW 6 LPM")
    assert rules(scrub(claim(stationary, line("E0431", "RR", "QF", on=ON)), QUIET)) == []


@pytest.mark.rule("O-N1")
@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (line("E1390", "RR", on=ON), ["O-N1"]),
        (line("E1390", "RR", "N1", "N2", on=ON), ["O-N1"]),
        (line("E1390", "RR", "N1", on=ON), []),
        (line("E0431", "RR", "N3", on=ON), []),
        (line("E1390", "RR", on="2022-12-31"), []),
        (line("E1390", "MS", on=ON), []),
    ],
)
def test_exactly_one_group_since_2023(scrub: Asks, one: list[str], wanted: list[str]) -> None:
    said = scrub(claim(one))
    assert rules(said) == wanted
    assert said.passes
