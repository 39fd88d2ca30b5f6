"""`gateway doctor` says what is wrong, and only then."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import insert, update

from gateway.core.store import partners
from gateway.core.store.tables import batches, blobs, files, outbox, submissions, transfers, work_items

from .conftest import Place

LONG_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
NOW = dt.datetime.now(dt.UTC)


def test_all_is_well_after_a_day_of_work(lived: Place) -> None:
    done = lived.run("doctor")
    assert done.exit_code == 0, done.output
    assert {said.split()[0] for said in lived.checks().values()} == {"ok"}
    assert set(lived.checks()) == {
        *("schema", "archive", "orphans", "answers", "ledger", "files", "outbox", "partners", "rows"),
    }


def test_it_changes_nothing_and_holds_no_writer_up(lived: Place) -> None:
    with lived.sql.begin() as connection:  # the one writer that SQLite has
        connection.execute(update(files).values(reason="x"))
        assert lived.run("doctor").exit_code == 0
        connection.rollback()


def test_its_findings_are_there_for_a_program_too(lived: Place) -> None:
    found = json.loads(lived.run("doctor", "--format", "json").output)
    assert all(check["ok"] for check in found)
    assert found[0]["name"] == "schema"


def test_a_file_that_is_gone_from_the_archive(lived: Place) -> None:
    sha256 = lived.rows(files)[0].sha256
    lived.archive.remove(sha256)
    said = lived.checks()["archive"]
    assert said.startswith("BAD 1 of")
    assert sha256 in said
    assert lived.run("doctor").exit_code == 1
    assert "missing" in lived.checks("--quick")["archive"]


def test_one_byte_that_has_flipped(lived: Place) -> None:
    path = lived.archive.path(lived.rows(files)[0].sha256)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    assert lived.bad() == {"archive"}
    assert lived.checks("--quick")["archive"].startswith("ok")  # its size is what it was


def test_bytes_that_nobody_knows_are_told_and_harmless(lived: Place) -> None:
    import os

    stored = lived.archive.put(b"left by an interruption")
    assert "0 file(s)" not in lived.checks()["orphans"]
    os.utime(lived.archive.path(stored.sha256), (1, 1))
    said = lived.checks()["orphans"]
    assert said.startswith("ok 1 file(s)")
    assert lived.bad() == set()


def test_an_interchange_without_an_answer_and_without_an_alarm(lived: Place) -> None:
    lived.change(update(batches).values(sent_at=LONG_AGO, group_ack="", ta1=""))
    lived.change(update(submissions).values(hop=0, state="sent"))
    said = lived.checks()["answers"]
    assert said.startswith("BAD")
    assert "practice" in said
    # With the alarm that the watch raises, it stands on the overdue list.
    for batch in lived.rows(batches):
        for hop in ("999", "CLEARINGHOUSE", "PAYER", "REMITTANCE"):
            row = {"id": 10_000 + batch.id, "kind": "overdue_ack", "key": f"overdue:{hop}:{batch.id}", "team": "edi"}
            row |= {"subject_kind": "batch", "subject_id": batch.id, "reason": "late", "state": "open"}
            if hop == "999":
                lived.change(insert(work_items).values(**row, opened_at=NOW))
    assert lived.checks()["answers"].startswith("ok")


@pytest.mark.parametrize("state", ["received", "reading"])
def test_a_file_that_nobody_reads(lived: Place, state: str) -> None:
    first = lived.rows(files)[0].id
    lived.change(update(files).where(files.c.id == first).values(state=state, received_at=LONG_AGO))
    assert lived.bad() == {"files"}
    assert f"file {first}" in lived.checks()["files"]


def test_work_that_was_never_started(lived: Place) -> None:
    row = {"kind": "read", "key": "999", "payload": {}, "created_at": LONG_AGO}
    lived.change(insert(outbox).values(**row))
    assert lived.bad() == {"outbox"}


def test_a_stopped_partner(lived: Place) -> None:
    with lived.sql.begin() as connection:
        partners.stop(connection, "practice", "three refused sign-ins", NOW)
    assert lived.bad() == {"partners"}
    assert "three refused sign-ins" in lived.checks()["partners"]


@pytest.mark.parametrize(
    "breaking",
    [
        update(transfers).where(transfers.c.id == 1).values(cents=transfers.c.cents + 1),
        transfers.delete().where(
            transfers.c.id
            == transfers.select()
            .with_only_columns(transfers.c.id)
            .where(transfers.c.claim_payment_id.is_not(None))
            .order_by(transfers.c.id)
            .limit(1)
            .scalar_subquery()
        ),
    ],
    ids=["a cent too many", "a transfer that is gone"],
)
def test_a_ledger_that_somebody_has_changed(lived: Place, breaking: object) -> None:
    assert lived.change(breaking) == 1
    assert lived.bad() == {"ledger"}


def test_a_database_that_another_version_has_written(lived: Place) -> None:
    from sqlalchemy import text

    lived.change(text("UPDATE alembic_version SET version_num = '9999'"))
    assert lived.bad() == {"schema"}
    refused = lived.run("upgrade")
    assert refused.exit_code == 1
    assert "9999" in refused.output


def test_purged_bytes_are_not_missing(lived: Place) -> None:
    sha256 = lived.rows(files)[0].sha256
    lived.change(update(blobs).where(blobs.c.sha256 == sha256).values(purged_at=NOW))
    lived.archive.remove(sha256)
    assert lived.bad() == set()
