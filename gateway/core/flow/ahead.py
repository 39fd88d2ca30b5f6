"""Chunks on their way through deciding and committing: some are decided ahead of the one that commits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

AskedT = TypeVar("AskedT")
Decided = dict[str, Any]

AHEAD = 2
"""How many chunks are decided while one commits."""


async def begun(step: Awaitable[Decided]) -> asyncio.Future[Decided]:
    """A step that is under way; it has its place among the steps of its workflow when this returns."""
    task = asyncio.ensure_future(step)
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        task.cancel()
        raise
    return task


async def decide_ahead(
    cut: Generator[list[AskedT], None, None],
    decide: Callable[[str, list[AskedT]], Awaitable[Decided]],
    commit: Callable[[int, list[AskedT], Decided], Awaitable[None]],
) -> None:
    """Decide every chunk of a file and commit it, in order.

    `cut` gives the chunks (on a thread, and is closed at the end), `decide` is the step that decides one under its
    name, `commit` is awaited with the chunk's number and what was decided.
    """
    ahead: deque[tuple[int, list[AskedT], asyncio.Future[Decided]]] = deque()
    number = 0
    # The next chunk is cut meanwhile, on a thread; only the steps have to come in the same order each time.
    cutting = asyncio.ensure_future(asyncio.to_thread(next, cut, None))
    try:
        while True:
            while len(ahead) <= AHEAD and (chunk := await asyncio.shield(cutting)) is not None:
                ahead.append((number, chunk, await begun(decide(f"decide {number}", chunk))))
                number += 1
                cutting = asyncio.ensure_future(asyncio.to_thread(next, cut, None))
            if not ahead:
                return
            first, chunk, task = ahead.popleft()
            await commit(first, chunk, await task)
    finally:
        for _, _, task in ahead:
            task.cancel()
        await asyncio.gather(cutting, *(task for _, _, task in ahead), return_exceptions=True)
        await asyncio.to_thread(cut.close)
