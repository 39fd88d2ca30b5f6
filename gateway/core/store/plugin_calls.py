"""How often each plugin was called, how often it failed, and how long it took: counted with the work itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from .tables import plugin_calls


class Counted(NamedTuple):
    """The calls of a plugin over some days. `seconds`: all of them together."""

    plugin: str
    calls: int
    failures: int
    seconds: float


def add(connection: Connection, calls: Iterable[tuple[str, str, int, int, int]], day: dt.date) -> None:
    """Count calls: plugin, version, how many, how many of them failed, microseconds of all. In the transaction of the
    work that they did."""
    sums: dict[tuple[str, str], list[int]] = {}
    for plugin, version, *numbers in calls:
        one = sums.setdefault((plugin, version), [0, 0, 0])
        for at, number in enumerate(numbers):
            one[at] += number
    if not sums:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # In one order, so that two transactions never wait for each other.
    rows = [
        {"plugin": plugin[:80], "version": version[:40], "day": day, "calls": n, "failures": bad, "microseconds": took}
        for (plugin, version), (n, bad, took) in sorted(sums.items())
    ]
    statement = make(plugin_calls).values(rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["plugin", "version", "day"],
            set_={
                name: plugin_calls.c[name] + statement.excluded[name] for name in ("calls", "failures", "microseconds")
            },
        )
    )


def since(connection: Connection, day: dt.date) -> dict[str, Counted]:
    """The calls of each plugin from a day on, by its name."""
    rows = connection.execute(
        select(
            plugin_calls.c.plugin,
            func.sum(plugin_calls.c.calls),
            func.sum(plugin_calls.c.failures),
            func.sum(plugin_calls.c.microseconds),
        )
        .where(plugin_calls.c.day >= day)
        .group_by(plugin_calls.c.plugin)
    )
    return {name: Counted(name, int(calls), int(bad), int(took) / 1e6) for name, calls, bad, took in rows}


def by_day(connection: Connection, plugin: str, day: dt.date) -> dict[dt.date, Counted]:
    """The calls of one plugin from a day on, day by day."""
    c = plugin_calls.c
    rows = connection.execute(
        select(c.day, func.sum(c.calls), func.sum(c.failures), func.sum(c.microseconds))
        .where(c.plugin == plugin, c.day >= day)
        .group_by(c.day)
    )
    return {on: Counted(plugin, int(calls), int(bad), int(took) / 1e6) for on, calls, bad, took in rows}
