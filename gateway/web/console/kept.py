"""Figures that are worked out anew after some seconds, for all who look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

MOST = 24
"""Keys that are kept at once: what stands under one may be long."""


class Kept:
    """What was worked out under each key, for so long. Who comes while it is worked out waits for it, and it is worked
    out once. `most`: keys that are kept at once, the oldest goes; `at_once`: how many are worked out at the same
    time, so that the others and the claims that come in have their turn; `slow`: what takes fewer seconds than this is
    not kept, and so is always of now."""

    def __init__(self, seconds: float, *, most: int = MOST, at_once: int = MOST, slow: float = 0.0) -> None:
        self._seconds = seconds
        self._slow = slow
        self._most = most
        self._turns = asyncio.Semaphore(at_once)
        self._found: dict[Any, tuple[float, Any]] = {}
        self._working: dict[Any, asyncio.Task[Any]] = {}

    async def get(self, key: Any, make: Callable[[], Awaitable[Any]]) -> Any:
        """What stands under a key; `make` works it out."""
        at, found = self._found.get(key, (0.0, None))
        if at and time.monotonic() - at < self._seconds:
            return found
        task = self._working.get(key)
        if task is None:
            task = self._working[key] = asyncio.ensure_future(self._make(key, make))
        # Whoever goes away meanwhile does not take it from the others.
        return await asyncio.shield(task)

    async def _make(self, key: Any, make: Callable[[], Awaitable[Any]]) -> Any:
        try:
            async with self._turns:
                begun = time.monotonic()
                found = await make()
            self._found.pop(key, None)
            if time.monotonic() - begun >= self._slow:
                self._found[key] = (time.monotonic(), found)
            while len(self._found) > self._most:
                del self._found[next(iter(self._found))]
            return found
        finally:
            del self._working[key]
