"""Short transactions of the engine's own parts on the business database, from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Engine

from ..clock import Clock
from ..store.engine import reading

T = TypeVar("T")


class Business:
    """The business database with the threads that talk to it. `writing` is SQLite's queue of writers, if it is one."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor, writing: asyncio.Lock | None, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._reads = reading(engine)
        self._threads = threads
        self._writing = writing

    async def write(self, function: Callable[..., T], *args: Any) -> T:
        """`function(connection, *args)` in one transaction."""

        def call() -> T:
            with self.engine.begin() as connection:
                return function(connection, *args)

        loop = asyncio.get_running_loop()
        if self._writing is None:
            return await loop.run_in_executor(self._threads, call)
        async with self._writing:
            return await loop.run_in_executor(self._threads, call)

    async def read(self, function: Callable[..., T], *args: Any) -> T:
        """`function(connection, *args)` in a transaction that only reads."""

        def call() -> T:
            with self._reads.begin() as connection:
                return function(connection, *args)

        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
