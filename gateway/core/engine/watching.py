"""How DBOS's books read in our words."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from .port import WorkflowStatus

T = TypeVar("T")

STATES = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}


def their_states(state: str) -> list[str]:
    """DBOS's names for one of our states; all of them for "".

    Raises:
        ValueError: we have no such state.
    """
    theirs = [theirs for theirs, ours in STATES.items() if state in ("", ours)]
    if not theirs:
        raise ValueError(f"a workflow is queued, running, done, failed or cancelled, not {state!r}")
    return theirs


def in_our_words(row: Any) -> WorkflowStatus:
    """One workflow of DBOS's books as a `WorkflowStatus`."""
    failure: BaseException | None = row.error
    text = f"{type(failure).__name__}: {failure}" if failure is not None else ""
    if row.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        text = "the process died each time it was tried"
    return WorkflowStatus(
        kind=row.name,
        key=row.workflow_id.partition(":")[2],
        state=STATES[row.status],
        executor=row.executor_id or "",
        created_at=_moment(row.created_at),
        updated_at=_moment(row.updated_at),
        error=text,
    )


def step_to_redo(failure: BaseException | None, steps: Sequence[Any]) -> int:
    """From which step a failed workflow goes on: the one whose exception ended it, else after the last.

    Steps whose exception the workflow itself dealt with stay done.
    """
    numbers = [step["function_id"] for step in steps]
    for step in reversed(steps):
        raised = step["error"]
        if raised is not None and type(raised) is type(failure) and str(raised) == str(failure):
            return max(1, int(step["function_id"]))
    return int(max(numbers, default=0)) + 1


async def outside(call: Callable[[], Awaitable[T]]) -> T:
    """Await `call()` outside any workflow, also when a workflow or a step asks (or DBOS would count it as a step)."""

    async def run() -> T:
        return await call()

    return await asyncio.get_running_loop().create_task(run(), context=contextvars.Context())


def _moment(milliseconds: int | None) -> dt.datetime:
    return dt.datetime.fromtimestamp((milliseconds or 0) / 1000, dt.UTC)
