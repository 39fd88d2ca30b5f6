"""`gateway backup` and `gateway restore`: everything the gateway knows, in one folder, taken while it runs.

The two databases are copied while nobody writes (a moment), then the archive, which only ever grows: so the two agree,
and nothing that they mention is missing. After a restore, work that the copies disagree on is started again (it is
done once by its key), control numbers jump ahead, and every partner stays stopped until a person starts it: what was
sent after the backup is not known.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url, select, text, update

from ..core.store import partners
from ..core.store.archive import Archive
from ..core.store.tables import blobs, counters, outbox

FORMAT = 1
NUMBERS_AHEAD = 1_000
"""How far control numbers jump at a restore: more than one gateway sends between two backups."""

Progress = Callable[[str, int, int], None]


class BackupFailed(Exception):
    """A backup or a restore could not be done; nothing was left half-done under its final name."""


@contextmanager
def _nobody_writes(business: Path) -> Iterator[None]:
    """Hold the place of the one writer: nothing can finish between the copies of the two files."""
    with closing(sqlite3.connect(business, isolation_level=None, timeout=60)) as held:
        held.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            held.execute("ROLLBACK")


def _copy_sqlite(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as here,
        closing(sqlite3.connect(target)) as there,
    ):
        here.backup(there)


def _tool(name: str, url: URL, *arguments: str) -> None:
    """Run a PostgreSQL tool; the password goes by the environment, never by the command line."""
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    place = ["--host", url.host or "", "--port", str(url.port or 5432)] if url.host else []
    user = ["--username", url.username] if url.username else []
    command = [name, *place, *user, "--dbname", url.database or "", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupFailed(
            f"{name} is not installed here. On Debian and Ubuntu: apt-get install postgresql-client"
        ) from error
    if done.returncode:
        raise BackupFailed(f"{name} failed: {done.stderr.strip().splitlines()[-1] if done.stderr else done.returncode}")


def _sqlite_path(url: URL) -> Path:
    if not url.database:
        raise BackupFailed("an SQLite database in memory cannot be backed up")
    return Path(url.database)


def backup(
    business_url: str, engine_url: str, archive: Archive, target: Path, now: dt.datetime, progress: Progress
) -> int:
    """Copy everything into a new folder `target`; returns how many archived files it holds.

    Raises:
        BackupFailed: the folder exists, or a copy failed.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists; name a folder that does not")
    beside = target.with_name(f".{target.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    business, engine = make_url(business_url), make_url(engine_url)
    if business.get_backend_name() == "sqlite":
        with _nobody_writes(_sqlite_path(business)):
            progress("engine", 0, 1)
            _copy_sqlite(_sqlite_path(engine), beside / "engine.db")
            progress("business", 0, 1)
            _copy_sqlite(_sqlite_path(business), beside / "business.db")
        listed = create_engine(f"sqlite:///{beside / 'business.db'}")
    else:
        progress("database", 0, 1)
        _tool("pg_dump", business, "--format=custom", "--file", str(beside / "database.dump"))
        listed = create_engine(business.set(drivername="postgresql+psycopg"))
    with listed.connect() as connection:
        wanted = list(connection.execute(select(blobs.c.sha256).where(blobs.c.purged_at.is_(None))).scalars())
    listed.dispose()
    copy = Archive(beside / "archive")
    for index, sha256 in enumerate(wanted):
        with archive.open(sha256) as stream:
            stored = copy.put_stream(stream)
        if stored.sha256 != sha256:
            raise BackupFailed(f"the archive is damaged at {sha256}; run gateway doctor")
        if index % 50 == 0:
            progress("archive", index, len(wanted))
    progress("archive", len(wanted), len(wanted))
    manifest = {
        "format": FORMAT,
        "taken_at": now.isoformat(),
        "database": business.get_backend_name(),
        "archived": len(wanted),
    }
    (beside / "manifest.json").write_text(json.dumps(manifest, indent=2))
    os.replace(beside, target)
    return len(wanted)


def restore(
    source: Path, business_url: str, engine_url: str, archive_dir: Path, now: dt.datetime, progress: Progress
) -> int:
    """Bring a backup back into an empty place; returns how many archived files it had.

    Raises:
        BackupFailed: not a backup, another kind of database, or the place is not empty.
    """
    manifest = _manifest(source)
    business, engine = make_url(business_url), make_url(engine_url)
    if manifest["database"] != business.get_backend_name():
        raise BackupFailed(
            f"this backup is of {manifest['database']}, the configuration names {business.get_backend_name()}"
        )
    if archive_dir.exists() and any(archive_dir.glob("??/??/*")):
        raise BackupFailed(f"{archive_dir} holds files already; restore into an empty place")
    if manifest["database"] == "sqlite":
        for name, url in (("business.db", business), ("engine.db", engine)):
            place = _sqlite_path(url)
            if place.exists():
                raise BackupFailed(f"{place} exists already; restore into an empty place")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, place)
        made = create_engine(f"sqlite:///{_sqlite_path(business)}")
    else:
        _tool("pg_restore", business, "--exit-on-error", str(source / "database.dump"))
        made = create_engine(business.set(drivername="postgresql+psycopg"))
    here, there = Archive(source / "archive"), Archive(archive_dir)
    names = list(here)
    for index, sha256 in enumerate(names):
        with here.open(sha256) as stream:
            if there.put_stream(stream).sha256 != sha256:
                raise BackupFailed(f"the backup is damaged at {sha256}")
        if index % 50 == 0:
            progress("archive", index, len(names))
    progress("archive", len(names), len(names))
    taken_at = dt.datetime.fromisoformat(manifest["taken_at"])
    with made.begin() as connection:
        connection.execute(
            update(outbox).where(outbox.c.submitted_at >= taken_at - dt.timedelta(hours=1)).values(submitted_at=None)
        )
        connection.execute(
            update(counters).where(counters.c.name.like("control:%")).values(next=counters.c.next + NUMBERS_AHEAD)
        )
        for partner in connection.execute(text("SELECT DISTINCT partner FROM batches")).scalars().all():
            reason = "Restored from a backup: check with the partner what was sent since, then start it."
            partners.stop(connection, str(partner), reason, now)
    made.dispose()
    return len(names)


def _manifest(source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((source / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        raise BackupFailed(f"{source} is not a backup: it has no readable manifest.json") from error
    if manifest.get("format") != FORMAT:
        raise BackupFailed(f"this backup has format {manifest.get('format')}, this version reads {FORMAT}")
    return manifest
