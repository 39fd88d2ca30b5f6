"""The port to durable work: what a station may ask of the engine, whatever runs beneath.

A workflow is a file, a batch or a poll, never a claim. It is a plain async function that is given a `Run` and its
payload; registered with `@workflow(kind)`. After a crash it runs again from the top: steps that are done return
what they returned, so everything outside a step must be deterministic (no clock, no randomness, no queries).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Payload = Mapping[str, Any]
Due = Callable[[dt.datetime], "tuple[str, Payload] | None"]


class DecideFailed(Exception):
    """A child process could not be started: its target cannot be imported, or it took too long."""


class PassingFault(Exception):
    """What went wrong passes by itself: a step that raises it is tried again, in place, with back-off.

    Disk full, a locked database and a lost database connection are recognised without it. For everything that a
    station counts and decides on itself (a partner that does not answer), it returns an answer instead.
    """


class WorkflowCancelled(Exception):
    """The workflow that was waited for has been cancelled."""


class StepFailed(Exception):
    """A step failed before a restart with an exception that cannot be built again; the text is its own."""


class Run(Protocol):
    """What a workflow sees of the engine while it runs.

    Steps of one workflow are numbered in the order in which they are called, and a replay must call them in the
    same order. Two may be under way at once (decide the next chunk while this one commits) if the calls themselves
    are in an order that does not depend on which ends first.
    """

    key: str
    """The business key under which it was submitted; unique per kind."""

    services: Any
    """What stations need beside the engine (archive, configuration, clock, transports, decide pool)."""

    async def step(self, name: str, function: Callable[..., T | Awaitable[T]], *args: Any) -> T:
        """Call a function with an effect outside the database (a put, a file, a child process).

        Runs at least once: after a crash in its middle it runs again, so it must be idempotent. What it returns
        is remembered (JSON; ids and hashes, never claims). A sync function runs on a worker thread. Passing
        faults (disk full, database locked, connection lost) are retried inside the step with back-off.
        """

    async def transact(self, name: str, function: Callable[..., T], *args: Any) -> T:
        """Call `function(connection, *args)` in one transaction of the business database.

        What it wrote and the mark that it is done commit together: exactly once. It may be called again after a
        retriable database error, so it must have no other effect. No network and no plugin in here.
        """

    async def sleep(self, seconds: float) -> None:
        """Sleep durably: a restart does not start the wait again."""


Workflow = Callable[[Run, Payload], Awaitable[Any]]


class WorkflowStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow as the engine sees it. `state`: queued, running, done, failed, cancelled."""

    kind: str
    key: str
    state: str
    executor: str
    created_at: dt.datetime
    updated_at: dt.datetime
    error: str = ""


class Engine(Protocol):
    """Starts, watches and ends durable work."""

    async def start(self) -> None:
        """Recover what this executor left unfinished, then take new work."""

    async def stop(self) -> None:
        """Take no new work; what is under way resumes at the next start."""

    async def submit(self, kind: str, key: str, payload: Payload) -> None:
        """Start a workflow under its business key; submitting the same key again is once."""

    async def wait(self, kind: str, key: str) -> Any:
        """Wait for the end of a workflow and give what it returned."""

    async def list(self, *, kind: str = "", state: str = "", limit: int = 1000) -> list[WorkflowStatus]:
        """Workflows, newest first."""

    async def cancel(self, kind: str, key: str) -> None:
        """Stop a workflow between two of its steps."""

    async def resume(self, kind: str, key: str) -> None:
        """Go on with a cancelled or failed workflow from its last finished step."""

    def schedule(
        self, name: str, seconds: float, kind: str, due: Due, *, jitter: float = 0.0, first: float = 0.0
    ) -> None:
        """Every so many seconds, on one executor at a time, start the workflow that `due(now)` names.

        `due` gives (key, payload), or None for nothing this time. `jitter` is the largest share of the interval
        that is added at random (0.1: up to a tenth), `first` the wait before the very first time. A name that is
        scheduled again replaces what it was.
        """

    def unschedule(self, name: str) -> None:
        """This process no longer runs the schedule of that name."""

    def poke(self) -> None:
        """Something was put into the outbox and is committed: look now instead of in a second."""


_workflows: dict[str, Workflow] = {}
_waiting: set[str] = set()


def workflow(kind: str, *, waits: bool = False) -> Callable[[Workflow], Workflow]:
    """Register an async function as the workflow of this kind.

    `waits`: it may wait for long for somebody outside (a partner who is down). Such workflows have a queue of their
    own, in which nearly all may be under way at once: they keep no place from the others.
    """

    def register(function: Workflow) -> Workflow:
        if kind in _workflows and _workflows[kind] is not function:
            raise ValueError(f"two workflows are called {kind!r}")
        _workflows[kind] = function
        if waits:
            _waiting.add(kind)
        return function

    return register


def waits(kind: str) -> bool:
    """Whether workflows of this kind wait for somebody outside."""
    return kind in _waiting


def registered() -> Mapping[str, Workflow]:
    """Every workflow that has been registered, by kind."""
    return dict(_workflows)
