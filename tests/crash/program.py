"""One gateway in a process of its own, which a test lets run until nothing is left to do, or until it is killed.

`live` is what the process runs. Exit 0: everything that was dropped is done. Exit 3: patience ended, or work failed;
what was not done is on standard error.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from gateway import server
from gateway.config import Config
from gateway.config.commands import require
from gateway.core.boundary import arm
from gateway.core.flow import send
from gateway.core.store.tables import batches, claims, files, outbox, remittances, remote_files
from gateway.sandbox.state import State

BEGIN = dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)
"""When every run begins: what is made from the date is then the same in all of them."""
STILL_FOR = 0.4
"""Seconds without a change, and with nothing under way, after which everything is taken to be done."""
STANDING = frozenset({"poll", "drop", "batch", "watch", "expire"})
"""Work that comes round and is never over."""


class RunningClock:
    """A clock that stood at `BEGIN` when the case began."""

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> dt.datetime:
        return BEGIN + dt.timedelta(seconds=time.time() - self._began)


class Told(NamedTuple):
    """What the program is told. `began`: when the case began (time.time()); `said`: the file for its standard error."""

    config: Path
    clearinghouse: Path
    began: float
    patience: float
    said: Path
    environment: dict[str, str]
    only_intake: bool = False
    """Whether it ends as soon as every file is taken in."""


class HurriedGateway(server.Gateway):
    """A gateway that looks often, and does not listen."""

    async def _listen(self) -> None:
        return None


def hurry(gateway: server.Gateway) -> None:
    """Waits of a second become waits of a tenth; nothing else changes."""
    server.BATCH_LOOK_SECONDS = server.POLL_LOOK_SECONDS = 0.2
    gateway.engine._sweep_seconds = 0.2
    send.FIRST_PAUSE = 0.2
    # Files of these tests are small: in blocks of this size they too can be cut between two of them.
    session: Any = importlib.import_module("gateway_plugins.clearinghouse_sftp.session")
    session.BLOCK = 4096


def standing(connection: Connection) -> dict[str, int]:
    """What is not done, by name."""

    def count(table: Any, *where: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    return {
        "nothing taken in": int(count(claims) == 0),
        "files to be read": count(files, files.c.state.in_(["received", "reading"])),
        "work to be started": count(outbox, outbox.c.submitted_at.is_(None), outbox.c.kind.notin_(STANDING)),
        "claims to be sent": count(claims, claims.c.state.in_(["ready", "batched"])),
        "batches on their way": count(batches, batches.c.state.in_(["allocated", "written", "sending", "unknown"])),
        "remittances to be posted": count(remittances, remittances.c.state.in_(["received", "posting"])),
        "files to be put away": count(remote_files, remote_files.c.state == "fetched"),
    }


_AFTER_INTAKE = frozenset({"claims to be sent", "unheard"})


def outside(config: Config, clearinghouse: Path, state: State) -> dict[str, int]:
    """What lies around outside of the gateway: in drop folders, and at the clearinghouse."""
    return {
        "dropped files": sum(path.is_file() for one in config.gateway.sources for path in _folder(one.drop_folder)),
        "answers to be fetched": sum(path.is_file() for path in clearinghouse.glob("home/*/from/*")),
        "answers to come": state.pending(),
        "unheard": int(not state.received()),
    }


def _folder(path: Path | None) -> list[Path]:
    return list(path.iterdir()) if path is not None and path.is_dir() else []


async def until_still(gateway: server.Gateway, told: Told, state: State) -> dict[str, int]:
    """Wait until nothing is left to do; what is left when patience ends."""
    end = time.monotonic() + told.patience
    since = time.monotonic()
    left: dict[str, int] = {}
    while time.monotonic() < end:
        found = {**await gateway.read(standing), **outside(gateway.config, told.clearinghouse, state)}
        left = {
            name: number
            for name, number in found.items()
            if number and not (told.only_intake and name in _AFTER_INTAKE)
        }
        if not left:
            running = [one for now in ("running", "queued") for one in await gateway.engine.list(state=now)]
            left = {one.kind: 1 for one in running if one.kind not in STANDING}
        if left:
            since = time.monotonic()
        elif time.monotonic() - since >= STILL_FOR:
            return {}
        await asyncio.sleep(0.1)
    return left


async def run(told: Told) -> int:
    gateway = HurriedGateway(require(told.config), executor="crash", clock=RunningClock(told.began))
    hurry(gateway)
    state = State(told.clearinghouse / "state.db")
    await gateway.start()
    try:
        left = await until_still(gateway, told, state)
        failed = await gateway.engine.list(state="failed")
    finally:
        await gateway.stop()
        state.close()
    for one in failed:
        print(f"failed: {one.kind} {one.key}: {one.error}", file=sys.stderr)
    if left:
        print(f"not done after {told.patience:g} s: {left}", file=sys.stderr)
    return 3 if left or failed else 0


def live(told: Told) -> None:
    """The whole life of one process."""
    os.setpgid(0, 0)
    said = os.open(told.said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(told.environment)
    arm(os.environ.get("GATEWAY_KILL_AT", ""))
    sys.exit(asyncio.run(run(told)))
