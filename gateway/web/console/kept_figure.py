"""Figures over a whole house: shown as they were last worked out, and worked out anew beside the page."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from ..admission import Server

T = TypeVar("T")
PATIENCE_S = 0.1
"""So long a page waits for a figure; then it shows the one before."""
WORTH = 20.0
"""A figure is good for so many times as long as it took: working it out takes a twentieth of one processor at most."""
LONGEST_S = 300.0
SOONEST_S = 2


class KeptFigure(Generic[T]):
    """One figure for all who look. In a small house it is always of now; in a large one some seconds old."""

    def __init__(self, work_out: Callable[[Connection], T]) -> None:
        self._work_out = work_out
        self._kept: T | None = None
        self._at = float("-inf")
        self._good_for = 0.0
        self._begun = float("-inf")
        self._working: asyncio.Task[None] | None = None

    async def get(self, server: Server) -> T | None:
        """The figure; None where it is worked out for the first time and that takes long. Raises what kept it from
        being worked out."""
        if self._kept is not None and time.monotonic() - self._at < self._good_for:
            return self._kept
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._renew(server))
        done, _ = await asyncio.wait({self._working}, timeout=PATIENCE_S)
        for one in done:
            one.result()
        return self._kept

    def again_in(self, changed: float) -> int:
        """In how many seconds it is worth asking again for what has changed at this moment (of `time.monotonic`); 0
        where the figure has it already."""
        if self._begun >= changed:
            return 0
        return (
            max(SOONEST_S, math.ceil(self._at + self._good_for - time.monotonic()))
            if self._kept is not None
            else SOONEST_S
        )

    async def _renew(self, server: Server) -> None:
        begun = time.monotonic()
        self._kept = await server.read(self._work_out)
        self._at, self._begun = time.monotonic(), begun
        self._good_for = min((self._at - begun) * WORTH, LONGEST_S)
