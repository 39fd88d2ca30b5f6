"""The rail that brings answers in. Most tests drive a workflow step by step without the engine (`Straight`): what the
engine adds is tested where the engine is, and the whole way once at the end of `test_whole.py`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, load
from gateway.core.engine.codec import plain
from gateway.core.flow import acknowledge, answers, fetch, post, read, watch
from gateway.core.flow.services import Services
from gateway.core.store import files as file_rows
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import outbox

from ..out.conftest import Lines, World, sftp_world, world

__all__ = ["sftp_world", "world"]
STATIONS = (acknowledge, answers, fetch, post, read, watch)


class Straight:
    """Runs a workflow from its top to its end: each step once, what it returns made plain as the engine would."""

    def __init__(self, world: World, services: Services, key: str = "test") -> None:
        self.key = key
        self.services: Any = services
        self._world = world

    async def step(self, _name: str, function: Callable[..., Any], *args: Any) -> Any:
        result = function(*args)
        return plain(await result if inspect.isawaitable(result) else result)

    async def transact(self, _name: str, function: Callable[..., Any], *args: Any) -> Any:
        with self._world.sql.begin() as connection:
            return plain(function(connection, *args))

    async def sleep(self, _seconds: float) -> None:
        raise AssertionError("nothing sleeps here")


def with_transport(root: Path, *lines: str) -> Config:
    """The configuration of this folder with these lines in its partner's transport settings."""
    file = root / "partners" / "practice.yaml"
    more = "".join(f"    {line}\n" for line in lines)
    file.write_text(file.read_text().replace("interchange:", f"{more}interchange:", 1))
    found = load(root, secrets=False)
    assert isinstance(found, Config), found
    return found


class Inbound:
    """A world whose partner has put something out, and what became of it. `transport`: lines of the partner's
    transport settings."""

    def __init__(self, world: World, *transport: str) -> None:
        self.world = world
        config = world.config()
        if transport:
            config = with_transport(config.root, *transport)
        self.services = Services(
            config=config,
            archive=world.archive,
            clock=world.clock,
            decide=None,  # type: ignore[arg-type]  # nothing is decided here
            transports=Lines(config),
            reads=make_sync_engine(world.url, read_only=True),
        )

    def close(self) -> None:
        self.services.reads.dispose()

    def run(self) -> Straight:
        return Straight(self.world, self.services)

    def arrive(self, data: bytes, name: str = "answer.x12", kind: str = "") -> int:
        """A file from the partner that is fetched and not read."""
        stored = self.world.archive.put(data)
        with self.world.sql.begin() as connection:
            new = file_rows.NewFile("in", "partner", "practice", name, stored, kind, "received")
            return file_rows.add(connection, new, self.world.clock.now())

    async def read(self, data: bytes, name: str = "answer.x12") -> Any:
        """A file that is fetched and read; its row."""
        file_id = self.arrive(data, name)
        await read.read_file(self.run(), {"file_id": file_id})
        return self.file(file_id)

    def file(self, file_id: int) -> Any:
        (row,) = [row for row in self.world.files() if row.id == file_id]
        return row

    def started(self) -> dict[str, dict[str, Any]]:
        """What stands in the outbox: payload by `kind key`."""
        return {f"{row.kind} {row.key}": dict(row.payload) for row in self.world.rows(outbox)}

    def said(self) -> str:
        """Everything that work items and timelines say, in one text."""
        return json.dumps([item.reason for item in self.world.items()])


@pytest.fixture
def inbound(world: World) -> Any:
    made = Inbound(world)
    yield made
    made.close()
