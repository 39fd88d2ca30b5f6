"""`gateway purge`: retention by policy. Bytes go, rows stay and say when; the ledger is never touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    delete,
    exists,
    func,
    select,
    union,
    update,
)

from ..config.models import Retention
from ..core.store import plugin_rows
from ..core.store.archive import Archive
from ..core.store.cash_tables import deposit_papers, money_lines
from ..core.store.engine import reading
from ..core.store.tables import (
    access_log,
    batches,
    blobs,
    claim_payments,
    claims,
    documents,
    files,
    remittances,
    work_items,
)

UNDER_WAY = ("received", "reading", "written")
"""States of a file that is yet to be read, or to be sent."""
ORPHAN_AFTER = dt.timedelta(days=1)


class Purged(NamedTuple):
    """What was (or would be) removed: archived files, their bytes, orphans, rows of the access log."""

    files: int
    size: int
    orphans: int
    access_rows: int


def _with_open_work() -> CompoundSelect[Any]:
    """The ids of files that somebody still has to look at, whatever hangs on them."""
    items = work_items.c
    is_open = items.state == "open"

    def about(kind: str) -> ColumnElement[bool]:
        return is_open & (items.subject_kind == kind)

    return union(
        select(items.subject_id).where(about("file"), items.subject_id.is_not(None)),
        select(batches.c.file_id).join(work_items, items.subject_id == batches.c.id).where(about("batch")),
        select(remittances.c.file_id).join(work_items, items.subject_id == remittances.c.id).where(about("remittance")),
        select(remittances.c.file_id)
        .join(claim_payments, claim_payments.c.remittance_id == remittances.c.id)
        .join(work_items, items.subject_id == claim_payments.c.id)
        .where(about("claim_payment")),
        select(claims.c.file_id).join(work_items, items.claim_id == claims.c.id).where(is_open),
        select(money_lines.c.file_id)
        .join(work_items, items.subject_id == money_lines.c.id)
        .where(about("deposit"), money_lines.c.file_id.is_not(None)),
    )


def due(connection: Connection, policy: Retention, now: dt.datetime) -> list[tuple[str, int]]:
    """Archived files past their time: not mentioned by a younger file, nor by one that is under way or has open
    work."""
    if not policy.raw_files_days:
        return []
    before = now - dt.timedelta(days=policy.raw_files_days)
    needed = exists().where(
        (files.c.sha256 == blobs.c.sha256) | (files.c.wire_sha256 == blobs.c.sha256),
        (files.c.received_at >= before) | files.c.state.in_(UNDER_WAY) | files.c.id.in_(_with_open_work()),
    )
    rows = connection.execute(
        select(blobs.c.sha256, blobs.c.size).where(
            blobs.c.purged_at.is_(None),
            blobs.c.stored_at < before,
            blobs.c.purpose.in_(["inbound", "outbound", "decision"]),
            ~needed,
            # A paper of a patient that came as a file of claims as well stays.
            ~exists().where(documents.c.sha256 == blobs.c.sha256),
            ~exists().where(deposit_papers.c.sha256 == blobs.c.sha256),
        )
    )
    return [(row.sha256, row.size) for row in rows]


def orphans(archive: Archive, known: Set[str], before: dt.datetime) -> list[str]:
    """What is in the archive, was put there before a moment, and no row knows."""
    found = []
    for sha256 in archive:
        if sha256 not in known:
            with suppress(FileNotFoundError):
                if archive.path(sha256).stat().st_mtime < before.timestamp():
                    found.append(sha256)
    return found


def purge(engine: Engine, archive: Archive, policy: Retention, now: dt.datetime, *, dry_run: bool) -> Purged:
    """Apply the policy. Rows are marked before the bytes go: an interruption leaves an orphan, never a lie."""
    with (reading(engine) if dry_run else engine).begin() as connection:
        going = [one for one in due(connection, policy, now) if not _just_came(archive, one[0], now)]
        rows = 0
        if policy.access_log_days:
            old = access_log.c.at < now - dt.timedelta(days=policy.access_log_days)
            rows = connection.execute(select(func.count()).select_from(access_log).where(old)).scalar_one()
            if not dry_run:
                connection.execute(delete(access_log).where(old))
        if not dry_run:
            for start in range(0, len(going), 500):
                part = [sha256 for sha256, _ in going[start : start + 500]]
                connection.execute(update(blobs).where(blobs.c.sha256.in_(part)).values(purged_at=now))
        known = set(connection.execute(select(blobs.c.sha256).where(blobs.c.purged_at.is_(None))).scalars())
    gone = {sha256 for sha256, _ in going}
    left = [sha256 for sha256 in orphans(archive, known, now - ORPHAN_AFTER) if sha256 not in gone]
    if not dry_run:
        for sha256 in [*sorted(gone), *left]:
            if not _just_came(archive, sha256, now):
                archive.remove(sha256)
    return Purged(len(going), sum(size for _, size in going), len(left), rows)


def rows_of_plugin(connection: Connection, plugin: str, *, dry_run: bool) -> dict[str, int]:
    """Remove the tables in which a plugin kept rows; returns how many rows each had."""
    mine = [one for (owner, _), one in plugin_rows.known(connection).items() if owner == plugin]
    counts = {
        one.name: connection.execute(select(func.count()).select_from(plugin_rows.stored(one))).scalar_one()
        for one in mine
    }
    if not dry_run:
        plugin_rows.drop(connection, plugin)
    return counts


def _just_came(archive: Archive, sha256: str, now: dt.datetime) -> bool:
    """Whether the same bytes were put again lately: their row may be about to be written."""
    try:
        return archive.path(sha256).stat().st_mtime >= (now - ORPHAN_AFTER).timestamp()
    except FileNotFoundError:
        return False
