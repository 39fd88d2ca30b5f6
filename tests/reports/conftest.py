"""A database with every table, on both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from gateway.core.store.engine import make_sync_engine

from ..conftest import create_tables


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine that writes, on SQLite and on PostgreSQL."""
    made = make_sync_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def sql(sqlite_url: str) -> Iterator[Connection]:
    """A connection in a transaction, on SQLite."""
    create_tables(sqlite_url)
    made = make_sync_engine(sqlite_url)
    with made.begin() as connection:
        yield connection
    made.dispose()
