"""The plugin with the tables that come with it, and the claims that its tests are about."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from gateway.config import Config, load
from gateway.core.x12.claim import Claim
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.testing import make_claim, make_line, plugin_context, rules

RESUPPLY = Finder().load("resupply", PluginHost()).object
CONFIG = load(Path(__file__).parents[3] / "config", secrets=False)
assert isinstance(CONFIG, Config)
TABLES = CONFIG.tables

SHIPPED = dt.date(2026, 6, 1)
"""The day on which the claims of these tests dispense."""


def days_before(days: int, day: dt.date = SHIPPED) -> dt.date:
    return day - dt.timedelta(days=days)


def supplies(
    code: str, *modifiers: str, units: str = "1", day: dt.date = SHIPPED, thru: dt.date | None = None, **more: Any
) -> Claim:
    """A Medicare claim for supplies of one code."""
    line = make_line(code, *modifiers, units=units, from_date=day, thru_date=thru)
    return make_claim(line, filing_code="MB", member_id="1A23C45DE67", **more)


def held(claim: Claim, settings: dict[str, Any] | None = None, **past: Any) -> list[str]:
    """The rules by which a claim waits."""
    with plugin_context(RESUPPLY, settings, tables=TABLES, today=SHIPPED, **past) as context:
        return rules(context.hold(claim))


def told(claim: Claim, settings: dict[str, Any] | None = None, **past: Any) -> list[str]:
    """The rules that are told with a claim."""
    with plugin_context(RESUPPLY, settings, tables=TABLES, today=SHIPPED, **past) as context:
        return rules(context.scrub(claim))


def said_yes(code: str, day: dt.date, *, answer: bool = True) -> dict[str, list[dict[str, Any]]]:
    """Rows with one refill request of the patient."""
    return {"refills": [{"code": code, "contacted_on": day, "answer": answer, "answered_by": "patient"}]}
