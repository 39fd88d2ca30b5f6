"""When each plugin's schedule did its work last."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from .admin_tables import plugin_turns


def note(connection: Connection, plugin: str, name: str, now: dt.datetime) -> None:
    """A turn has done its work. In the transaction that writes what it wanted done."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(plugin_turns).values(plugin=plugin[:80], name=name[:40], ended_at=now)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["plugin", "name"], set_={"ended_at": statement.excluded.ended_at}
        )
    )


def last(connection: Connection) -> dict[tuple[str, str], dt.datetime]:
    """When each schedule ended last, by plugin and name; those that never did are not in it."""
    return {(row.plugin, row.name): row.ended_at for row in connection.execute(select(plugin_turns))}
