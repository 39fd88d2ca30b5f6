"""A running gateway: its parts put together, started in order, stopped in reverse.

`Gateway` is what `gateway serve` and `gateway worker` run, and what a test runs in its own process.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite

from . import memory
from .config import Config
from .config.locations import Locations
from .core.clock import Clock, SystemClock
from .core.engine.dbos_engine import DbosEngine
from .core.engine.decide_pool import DecidePool
from .core.engine.port import Due
from .core.flow import stations
from .core.flow.batch import due_batch
from .core.flow.drop import DropFolder
from .core.flow.drop import Source as DropSource
from .core.flow.fetch import PollClock
from .core.flow.partner_lines import PartnerLines
from .core.flow.services import Services
from .core.store import migrate
from .core.store.archive import Archive, record
from .core.store.engine import make_sync_engine, reading
from .core.store.tables import configurations

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

T = TypeVar("T")
log = structlog.get_logger("gateway")

BATCH_LOOK_SECONDS = 1.0
POLL_LOOK_SECONDS = 1.0
WATCH_SECONDS = 60.0
EXPIRE_SECONDS = 3600.0


def executor_name(given: str = "") -> str:
    """A name that is stable over restarts and unique among the workers of one gateway."""
    return given or os.environ.get("GATEWAY_EXECUTOR") or socket.gethostname()


class Gateway:
    """One process of the gateway. `doors`: whether it listens and looks at drop folders (`serve`), or only works
    (`worker`)."""

    def __init__(
        self,
        config: Config,
        *,
        executor: str = "",
        clock: Clock | None = None,
        doors: bool = True,
        rng: random.Random | None = None,
    ) -> None:
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.locations = Locations(config)
        self.archive = Archive(self.locations.archive_dir)
        self._doors = doors
        self._rng = rng or random.Random()
        self._runner: AppRunner | None = None
        self._started = False
        self.port = 0
        workers = config.gateway.workers
        self.pool = DecidePool(workers.decide_processes, memory_mb=workers.decide_memory_mb)
        self.engine = DbosEngine(
            self.locations.business_url,
            executor_id=executor_name(executor),
            system_url=self.locations.engine_url,
            clock=self.clock,
            concurrency=workers.files * 2,
            heartbeat_seconds=workers.heartbeat,
            silent_seconds=workers.takeover_after,
        )

    async def start(self) -> None:
        """Migrate, start the children, the engine and its schedules, and then listen."""
        memory.few_heaps()
        self.locations.prepare()
        await asyncio.to_thread(self._open_database)
        reads = reading(make_sync_engine(self.locations.business_url, read_only=True))
        self.services = Services(
            config=self.config,
            archive=self.archive,
            clock=self.clock,
            decide=self.pool,
            transports=PartnerLines(self.config, reads),
            reads=reads,
        )
        self.engine.services = self.services
        stations.load()
        self._schedule()
        await self.pool.start()
        await self.engine.start()
        self._started = True
        if self._doors:
            await self._listen()
        memory.settle()
        log.info("started", executor=self.engine.executor_id, config=self.config.hash[:12], port=self.port or None)

    async def stop(self) -> None:
        """Stop listening, let transactions under way end, and give everything back."""
        self._started = False
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self.engine.stop()
        await self.pool.close()
        self.services.reads.dispose()
        self._sql.dispose()
        log.info("stopped")

    def _open_database(self) -> None:
        from .core.store.engine import prepare_sqlite

        prepare_sqlite(self.locations.business_url)
        self._sql: Engine = make_sync_engine(self.locations.business_url)
        migrate.upgrade(self._sql)
        stored = self.archive.put(self.config.text)
        with self._sql.begin() as connection:
            record(connection, stored, "configuration", self.clock.now())
            make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(
                make(configurations)
                .values(hash=self.config.hash, first_used_at=self.clock.now())
                .on_conflict_do_nothing(index_elements=["hash"])
            )

    def _schedule(self) -> None:
        engine, services, gateway = self.engine, self.services, self.config.gateway
        for partner in self.config.partners:
            name = partner.name
            engine.schedule(f"batch:{name}", BATCH_LOOK_SECONDS, "batch", self._batch_due(name))
            engine.schedule(f"poll:{name}", POLL_LOOK_SECONDS, "poll", PollClock(services, name, self._rng).due)
        engine.schedule("watch", WATCH_SECONDS, "watch", lambda now: (now.isoformat(), {}))
        engine.schedule("expire", EXPIRE_SECONDS, "expire", lambda now: (now.isoformat(), {}))
        if self._doors:
            for source in gateway.sources:
                assert source.drop_folder is not None  # absolute paths are set when the configuration is read
                drop = DropFolder(
                    DropSource(source.name, source.drop_folder, source.patterns, gateway.stable_for), self.clock
                )
                engine.schedule(f"drop:{source.name}", gateway.poll_every, "drop", drop.due)

    def _batch_due(self, partner: str) -> Due:
        return lambda now: due_batch(self.services, partner, now)

    async def _listen(self) -> None:
        from aiohttp import web

        from .web.api import make_app

        self._runner = web.AppRunner(make_app(self), access_log=None)
        await self._runner.setup()
        where = self.config.gateway.web
        site = web.TCPSite(self._runner, where.host, where.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    # --- what the doors ask for -----------------------------------------------------------------------

    async def write(self, function: Callable[..., T], *args: object) -> T:
        """`function(connection, *args)` in one transaction of the business database; wakes what it started."""

        def call() -> T:
            with self._sql.begin() as connection:
                return function(connection, *args)

        result = await asyncio.to_thread(call)
        self.engine.poke()
        return result

    async def read(self, function: Callable[..., T], *args: object) -> T:
        """`function(connection, *args)` in a transaction that only reads."""

        def call() -> T:
            with self.services.reads.connect() as connection:
                return function(connection, *args)

        return await asyncio.to_thread(call)

    def ready(self) -> str:
        """Why it is not ready; empty when it is."""
        if not self._started:
            return "It is starting or stopping."
        troubles = self.engine.troubles()
        return f"{troubles[0].why}" if troubles else ""
