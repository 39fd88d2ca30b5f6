"""Fixtures for everyone: a database of either kind, fresh for each test."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, create_mock_engine, make_url

from gateway.core.clock import SystemClock
from gateway.core.engine import dbos_engine
from gateway.core.flow import in_child
from gateway.core.store import migrate
from gateway.core.store.engine import is_sqlite, make_sync_engine, prepare_sqlite, system_url
from gateway.core.store.every_table import metadata
from gateway.plugins import settings as plugin_settings

from . import postgres

# One seed for the samples of a session, in all its processes; in the environment it repeats one.
os.environ.setdefault("GATEWAY_TEST_SEED", str(random.SystemRandom().randrange(10_000)))

# Thousands of tests wait for a gateway to begin its work.
dbos_engine.POLL_S = 0.1

# A busy machine makes examples slow, not wrong.
settings.register_profile("gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gateway")


@pytest.fixture(autouse=True)
def _no_secret_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was revealed is remembered by the process, so that nobody tells it: here, a word of another test."""
    monkeypatch.setattr(plugin_settings, "_revealed", set())


class DatabaseUrls(NamedTuple):
    """The business database, and the engine's own beside it."""

    business: str
    system: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    """A PostgreSQL server for the whole session; tests that ask for it are skipped where none is installed."""
    reason = postgres.why_not()
    if reason:
        pytest.skip(reason)
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """The name of a database with every table, the engine's own among them."""
    with postgres_server.database() as url:
        create_tables(url)
        asyncio.run(_engine_once(url))
        yield str(make_url(url).database)


async def _engine_once(url: str) -> None:
    """Have an engine make its tables; nobody has run afterwards."""
    engine = dbos_engine.DbosEngine(url, executor_id="none", clock=SystemClock())
    await engine.start()
    await engine.stop()
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM executors")


@pytest.fixture
def postgres_url(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url
        # What was decided in this process has kept its look-ups open.
        in_child.let_go()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/gateway.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database_urls(request: pytest.FixtureRequest) -> DatabaseUrls:
    """An empty database, once on SQLite and once on PostgreSQL."""
    business = str(request.getfixturevalue(f"{request.param}_url"))
    return DatabaseUrls(business, system_url(business))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_urls(request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    """A database with every table of the gateway, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url = str(request.getfixturevalue("sqlite_url"))
        create_tables(url)
        yield DatabaseUrls(url, system_url(url))
        return
    server: postgres.PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(request.getfixturevalue("postgres_template")) as url:
        yield DatabaseUrls(url, system_url(url))
        # What was decided in this process has kept its look-ups open.
        in_child.let_go()


@pytest.fixture
def database_url(database_urls: DatabaseUrls) -> str:
    """The business database of `database_urls`."""
    return database_urls.business


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


def create_tables(url: str) -> None:
    """Create every table, and let go of the database."""
    if not is_sqlite(url):
        with psycopg.connect(url) as connection:
            connection.execute(_statements())
        return
    file = Path(str(make_url(url).database))
    if not file.exists() or not file.stat().st_size:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_empty_sqlite())
        prepare_sqlite(url)
        return
    engine = make_sync_engine(url)
    metadata.create_all(engine)
    engine.dispose()


@functools.cache
def _statements() -> bytes:
    """What makes every table in PostgreSQL, in one go: the indexes last, by their names."""
    said: list[str] = []
    engine = create_mock_engine("postgresql+psycopg://", lambda one, *_, **__: said.append(str(one.compile(engine))))
    metadata.create_all(engine, checkfirst=False)
    indexes = sorted(one for one in said if "INDEX" in one.split("(")[0])
    return ";".join([*(one for one in said if one not in indexes), *indexes]).encode()


@functools.cache
def _empty_sqlite() -> bytes:
    """An SQLite database with every table, as the migrations make it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        prepare_sqlite(url)
        engine = make_sync_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
        return Path(folder, "empty.db").read_bytes()


WHOLE_SUITE = 3000
"""So many tests are the whole suite; who runs a file or a folder wants all of it."""


LONG = ("tests/crash/", "tests/bad_plugins/")
"""Folders in which more than the modules that say so is larger in a soak."""
FULL_SIZES = ("SOAK", "LONG", "examples", "chosen")
"""A module of tests that has one of these names runs at its full size in a soak."""


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what `make soak` runs at full size."""
    module = getattr(item, "module", None)
    if item.nodeid.startswith(LONG) or any(name in vars(module) for name in FULL_SIZES if module is not None):
        item.add_marker("long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests that run on both databases the whole suite runs half of those on PostgreSQL, by GATEWAY_TEST_SEED;
    `make soak` (SOAK=1) and a folder by itself run all of them."""
    if os.environ.get("SOAK") or len(items) < WHOLE_SUITE:
        return
    seed = os.environ["GATEWAY_TEST_SEED"]
    kept, left = [], []
    for item in items:
        out = item.get_closest_marker("postgres") is not None and zlib.crc32(f"{seed}{item.nodeid}".encode()) % 2
        (left if out else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many boundaries there are, and at which of them this session has killed the gateway."""
    passed = [report.nodeid for report in terminalreporter.getreports("passed")]
    kills = [one for one in passed if "tests/crash/test_kills.py::test_killed_at" in one]
    if kills:
        from .crash.cases import summary

        terminalreporter.write_line(summary(kills))
