"""What failed in each plugin: where, what, since when, how often. Words and places in code, never anybody's data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from .admin_tables import plugin_failures

LONGEST = 300


def note(connection: Connection, failures: Iterable[tuple[str, str, str, str]], now: dt.datetime) -> None:
    """Count failures: plugin, version, place, what. In the transaction of the work that met them."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for plugin, version, place, what in failures:
        one = sums.setdefault((plugin[:80], place[:160], what[:LONGEST]), [version[:40], 0])
        one[1] += 1
    if not sums:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"plugin": key[0], "place": key[1], "what": key[2], "version": version, "times": times}
        | {"first_at": now, "last_at": now}
        for key, (version, times) in sorted(sums.items())
    ]
    statement = make(plugin_failures).values(rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["plugin", "place", "what"],
            set_={
                "times": plugin_failures.c.times + statement.excluded.times,
                "version": statement.excluded.version,
                "last_at": statement.excluded.last_at,
            },
        )
    )


def of_plugin(connection: Connection, plugin: str, limit: int, skip: int = 0) -> Sequence[Any]:
    """The failures of a plugin, what failed last first."""
    c = plugin_failures.c
    return connection.execute(
        select(plugin_failures).where(c.plugin == plugin).order_by(c.last_at.desc(), c.place, c.what)
        .limit(limit).offset(skip)
    ).all()  # fmt: skip


def last_of_each(connection: Connection) -> dict[str, dt.datetime]:
    """When each plugin failed last."""
    c = plugin_failures.c
    return {row[0]: row[1] for row in connection.execute(select(c.plugin, func.max(c.last_at)).group_by(c.plugin))}


def forget(connection: Connection, before: dt.datetime) -> int:
    """Delete what has not failed since a moment; returns how many."""
    return connection.execute(delete(plugin_failures).where(plugin_failures.c.last_at < before)).rowcount


def newest(connection: Connection, limit: int) -> Sequence[Any]:
    """What failed last, of all plugins."""
    c = plugin_failures.c
    return connection.execute(select(plugin_failures).order_by(c.last_at.desc(), c.plugin).limit(limit)).all()
