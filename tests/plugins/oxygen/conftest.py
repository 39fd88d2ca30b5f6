"""An oxygen patient of Medicare, with the shipped tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from gateway.plugins.months import add_months
from gateway.plugins.runner import Decision
from gateway.plugins.testing import make_claim, make_history, make_line, plugin_context

from ..shipped import TABLES, shipped

OXYGEN = shipped("oxygen")
Asks = Callable[..., Decision]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rented(start: str, count: int, code: str = "E1390", *more: str, first: int = 0, **other: Any) -> list[Any]:
    """Rental months that were billed, from a day on: `count` of them, the first of them so many months later."""
    return [
        make_history(
            code,
            "RR",
            *more,
            from_date=add_months(day(start), number),
            claim_number=f"H{code}{first}-{number}",
            **other,
        )
        for number in range(first, first + count)
    ]


def claim(*lines: list[str], **more: Any) -> Any:
    return make_claim(*lines, filing_code="MB", member_id="1A23C45DE67", **more)


def line(code: str, *modifiers: str, on: str, note: str = "", **more: Any) -> list[str]:
    notes = (f"NTE*ADD*{note}",) if note else ()
    return make_line(code, *modifiers, from_date=day(on), more=notes, **more)


@pytest.fixture
def scrub() -> Asks:
    """What scrubbing decides: `scrub(claim, settings, history=...)`."""

    def ask(one: Any, settings: dict[str, Any] | None = None, **known: Any) -> Decision:
        with plugin_context(OXYGEN, settings, tables=TABLES, **known) as context:
            return context.scrub(one)

    return ask


@pytest.fixture
def hold() -> Asks:
    """What the station of holds decides."""

    def ask(one: Any, settings: dict[str, Any] | None = None, **known: Any) -> Decision:
        with plugin_context(OXYGEN, settings, tables=TABLES, **known) as context:
            return context.hold(one)

    return ask
