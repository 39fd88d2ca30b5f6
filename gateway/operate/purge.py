"""`gateway purge`: retention by policy. Bytes go, rows stay and say when; the ledger is never touched."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, exists, select, update

from ..config.models import Retention
from ..core.store.archive import Archive
from ..core.store.tables import access_log, blobs, files, work_items

ORPHAN_AFTER = dt.timedelta(days=1)


class Purged(NamedTuple):
    """What was (or would be) removed: archived files, their bytes, orphans, rows of the access log."""

    files: int
    size: int
    orphans: int
    access_rows: int


def due(connection: Connection, policy: Retention, now: dt.datetime) -> list[tuple[str, int]]:
    """Archived files past their time: not mentioned by a younger file, nor by one with open work."""
    if not policy.raw_files_days:
        return []
    before = now - dt.timedelta(days=policy.raw_files_days)
    younger = exists().where(
        (files.c.sha256 == blobs.c.sha256) | (files.c.wire_sha256 == blobs.c.sha256), files.c.received_at >= before
    )
    waiting = exists().where(
        (files.c.sha256 == blobs.c.sha256) | (files.c.wire_sha256 == blobs.c.sha256),
        work_items.c.subject_kind == "file",
        work_items.c.subject_id == files.c.id,
        work_items.c.state == "open",
    )
    rows = connection.execute(
        select(blobs.c.sha256, blobs.c.size).where(
            blobs.c.purged_at.is_(None),
            blobs.c.stored_at < before,
            blobs.c.purpose.in_(["inbound", "outbound", "decision"]),
            ~younger,
            ~waiting,
        )
    )
    return [(row.sha256, row.size) for row in rows]


def purge(engine: Engine, archive: Archive, policy: Retention, now: dt.datetime, *, dry_run: bool) -> Purged:
    """Apply the policy. The row is marked before the bytes go: an interruption leaves an orphan, never a lie."""
    with engine.begin() as connection:
        going = due(connection, policy, now)
        rows = 0
        if policy.access_log_days:
            old = access_log.c.at < now - dt.timedelta(days=policy.access_log_days)
            rows = len(connection.execute(select(access_log.c.id).where(old)).all())
            if not dry_run:
                connection.execute(delete(access_log).where(old))
        if not dry_run:
            for start in range(0, len(going), 500):
                part = [sha256 for sha256, _ in going[start : start + 500]]
                connection.execute(update(blobs).where(blobs.c.sha256.in_(part)).values(purged_at=now))
        known = set(connection.execute(select(blobs.c.sha256).where(blobs.c.purged_at.is_(None))).scalars())
    before = (now - ORPHAN_AFTER).timestamp()
    gone = {sha256 for sha256, _ in going}
    orphans = [
        sha256
        for sha256 in archive
        if sha256 not in known and sha256 not in gone and archive.path(sha256).stat().st_mtime < before
    ]
    if not dry_run:
        for sha256 in [*gone, *orphans]:
            archive.remove(sha256)
    return Purged(len(going), sum(size for _, size in going), len(orphans), rows)
