"""An engine on a fresh database, and the drawer into which the workflows of these tests pay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, func, select

from gateway.core.engine import port
from gateway.core.engine.dbos_engine import DbosEngine
from gateway.core.store.engine import make_sync_engine

drawer = Table(
    "drawer",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("key", String(80)),
    Column("cents", Integer),
)


def pay(connection: Connection, key: str, cents: int) -> int:
    """Put an amount into the drawer; returns how often this key has paid."""
    connection.execute(drawer.insert().values(key=key, cents=cents))
    return paid(connection, key)


def paid(connection: Connection, key: str) -> int:
    """How often this key has paid."""
    return connection.execute(select(func.count()).select_from(drawer).where(drawer.c.key == key)).scalar_one()


async def until(seen: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until something can be seen, and give it."""
    async with asyncio.timeout(seconds):
        while not (found := seen()):  # noqa: ASYNC110 - what is waited for happens in threads and processes
            await asyncio.sleep(0.01)
    return found


class OpenEngine(Protocol):
    def __call__(self, **settings: Any) -> Any: ...


@pytest.fixture
def till(database_url: str) -> Iterator[Engine]:
    """The business database, with the drawer."""
    engine = make_sync_engine(database_url)
    drawer.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def workflows(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """`@workflows("kind")` registers a workflow for this test only."""
    monkeypatch.setattr(port, "_workflows", {})
    return port.workflow


@pytest.fixture
def open_engine(database_url: str, till: Engine) -> OpenEngine:
    """`async with open_engine() as engine`: started, and stopped at the end."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[DbosEngine]:
        settings = {"executor_id": "one", "poll_seconds": 0.02, "sweep_seconds": 0.1} | settings
        engine = DbosEngine(database_url, **settings)
        await engine.start()
        try:
            yield engine
        finally:
            await engine.stop()

    return opened
