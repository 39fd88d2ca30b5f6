"""What every kind of work in a decide child shares: how its requests begin, its look-ups, its words for a fault."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Engine

from ..store.engine import make_sync_engine

PAYMENTS = b"payments:"
"""How a packed request of the posting station begins (`post_records`)."""
BATCH = b"batch:"
"""How one of the batching station begins (`batch_child`)."""
DESK = b"desk:"
"""How a call of what a plugin declares begins (`desk_child`)."""


class Marking(Protocol):
    """Tells the parent which step of which claim or payment is about to run."""

    def __call__(self, item: int, step: int, /) -> None: ...

    def outside(self, item: int = -1, /) -> None: ...

    def paused(self) -> AbstractContextManager[Any]: ...


_MOST_OPEN = 2
_open: dict[str, Engine] = {}


def reads(url: str) -> Engine:
    """The database at this URL for look-ups, kept open as long as the child lives (the last two of them)."""
    found = _open.pop(url, None) or make_sync_engine(url, read_only=True)
    _open[url] = found
    while len(_open) > _MOST_OPEN:
        _open.pop(next(iter(_open))).dispose()
    return found


def let_go() -> None:
    """Close what is kept open: for a process that goes on."""
    while _open:
        _open.popitem()[1].dispose()


def where(error: BaseException) -> str:
    """Type and place of an exception, never its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
