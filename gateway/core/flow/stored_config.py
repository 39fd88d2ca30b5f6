"""Configurations by their hash: what is under way finishes on the one it began with."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from ...config import Config, restore
from ..store import archive
from ..store.archive import Archive, Stored
from ..store.tables import configurations


def keep(store: Archive, config: Config) -> str:
    """The text of a configuration into the archive, where it is not there yet; returns its hash, which is the name
    of those bytes."""
    if not store.path(config.hash).exists():
        store.put(config.text)
    return config.hash


def note(connection: Connection, config_hash: str, size: int, now: dt.datetime) -> None:
    """The row of a configuration that has decided something."""
    archive.record(connection, Stored(config_hash, size), "configuration", now)
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(configurations).values(hash=config_hash, first_used_at=now).on_conflict_do_nothing(index_elements=["hash"])
    )


def was_used(connection: Connection, config_hash: str) -> bool:
    """Whether a gateway has ever started with this configuration, or taken it."""
    return (
        connection.execute(select(configurations.c.hash).where(configurations.c.hash == config_hash)).first()
        is not None
    )


@lru_cache(maxsize=4)
def by_hash(archive_root: str, config_root: str, config_hash: str) -> Config:
    """A configuration from the archive, with today's plugins; remembered in this process.

    Raises:
        ArchiveDamaged: its text is not there.
        ValueError: it cannot be used any more, for instance because a plugin is gone.
    """
    return restore(Archive(Path(archive_root)).read(config_hash), Path(config_root))
