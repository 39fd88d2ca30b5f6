"""Templates, and how dollars, days and moments are written on pages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ...core.model.money import to_dollars
from . import money_words, words

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "dollars": dollars,
        "day": day,
        "count": count,
        "exactly": exactly,
        "kind": words.kind,
        "team": words.team,
        "state": words.state,
        "verb": words.verb,
        "tone": words.tone,
        "method": money_words.method,
        "category": words.category,
        "capitalize_first": words.capitalize_first,
        "when": when,
    }
    made.globals |= {"nav": words.NAV, "admin_nav": words.ADMIN_NAV, "moment": moment, "buckets": words.BUCKETS}
    return made


class Typed(dict[str, str]):
    """What was typed into filters; empty for what was not."""

    def __missing__(self, name: str) -> str:
        return ""


def render(template: str, *, zone: str = "UTC", **values: Any) -> str:
    """A template with these values. `zone`: where the supplier keeps its office."""
    defaults: dict[str, Any] = {"visit": None, "user": None, "csrf": "", "said": "", "trouble": ""}
    found = _environment().get_template(template)
    return found.render(**defaults | {"zone": ZoneInfo(zone)} | values)


def dollars(cents: int | None) -> str:
    """`$1,234.56`, `-$5.00`; nothing for None."""
    if cents is None:
        return ""
    return f"{'-' if cents < 0 else ''}${to_dollars(abs(cents)):,}"


def exactly(amount: Decimal) -> str:
    """Dollars that are no cents any more: `$1,234.56`."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def count(number: int) -> str:
    """`1,234`."""
    return f"{number:,}"


def day(value: dt.date | None) -> str:
    """`11/26/2026`; nothing for None."""
    return f"{value:%m/%d/%Y}" if value is not None else ""


def when(text: str | None) -> dt.datetime | None:
    """A moment from its text; None for none."""
    return dt.datetime.fromisoformat(text) if text else None


def moment(value: dt.datetime | None, zone: ZoneInfo) -> str:
    """A moment where the supplier keeps its office: `11/26/2026 2:05 PM`."""
    if value is None:
        return ""
    local = value.astimezone(zone)
    return f"{local:%m/%d/%Y} {local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"
