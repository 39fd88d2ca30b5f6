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
    return {name: finder.load(name, host).object for name in ("oxygen", "rul", "resupply")}


def medicare(*lines: list[str], member_id: str = MBI) -> Any:
    return make_claim(*lines, filing_code="MB", member_id=member_id)


def line(code: str, *modifiers: str, **more: Any) -> list[str]:
    return make_line(code, *modifiers, more=ORDERER, **more)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([line("E0431", "MS")], ["O-M1"]),
        ([line("E1390", "MS", "RR")], ["O-M1"]),
        ([line("E1390", "MS", units="2")], ["O-M1"]),
        ([line("E1390", "MS")], []),
        ([line("E1390", "RR"), line("K0739")], ["O-M6"]),
        ([line("K0739"), line("K0001", "RR", "KJ")], []),
    ],
)
def test_maintenance_and_labor_of_oxygen(plugins: dict[str, Any], lines: list[list[str]], wanted: list[str]) -> None:
    with plugin_context(plugins["oxygen"]) as context:
        assert rules(context.scrub(medicare(*lines))) == wanted


def test_oxygen_contents_wait_for_their_delivery(plugins: dict[str, Any]) -> None:
    with plugin_context(plugins["oxygen"]) as context:
        decision = context.hold(medicare(line("E0443")))
        assert rules(decision) == ["O-C4"]
        assert decision.holds[0].hold.team == "respiratory"
        assert rules(context.hold(medicare(line("E1390", "RR")))) == []
    with plugin_context(plugins["oxygen"], {"hold_contents": "no"}) as context:
        assert rules(context.hold(medicare(line("E0443")))) == []


def years_before(count: float) -> dt.date:
    return TODAY - dt.timedelta(days=int(365.25 * count))


@pytest.mark.parametrize(
    ("earlier", "modifiers", "wanted"),
    [
        (make_history("E0601", "RR", "KH", from_date=years_before(3)), ("RR", "KH"), ["RUL-1"]),
        (make_history("E0470", "RR", "KH", from_date=years_before(3)), ("RR", "KH"), ["RUL-1"]),
        (make_history("E0601", "RR", "KH", from_date=years_before(3)), ("RR", "KH", "RA"), []),
        (make_history("E0601", "RR", "KH", from_date=years_before(3)), ("RR", "KI"), []),
        (make_history("E0601", "RR", "KH", from_date=years_before(6)), ("RR", "KH"), []),
        (make_history("E0260", "RR", "KH", from_date=years_before(3)), ("RR", "KH"), []),
        (make_history("E0601", "RR", "KH", from_date=years_before(3), state="rejected"), ("RR", "KH"), []),
    ],
)
def test_a_second_item_inside_its_useful_lifetime_waits_for_its_reason(
    plugins: dict[str, Any], tables: Tables, earlier: Any, modifiers: tuple[str, ...], wanted: list[str]
) -> None:
    with plugin_context(plugins["rul"], tables=tables, history=[earlier]) as context:
        assert rules(context.hold(medicare(line("E0601", *modifiers)))) == wanted


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
    with plugin_context(plugins["resupply"], tables=tables, history=[earlier]) as context:
        assert rules(context.hold(medicare(line(code, "NU", units=units, from_date=TODAY)))) == wanted
