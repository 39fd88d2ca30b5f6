"""A decide pool whose children serve one test after the other: each takes a second to start, and is told the
configuration and the database with every chunk, as after a change of the configuration."""

from __future__ import annotations

import atexit

from gateway.core.engine.decide_pool import DecidePool
from gateway.core.engine.decide_process import Child

MEMORY_MB = 512
_MOST_LEFT = 2
_left: list[Child] = []


class HandedOnPool(DecidePool):
    """Takes the children that others have left, and leaves its own where they are as they were at their start."""

    def __init__(self, size: int) -> None:
        super().__init__(size, memory_mb=MEMORY_MB)

    async def _fresh(self) -> Child:
        while _left:
            child = _left.pop()
            if child.alive():
                return child
            await child.end()
        return await super()._fresh()

    async def close(self) -> None:
        """Leave the idle children to the next; end the others."""
        for child in list(self._idle):
            if len(_left) < _MOST_LEFT and child.alive() and not self._burden(child):
                self._idle.remove(child)
                _left.append(child)
        await super().close()


@atexit.register
def _end() -> None:
    while _left:
        _left.pop().kill_now()
