"""Who is alive: a row with a heartbeat for each executor, and what becomes of the work of one that fell silent.

DBOS lets an executor recover only its own workflows, at its own restart. Here every living executor also looks, at
each beat, for running workflows whose executor is silent or unknown, and takes them over; and for its own that
nothing attends to any more (a passing fault threw them out), and starts those again. An executor that was only
slow and comes back finds that it no longer owns the workflow and lets it be; what it had committed counts, once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from dbos import DBOS
from sqlalchemy import Connection, delete, insert, select, update

from ..store.tables import executors
from .faults import passing
from .launch import queue_of

if TYPE_CHECKING:
    from .business import Business

log = structlog.get_logger("gateway.engine")


class Executors:
    """The row of this executor, and its eye on the others."""

    def __init__(
        self,
        business: Business,
        executor_id: str,
        *,
        heartbeat_seconds: float,
        silent_seconds: float,
        active: Callable[[], set[str]],
        rng: random.Random,
    ) -> None:
        self._business = business
        self._id = executor_id
        self._heartbeat = heartbeat_seconds
        self._silent = silent_seconds
        self._active = active
        self._rng = rng
        self._unattended: set[str] = set()

    async def register(self) -> None:
        """Take this executor's row, before anything is recovered.

        One that died leaves its row behind; a row that somebody else still beats is not taken.

        Raises:
            RuntimeError: another living process runs under this id.
        """
        first = await self._business.read(_row, self._id)
        if first is not None and self._somebody_elses(first):
            log.warning("executor_id_in_use", executor=self._id, waiting_s=self._silent)
            deadline = asyncio.get_running_loop().time() + self._silent
            while asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(min(1.0, self._silent / 10))
                row = await self._business.read(_row, self._id)
                if row is None:
                    break
                if row.heartbeat_at != first.heartbeat_at:
                    raise RuntimeError(
                        f"executor {self._id!r} is alive as process {row.pid} on {row.host}: "
                        "give each worker its own id"
                    )
        await self._business.write(self._take_row)

    def _somebody_elses(self, row: Any) -> bool:
        fresh = (self._business.clock.now() - row.heartbeat_at).total_seconds() < self._silent
        if not fresh or (row.host == socket.gethostname() and row.pid == os.getpid()):
            return False
        return row.host != socket.gethostname() or _alive(row.pid)

    def _take_row(self, connection: Connection) -> None:
        now = self._business.clock.now()
        connection.execute(delete(executors).where(executors.c.id == self._id))
        connection.execute(
            insert(executors).values(
                id=self._id, host=socket.gethostname(), pid=os.getpid(), started_at=now, heartbeat_at=now
            )
        )

    async def leave(self) -> None:
        """Give the row back: this executor stops in good order."""
        await self._business.write(
            lambda connection: connection.execute(delete(executors).where(executors.c.id == self._id)).rowcount
        )

    async def run(self) -> None:
        """Beat and look, for ever."""
        while True:
            await asyncio.sleep(self._heartbeat * self._rng.uniform(0.8, 1.0))
            try:
                await self.beat()
                await self.look()
            except Exception as error:
                log.warning("heartbeat_failed", why=passing(error) or type(error).__name__)

    async def beat(self) -> None:
        """Say that this executor is alive."""
        await self._business.write(self._beat)

    def _beat(self, connection: Connection) -> None:
        now = self._business.clock.now()
        beaten = connection.execute(
            update(executors).where(executors.c.id == self._id, executors.c.pid == os.getpid()).values(heartbeat_at=now)
        )
        if beaten.rowcount == 0:  # it had been given up for dead
            self._take_row(connection)

    async def look(self) -> list[str]:
        """Take over from silent executors, and start again what nothing attends to; returns the workflows."""
        running = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False, limit=10_000)
        living, silent = await self._business.read(self._roll_call)
        orphans = [row for row in running if row.executor_id not in living]
        if orphans:
            # Only what still belongs to them: two that take over at once do no harm, and tries are counted.
            names = sorted({str(row.executor_id) for row in orphans})
            await asyncio.to_thread(_take_over, names)
            log.warning("work_taken_over", executors=names, workflows=len(orphans))
        if silent:
            await self._business.write(self._bury, sorted(silent))
        mine = {row.workflow_id for row in running if row.executor_id == self._id} - self._active()
        lost, self._unattended = mine & self._unattended, mine
        for workflow_id in sorted(lost):
            await DBOS.resume_workflow_async(workflow_id, queue_name=queue_of(workflow_id.partition(":")[0]))
            log.warning("work_started_again", workflow=workflow_id)
        self._unattended -= lost
        return [row.workflow_id for row in orphans] + sorted(lost)

    def _roll_call(self, connection: Connection) -> tuple[set[str], set[str]]:
        """The ids that beat, this one always among them, and those that are silent."""
        since = self._business.clock.now() - dt.timedelta(seconds=self._silent)
        living: set[str] = {self._id}
        silent: set[str] = set()
        for row in connection.execute(select(executors.c.id, executors.c.heartbeat_at)):
            (living if row.heartbeat_at >= since else silent).add(str(row.id))
        return living, silent - living

    def _bury(self, connection: Connection, silent: list[str]) -> None:
        since = self._business.clock.now() - dt.timedelta(seconds=self._silent)
        connection.execute(delete(executors).where(executors.c.id.in_(silent), executors.c.heartbeat_at < since))


def _take_over(silent: list[str]) -> None:
    DBOS._recover_pending_workflows(silent)


def _row(connection: Connection, executor_id: str) -> Any:
    return connection.execute(select(executors).where(executors.c.id == executor_id)).one_or_none()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
