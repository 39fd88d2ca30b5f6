"""What a workflow is given while it runs: steps, transactions and sleep, remembered by DBOS."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import random
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

import structlog
from dbos import DBOS, SQLAlchemyDatasource
from sqlalchemy import Engine

from ..store.engine import is_sqlite, sync_url
from ..store.outbox import was_put
from .codec import JsonCodec, plain
from .faults import Troubles, passing, waits
from .port import Payload, Workflow

T = TypeVar("T")
log = structlog.get_logger("gateway.engine")


def workflow_id(kind: str, key: str) -> str:
    """The name under which DBOS knows a workflow."""
    return f"{kind}:{key}"


class Machinery:
    """What the runs of one engine share."""

    def __init__(
        self,
        *,
        url: str,
        business: Engine,
        services: Any,
        step_threads: ThreadPoolExecutor,
        transaction_threads: ThreadPoolExecutor,
        troubles: Troubles,
        rng: random.Random,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.services = services
        self.loop = loop
        self.step_threads = step_threads
        self.transaction_threads = transaction_threads
        self.troubles = troubles
        self.rng = rng
        self.stopping = False
        self.poke: Callable[[], None] = lambda: None
        self.tasks: dict[asyncio.Task[Any], str] = {}
        # SQLite has one writer. Queueing for it here is fair, which its own busy handler is not.
        self.writing: asyncio.Lock | None = asyncio.Lock() if is_sqlite(url) else None
        self.options: dict[str, Any] = {} if self.writing else {"isolation_level": "READ COMMITTED"}
        self.datasource = SQLAlchemyDatasource.create(
            sync_url(url).render_as_string(hide_password=False), engine=business, serializer=JsonCodec()
        )
        # Which errors DBOS tries again in a transactional step: beside those it knows, all that we know to pass.
        self.datasource._is_serialization_error = self._passes  # type: ignore[method-assign]

    def _passes(self, error: Exception) -> bool:
        why = passing(error)
        if why and self.stopping:
            raise Stopping  # or this loop would hold up the stop, or the fault become the step's result
        if why:
            self.troubles.note(DBOS.workflow_id or "", "transaction", why)
        return bool(why)


class Stopping(BaseException):
    """Ends a transaction that waits for a passing fault, without being remembered as its result."""


class DbosRun:
    """`port.Run` on DBOS. One for each time a workflow is started or started again."""

    def __init__(self, machinery: Machinery, kind: str, key: str) -> None:
        self.id = workflow_id(kind, key)
        self.key = key
        self.services: Any = machinery.services
        self._machinery = machinery
        # Steps take their numbers one after the other, in the order of the calls, also when two are under way.
        self._numbering = asyncio.Lock()

    async def step(self, name: str, function: Callable[..., T | Awaitable[T]], *args: Any) -> T:
        """See `port.Run.step`. Raises TypeError if the function returns what is not JSON."""

        async def body() -> Any:
            return plain(await self._attempt(name, function, args))

        async with self._numbering:
            reservation = DBOS.reserve_step()
        result: T = await reservation.run_async({"name": name}, body)
        return result

    async def transact(self, name: str, function: Callable[..., T], *args: Any) -> T:
        """See `port.Run.transact`. The function runs on a worker thread, with a plain connection."""
        machinery = self._machinery
        loop = asyncio.get_running_loop()
        await self._numbering.acquire()
        numbered = iter((self._numbering.release,))

        def took_its_number() -> None:
            for release in numbered:
                loop.call_soon_threadsafe(release)

        def body() -> Any:
            took_its_number()
            connection = machinery.datasource.sql_session().connection()
            was_put(connection)  # what a try that was rolled back had put
            result = plain(function(connection, *args))
            put.append(was_put(connection))
            machinery.troubles.over(self.id, "transaction")
            return result

        def in_thread() -> Any:
            try:
                options: Any = {"name": name, **machinery.options}
                return machinery.datasource.run_tx_step(options, body)
            finally:
                took_its_number()

        put: list[bool] = []
        queue: AbstractAsyncContextManager[Any] = machinery.writing or nullcontext()
        context = contextvars.copy_context()
        async with queue:
            result: T = await loop.run_in_executor(machinery.transaction_threads, context.run, in_thread)
        if put and put[-1]:
            machinery.poke()
        return result

    async def sleep(self, seconds: float) -> None:
        """See `port.Run.sleep`."""
        async with self._numbering:
            pass
        await DBOS.sleep_async(seconds)

    async def _attempt(self, name: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        pauses: Iterator[float] = waits(self._machinery.rng)
        while True:
            try:
                result = await self._call(function, args)
                self._machinery.troubles.over(self.id, name)
                return result
            except Exception as error:
                why = passing(error)
                if not why:
                    raise
                self._machinery.troubles.note(self.id, name, why)
                await asyncio.sleep(next(pauses))

    async def _call(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if inspect.iscoroutinefunction(function):
            return await function(*args)
        call = functools.partial(contextvars.copy_context().run, function, *args)
        result = await asyncio.get_running_loop().run_in_executor(self._machinery.step_threads, call)
        return await result if inspect.isawaitable(result) else result


def as_dbos_workflow(machinery: Machinery, kind: str, function: Workflow) -> Callable[..., Any]:
    """The function that DBOS calls for a workflow of this kind: gives it its run, and sorts what goes wrong.

    A passing fault that reaches the end of a workflow (the engine's own database is full or away) leaves it
    unfinished, to be taken up again, instead of failing it for good.
    """

    async def workflow(key: str, payload: Payload) -> Any:
        if asyncio.get_running_loop() is machinery.loop:
            return await on_our_loop(key, payload)
        # Where our loop stands still for a moment (a program that runs it piece by piece), DBOS takes one of its own,
        # on which neither our locks nor our tasks would work. It waits there for ours.
        ours = asyncio.run_coroutine_threadsafe(on_our_loop(key, payload), machinery.loop)
        return await asyncio.wrap_future(ours)

    async def on_our_loop(key: str, payload: Payload) -> Any:
        task = asyncio.current_task()
        assert task is not None
        if machinery.stopping:
            raise asyncio.CancelledError
        run = DbosRun(machinery, kind, key)
        machinery.tasks[task] = run.id
        try:
            return plain(await function(run, payload))
        except Exception as error:
            why = passing(error)
            if why:
                machinery.troubles.note(run.id, "", why)
                raise asyncio.CancelledError from None
            log.error("workflow_failed", kind=kind, key=key, error=type(error).__name__)
            raise
        finally:
            if not task.cancelling() and not machinery.stopping:
                machinery.troubles.over(run.id)
            machinery.tasks.pop(task, None)

    return DBOS.workflow(name=kind)(workflow)
