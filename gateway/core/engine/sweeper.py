"""Submits what stands in the outbox, right after a commit when poked and otherwise every second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING

import structlog

from ..store.outbox import mark_submitted, unsubmitted
from .faults import passing
from .port import Payload

if TYPE_CHECKING:
    from .business import Business

log = structlog.get_logger("gateway.engine")
BATCH = 200


class Sweeper:
    """Several sweepers (one for each worker) do no harm: a key that is submitted twice runs once."""

    def __init__(
        self,
        business: Business,
        submit: Callable[[str, str, Payload], Awaitable[None]],
        kinds: Collection[str],
        seconds: float,
    ) -> None:
        self._business = business
        self._submit = submit
        self._kinds = kinds
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Look now. From any thread."""
        self._loop.call_soon_threadsafe(self._poked.set)

    async def sweep(self) -> int:
        """Submit everything that waits; returns how many rows."""
        count = 0
        while rows := await self._business.read(unsubmitted, list(self._kinds), BATCH):
            started: list[int] = []
            try:
                for row in rows:
                    await self._submit(row.kind, row.key, row.payload)
                    started.append(row.id)
            finally:
                if started:
                    await self._business.write(mark_submitted, started, self._business.clock.now())
            count += len(started)
        return count

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            self._poked.clear()
            try:
                await self.sweep()
            except Exception as error:
                log.warning("sweep_failed", why=passing(error) or type(error).__name__)
            try:
                async with asyncio.timeout(self._seconds):
                    await self._poked.wait()
            except TimeoutError:
                pass
