"""Proof that a command has left everything as it was: the bytes of every file, and every row."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select

from gateway.core.store import plugin_rows
from gateway.core.store.engine import make_looking_engine, make_sync_engine
from gateway.core.store.tables import metadata, plugin_tables

from ..conftest import create_tables
from .conftest import Place


def move_to_postgres(place: Place, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a place that has lived on SQLite keep the same rows in an empty PostgreSQL database from now on."""
    create_tables(url)
    target = make_sync_engine(url)
    declared = place.config.plugin_tables()
    with place.sql.connect() as source, target.begin() as connection:
        plugin_rows.prepare(connection, declared, dt.datetime.now(dt.UTC))
        connection.execute(delete(plugin_tables))
        for table in [*metadata.sorted_tables, *map(plugin_rows.stored, declared)]:
            rows = [dict(row._mapping) for row in source.execute(select(table).order_by(*table.primary_key))]
            if rows:
                connection.execute(insert(table), rows)
    target.dispose()
    place.let_go()
    for left in (place.folder / "data").glob("*.db*"):
        left.unlink()
    monkeypatch.setenv("GATEWAY_TEST_DATABASE", url)
    main = place.config_dir / "gateway.yaml"
    main.write_text(main.read_text() + "database: {url: 'env:GATEWAY_TEST_DATABASE'}\n")


def files_below(folder: Path) -> dict[str, str]:
    """The hash of every file. Not of SQLite's index of its log (-shm), which is memory that happens to have a name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".db-shm"
    }


def rows_of(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


@contextmanager
def nothing_changes(place: Place, *more: Path) -> Iterator[None]:
    """Nothing below the place and beside it, and no row, changes meanwhile."""
    place.let_go()

    def state() -> tuple[Any, ...]:
        engine = make_looking_engine(place.places.business_url)
        rows = rows_of(engine)
        engine.dispose()
        return rows, files_below(place.folder), [files_below(folder) for folder in more]

    before = state()
    yield
    after = state()
    assert after[1:] == before[1:]
    assert after[0] == before[0]


def killed_writer(place: Place) -> Path:
    """A writer that was killed right after a commit: what it wrote stands in SQLite's log alone, which is returned."""
    place.let_go()
    database = place.folder / "data" / "business.db"
    program = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute(\"UPDATE files SET reason = 'noted just before the end' WHERE id = 2\"); c.commit(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, str(database)], check=False)
    log = database.with_name("business.db-wal")
    assert log.stat().st_size
    return log
