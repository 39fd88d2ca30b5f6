"""`port.Engine` on DBOS: starting, watching and ending workflows, and the parts that run beside them."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from dbos import DBOS, SetWorkflowID, error

from ..clock import Clock, SystemClock
from ..store import engine as store_engine
from .business import Business
from .codec import plain
from .executors import Executors
from .faults import Trouble, Troubles
from .launch import configure, prepare_books, queue_of, shut_down
from .port import Due, Engine, Payload, Run, WorkflowCancelled, WorkflowStatus, registered
from .run import DbosRun, Machinery, as_dbos_workflow, workflow_id
from .schedules import Schedule, Schedules
from .sweeper import Sweeper
from .watching import in_our_words, outside, step_to_redo, their_states

_WAIT_POLL_S = 0.05
POLL_S = 0.25
"""How often each queue is looked at, where nothing else is said. A look costs some milliseconds, whether or not there
is work; ten in a second kept a fifteenth of a processor busy in a gateway that had nothing to do."""


class DbosEngine:
    """The engine of one process, in which only one can be started at a time.

    `url` is the business database, whose tables exist; `system_url` the engine's own (by default beside it).
    `executor_id` must be stable over restarts and unique among living processes. `services` is handed to every
    run, and may be set until the start. `concurrency` bounds the workflows under way in this process, `threads`
    the sync steps, `transaction_threads` the transactions. `sweep_at_once`: whether what a workflow puts into the
    outbox starts when that is committed; else with the next sweep or poke.
    """

    def __init__(
        self,
        url: str,
        *,
        executor_id: str,
        system_url: str | None = None,
        clock: Clock | None = None,
        services: Any = None,
        concurrency: int = 8,
        threads: int = 8,
        transaction_threads: int = 4,
        poll_seconds: float | None = None,
        sweep_seconds: float = 1.0,
        sweep_at_once: bool = True,
        heartbeat_seconds: float = 5.0,
        silent_seconds: float = 30.0,
        rng: random.Random | None = None,
    ) -> None:
        self.url = url
        self.system_url = system_url or store_engine.system_url(url)
        self.executor_id = executor_id
        self.services = services
        self.clock: Clock = clock or SystemClock()
        self._concurrency = concurrency
        self._threads = threads
        self._transaction_threads = transaction_threads
        self._poll_seconds = POLL_S if poll_seconds is None else poll_seconds
        self._sweep_seconds = sweep_seconds
        self._sweep_at_once = sweep_at_once
        self._heartbeat_seconds = heartbeat_seconds
        self._silent_seconds = silent_seconds
        self._rng = rng or random.Random()
        self._troubles = Troubles(self.clock)
        self._scheduled: dict[str, Schedule] = {}
        self._wrapped: dict[str, Any] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._started = False

    # --- life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """See `port.Engine.start`. The kinds of workflow are those registered by now.

        Raises:
            RuntimeError: another living process runs under this executor id, or an engine runs in this process.
        """
        if self._started:
            return
        store_engine.prepare_sqlite(self.url)
        self._sql = store_engine.make_sync_engine(self.url, idle_transaction_s=self._silent_seconds)
        self._step_pool = ThreadPoolExecutor(self._threads, "gateway-step")
        self._sql_pool = ThreadPoolExecutor(self._transaction_threads, "gateway-database")
        try:
            await asyncio.to_thread(
                prepare_books,
                self.system_url,
                concurrency=self._concurrency,
                poll_seconds=self._poll_seconds,
            )
            configure(self.system_url, self.executor_id, self._silent_seconds)
            machinery = await asyncio.to_thread(self._build, asyncio.get_running_loop())
            self._wrapped = {
                kind: as_dbos_workflow(machinery, kind, function) for kind, function in registered().items()
            }
            self._machinery = machinery
            await self._furnish(machinery)
            await self._executors.register()
            DBOS.launch()
        except BaseException:
            await self._close()
            raise
        self._started = True
        parts = (self._sweeper, self._schedules, self._executors)
        self._loops = [asyncio.create_task(part.run(), name=type(part).__name__) for part in parts]

    def _build(self, loop: asyncio.AbstractEventLoop) -> Machinery:
        return Machinery(
            url=self.url,
            business=self._sql,
            services=self.services,
            step_threads=self._step_pool,
            transaction_threads=self._sql_pool,
            troubles=self._troubles,
            rng=self._rng,
            loop=loop,
        )

    async def _furnish(self, machinery: Machinery) -> None:
        business = Business(self._sql, self._sql_pool, machinery.writing, self.clock)
        self._sweeper = Sweeper(business, self.submit, self._wrapped.keys(), self._sweep_seconds)
        if self._sweep_at_once:
            machinery.poke = self._sweeper.poke
        self._schedules = Schedules(business, self._sweeper.poke, self._rng)
        for schedule in self._scheduled.values():
            self._schedules.add(schedule)
        self._executors = Executors(
            business,
            self.executor_id,
            heartbeat_seconds=self._heartbeat_seconds,
            silent_seconds=self._silent_seconds,
            active=lambda: set(machinery.tasks.values()),
            rng=self._rng,
        )

    async def stop(self) -> None:
        """See `port.Engine.stop`. A transaction under way ends first; a step cut in its middle runs again."""
        if not self._started:
            return
        self._started = False
        self._machinery.stopping = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        while tasks := list(self._machinery.tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._executors.leave()
        finally:
            await self._close()

    async def _close(self) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as closing:
            for pool in (self._step_pool, self._sql_pool):
                await loop.run_in_executor(closing, partial(pool.shutdown, wait=True, cancel_futures=True))
        await shut_down()
        self._sql.dispose()

    # --- the port -----------------------------------------------------------------------------------

    async def submit(self, kind: str, key: str, payload: Payload) -> None:
        """See `port.Engine.submit`.

        Raises:
            ValueError: no workflow of this kind is registered, or the key is empty.
        """
        wrapped = self._wrapped.get(kind)
        if wrapped is None:
            raise ValueError(f"no workflow is called {kind!r}; register it before the engine starts")
        if not key.strip():
            raise ValueError(f"a {kind} needs a key")

        async def enqueue() -> None:
            with SetWorkflowID(workflow_id(kind, key)):
                await DBOS.enqueue_workflow_async(queue_of(kind), wrapped, key, plain(dict(payload)))

        await outside(enqueue)

    async def wait(self, kind: str, key: str) -> Any:
        """See `port.Engine.wait`. May be called before the submission.

        Raises:
            WorkflowCancelled: it was cancelled. Whatever the workflow raised, if it failed.
        """

        async def result() -> Any:
            handle: Any = await DBOS.retrieve_workflow_async(workflow_id(kind, key), existing_workflow=False)
            try:
                return await handle.get_result(polling_interval_sec=_WAIT_POLL_S)
            except error.DBOSAwaitedWorkflowCancelledError:
                raise WorkflowCancelled(f"{kind} {key}") from None

        return await outside(result)

    async def list(self, *, kind: str = "", state: str = "", limit: int = 1000) -> list[WorkflowStatus]:
        """See `port.Engine.list`. Raises ValueError for a state that there is not."""
        found = partial(
            DBOS.list_workflows_async,
            name=[kind] if kind else sorted(self._wrapped),
            status=their_states(state),
            limit=limit,
            sort_desc=True,
            load_input=False,
        )
        return [in_our_words(row) for row in await outside(found)]

    async def cancel(self, kind: str, key: str) -> None:
        """See `port.Engine.cancel`."""
        await outside(partial(DBOS.cancel_workflow_async, workflow_id(kind, key)))

    async def resume(self, kind: str, key: str) -> None:
        """See `port.Engine.resume`. A failed step is done again; the finished ones before it are not.

        Raises:
            ValueError: there is no such workflow.
        """
        name = workflow_id(kind, key)

        async def go_on() -> None:
            status = await DBOS.get_workflow_status_async(name)
            if status is None:
                raise ValueError(f"no {kind} runs under {key!r}")
            if status.status == "ERROR":
                step = step_to_redo(status.error, await DBOS.list_workflow_steps_async(name))
                await DBOS.rewind_workflow_async(name, start_step=step, queue_name=queue_of(kind))
            elif status.status in ("CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
                await DBOS.resume_workflow_async(name, queue_name=queue_of(kind))

        await outside(go_on)

    def schedule(
        self, name: str, seconds: float, kind: str, due: Due, *, jitter: float = 0.0, first: float = 0.0
    ) -> None:
        """See `port.Engine.schedule`. May be called before the start. Raises ValueError: no positive interval."""
        if seconds <= 0:
            raise ValueError(f"schedule {name!r} needs a positive interval")
        self._scheduled[name] = Schedule(name, seconds, kind, due, jitter, first)
        if self._started:
            self._schedules.add(self._scheduled[name])

    def unschedule(self, name: str) -> None:
        """See `port.Engine.unschedule`."""
        self._scheduled.pop(name, None)
        if self._started:
            self._schedules.remove(name)

    def poke(self) -> None:
        """See `port.Engine.poke`. May be called from any thread."""
        if self._started:
            self._sweeper.poke()

    # --- for operators and tests --------------------------------------------------------------------

    async def tick(self) -> None:
        """Look at the schedules and the outbox now (tests that move the clock by hand)."""
        await self._schedules.look()
        await self._sweeper.sweep()

    async def purge(self, before: dt.datetime, limit: int = 1000) -> int:
        """Forget workflows that ended well before a moment (retention); returns how many, at most `limit`."""

        async def forget() -> int:
            rows = await DBOS.list_workflows_async(
                status="SUCCESS", completed_before=before.isoformat(), limit=limit, load_input=False
            )
            if rows:
                await DBOS.delete_workflows_async([row.workflow_id for row in rows])
            return len(rows)

        return await outside(forget)

    def troubles(self) -> Sequence[Trouble]:
        """Steps that wait for a passing fault (disk full, database away), longest first."""
        return self._troubles.list()


def _keeps_the_contract(engine: DbosEngine, run: DbosRun) -> tuple[Engine, Run]:
    return engine, run  # for the type checker
