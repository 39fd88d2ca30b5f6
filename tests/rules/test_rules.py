"""Every rule of the domain page has a plugin that keeps it, and tests that show it; the page says so."""

from __future__ import annotations

import pytest

from gateway.plugins import RuleState

from .book import ROOT, asked_for, kept, left_out, shown
from .page import PAGE, PROCESSES, page

EVERY = kept()


def test_the_page_is_what_the_code_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.rules.page"


def test_no_rule_of_the_domain_page_is_missing_without_a_reason() -> None:
    wanted = asked_for()
    if not wanted:
        pytest.skip("the domain page is not here (../shared/domain)")
    have = {one.rule.id for one in EVERY}
    missing = [rule for rule in wanted if rule not in have and rule not in left_out()]
    assert not missing
    assert not have & left_out().keys(), "kept after all: take them out of left_out.toml"


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.plugin}-{one.rule.id}")
def test_a_rule_that_is_on_is_shown_by_a_claim_that_trips_it_and_a_twin_that_does_not(one: object) -> None:
    assert isinstance(one, tuple)
    _, rule, tests = one
    if rule.state is not RuleState.OFF:
        assert tests, f"no test has the marker rule({rule.id!r})"


def test_each_process_of_section_11_names_tests_that_there_are() -> None:
    assert {section for section, *_ in PROCESSES} == {f"11.{number}" for number in range(1, 9)}
    assert [tests for *_, tests in PROCESSES if not (ROOT / tests).exists()] == []


def test_a_marker_names_a_rule_that_there_is() -> None:
    have = {one.rule.id for one in EVERY}
    strayed = sorted(f"{folder}: {rule}" for folder, rule in shown() if rule not in have)
    assert not strayed
