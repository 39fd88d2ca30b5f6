"""A throwaway PostgreSQL for the tests: started once for each test process, a fresh database for each test.

initdb and the server refuse to run as root, so a root test run (a container) drops to `postgres` or `nobody`.
Without fsync unless asked for: a killed gateway loses nothing that the server has, only a killed server would.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

USER = "gateway"
START_SECONDS = 60


def binaries() -> Path | None:
    """The folder of initdb and postgres; None when PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(installed, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    return newest[-1].parent if newest else None


def why_not() -> str:
    """Why there is no PostgreSQL to test with, in a sentence; "" if there is."""
    if binaries() is None:
        return "PostgreSQL is not installed (apt-get install postgresql): its tests are skipped"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: tests skipped"
    return ""


class PostgresServer:
    """A running server. `database()` makes a fresh database and drops it afterwards."""

    def __init__(self, folder: Path, port: int, password: str, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.port = port
        self.process = process
        self._password = password
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """The address of one database, as it stands in a configuration."""
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{name}"

    @contextlib.contextmanager
    def database(self, template: str = "") -> Iterator[str]:
        """The URL of a new database: empty, or a copy of another (its name), to which nobody may be connected."""
        name = f"gateway_{os.getpid()}_{next(self._numbers)}"
        self._say(f"CREATE DATABASE {{}}{f' TEMPLATE {template} STRATEGY file_copy' if template else ''}", name)
        try:
            yield self.url(name)
        finally:
            self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _say(self, statement: str, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))  # type: ignore[arg-type]


IN_TESTS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
IN_A_HOUSE = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
"""What docs/operations.md says of a server for a million claims; all else is PostgreSQL's own."""


@contextlib.contextmanager
def server(*, as_in_a_house: bool = False) -> Iterator[PostgresServer]:
    """A server of one's own: one for tests (small, and nothing outlives a power cut), or one as docs/operations.md
    wants it in a house. Raises RuntimeError when it does not come up (the text has its log)."""
    where = binaries()
    assert where is not None, why_not()
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-"))
    as_user = _as_other_user(folder)
    password = secrets.token_hex(8)
    secret = folder / "password"
    secret.write_text(password)
    if as_user:
        os.chown(secret, as_user["user"], as_user["group"])
    data, log = folder / "data", folder / "log"
    made = subprocess.run(
        [
            *(where / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256"),
            *("-E", "UTF8", "--locale=C", "--no-sync", f"--pwfile={secret}"),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        **as_user,
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise RuntimeError(f"initdb failed: {made.stderr}")
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        **(IN_A_HOUSE if as_in_a_house else IN_TESTS),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [where / "postgres", "-D", data, *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            **as_user,
        )
    running = PostgresServer(folder, port, password, process)
    try:
        _wait_until_it_answers(running, log)
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(running: PostgresServer, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(running.url("postgres"), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if running.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _other_user() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _as_other_user(folder: Path) -> dict[str, Any]:
    """Arguments for subprocess that drop root, and the folder handed over; nothing when not root."""
    if os.geteuid() != 0:
        return {}
    user = _other_user()
    assert user is not None, why_not()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
