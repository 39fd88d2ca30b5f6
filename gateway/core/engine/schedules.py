"""Work that comes round: polls, batch windows, watches.

A row for each name says when it is due. Every process looks; who moves `next_due` on (a conditional update) puts
the work into the outbox in the same transaction, so a turn is taken once, by one executor, and is never lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..store.outbox import put_outbox
from ..store.tables import schedules
from .faults import passing
from .port import Due

if TYPE_CHECKING:
    from .business import Business

log = structlog.get_logger("gateway.engine")
LONGEST_LOOK_S = 1.0


class Schedule(NamedTuple):
    """Every `seconds`, the workflow `kind` under the key that `due` gives."""

    name: str
    seconds: float
    kind: str
    due: Due
    jitter: float
    first: float


class Schedules:
    """What this process has been asked to start again and again."""

    def __init__(self, business: Business, poke: Callable[[], None], rng: random.Random) -> None:
        self._business = business
        self._poke = poke
        self._rng = rng
        self._known: dict[str, Schedule] = {}
        self._entered: set[str] = set()

    def add(self, schedule: Schedule) -> None:
        """Start to look after a schedule, or replace it.

        Raises:
            ValueError: its interval is not positive.
        """
        if schedule.seconds <= 0:
            raise ValueError(f"schedule {schedule.name!r} needs a positive interval")
        self._known[schedule.name] = schedule

    def remove(self, name: str) -> None:
        """Look after it no longer; its row stays, so that it goes on in time when it comes back."""
        self._known.pop(name, None)
        self._entered.discard(name)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.warning("schedules_failed", why=passing(error) or type(error).__name__)
            shortest = min((schedule.seconds for schedule in self._known.values()), default=LONGEST_LOOK_S)
            await asyncio.sleep(max(0.05, min(LONGEST_LOOK_S, shortest / 4)))

    async def look(self) -> int:
        """Take the turns that are due; returns how many pieces of work were put into the outbox."""
        for name in self._known.keys() - self._entered:
            await self._enter(self._known[name])
        if not self._known:
            return 0
        due = await self._business.read(self._due)
        started = 0
        for name in due:
            started += await self._business.write(self._take_turn, self._known[name])
        if started:
            self._poke()
        return started

    async def _enter(self, schedule: Schedule) -> None:
        first = self._business.clock.now() + dt.timedelta(seconds=schedule.first)

        def enter(connection: Connection) -> None:
            known = select(schedules.c.name).where(schedules.c.name == schedule.name)
            if connection.execute(known).first() is None:
                connection.execute(
                    insert(schedules).values(name=schedule.name, next_due=first, last_run=None, last_error="")
                )

        with contextlib.suppress(IntegrityError):  # another worker was quicker
            await self._business.write(enter)
        self._entered.add(schedule.name)

    def _due(self, connection: Connection) -> list[str]:
        now = self._business.clock.now()
        rows = connection.execute(
            select(schedules.c.name, schedules.c.next_due).where(schedules.c.name.in_(list(self._known)))
        )
        return [str(row.name) for row in rows if row.next_due <= now]

    def _take_turn(self, connection: Connection, schedule: Schedule) -> int:
        now = self._business.clock.now()
        pause = schedule.seconds * (1 + self._rng.uniform(0, schedule.jitter))
        taken = connection.execute(
            update(schedules)
            .where(schedules.c.name == schedule.name, schedules.c.next_due <= now)
            .values(next_due=now + dt.timedelta(seconds=pause), last_run=now, last_error="")
        )
        if taken.rowcount == 0:  # another executor took it
            return 0
        try:
            work: Any = schedule.due(now)
        except Exception as error:
            log.error("schedule_failed", schedule=schedule.name, error=type(error).__name__)
            connection.execute(
                update(schedules)
                .where(schedules.c.name == schedule.name)
                .values(last_error=f"{type(error).__name__}: {error}"[:500])
            )
            return 0
        return 0 if work is None else int(put_outbox(connection, schedule.kind, work[0], work[1], now))
