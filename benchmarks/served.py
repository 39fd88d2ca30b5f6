"""The gateway as it is run, for what is measured from outside: processes of their own, on a large house."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, insert

from gateway.config.locations import Locations
from gateway.core.flow.alarm_causes import DEADLINES, PROOF
from gateway.core.flow.look_again import LOOK
from gateway.core.store import users
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import schedules

from .large_house import make
from .measure import ROOT
from .rails import configuration

START_S = 120.0


class Served(NamedTuple):
    """A gateway that listens; its database, and its archive."""

    address: str
    sql: Engine
    archive: Archive
    folder: Path


def sign_in(engine: Engine, name: str, role: str) -> str:
    """Somebody of this role who has signed in; what their cookie holds. No password opens them."""
    now = dt.datetime.now(dt.UTC)
    with engine.begin() as connection:
        user = users.find(connection, name) or users.add(connection, name, "!", role, now)
        return users.sign_in(connection, user.id, "127.0.0.1", now)


@contextlib.contextmanager
def served(folder: Path, claims: int, *, apart: bool) -> Iterator[Served]:
    """The house, made below the folder, and the gateway on it. `apart`: web and worker as two processes."""
    port = _free_port()
    config = configuration(folder)
    main = folder / "config" / "gateway.yaml"
    main.write_text(f"{main.read_text()}\nweb: {{port: {port}}}\n")
    places = Locations(config)
    places.prepare()
    kept = Archive(places.archive_dir)
    now = dt.datetime.now(dt.UTC)
    make(places.business_url, kept, claims, now)
    engine = make_sync_engine(places.business_url)
    with engine.begin() as connection:
        _night_is_over(connection, now)
    halves = (("--only", "web"), ("--only", "worker")) if apart else ((),)
    started = [_start(folder, f"bench-{number}", half) for number, half in enumerate(halves)]
    try:
        _wait(port, started[0])
        yield Served(f"http://127.0.0.1:{port}", engine, kept, folder)
    finally:
        engine.dispose()
        for one in started:
            one.send_signal(signal.SIGTERM)
        for one in started:
            one.wait(60)


def _night_is_over(connection: Connection, now: dt.datetime) -> None:
    """What comes once a day, in the night, has been done: a house that is measured by day has had it."""
    tomorrow = now + dt.timedelta(days=1)
    for name in (LOOK, PROOF, DEADLINES):
        connection.execute(insert(schedules).values(name=name, next_due=tomorrow, last_run=now, last_error=""))


def _start(folder: Path, name: str, half: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gateway.cli", "-c", str(folder / "config"), "serve", "--id", name, *half]
    return subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit("the gateway did not start")
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
            return
        time.sleep(0.1)
    raise SystemExit("the gateway is not ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
