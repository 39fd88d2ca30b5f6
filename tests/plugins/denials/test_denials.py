"""Routing of denials beyond the tables, and the reports of what was denied."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.plugins.testing import make_denial, make_denial_view, plugin_context, plugin_desk

from ..shipped import TABLES, shipped

DENIALS = shipped("denials")


def routed(settings: dict[str, Any] | None = None, **denial: Any) -> Any:
    with plugin_context(DENIALS, settings or {}, tables=TABLES) as ctx:
        return ctx.route(make_denial(**denial)).answer


@pytest.mark.parametrize(
    ("teams", "team"),
    [
        ({}, "appeals"),
        ({"MEDICAL_NECESSITY": "management"}, "management"),
        ({"MEDICAL_NECESSITY": "management", "50": "billing"}, "billing"),
        ({"50": "billing", "50+N115": "documentation"}, "documentation"),
        ({"151": "billing"}, "appeals"),
    ],
)
def test_the_closest_word_of_the_settings_decides(teams: dict[str, str], team: str) -> None:
    said = {"reason": "50", "category": "MEDICAL_NECESSITY", "team": "appeals", "remark": "N115"}
    assert routed({"teams": teams}, **said).team == team


def test_an_unknown_reason_goes_to_the_team_that_is_named_for_it() -> None:
    found = routed({"unknown_team": "contracts"}, reason="ZZ9", category="UNMAPPED", team="posting")
    assert (found.team, found.rule) == ("contracts", "unknown-reason")


def report(name: str, *views: Any, **asked: str) -> list[tuple[Any, ...]]:
    desk = plugin_desk(DENIALS, denials=views)
    return [tuple(row.values()) for row in desk.report(name, **asked)]


DAY = dt.date(2026, 2, 27)
VIEWS = (
    make_denial_view("50", id=1, amount="150", code="E1390", referring="1999999786", category="MEDICAL_NECESSITY"),
    make_denial_view(
        "50", id=2, amount="50", code="A7005", category="MEDICAL_NECESSITY", status="paid", state="superseded",
        recovered="40", opened_on=DAY, ended_on=DAY + dt.timedelta(days=21),
    ),
    make_denial_view("18", id=3, amount="100", code="E1390", category="DUPLICATE", payer_id="16013"),
    make_denial_view("18", id=4, amount="999", state="reversed"),
)  # fmt: skip


def test_the_reasons_with_the_most_dollars_come_first_and_what_was_recovered_stands_beside() -> None:
    first, second = report("reasons", *VIEWS)
    assert first[:3] == ("CO-50", "", "MEDICAL_NECESSITY")
    assert first[3:] == (2, "200", "66.7%", 1, 1, "40", "20.0%", "21.0")
    assert second[3:7] == (1, "100", "33.3%", 1)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("payers", {"90101": 2, "16013": 1}),
        ("items", {"E1390": 2, "A7005": 1}),
        ("referring", {"1999999786": 1, "not on the claim": 2}),
    ],
)
def test_each_report_counts_every_denial_once(name: str, keys: dict[str, int]) -> None:
    assert {row[0]: row[1] for row in report(name, *VIEWS)} == keys


def test_a_report_of_some_days() -> None:
    assert [row[3] for row in report("reasons", *VIEWS, last=DAY.isoformat())] == [2, 1]
    assert report("reasons", *VIEWS, last="2026-01-01") == []
