"""Faults that pass by themselves, and how long to wait before trying again.

Classified here, because a passing fault that reaches the engine as an exception becomes a permanent error: the
engine remembers that the step failed.
"""

from __future__ import annotations

import datetime as dt
import errno
import random
import sqlite3
import threading
from collections.abc import Iterator

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..clock import Clock
from .port import PassingFault

log = structlog.get_logger("gateway.engine")

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.ENFILE, errno.EMFILE}
_SQLITE = {
    sqlite3.SQLITE_BUSY: "the database is locked",
    sqlite3.SQLITE_LOCKED: "the database is locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not answer",
}
# PostgreSQL: connection exceptions, too few resources (disk full is 53100), shut-down and crash, lost races.
_POSTGRES = {"08": "the connection was lost", "53": "the server is short of resources"}
_POSTGRES_CODES = {
    "57P01": "the server is shutting down",
    "57P02": "the server crashed",
    "57P03": "the server is starting",
    "25P03": "the server ended an idle transaction",
    "40001": "another transaction came first",
    "40P01": "two transactions waited for each other",
}
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 30.0


def passing(error: BaseException) -> str:
    """Why this fault passes by itself, in a few words without data; "" if it does not."""
    if isinstance(error, PassingFault):
        return str(error) or "a passing fault"
    if isinstance(error, OSError) and error.errno in _DISK:
        return "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "too many open files"
    if isinstance(error, PoolTimeout):
        return "no database connection came free"
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return "the connection was lost"
        original = error.orig
        if isinstance(original, sqlite3.Error):
            return _of_sqlite(original)
        if isinstance(error, InterfaceError):
            return "the connection was lost"
        return _of_postgres(original)
    return ""


def _of_sqlite(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    return _SQLITE.get(code & 0xFF, "") if code is not None else ""


def _of_postgres(error: BaseException | None) -> str:
    state = getattr(error, "sqlstate", None)
    if state:
        return _POSTGRES_CODES.get(state) or _POSTGRES.get(state[:2], "")
    # No code: the client itself lost the line (psycopg.OperationalError without a server's answer).
    return "the connection was lost" if type(error).__name__ == "OperationalError" else ""


def waits(rng: random.Random) -> Iterator[float]:
    """Seconds to wait before each further try: doubling from 50 ms to half a minute, give or take a quarter."""
    wait = FIRST_WAIT_S
    while True:
        yield wait * rng.uniform(0.75, 1.25)
        wait = min(wait * 2, LONGEST_WAIT_S)


class Trouble(msgspec.Struct, frozen=True):
    """A step that waits for a passing fault to pass: which, why, since when, and how often it was tried."""

    workflow: str
    step: str
    why: str
    since: dt.datetime
    tries: int


class Troubles:
    """The passing faults of this process, for `gateway doctor` and the log. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Trouble] = {}

    def note(self, workflow: str, step: str, why: str) -> None:
        """A step ran into a fault that passes. Logged at the first, second, fourth, eighth ... time."""
        with self._lock:
            before = self._known.get((workflow, step))
            since, tries = (before.since, before.tries + 1) if before else (self._clock.now(), 1)
            self._known[workflow, step] = Trouble(workflow, step, why, since, tries)
        if tries & (tries - 1) == 0:
            log.warning("step_waits", workflow=workflow, step=step, why=why, tries=tries)

    def over(self, workflow: str, step: str = "") -> None:
        """That step (or everything of that workflow) went on."""
        with self._lock:
            for known in [known for known in self._known if known[0] == workflow and step in ("", known[1])]:
                del self._known[known]

    def list(self) -> list[Trouble]:
        """What waits now, longest first."""
        with self._lock:
            return sorted(self._known.values(), key=lambda trouble: trouble.since)
