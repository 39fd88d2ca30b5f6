"""How a SQLAlchemy engine is made, for SQLite and for PostgreSQL.

What is the same on both: a URL as people write it (`sqlite:///path/gateway.db`, `postgresql://user@host/db`), no
bound value in an error message (they are patients' data), and two reads in one transaction that see the same data
where they must (`reading`).

SQLite. The driver begins a transaction only at the first write, so two reads before it may see different data, and
a transaction that read first and writes later can fail as locked however long it waits. So the driver's own
transaction control is off; a transaction of a writing engine starts with BEGIN IMMEDIATE (writers queue, each sees
all that the one before committed), one of a reader with BEGIN. WAL lets readers go on beside the writer.
`synchronous` is FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the power fails, and with them
a posting whose file the partner has already been told to delete. One fsync a chunk is what that costs.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for the one before it on SQLite (milliseconds)."""

CACHE_KB = 8_192
"""What a writing connection keeps of an SQLite database. Its own default of 2 MB is less than one chunk touches; 32 MB
were no faster at 100,000 claims, and several connections fill theirs."""
CHECKPOINT_PAGES = 4_000
"""How far SQLite's log grows before it is copied into the database: some chunks, not a part of one."""

POOL_SIZE = 10
POOL_OVERFLOW = 10
CONNECT_TIMEOUT_S = 10

IDLE_TRANSACTION_S = 60.0
"""After this much silence in a transaction PostgreSQL gives it up: a worker that is frozen in the middle of one
would otherwise hold its locks against the worker that takes over."""

_READS = "gateway_reads"


def is_sqlite(url: str | URL) -> bool:
    """Whether this URL names an SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def sync_url(url: str | URL) -> URL:
    """The URL with the driver for plain calls (sqlite3; psycopg 3).

    Raises:
        ValueError: neither an SQLite file nor PostgreSQL, or SQLite in memory (every connection would get its own).
    """
    made = make_url(url)
    backend = made.get_backend_name()
    if backend == "sqlite":
        if made.database in (None, "", ":memory:"):
            raise ValueError("an SQLite database needs a file: sqlite:///path/gateway.db")
        return made.set(drivername="sqlite")
    if backend in ("postgresql", "postgres"):
        return made.set(drivername="postgresql+psycopg")
    raise ValueError(f"the gateway runs on SQLite or PostgreSQL, not on {backend}")


def system_url(url: str | URL) -> str:
    """Where the engine keeps its own books: a second SQLite file beside the business one, or the same PostgreSQL.

    (One SQLite file for both locks up when several workflows run.)
    """
    made = sync_url(url)
    if made.get_backend_name() == "sqlite":
        path = Path(str(made.database))
        beside = path.with_name(f"{path.stem}-engine{path.suffix or '.db'}")
        return f"sqlite:///{beside}"
    return made.set(drivername="postgresql").render_as_string(hide_password=False)


def make_sync_engine(
    url: str | URL, read_only: bool = False, *, idle_transaction_s: float = IDLE_TRANSACTION_S
) -> Engine:
    """An engine for plain calls (worker threads, child processes, commands).

    `read_only`: its connections cannot write, and each transaction sees one state of the database throughout.
    `idle_transaction_s`: PostgreSQL ends a transaction in which nothing is said for so long.
    """
    made = sync_url(url)
    engine = create_engine(made, **_arguments(made, read_only, idle_transaction_s))
    _attach(engine, read_only)
    return engine


def make_looking_engine(url: str | URL) -> Engine:
    """An engine for a command that looks, and leaves every byte of the database as it was.

    On SQLite whoever closes a database last copies its log into it, even one who only read. So where there is a log (a
    gateway runs, or one was killed) the file is opened as one that cannot be written.
    """
    if is_sqlite(url):
        path = Path(str(sync_url(url).database)).absolute()
        if path.with_name(f"{path.name}-wal").exists():
            url = URL.create("sqlite", database=f"{path.as_uri()}", query={"mode": "ro", "uri": "true"})
    return make_sync_engine(url, read_only=True)


def reading(engine: Engine) -> Engine:
    """The same engine and pool, for a transaction that only reads and sees one state of the database throughout."""
    options: dict[str, Any] = {_READS: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**options)


def prepare_sqlite(url: str | URL) -> None:
    """Make the folder and the file of an SQLite database and set WAL, which the file remembers.

    Nothing happens for PostgreSQL.
    """
    if not is_sqlite(url):
        return
    path = Path(str(sync_url(url).database))
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _arguments(url: URL, read_only: bool, idle_transaction_s: float) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "hide_parameters": True,
        # The timeline writes JSON for every claim: several times faster than with the standard library.
        "json_serializer": _json,
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
    }
    if url.get_backend_name() == "sqlite":
        # A pooled connection moves between worker threads, one at a time.
        # The one that was used last comes first: its cache knows what the next transaction wants.
        return arguments | {
            "poolclass": QueuePool,
            "pool_use_lifo": True,
            "connect_args": {"check_same_thread": False},
        }
    options = f"-c idle_in_transaction_session_timeout={round(idle_transaction_s * 1000)}"
    connect: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": "hme-edi-gateway",
        # A server that is gone is noticed within a minute.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    if read_only:
        options += " -c default_transaction_read_only=on"
        arguments["isolation_level"] = "REPEATABLE READ"
    return arguments | {"pool_pre_ping": True, "connect_args": connect | {"options": options}}


def _attach(engine: Engine, read_only: bool) -> None:
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA foreign_keys=ON")
        if not read_only:
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA fullfsync=ON")  # macOS: fsync alone does not reach the disk
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        else:
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if driver.isolation_level is not None:  # whoever asked for an isolation level turned it on again
            driver.isolation_level = None
        reads = read_only or connection.get_execution_options().get(_READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
