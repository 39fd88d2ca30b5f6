"""Child processes in which plugins decide, watched from outside.

A child is started once and used again. It runs `target(payload, mark)` (plain or async), which marks the item and
the step before each plugin call. When a call runs past its limit, the child grows past its memory, or it exits, the
parent kills it and says whom to blame; the caller decides the rest in a fresh child.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from .decide_process import Child, Gone, Raised
from .port import DecideFailed, PassingFault

log = structlog.get_logger("gateway.engine")

LOOK_SECONDS = 0.05
START_SECONDS = 60.0
OUTSIDE_SECONDS = 120.0
_TIRED = 0.7
"""A child that keeps this share of its memory between two calls is replaced without blame."""


class Blamed(msgspec.Struct, frozen=True):
    """There is no answer, and this is why.

    `item` and `step` count from 0; `step` is -1 when no plugin was being called, `item` when no single item was worked
    on. `detail` has no patient data.
    """

    item: int
    step: int
    why: Literal["hung", "memory", "exited", "raised"]
    detail: str = ""


class DecidePool:
    """Up to `size` children. At most `waiting` callers queue for one; the next gets a `PassingFault`."""

    def __init__(
        self,
        size: int,
        memory_mb: int = 512,
        target: str = "gateway.core.flow.decide:decide",
        *,
        waiting: int = 64,
        outside_seconds: float = OUTSIDE_SECONDS,
        start_seconds: float = START_SECONDS,
        marks: Path | None = None,
    ) -> None:
        """`marks`: a folder for the children's marks, which then outlive this process; it must exist at the start."""
        if size < 1:
            raise ValueError("a decide pool needs at least one process")
        self._target = target
        self._memory_bytes = memory_mb * 1024 * 1024
        self._outside_seconds = outside_seconds
        self._start_seconds = start_seconds
        self._marks = marks
        self._places = asyncio.Semaphore(size)
        self._most_waiting = waiting
        self._waiting = 0
        self._size = size
        self._idle: list[Child] = []
        self._starting: set[asyncio.Task[Child]] = set()
        self._busy: set[Child] = set()
        self._closed = False

    async def start(self) -> None:
        """Start every child now, so that the first calls do not wait. Raises DecideFailed."""
        self._idle += await asyncio.gather(*(self._fresh() for _ in range(self._size - len(self._idle))))

    async def call(
        self, payload: bytes, limits: Sequence[float], begun: Callable[[Path | None], None] | None = None
    ) -> bytes | Blamed:
        """The target's answer, or who is to blame that there is none.

        `limits`: seconds for one call of each step, by its number. `begun` is called when a child is about to be asked,
        with the file in which its mark is kept.

        Raises:
            PassingFault: too many callers wait already.
            DecideFailed: no child could be started.
        """
        if self._waiting >= self._most_waiting:
            raise PassingFault("every decide process is busy")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            if self._closed:
                raise DecideFailed("the decide pool is closed")
            return await self._call(payload, limits, begun)
        finally:
            self._places.release()

    async def _call(
        self, payload: bytes, limits: Sequence[float], begun: Callable[[Path | None], None] | None
    ) -> bytes | Blamed:
        child = await self._take()
        self._busy.add(child)
        asking = asyncio.ensure_future(child.ask(payload))
        reusable = False
        try:
            if begun is not None:
                begun(child.mark)
            answer = await self._answer(child, asking, limits)
            reusable = isinstance(answer, bytes) or answer.why == "raised"
            if reusable and (burden := self._burden(child)):
                reusable = False
                log.info("decide_process_replaced", why=burden)
            if not reusable or self._closed:
                reusable = False
                await _let_be(asking)
                how = await child.end()
                if isinstance(answer, Blamed):
                    answer = msgspec.structs.replace(answer, detail=answer.detail or how)
                    log.warning("decide_process_ended", why=answer.why, step=answer.step, how=answer.detail)
            return answer
        except BaseException:  # the caller was cancelled: this child is in the middle of something
            reusable = False
            await _let_be(asking)
            child.kill_now()
            raise
        finally:
            self._busy.discard(child)
            if reusable:
                self._idle.append(child)
            elif not self._closed:
                self._starting.add(asyncio.ensure_future(self._fresh()))

    def _burden(self, child: Child) -> str:
        """Why a child that has answered is not to be asked again; empty where it is."""
        if child.resident_bytes() > self._memory_bytes * _TIRED:
            return "it has grown"
        return child.burden()

    async def _answer(self, child: Child, asking: asyncio.Future[bytes], limits: Sequence[float]) -> bytes | Blamed:
        over = await self._watch(child, asking, limits)
        if over is not None:
            return over
        if not asking.done():  # it is gone, and somebody else still holds its end of the line
            where = child.position()
            return Blamed(where.item, where.step, "exited")
        try:
            return asking.result()
        except Raised as raised:
            where = child.position()
            return Blamed(where.item, where.step, "raised", str(raised))
        except Gone:
            await child.over()
            where = child.position()
            return Blamed(where.item, where.step, "exited")

    async def _watch(self, child: Child, asking: asyncio.Future[bytes], limits: Sequence[float]) -> Blamed | None:
        """Look at the child until it has answered or gone (None), or must not go on: then why. What it sent before it
        went is still read."""
        gone = False
        while not (await asyncio.wait({asking}, timeout=LOOK_SECONDS))[0]:
            if gone:
                return None
            gone = not child.alive()
            where = child.position()
            known = 0 <= where.step < len(limits)
            limit = limits[where.step] if known else self._outside_seconds
            if where.seconds > limit:
                return Blamed(where.item, where.step, "hung", f"over {limit:g} s")
            if child.resident_bytes() > self._memory_bytes:
                return Blamed(where.item, where.step, "memory", f"over {self._memory_bytes >> 20} MB")
        return None

    async def _take(self) -> Child:
        """An idle child, else one that is just being started, else a new one."""
        while self._idle:
            child = self._idle.pop()
            if child.alive():
                return child
            await child.end()
        return await (self._starting.pop() if self._starting else self._fresh())

    async def _fresh(self) -> Child:
        child = Child(self._target, self._memory_bytes, self._marks)
        try:
            async with asyncio.timeout(self._start_seconds):
                await child.ready()
        except Raised as raised:
            await child.end()
            raise DecideFailed(f"{self._target} cannot be used: {raised}") from None
        except (Gone, TimeoutError):
            raise DecideFailed(f"a process for {self._target} did not start: {await child.end()}") from None
        except BaseException:
            child.kill_now()
            raise
        return child

    async def close(self) -> None:
        """End every child. Calls under way are cancelled by their callers."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        for result in await asyncio.gather(*self._starting, return_exceptions=True):
            if isinstance(result, Child):
                await result.end()
        self._starting.clear()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(child.end() for child in idle))

    @property
    def size(self) -> int:
        """The most children that are asked at the same time."""
        return self._size

    @property
    def pids(self) -> list[int]:
        """The process ids of the children, idle and busy."""
        return [child.pid for child in (*self._idle, *self._busy)]


async def _let_be(asking: asyncio.Future[bytes]) -> None:
    """Stop listening before the line is closed."""
    asking.cancel()
    await asyncio.wait({asking})
