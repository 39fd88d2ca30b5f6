"""What the gateway has on its lists on a day: reports of the plugins, and work items that their schedules open."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..oracle.days import ONE
from ..oracle.life import Expected
from . import house
from .folder import Folder
from .outcomes import Listed

SUPPLIED = ("pap", "nebulizer", "diabetic")
SCHEDULES = {
    "rul": ("ending", "RUL-2", ("rul_ending",)),
    "maintenance": ("calendar", "O-M2", ("maintenance_due",)),
    "resupply": ("due", "RS-1", ("resupply_due", "resupply_ship")),
}
"""By plugin: the schedule that keeps its list, the rule of the page, the kinds of its work items."""
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def on_reports(folder: Folder, kind: str, today: dt.date) -> Iterator[Listed]:
    """What the reports have of a patient of a kind."""

    def report(plugin: str, name: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        said, _ = house.ask(plugin, "plugin_reports", name, asked, today, folder.turn(plugin))
        return house.rows_of(said)

    for row in report("rul", "ending", {}):
        yield Listed(today, "RUL-2", row["code"], _day(row["lifetime ends"]), "", 1)
    if kind == "oxygen":
        for row in report("maintenance", "calendar", {}):
            yield Listed(today, "O-M2", row["code"], _day(row["due"]), row["state"], 1)
    elif kind in SUPPLIED:
        for row in report("resupply", "resupply_due", {"days": "0", "lapsed": "true"}):
            units = int(Decimal(str(row["eligible"])))
            yield Listed(today, "RS-1", row["item"], _day(row["supply_ends"]), row["state"], units)


def on_worklists(folder: Folder, today: dt.date) -> Iterator[Listed]:
    """Every schedule that keeps a list takes its turn; what stands open then."""
    for plugin, (schedule, rule, kinds) in SCHEDULES.items():
        _, acts = house.ask(plugin, "plugin_schedules", schedule, None, today, folder.turn(plugin))
        folder.done(acts)
        for item in folder.items(kinds, (), None, "open"):
            # The reasons begin with the item, and the keys have the day that they speak of first.
            code, day = item.reason.split()[0].rstrip(":"), _day(ISO.findall(item.key)[0])
            state = item.kind if rule != "O-M2" else "coming" if today < day else "open"
            yield Listed(today, rule, code, day, state, 1)


def _day(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def days_to_look(due: Sequence[Expected], upto: dt.date) -> set[dt.date]:
    """The days on which something comes on a list, and those before them."""
    days = {one.date for one in due if one.kind == "due"}
    return {day for day in days | {day - ONE for day in days} if day <= upto}
