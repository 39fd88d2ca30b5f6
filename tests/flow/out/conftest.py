"""A gateway without its face: engine, child processes, archive and configuration, on either database."""

from __future__ import annotations

import datetime as dt
import shutil
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from gateway.config import Config, load
from gateway.core.clock import FixedClock
from gateway.core.engine.dbos_engine import DbosEngine
from gateway.core.engine.decide_pool import DecidePool
from gateway.core.flow import batch, drop, intake, receive, send
from gateway.core.flow.services import Services
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import batches, claims, files, holds, timeline, work_items
from gateway.plugins.transport import Transport

from ...handed_on import MEMORY_MB, HandedOnPool
from ...sshd import Sshd, missing, start_sshd
from .made import NPI, Made, make_837

NOON = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)
STATIONS = (batch, drop, intake, receive, send)


class Lines:
    """The partners' lines, made by the plugin that the configuration names."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def describe(self, partner: str) -> Transport:
        found = self._config.partner(partner)
        assert found is not None
        return self._config.plugins.open_transport(found.transport.plugin, partner, found.transport.settings)

    def open(self, partner: str) -> Transport:
        return self.describe(partner)


class World:
    """One gateway of a test. `write_config` may be called again before `running`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.clock = FixedClock(NOON)
        self.sql: Engine = make_sync_engine(url)
        self.archive = Archive(folder / "archive")
        self.plugins = folder / "plugins"
        self.plugins.mkdir()
        self.partner: dict[str, str] = {}
        self.server: Sshd | None = None
        self.stations = "  scrub: []"
        self.environment = "test"
        self.payers = "['*']"
        self.source = ""

    def add_plugin(self, name: str, source: str) -> None:
        """A plugin of this test's own, a file in the plugins folder; it runs at scrub."""
        # Code of the same size written in the same second would be taken for what is compiled already.
        shutil.rmtree(self.plugins / "__pycache__", ignore_errors=True)
        text = "from gateway.plugins import hookimpl\n\ngateway_api = 1\n\n" + textwrap.dedent(source)
        (self.plugins / f"{name}.py").write_text(text)

    def config(self) -> Config:
        """Write the configuration's files and read them."""
        root = self.folder / "config"
        (root / "partners").mkdir(parents=True, exist_ok=True)
        (root / "chains").mkdir(exist_ok=True)
        (root / "gateway.yaml").write_text(
            f"organisation:\n  name: STILLWATER HOME MEDICAL\n  billing_npis: [{NPI}]\n  tax_id: 96-0000017\n"
            f"environment: {self.environment}\ndata_dir: {self.folder}\nplugins_dir: {self.plugins}\n"
            f"sources:\n  - name: desk\n{self.source}"
        )
        (root / "chains" / "default.yaml").write_text(f"stations:\n{self.stations}\n")
        server = self.server
        settings = {
            "port": server.port if server else 1,
            "username": server.user if server else "nobody",
            "key": f"file:{server.client_key_file}" if server else "env:NO_KEY",
            "host_keys": f"[{server.host_key_fingerprint!r}]" if server else "['SHA256:" + "A" * 43 + "']",
        }
        lines = "\n".join(f"    {name}: {value}" for name, value in settings.items())
        rest = "\n".join(f"{name}: {value}" for name, value in self.partner.items())
        (root / "partners" / "practice.yaml").write_text(
            "transport:\n  plugin: clearinghouse_sftp\n  settings:\n    host: 127.0.0.1\n"
            f"{lines}\n    folders: {{send: inbound, receive: [outbound], archive: archive}}\n"
            "    timeouts: {channel: 2s, connect: 5s, banner: 2s, auth: 5s}\n"
            "interchange: {sender_id: STILLWATER, receiver_id: SANDBOX}\n"
            "submitter: {name: STILLWATER HOME MEDICAL, contact: {name: EDI DESK, phone: '6145550100'}}\n"
            f"receiver: {{name: PRACTICE CLEARINGHOUSE}}\npayers: {self.payers}\n"
            f"environment: {self.partner.get('environment', 'test')}\n"
            + "\n".join(line for line in rest.splitlines() if not line.startswith("environment"))
            + "\n"
        )
        found = load(root, secrets=False)
        assert isinstance(found, Config), found
        return found

    # --- what a test looks at

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """The rows of a table, by id."""
        with self.sql.connect() as connection:
            return list(connection.execute(select(table).where(*where).order_by(table.c.id)))

    def rows_of(self, table: Any) -> list[Any]:
        """Every row of a table that has no id."""
        with self.sql.connect() as connection:
            return list(connection.execute(select(table)))

    def claims(self) -> list[Any]:
        return self.rows(claims)

    def states(self) -> dict[str, str]:
        """State by claim number."""
        return {row.claim_number: row.state for row in self.claims()}

    def files(self) -> list[Any]:
        return self.rows(files)

    def holds(self) -> list[Any]:
        return self.rows(holds)

    def batches(self) -> list[Any]:
        return self.rows(batches)

    def items(self, **where: Any) -> list[Any]:
        """Open work items."""
        wanted = [work_items.c[name] == value for name, value in where.items()]
        return self.rows(work_items, work_items.c.state == "open", *wanted)

    def told(self, kind: str, subject: int) -> list[str]:
        """What the timeline of a subject says, oldest first."""
        rows = self.rows(timeline, timeline.c.subject_kind == kind, timeline.c.subject_id == subject)
        return [row.what for row in rows]

    @asynccontextmanager
    async def running(self, *, by_itself: bool = False, own_child: bool = False) -> AsyncIterator[Running]:
        """Start engine and children; they stop at the end. `by_itself`: what a station hands on is started; else it
        stands in the outbox until the test pokes the engine, so that it can look between two stations. `own_child`: one
        that has decided for nobody before, as after the start of a gateway."""
        config = self.config()
        pool = DecidePool(1, memory_mb=MEMORY_MB) if own_child else HandedOnPool(1)
        services = Services(
            config=config,
            archive=self.archive,
            clock=self.clock,
            decide=pool,
            transports=Lines(config),
            reads=make_sync_engine(self.url, read_only=True),
        )
        engine = DbosEngine(
            self.url,
            executor_id="one",
            clock=self.clock,
            services=services,
            poll_seconds=0.02,
            sweep_seconds=0.1 if by_itself else 3600,
            sweep_at_once=by_itself,
        )
        await engine.start()
        try:
            yield Running(self, engine, services)
        finally:
            await engine.stop()
            await pool.close()
            services.reads.dispose()


