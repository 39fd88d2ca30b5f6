"""A running gateway: its parts put together, started in order, stopped in reverse.

`Gateway` is what `gateway serve` and `gateway worker` run, and what a test runs in its own process.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import Engine

from . import memory
from .config import Config, load
from .config.locations import Locations
from .core.clock import Clock, SystemClock
from .core.engine.dbos_engine import DbosEngine
from .core.engine.decide_pool import DecidePool
from .core.engine.port import Due
from .core.flow import alarm_causes, plugin_schedule, stations, stored_config, webhooks
from .core.flow.batch import due_batch
from .core.flow.deaths import Deaths
from .core.flow.drop import DropFolder
from .core.flow.drop import Source as DropSource
from .core.flow.fetch import PollClock
from .core.flow.look_again import due_today
from .core.flow.next_claims import LOOK_SECONDS as NEXT_SECONDS
from .core.flow.partner_lines import PartnerLines
from .core.flow.plugin_life import PluginLife
from .core.flow.services import Services
from .core.store import idempotency, ids, migrate, plugin_rows
from .core.store import webhooks as webhook_store
from .core.store.archive import Archive
from .core.store.engine import is_sqlite, make_sync_engine, reading
from .core.store.outbox import was_put
from .reloading import Reloads, cannot_change, changed, waits_for_a_restart

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

    from .config.models import Source, Web
    from .config.partner import Partner

T = TypeVar("T")
log = structlog.get_logger("gateway")

BATCH_LOOK_SECONDS = 1.0
POLL_LOOK_SECONDS = 1.0
WATCH_SECONDS = 60.0
EXPIRE_SECONDS = 3600.0
LOOK_SECONDS = 600.0
BREAKER_SECONDS = 30.0
DESK_PROCESSES = 2
FOLLOW_SECONDS = 2.0
RELOADS = "configuration_reloads"
"""The counter of all processes of a gateway that tells how often one of them was told to read its configuration."""
WEB, WORKER = "web", "worker"
"""The halves of a process that serves, where each is a process of its own."""


def executor_name(given: str = "") -> str:
    """A name that is stable over restarts and unique among the workers of one gateway."""
    return given or os.environ.get("GATEWAY_EXECUTOR") or socket.gethostname()


def _tls(where: Web) -> ssl.SSLContext | None:
    """With what browsers are spoken to; None for plain HTTP (on this machine alone, or behind a proxy)."""
    if where.tls_certificate is None or where.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(where.tls_certificate, where.tls_key)
    return context


class Gateway:
    """One process of the gateway. `doors`: whether it listens and looks at drop folders (`serve`), or only works
    (`worker`). `only`: of the former, only the `web` (it listens, and others work), or only the `worker` (it looks at
    drop folders and works, and another listens); nothing for both."""

    def __init__(
        self,
        config: Config,
        *,
        executor: str = "",
        clock: Clock | None = None,
        doors: bool = True,
        only: str = "",
        rng: random.Random | None = None,
    ) -> None:
        self.config = config
        self._started_with = config
        self.clock: Clock = clock or SystemClock()
        self.locations = Locations(config)
        self.archive = Archive(self.locations.archive_dir)
        self._doors = doors
        self._listens = doors and only != WORKER
        self._works = only != WEB
        self._rng = rng or random.Random()
        self._runner: AppRunner | None = None
        self._started = False
        self._reloading = asyncio.Lock()
        self.reloads = Reloads(config.hash, self.clock.now())
        self._followed = 0
        self._following: asyncio.Task[None] | None = None
        self.port = 0
        workers = config.gateway.workers
        self.pool = DecidePool(
            workers.decide_processes, memory_mb=workers.decide_memory_mb, marks=self.locations.deciding_dir
        )
        # Of its own, so that no claim waits for a report; its processes start when they are first wanted.
        self.desks = DecidePool(DESK_PROCESSES, memory_mb=workers.decide_memory_mb)
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
        self.lines = PartnerLines(self.config, reads)
        self.services = Services(
            config=self.config,
            archive=self.archive,
            clock=self.clock,
            decide=self.pool,
            transports=self.lines,
            reads=reads,
            deaths=Deaths(self.locations.deciding_dir),
            desks=self.desks,
        )
        self.services.deaths.clear()
        self.life = PluginLife(self.services, self.write)
        self.engine.services = self.services
        stations.load()
        self._schedule()
        await self.pool.start()
        if self._works:
            await self.engine.start()
        self._started = True
        if not is_sqlite(self.locations.business_url):
            self._following = asyncio.create_task(self._follow())
        if self._listens:
            await self._listen()
        if self._works:
            self.life.tell("gateway_started")
        memory.settle()
        log.info("started", executor=self.engine.executor_id, config=self.config.hash[:12], port=self.port or None)

    async def stop(self) -> None:
        """Stop listening, let transactions under way end, and give everything back."""
        self._started = False
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
            self._following = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self.life.stop()
        await self.engine.stop()
        await self.pool.close()
        await self.desks.close()
        self.services.reads.dispose()
        self._sql.dispose()
        log.info("stopped")

    def _open_database(self) -> None:
        from .core.store.engine import prepare_sqlite

        prepare_sqlite(self.locations.business_url)
        self._sql: Engine = make_sync_engine(self.locations.business_url)
        migrate.upgrade(self._sql)
        self._prepare_rows(self.config)
        self._note_configuration(self.config)
        with self._sql.connect() as connection:
            self._followed = ids.peek(connection, RELOADS)

    def _prepare_rows(self, config: Config) -> None:
        """Make the tables in which plugins keep rows. Raises PluginTablesRefused."""
        with self._sql.begin() as connection:
            changed = plugin_rows.prepare(connection, config.plugin_tables(), self.clock.now())
        if changed:
            log.info("plugin_tables", changed=changed)

    def _note_configuration(self, config: Config) -> None:
        stored_config.keep(self.archive, config)
        with self._sql.begin() as connection:
            stored_config.note(connection, config.hash, len(config.text), self.clock.now())
            webhook_store.forget_others(connection, [one.name for one in config.gateway.webhooks])

    def _schedule(self) -> None:
        engine = self.engine
        self._look_after(self.config.partners, self.config.gateway.sources)
        engine.schedule("watch", WATCH_SECONDS, "watch", lambda now: (now.isoformat(), {}))
        engine.schedule("expire", EXPIRE_SECONDS, "expire", lambda now: (now.isoformat(), {}))
        engine.schedule("next_payer", NEXT_SECONDS, "next_payer", lambda now: (now.isoformat(), {}))
        engine.schedule("look", LOOK_SECONDS, "look", lambda now: due_today(self.services, now))
        for kind, at in (
            (alarm_causes.PROOF, alarm_causes.PROVED_AT),
            (alarm_causes.DEADLINES, alarm_causes.DEADLINES_AT),
        ):
            engine.schedule(kind, LOOK_SECONDS, kind, alarm_causes.daily_due(self.services, at))
        # Of each process its own: what rests is known to who decides alone.
        resting = alarm_causes.resting_due(self.services, engine.executor_id)
        engine.schedule(f"breakers:{engine.executor_id}", BREAKER_SECONDS, alarm_causes.BREAKERS, resting)
        kind = webhooks.KIND
        engine.schedule(kind, webhooks.LOOK_SECONDS, kind, lambda now: webhooks.due(self.services, now))
        self._schedule_plugins(self.config)

    def _schedule_plugins(self, config: Config) -> set[str]:
        """Look after the schedules of a configuration's plugins; their names."""
        names = set()
        for name, seconds, due, first in plugin_schedule.dues(config, self.clock.now()):
            self.engine.schedule(name, seconds, plugin_schedule.KIND, due, first=first)
            names.add(name)
        return names

    def _look_after(self, partners: Iterable[Partner], sources: Iterable[Source]) -> None:
        """Batch and poll for these partners, and look into these sources' drop folders, from now on."""
        engine, gateway = self.engine, self.config.gateway
        for partner in partners:
            name = partner.name
            engine.schedule(f"batch:{name}", BATCH_LOOK_SECONDS, "batch", self._batch_due(name))
            engine.schedule(f"poll:{name}", POLL_LOOK_SECONDS, "poll", PollClock(self.services, name, self._rng).due)
        for source in sources if self._doors else ():
            assert source.drop_folder is not None  # absolute paths are set when the configuration is read
            of_source = DropSource(
                source.name,
                source.drop_folder,
                source.patterns,
                gateway.stable_for,
                source.drop,
                source.patients_of,
                source.bank,
            )
            drop = DropFolder(of_source, self.clock)
            engine.schedule(f"drop:{source.name}", gateway.poll_every, "drop", drop.due)

    def _batch_due(self, partner: str) -> Due:
        return lambda now: due_batch(self.services, partner, now)

    async def _listen(self) -> None:
        from aiohttp import web

        from .web.api import make_app
        from .web.problems import http_logger

        self._runner = web.AppRunner(make_app(self), access_log=None, logger=http_logger())
        await self._runner.setup()
        where = self.config.gateway.web
        site = web.TCPSite(self._runner, where.host, where.port, ssl_context=_tls(where))
        await site.start()
        self.port = self._runner.addresses[0][1]

    # --- a new configuration --------------------------------------------------------------------------

    async def reload(self) -> Reloads:
        """Read the configuration again and take it, as a whole; with any fault the old one stays, and the faults are
        in `Reloads.faults`. What is under way finishes on the one that it began with. Unless it was refused, the other
        processes of this gateway read theirs again, too, within seconds.

        Code of plugins that is loaded stays as it is; a changed plugin needs a restart.
        """
        found = await self._reload()
        if not found.faults:
            await asyncio.to_thread(self._tell_others)
        return found

    def _tell_others(self) -> None:
        with self._sql.begin() as connection:
            self._followed = ids.allocate(connection, RELOADS, 1) + 1

    async def _follow(self) -> None:
        """Read the configuration again when another process was told to."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                told = await self.read(ids.peek, RELOADS)
                if told > self._followed:
                    await self._reload()
                    self._followed = told
            except Exception as error:
                # The database or the folder is away: it is looked for again, or this process would never follow more.
                log.warning("configuration_not_followed", why=type(error).__name__)

    async def _reload(self) -> Reloads:
        async with self._reloading:
            found = await asyncio.to_thread(load, self.config.root)
            faults = found if not isinstance(found, Config) else cannot_change(self.config, found)
            now = self.clock.now()
            if not isinstance(found, Config) or faults:
                self.reloads = self.reloads._replace(asked_at=now, faults=tuple(str(fault) for fault in faults))
                log.error(
                    "configuration_refused",
                    config=self.config.hash[:12],
                    faults=len(faults),
                    first=[str(fault) for fault in faults[:3]],
                )
                return self.reloads
            waits = waits_for_a_restart(self._started_with, found)
            if found.hash == self.config.hash:
                self.reloads = self.reloads._replace(asked_at=now, faults=(), after_restart=waits)
                return self.reloads
            try:
                await asyncio.to_thread(self._prepare_rows, found)
            except plugin_rows.PluginTablesRefused as refused:
                self.reloads = self.reloads._replace(asked_at=now, faults=refused.faults)
                log.error("configuration_refused", config=self.config.hash[:12], faults=len(refused.faults))
                return self.reloads
            await asyncio.to_thread(self._note_configuration, found)
            self._take(found)
            self.reloads = Reloads(found.hash, now, self.reloads.times + 1, now, (), waits)
            log.info("configuration_taken", config=found.hash[:12], after_restart=list(waits))
            return self.reloads

    def _take(self, new: Config) -> None:
        old, self.config = self.config, new
        self.lines.use(new)
        self.services.config = new
        partners, gone = changed(old.partners, new.partners)
        for name in gone:
            self.engine.unschedule(f"batch:{name}")
            self.engine.unschedule(f"poll:{name}")
        sources, gone = changed(old.gateway.sources, new.gateway.sources)
        if (old.gateway.stable_for, old.gateway.poll_every) != (new.gateway.stable_for, new.gateway.poll_every):
            sources = list(new.gateway.sources)
        for name in gone:
            self.engine.unschedule(f"drop:{name}")
        self._look_after(partners, sources)
        kept = self._schedule_plugins(new)
        for name, _, _, _ in plugin_schedule.dues(old, self.clock.now()):
            if name not in kept:
                self.engine.unschedule(name)
        self.life.tell("configuration_taken")

    # --- what the doors ask for -----------------------------------------------------------------------

    async def write(self, function: Callable[..., T], *args: object) -> T:
        """`function(connection, *args)` in one transaction of the business database; wakes what it started."""

        def call() -> tuple[T, bool]:
            with self._sql.begin() as connection:
                was_put(connection)  # what a transaction that was rolled back had put
                done = function(connection, *args)
                idempotency.note_written(connection)
                return done, was_put(connection)

        result, begins = await asyncio.to_thread(call)
        if begins:
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
