"""The bundled HME plugins against the shipped tables: what a DME front end refuses, and what waits for a person."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, load
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_claim, make_history, make_line, plugin_context, rules

ORDERER = ("NM1*DK*1*ALDERMAN*IVO****XX*1999999018",)
MBI = "1A23C45DE67"


@pytest.fixture(scope="module")
def tables() -> Tables:
    config = load(Path(__file__).parents[2] / "config", secrets=False)
    assert isinstance(config, Config)
    return config.tables


@pytest.fixture(scope="module")
def plugins() -> dict[str, Any]:
    host, finder = PluginHost(), Finder()
    return {name: finder.load(name, host).object for name in ("scrubber", "resupply")}


def medicare(*lines: list[str], member_id: str = MBI) -> Any:
    return make_claim(*lines, filing_code="MB", member_id=member_id)


def line(code: str, *modifiers: str, **more: Any) -> list[str]:
    return make_line(code, *modifiers, more=ORDERER, **more)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([line("E0601")], ["R1.01"]),
        ([line("E0601", "RR", "NU")], ["R1.01", "R1.02"]),
        ([line("E0601", "RR")], ["R1.02"]),
        ([line("E0601", "RR", "KH", "KI")], ["R1.02"]),
        ([line("E1390", "RR", "KX", "KX")], ["R1.11"]),
        ([line("E1390", "RR", "KX", "GA")], ["R1.2-KX"]),
        ([line("E0601", "RR", "KH", "KX")], []),
        ([line("E1390", "RR", "N1", "KX")], []),
        ([line("E1390", "MS")], []),
        ([line("A4253", "NU", "KX")], []),
    ],
)
def test_modifiers_that_a_front_end_refuses(
    plugins: dict[str, Any], tables: Tables, lines: list[list[str]], wanted: list[str]
) -> None:
    with plugin_context(plugins["scrubber"], tables=tables) as context:
        assert rules(context.scrub(medicare(*lines))) == wanted


def test_medicare_wants_the_ordering_provider_on_the_line_and_others_do_not(
    plugins: dict[str, Any], tables: Tables
) -> None:
    bare = make_line("E1390", "RR")
    with plugin_context(plugins["scrubber"], tables=tables) as context:
        assert rules(context.scrub(medicare(bare))) == ["R1.20"]
        assert rules(context.scrub(make_claim(bare))) == []


def test_an_npi_with_a_wrong_check_digit_is_refused(plugins: dict[str, Any], tables: Tables) -> None:
    wrong = make_line("E1390", "RR", more=("NM1*DK*1*ALDERMAN*IVO****XX*1999999017",))
    with plugin_context(plugins["scrubber"], tables=tables) as context:
        decision = context.scrub(medicare(wrong))
    assert rules(decision) == ["R1.22"]
    assert not decision.passes


@pytest.mark.parametrize(
    ("member_id", "wanted"),
    [
        (MBI, []),
        ("1A23C45DE6", ["R1.24"]),
        ("0A23C45DE67", ["R1.24"]),
        ("1S23C45DE67", ["R1.24"]),
        ("1a23C45DE67", ["R1.24"]),
        ("900123456A", ["R1.24"]),
    ],
)
def test_the_form_of_a_medicare_number(
    plugins: dict[str, Any], tables: Tables, member_id: str, wanted: list[str]
) -> None:
    with plugin_context(plugins["scrubber"], tables=tables) as context:
        assert rules(context.scrub(medicare(line("E1390", "RR"), member_id=member_id))) == wanted


def test_a_rule_can_be_switched_off_in_a_chain(plugins: dict[str, Any], tables: Tables) -> None:
    with plugin_context(plugins["scrubber"], {"skip": ["R1.02"]}, tables=tables) as context:
        assert rules(context.scrub(medicare(line("E0601", "RR")))) == []


def test_findings_name_no_patient(plugins: dict[str, Any], tables: Tables) -> None:
    with plugin_context(plugins["scrubber"], tables=tables) as context:
        decision = context.scrub(medicare(line("E0601"), member_id="900123456A"))
    said = " ".join(finding.message for step in decision.steps for finding in step.findings)
    assert said
    assert "FERNSBY" not in said
    assert "900123456A" not in said


@pytest.mark.parametrize(
    ("code", "units", "earlier_units", "days_ago", "wanted"),
    [
        ("A7030", "1", "1", 30, ["RS-3"]),
        ("A7030", "1", "1", 82, []),
        ("A7030", "2", "0", 200, ["RS-3"]),
        ("A7038", "6", "0", 200, []),
        ("A7038", "6", "2", 30, ["RS-3"]),
        ("A7035", "1", "1", 120, ["RS-3"]),
        ("A7035", "1", "1", 175, []),
        ("E1390", "9", "9", 1, []),
    ],
)
def test_supplies_over_their_usual_maximum_wait(
    plugins: dict[str, Any],
    tables: Tables,
    code: str,
    units: str,
    earlier_units: str,
    days_ago: int,
    wanted: list[str],
) -> None:
    earlier = make_history(code, "NU", from_date=TODAY - dt.timedelta(days=days_ago), units=earlier_units)
    with plugin_context(plugins["resupply"], {"skip": ["RS-1", "RS-2"]}, tables=tables, history=[earlier]) as context:
        assert rules(context.hold(medicare(line(code, "NU", units=units, from_date=TODAY)))) == wanted
