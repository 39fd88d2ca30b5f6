"""The house in which the patients live: the shipped configuration, compiled as the gateway compiles it, and the shipped
plugins' desks.

One setting differs from what is shipped: this supplier keeps all orders and authorizations in the gateway, so the
scrubber asks for them (`required`) also where it knows none of a patient.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from gateway.config import Config, load
from gateway.plugins.calling import call, looks_only
from gateway.plugins.declaring import Declared, declare
from gateway.plugins.desk import Desk
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.rows import RowTable

T = TypeVar("T")
SHIPPED = Path(__file__).parents[2] / "config"
NOON = dt.time(17, 0, tzinfo=dt.UTC)
SUPPLIER: dict[str, Any] = {
    "last": "STILLWATER HOME MEDICAL",
    "npi": "1999999000",
    "tax_id": "960000017",
    "address": {"line1": "100 ALDER STREET", "city": "COLUMBUS", "state": "OH", "zip": "432150001"},
}
DESKS: dict[str, dict[str, Any]] = {
    "order_confirmation": {"billing_providers": [SUPPLIER]},
    "oxygen": {},
    "rul": {},
    "maintenance": {},
    "resupply": {},
}


@cache
def config() -> Config:
    """The shipped configuration, with the one setting that differs."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "config"
        shutil.copytree(SHIPPED, root)
        chain = root / "chains" / "default.yaml"
        text = chain.read_text()
        strict = "- plugin: scrubber\n      settings: {orders: required, authorizations: required}"
        assert text.count("- plugin: scrubber") == 1
        chain.write_text(text.replace("- plugin: scrubber", strict))
        loaded = load(root, secrets=False)
    assert isinstance(loaded, Config), loaded
    return loaded


@cache
def desk_of(plugin: str, rentals: str = "orders") -> Declared:
    """What a plugin declares beside the chains."""
    added = PluginHost().add(plugin, Finder().load(plugin, PluginHost()).object)
    settings = dict(DESKS[plugin])
    if plugin == "order_confirmation":
        settings["rentals"] = rentals
    model = added.model("desk_settings")
    declared = declare(added, model.model_validate(settings) if model else None)
    assert declared is not None
    return declared


def row_tables(plugin: str) -> dict[str, RowTable]:
    """A plugin's own tables."""
    return dict(desk_of(plugin).plugin.row_tables)


def now(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that waits for nothing: the shipped plugins call nobody."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a shipped plugin waits for something")


def ask(
    plugin: str, hook: str, name: str, argument: Any, today: dt.date, lookups: Any, *, rentals: str = "orders"
) -> tuple[Any, list[Any]]:
    """Call what a plugin declares, as the gateway does: what it said, and what it wants done."""
    declared = desk_of(plugin, rentals)
    desk: Desk[Any] = Desk(
        plugin,
        declared.settings,
        dt.datetime.combine(today, NOON),
        today,
        config().tables,
        lookups,
        may_change=not looks_only(hook, name),
        row_tables=declared.plugin.row_tables,
        source="billing",
    )
    said = now(call(declared, hook, name, argument, desk))
    return said, desk.acts


def rows_of(said: Any) -> list[dict[str, Any]]:
    """Rows of a report or command, each by the names of its columns."""
    return [dict(zip(said["columns"], row, strict=True)) for row in said["rows"]]
