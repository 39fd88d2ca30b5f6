"""What the retention policy no longer keeps goes; what somebody still needs stays."""

from __future__ import annotations

import datetime as dt
import os
from io import BytesIO

from sqlalchemy import insert, select, update

from gateway.config.models import Retention
from gateway.core.flow.receive import register
from gateway.core.store.archive import record
from gateway.core.store.tables import access_log, batches, blobs, claims, files, remittances, transfers, work_items
from gateway.operate.purge import Purged, due, purge

from .conftest import Place
from .test_doctor import NOW

YEARS_ON = NOW + dt.timedelta(days=3000)
SEVEN_YEARS = Retention(raw_files_days=2555, access_log_days=2190)


def close_everything(place: Place) -> None:
    """Nobody has anything left to do."""
    place.change(update(work_items).values(state="closed"))


def apply(place: Place, policy: Retention = SEVEN_YEARS, *, dry_run: bool = False) -> Purged:
    return purge(place.sql, place.archive, policy, YEARS_ON, dry_run=dry_run)


def kept(place: Place) -> set[str]:
    """The content that has its bytes, as the rows say."""
    return {row.sha256 for row in place.rows(blobs, blobs.c.purged_at.is_(None))}


def test_by_default_files_are_kept_for_ever(lived: Place) -> None:
    before = list(lived.archive)
    assert apply(lived, Retention())[:2] == (0, 0)
    assert list(lived.archive) == before
    done = lived.run("purge")
    assert done.exit_code == 0
    assert done.output.startswith("Removed 0 archived file(s)")


def test_a_dry_run_says_the_same_and_removes_nothing(lived: Place) -> None:
    close_everything(lived)
    before = list(lived.archive)
    said = apply(lived, dry_run=True)
    assert said.files > 0
    assert list(lived.archive) == before
    assert kept(lived) == set(before)
    assert apply(lived) == said


def test_old_files_lose_their_bytes_and_stay_known(lived: Place) -> None:
    close_everything(lived)
    rows, money = lived.rows(files), lived.rows(transfers)
    stored = lived.archive.read(rows[0].sha256)
    done = apply(lived)
    assert done.size > 0
    assert not any(row.sha256 in list(lived.archive) for row in rows)
    assert lived.rows(files) == rows
    assert lived.rows(transfers) == money
    assert all(row.purged_at for row in lived.rows(blobs, blobs.c.purpose.in_(["inbound", "outbound"])))
    assert lived.bad() == set()
    # The same file dropped again is known, and has bytes again.
    with lived.sql.begin() as connection:
        got = register(connection, rows[0].party, "again.837", lived.archive.put_stream(BytesIO(stored)), NOW)
    assert got.duplicate_of == rows[0].id
    assert lived.bad() == set()


def test_configurations_are_kept_because_claims_name_them(lived: Place) -> None:
    close_everything(lived)
    apply(lived)
    assert {row.purpose for row in lived.rows(blobs, blobs.c.purged_at.is_(None))} == {"configuration"}


def test_a_file_with_open_work_is_kept_whatever_its_age(lived: Place) -> None:
    by = lived.rows(files)
    wanted = {
        "file": (by[0].id, by[0].sha256),
        "batch": (None, None),
        "remittance": (None, None),
        "claim": (None, None),
    }
    with lived.sql.connect() as connection:
        for kind, table in (("batch", batches), ("remittance", remittances), ("claim", claims)):
            row = connection.execute(
                select(table.c.id, files.c.sha256).join(files, files.c.id == table.c.file_id).limit(1)
            ).one()
            wanted[kind] = (row.id, row.sha256)
    for number, (kind, (subject, sha256)) in enumerate(wanted.items(), 50_000):
        close_everything(lived)
        item = {"id": number, "kind": "file_problem", "key": kind, "team": "edi", "reason": "x"}
        item |= {"subject_kind": kind, "subject_id": subject, "state": "open", "opened_at": NOW}
        if kind == "claim":
            item |= {"claim_id": subject}
        lived.change(insert(work_items).values(**item))
        with lived.sql.begin() as connection:
            going = {one for one, _ in due(connection, SEVEN_YEARS, YEARS_ON)}
        assert sha256 not in going, kind
        assert going


def test_a_batch_that_has_not_left_is_kept(lived: Place) -> None:
    close_everything(lived)
    out = lived.rows(files, files.c.direction == "out")[0]
    lived.change(update(files).where(files.c.id == out.id).values(state="written"))
    apply(lived)
    assert out.sha256 in kept(lived)


def test_content_that_came_again_lately_is_kept(lived: Place) -> None:
    close_everything(lived)
    row = lived.rows(files)[0]
    lived.change(
        insert(files).values(
            id=70_000,
            direction="in",
            origin="source",
            party="billing",
            name="again",
            sha256=row.sha256,
            size=row.size,
            state="duplicate",
            received_at=YEARS_ON - dt.timedelta(days=3),
        )
    )
    apply(lived)
    assert row.sha256 in kept(lived)


def test_bytes_that_are_just_being_put_again_are_not_taken_away(lived: Place) -> None:
    """Their row is yet to be written: only the time of the file says so."""
    close_everything(lived)
    row = lived.rows(files)[0]
    path = lived.archive.path(row.sha256)
    os.utime(path, (YEARS_ON.timestamp() - 60, YEARS_ON.timestamp() - 60))
    left = lived.archive.put(b"left by an interruption long ago")
    os.utime(lived.archive.path(left.sha256), (1, 1))
    done = apply(lived)
    assert path.exists()
    assert row.sha256 in kept(lived)
    assert done.orphans == 1
    assert not lived.archive.path(left.sha256).exists()


def test_bytes_put_again_after_the_row_was_marked_are_there_again(lived: Place) -> None:
    close_everything(lived)
    data = lived.archive.read(lived.rows(files)[0].sha256)
    apply(lived)
    stored = lived.archive.put(data)
    with lived.sql.begin() as connection:
        record(connection, stored, "inbound", NOW)
    assert stored.sha256 in kept(lived)


def test_old_lines_of_the_access_log_go(lived: Place) -> None:
    for days in (1, 2189, 2191, 4000):
        lived.change(insert(access_log).values(at=YEARS_ON - dt.timedelta(days=days), who="x", what="y"))
    assert apply(lived, Retention(), dry_run=True).access_rows == 2
    assert lived.count(access_log) == 4
    assert apply(lived, Retention()).access_rows == 2
    assert lived.count(access_log) == 2
