"""An oxygen patient whose 36 months are over, with the shipped tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from gateway.plugins.months import add_months
from gateway.plugins.testing import make_claim, make_history, make_line, plugin_context, rules

from ..shipped import TABLES, shipped

MAINTENANCE = shipped("maintenance")
START = dt.date(2022, 1, 10)
"""Month 36 ended on January 9, 2025; maintenance is due on July 10, 2025, January and July 10, 2026; it ends on January
10, 2027."""


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rented(count: int = 36, code: str = "E1390", *more: str, start: dt.date = START) -> list[Any]:
    return [
        make_history(code, "RR", *more, from_date=add_months(start, number), claim_number=f"H{code}{number}")
        for number in range(count)
    ]


def maintained_on(*days: str, code: str = "E1390", state: str = "paid") -> list[Any]:
    return [make_history(code, "MS", from_date=day(on), claim_number=f"MS{on}", state=state) for on in days]


def visit(on: str, *, complete: bool = True, code: str = "E1390") -> dict[str, Any]:
    """A row of the table of visits."""
    return {"visited_on": day(on), "code": code, "technician": "PE", "complete": complete}


def line(code: str, *modifiers: str, on: str, note: str = "", **more: Any) -> list[str]:
    notes = (f"NTE*ADD*{note}",) if note else ()
    return make_line(code, *modifiers, from_date=day(on), more=notes, **more)


def decide(
    *lines: list[str], settings: Any = None, visits: Sequence[Any] = (), warranties: Sequence[Any] = (), **known: Any
) -> Any:
    """What scrubbing decides about a claim."""
    rows = {"visits": visits, "warranties": warranties}
    with plugin_context(MAINTENANCE, settings, tables=TABLES, rows=rows, **known) as context:
        return context.scrub(make_claim(*lines, filing_code="MB", member_id="1A23C45DE67"))


def said(*lines: list[str], **known: Any) -> list[str]:
    return rules(decide(*lines, **known))