class Running:
    """A world whose engine runs."""

    def __init__(self, world: World, engine: DbosEngine, services: Services) -> None:
        self.world = world
        self.engine = engine
        self.services = services

    async def write(self, function: Callable[..., Any], *args: Any) -> Any:
        with self.world.sql.begin() as connection:
            return function(connection, *args)

    async def take_in(self, *made: Made, data: bytes | None = None, name: str = "a.837") -> dict[str, Any]:
        """Upload a file of claims and wait until it is read; returns the totals of the workflow."""
        whole = make_837(made) if data is None else data
        received = await receive.receive(
            self.write, self.world.archive, "desk", name, BytesIO(whole), self.world.clock.now()
        )
        if received.duplicate_of:
            return {}
        self.engine.poke()
        totals: dict[str, Any] = await self.engine.wait("intake", str(received.file_id))
        return totals

    async def run(self, kind: str, key: str, **payload: Any) -> Any:
        """Run a workflow and give what it returns."""
        await self.engine.submit(kind, key, payload)
        return await self.engine.wait(kind, key)

    async def batch(self, key: str = "now") -> dict[str, Any]:
        """Make a batch of what is ready."""
        made: dict[str, Any] = await self.run("batch", f"practice:{key}", partner="practice", why="the test wants it")
        return made

    async def sent(self, batch_id: int) -> str:
        """Wait until a written batch is sent; returns the state it ends in."""
        self.engine.poke()
        state: str = await self.engine.wait("send", f"{batch_id}:1")
        return state


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    made = World(tmp_path, database_url)
    yield made
    made.sql.dispose()


@pytest.fixture
def sftp_world(world: World, tmp_path: Path) -> Iterator[World]:
    """A world whose partner is a real OpenSSH server."""
    if why := missing():
        pytest.skip(why)
    with start_sshd(tmp_path) as server:
        world.server = server
        yield world
    plugin: Any = world.config().plugins["clearinghouse_sftp"].object
    plugin.close_idle()
