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
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, delete, inspect, make_url, or_, select, update

from ..core.store import partners
from ..core.store.archive import Archive, ArchiveDamaged
from ..core.store.engine import make_sync_engine
from ..core.store.tables import batches, blobs, counters, executors, outbox

FORMAT = 1
NUMBERS_AHEAD = 1_000
"""How far control numbers jump at a restore: more than one gateway sends between two backups."""

CONTROL_NUMBERS = ("isa13:", "gs06:", "st02:")
"""What the counters of control numbers begin with; those of ids stay, their rows are all there."""
FILES_AHEAD = 1_000_000
"""How far the ids of files jump: the numbers that we give claims and lines are made of them, and leave the house."""
STOPPED = "Restored from a backup: ask the partner what it received since, then start it."

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
    environment["PGCONNECT_TIMEOUT"] = "10"
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
    try:
        beside.mkdir(parents=True, mode=0o700)
        count = _copy_out(make_url(business_url), make_url(engine_url), archive, beside, now, progress)
        os.replace(beside, target)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"the backup could not be written: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return count


def _copy_out(business: URL, engine: URL, archive: Archive, folder: Path, now: dt.datetime, progress: Progress) -> int:
    kind = business.get_backend_name()
    if kind == "sqlite":
        with _nobody_writes(_sqlite_path(business)):
            progress("engine", 0, 1)
            _copy_sqlite(_sqlite_path(engine), folder / "engine.db")
            progress("business", 0, 1)
            _copy_sqlite(_sqlite_path(business), folder / "business.db")
    else:
        progress("database", 0, 1)
        _tool("pg_dump", business, "--format=custom", "--no-owner", "--file", str(folder / "database.dump"))
    live = make_sync_engine(business, read_only=True)
    try:
        # Of the live database: what was purged since the copy is gone, and what came since does no harm.
        with live.connect() as connection:
            rows = connection.execute(select(blobs.c.sha256).where(blobs.c.purged_at.is_(None))).scalars().all()
    finally:
        live.dispose()
    # All that is in the archive as well: what a step has put there, and the engine remembers, has no row yet.
    wanted = sorted({*rows, *archive})
    _copy_archive(archive, Archive(folder / "archive"), wanted, progress)
    manifest = {"format": FORMAT, "taken_at": now.isoformat(), "database": kind, "archived": len(wanted)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
    return len(wanted)


def _copy_archive(source: Archive, target: Archive, wanted: list[str], progress: Progress) -> None:
    for index, sha256 in enumerate(wanted):
        try:
            with source.open(sha256) as stream:
                sound = target.put_stream(stream).sha256 == sha256
        except ArchiveDamaged:
            sound = False
        if not sound:
            raise BackupFailed(f"the archive in {source.root} is damaged at {sha256}; run gateway doctor")
        if index % 50 == 0:
            progress("archive", index, len(wanted))
    progress("archive", len(wanted), len(wanted))


def restore(
    source: Path,
    business_url: str,
    engine_url: str,
    archive_dir: Path,
    names: Collection[str],
    now: dt.datetime,
    progress: Progress,
) -> int:
    """Bring a backup back into an empty place, every partner (`names`, and those of the backup) stopped; returns how
    many archived files it had.

    Raises:
        BackupFailed: not a backup, another kind of database, or the place is not empty. Nothing was changed, or all
            that was begun is taken back.
    """
    manifest = _manifest(source)
    business, engine = make_url(business_url), make_url(engine_url)
    kind = business.get_backend_name()
    if manifest["database"] != kind:
        raise BackupFailed(f"this backup is of {manifest['database']}, the configuration names {kind}")
    if any(archive_dir.glob("??/??/*")):
        raise BackupFailed(f"{archive_dir} holds files already; restore into an empty place")
    _must_be_empty(business, engine)
    here = Archive(source / "archive")
    wanted = list(here)
    if len(wanted) < manifest["archived"]:
        raise BackupFailed(f"the backup has {len(wanted)} archived files where it should have {manifest['archived']}")
    taken_at = dt.datetime.fromisoformat(manifest["taken_at"])
    try:
        _copy_archive(here, Archive(archive_dir), wanted, progress)
        if kind == "sqlite":
            _bring_sqlite(source, business, engine, names, taken_at, now)
        else:
            _bring_postgres(source, business, names, taken_at, now)
    except BaseException as error:
        # It was empty before.
        shutil.rmtree(archive_dir, ignore_errors=True)
        if isinstance(error, OSError | sqlite3.Error):
            raise BackupFailed(f"it could not be restored: {error}") from error
        raise
    return len(wanted)


def _must_be_empty(business: URL, engine: URL) -> None:
    if business.get_backend_name() == "sqlite":
        for place in (_sqlite_path(business), _sqlite_path(engine)):
            if place.exists():
                raise BackupFailed(f"{place} exists already; restore into an empty place")
        return
    made = make_sync_engine(business, read_only=True)
    try:
        if inspect(made).get_table_names():
            raise BackupFailed(f"the database {business.database} has tables already; restore into an empty one")
    finally:
        made.dispose()


def _bring_sqlite(
    source: Path, business: URL, engine: URL, names: Collection[str], taken_at: dt.datetime, now: dt.datetime
) -> None:
    """Both files beside their places, made ready, and only then under their names: the business one last."""
    places = {"engine.db": _sqlite_path(engine), "business.db": _sqlite_path(business)}
    parts = {name: place.with_name(f".{place.name}.part") for name, place in places.items()}
    try:
        for name, part in parts.items():
            part.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            _copy_sqlite(source / name, part)
        made = make_sync_engine(f"sqlite:///{parts['business.db']}")
        try:
            with made.begin() as connection:
                _make_ready(connection, names, taken_at, now)
        finally:
            made.dispose()
        with closing(sqlite3.connect(parts["business.db"])) as whole:
            whole.execute("PRAGMA journal_mode=DELETE")  # nothing of it stays in a file beside
        for name, part in parts.items():
            os.replace(part, places[name])
    finally:
        for part in parts.values():
            for left in part.parent.glob(f"{part.name}*"):
                left.unlink(missing_ok=True)


def _bring_postgres(
    source: Path, business: URL, names: Collection[str], taken_at: dt.datetime, now: dt.datetime
) -> None:
    _tool(
        *("pg_restore", business, "--no-owner", "--single-transaction", "--exit-on-error"),
        str(source / "database.dump"),
    )
    made = make_sync_engine(business)
    try:
        with made.begin() as connection:
            _make_ready(connection, names, taken_at, now)
    finally:
        made.dispose()


def _make_ready(connection: Connection, names: Collection[str], taken_at: dt.datetime, now: dt.datetime) -> None:
    """What must be different in a restored database before anything runs on it."""
    # The engine may not know of what was submitted just before; its key makes it once.
    connection.execute(
        update(outbox).where(outbox.c.submitted_at >= taken_at - dt.timedelta(hours=1)).values(submitted_at=None)
    )
    connection.execute(
        update(counters)
        .where(or_(*(counters.c.name.like(f"{start}%") for start in CONTROL_NUMBERS)))
        .values(next=counters.c.next + NUMBERS_AHEAD)
    )
    connection.execute(update(counters).where(counters.c.name == "files").values(next=counters.c.next + FILES_AHEAD))
    # Nobody who was alive at the backup is alive here.
    connection.execute(delete(executors))
    known = set(connection.execute(select(batches.c.partner).distinct()).scalars())
    for partner in sorted(known | set(names)):
        partners.stop(connection, partner, STOPPED, now)


def _manifest(source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((source / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        raise BackupFailed(f"{source} is not a backup: it has no readable manifest.json") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BackupFailed(f"{source} is not a backup in the format {FORMAT} that this version reads")
    return manifest
