"""Everything is brought back from a backup, and nothing is done twice on it."""

from __future__ import annotations

import asyncio
import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from gateway.core.flow.receive import receive
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine, system_url
from gateway.core.store.tables import (
    batches,
    blobs,
    claims,
    counters,
    executors,
    files,
    metadata,
    outbox,
    partner_states,
    submissions,
    transfers,
)
from gateway.operate import backup as module
from gateway.operate.backup import BackupFailed, backup, restore
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from ..web.test_api import TODAY
from .conftest import Place, until
from .test_doctor import NOW


def nothing(*_: object) -> None:
    """No progress is shown."""


def place_for(lived: Place, folder: Path) -> Place:
    """Another machine: the same configuration, no data."""
    shutil.copytree(lived.config_dir, folder / "config")
    return Place(folder)


def test_a_backup_is_restored_into_an_empty_place_and_the_doctor_finds_nothing(lived: Place, tmp_path: Path) -> None:
    done = lived.run("backup", str(tmp_path / "night"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "night").stat().st_mode & 0o077 == 0  # patients' data
    there = place_for(lived, tmp_path / "there")
    done = there.run("restore", str(tmp_path / "night"))
    assert done.exit_code == 0, done.output
    assert "gateway partner start" in done.output
    assert there.bad() == {"partners"}
    for table in (claims, files, batches, submissions, transfers, blobs):
        assert there.rows(table) == lived.rows(table)
    assert list(there.archive) == list(lived.archive)
    there.let_go()


def test_numbers_that_leave_the_house_jump_and_others_do_not(lived: Place, tmp_path: Path) -> None:
    lived.run("backup", str(tmp_path / "night"))
    there = place_for(lived, tmp_path / "there")
    there.run("restore", str(tmp_path / "night"))
    before = {row.name: row.next for row in lived.rows(counters)}
    after = {row.name: row.next for row in there.rows(counters)}
    control = {name for name in before if name.split(":")[0] in ("isa13", "gs06", "st02")}
    assert {name.split(":")[0] for name in control} == {"isa13", "gs06", "st02"}
    # The ids of files stand in the numbers that we give claims and lines.
    jump = dict.fromkeys(control, 1_000) | {"files": 1_000_000}
    assert after == {name: value + jump.get(name, 0) for name, value in before.items()}
    there.let_go()


def test_every_partner_waits_for_a_person_even_one_that_had_sent_nothing(lived: Place, tmp_path: Path) -> None:
    shutil.copy(lived.config_dir / "partners" / "practice.yaml", lived.config_dir / "partners" / "other.yaml")
    other = lived.config_dir / "partners" / "other.yaml"
    other.write_text(other.read_text().replace('  - "*"', '  - "99999"'))
    lived.run("backup", str(tmp_path / "night"))
    there = place_for(lived, tmp_path / "there")
    there.run("restore", str(tmp_path / "night"))
    assert {row.partner for row in there.rows(partner_states) if row.stopped_at} == {"practice", "other"}
    assert there.rows(executors) == []
    assert "STOPPED: Restored" in there.run("partner", "list").output
    started = there.run("partner", "start", "practice")
    assert started.exit_code == 0
    assert [row.partner for row in there.rows(partner_states) if row.stopped_at] == ["other"]
    there.let_go()


def test_a_place_that_is_not_empty_is_left_as_it_is(lived: Place, tmp_path: Path) -> None:
    lived.run("backup", str(tmp_path / "night"))
    before = lived.rows(claims)
    done = lived.run("restore", str(tmp_path / "night"))
    assert done.exit_code == 1
    assert "empty place" in done.output
    assert lived.rows(claims) == before
    assert lived.bad() == set()
    # An archive is enough to make a place not empty, and so is one database.
    for keep in ("archive", "business.db", "engine.db"):
        there = place_for(lived, tmp_path / f"there-{keep}")
        (there.folder / "data").mkdir()
        source = lived.folder / "data" / keep
        (shutil.copytree if source.is_dir() else shutil.copy)(source, there.folder / "data" / keep)
        done = there.run("restore", str(tmp_path / "night"))
        assert done.exit_code == 1, keep
        assert "empty place" in done.output


def test_what_a_step_has_archived_and_no_row_knows_yet_is_in_the_backup(lived: Place, tmp_path: Path) -> None:
    """The engine remembers its hash: without the bytes, the work under way could never go on."""
    stored = lived.archive.put(b"decided, not yet committed")
    lived.run("backup", str(tmp_path / "night"))
    there = place_for(lived, tmp_path / "there")
    there.run("restore", str(tmp_path / "night"))
    assert there.archive.read(stored.sha256) == b"decided, not yet committed"
    assert there.bad() == {"partners"}
    there.let_go()


def test_a_backup_never_goes_over_another(lived: Place, tmp_path: Path) -> None:
    (tmp_path / "night").mkdir()
    done = lived.run("backup", str(tmp_path / "night"))
    assert done.exit_code == 1
    assert "exists" in done.output
    assert not list((tmp_path / "night").iterdir())


def test_a_damaged_archive_makes_no_backup(lived: Place, tmp_path: Path) -> None:
    lived.archive.remove(lived.rows(files)[0].sha256)
    done = lived.run("backup", str(tmp_path / "night"))
    assert done.exit_code == 1
    assert "gateway doctor" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["place"]  # nothing half-done


@pytest.mark.parametrize("harm", ["flip", "lose", "manifest", "format"])
def test_a_damaged_backup_brings_nothing_back(lived: Place, tmp_path: Path, harm: str) -> None:
    lived.run("backup", str(tmp_path / "night"))
    blob = next(path for path in sorted((tmp_path / "night" / "archive").glob("??/??/*")) if path.stat().st_size)
    if harm == "flip":
        blob.write_bytes(bytes([blob.read_bytes()[0] ^ 1]) + blob.read_bytes()[1:])
    elif harm == "lose":
        blob.unlink()
    elif harm == "manifest":
        (tmp_path / "night" / "manifest.json").unlink()
    else:
        (tmp_path / "night" / "manifest.json").write_text('{"format": 99}')
    there = place_for(lived, tmp_path / "there")
    done = there.run("restore", str(tmp_path / "night"))
    assert done.exit_code == 1
    assert "backup" in done.output
    data = there.folder / "data"
    assert not [path for path in data.rglob("*") if path.is_file()]


async def test_a_backup_of_a_gateway_that_runs_goes_on_elsewhere_and_doubles_nothing(
    lived: Place, tmp_path: Path
) -> None:
    """Claims stream in while the backup is taken; the restored gateway reads what had come, and the same files dropped
    again are known."""
    people = list(generate_claims(90, 11, TODAY))
    parts = [as_837(people[start : start + 10], TODAY) for start in range(0, 90, 10)]
    gateway = Gateway(lived.config, executor="gateway")
    await gateway.start()
    try:
        for number, part in enumerate(parts):
            await receive(gateway.write, gateway.archive, "billing", f"{number}.837", BytesIO(part), NOW)
            if number == 5:
                taking = asyncio.create_task(asyncio.to_thread(_backup, lived, tmp_path / "night"))
        await taking
        await until(lambda: lived.count(files, files.c.state.in_(["received", "reading"])) == 0, "all is read")
    finally:
        await gateway.stop()
    assert lived.bad() <= {"answers"}

    there = place_for(lived, tmp_path / "there")
    assert there.run("restore", str(tmp_path / "night")).exit_code == 0
    came = {row.name for row in there.rows(files) if row.origin == "upload"}
    assert len(came) >= 6  # what was acknowledged before the backup began is in it
    gateway = Gateway(there.config, executor="gateway")
    await gateway.start()
    try:
        for number, part in enumerate(parts):
            got = await receive(gateway.write, gateway.archive, "billing", f"{number}.837", BytesIO(part), NOW)
            assert bool(got.duplicate_of) == (f"{number}.837" in came)
        await until(lambda: there.count(files, files.c.state.in_(["received", "reading"])) == 0, "all is read")
    finally:
        await gateway.stop()
    numbers = [row.source_claim_number for row in there.rows(claims)]
    assert len(numbers) == len(set(numbers)) == lived.count(claims)
    # What is ready may be batched, under numbers that were never used; nothing leaves before a person says so.
    new = there.rows(batches, batches.c.id > max(row.id for row in lived.rows(batches, batches.c.isa13 < "000001000")))
    assert {row.sent_at for row in new} <= {None}
    assert all(int(row.isa13) > 1000 for row in new)
    assert there.bad() == {"partners"}
    there.let_go()


def _backup(place: Place, target: Path) -> None:
    places = place.places
    assert places.engine_url is not None
    backup(places.business_url, places.engine_url, place.archive, target, NOW, nothing)


def test_work_that_the_engine_may_not_know_of_is_started_again(lived: Place, tmp_path: Path) -> None:
    lived.run("backup", str(tmp_path / "night"))
    there = place_for(lived, tmp_path / "there")
    there.run("restore", str(tmp_path / "night"))
    assert lived.count(outbox, outbox.c.submitted_at.is_(None)) == 0
    assert there.count(outbox, outbox.c.submitted_at.is_(None)) > 0
    there.let_go()


# --- PostgreSQL ------------------------------------------------------------------------------------

needs_tools = pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not installed")


@pytest.mark.postgres
@needs_tools
def test_a_postgresql_database_is_backed_up_and_brought_back(postgres_server: Any, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    stored = archive.put(b"ISA")
    with postgres_server.database() as here, postgres_server.database() as there:
        engine = make_sync_engine(here)
        metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(blobs.insert().values(sha256=stored.sha256, size=3, purpose="inbound", stored_at=NOW))
            connection.execute(counters.insert().values(name="isa13:ZZA:ZZB", next=7))
            connection.execute(text("CREATE SCHEMA dbos"))
            connection.execute(text("CREATE TABLE dbos.workflows (id text)"))
            connection.execute(text("INSERT INTO dbos.workflows VALUES ('read:1')"))
        engine.dispose()
        assert backup(here, system_url(here), archive, tmp_path / "night", NOW, nothing) == 1
        assert b"ISA" not in (tmp_path / "night" / "manifest.json").read_bytes()

        assert (
            restore(
                *(tmp_path / "night", there, system_url(there), tmp_path / "there", ["practice"], NOW, nothing),
            )
            == 1
        )
        engine = make_sync_engine(there)
        with engine.connect() as connection:
            assert connection.execute(select(counters.c.next)).scalar_one() == 1007
            assert connection.execute(text("SELECT id FROM dbos.workflows")).scalar_one() == "read:1"
            assert connection.execute(select(partner_states.c.partner)).scalar_one() == "practice"
        engine.dispose()
        assert Archive(tmp_path / "there").read(stored.sha256) == b"ISA"

        with pytest.raises(BackupFailed, match="has tables already"):
            restore(tmp_path / "night", there, system_url(there), tmp_path / "third", [], NOW, nothing)
        assert not list((tmp_path / "third").glob("??/??/*"))


@pytest.mark.postgres
@needs_tools
def test_a_server_that_cannot_be_reached_is_said_in_a_sentence(tmp_path: Path) -> None:
    url = "postgresql://gateway:geheim@127.0.0.1:1/gateway"
    with pytest.raises(BackupFailed, match="pg_dump failed") as caught:
        backup(url, url, Archive(tmp_path / "archive"), tmp_path / "night", NOW, nothing)
    assert "geheim" not in str(caught.value)
    assert not (tmp_path / "night").exists()


def test_without_the_tools_it_is_said_which_package_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    url = "postgresql://gateway@127.0.0.1:1/gateway"
    with pytest.raises(BackupFailed, match="postgresql-client"):
        backup(url, url, Archive(tmp_path / "archive"), tmp_path / "night", NOW, nothing)


def test_a_backup_of_one_kind_is_not_restored_into_the_other(lived: Place, tmp_path: Path) -> None:
    lived.run("backup", str(tmp_path / "night"))
    manifest = json.loads((tmp_path / "night" / "manifest.json").read_text())
    assert manifest["database"] == "sqlite"
    assert manifest["format"] == module.FORMAT
    url = "postgresql://gateway@127.0.0.1:1/gateway"
    with pytest.raises(BackupFailed, match="is of sqlite, the configuration names postgresql"):
        restore(tmp_path / "night", url, url, tmp_path / "there", [], NOW, nothing)
