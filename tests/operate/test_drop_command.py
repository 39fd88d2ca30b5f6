"""Documents for plugins on the command line, and what a command would do, on a database that no gateway runs on."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.model.belongings_file import DELIVERIES
from gateway.core.store import migrate, plugin_rows, take_belongings
from gateway.core.store.archive import record
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.files import NewFile, add
from gateway.core.store.tables import access_log, files, work_items

from ..web import running
from ..web.test_drops import BAD, FAULTS, GOOD
from ..web.test_plugin_desk import PLUGINS
from .conftest import Place
from .test_desk_commands import NOW


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drops")
    config = running.write_config(folder, more="plugins_dir: plugins\ndesk: {tickets: {}, well: {}}")
    (config / "plugins").mkdir()
    for name in ("tickets", "well"):
        shutil.copy(PLUGINS / f"{name}.py", config / f"plugins/{name}.py")
    for name, text in (("good.csv", GOOD), ("bad.csv", BAD)):
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def place(_made: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "place"
    shutil.copytree(_made, folder)
    place = Place(folder)
    place.places.prepare()
    engine = make_sync_engine(place.places.business_url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        plugin_rows.prepare(connection, place.config.plugin_tables(), NOW)
        stored = place.archive.put(b"deliveries")
        record(connection, stored, "inbound", NOW)
        file_id = add(connection, NewFile("in", "upload", "billing", "d.csv", stored, "DELIVERIES", "read"), NOW)
        row = b'[{"patient_id": "P1", "order_number": "SO-1", "code": "E0601", "delivered_on": "2026-01-05"}]'
        take_belongings.take_deliveries(connection, "billing", file_id, DELIVERIES.read(row), NOW)
    engine.dispose()
    yield place
    place.let_go()


def drop(place: Place, name: str, *more: str, source: str = "billing") -> tuple[int, str]:
    said = place.run("drop", "tickets", "tickets", str(place.folder / name), "--source", source, *more)
    return said.exit_code, said.output


def documents(place: Place) -> list[tuple[str, str]]:
    return [(row.name, row.state) for row in place.rows(files) if row.kind == "DROP"]


def test_a_document_is_taken_once(place: Place) -> None:
    code, said = drop(place, "good.csv")
    assert (code, said) == (0, "2 tickets of billing.\ngood.csv is file 2: 2 rows kept.\n")
    assert documents(place) == [("good.csv", "read")]
    code, said = drop(place, "good.csv")
    assert (code, said) == (0, "good.csv came before, as file 2: nothing is done again.\n")
    assert [row.what for row in place.rows(access_log)] == ["drop tickets/tickets"] * 2


def test_every_fault_is_told_and_nothing_is_recorded(place: Place) -> None:
    code, said = drop(place, "bad.csv")
    assert code == 1
    assert [line for line in said.splitlines() if line.startswith("line ")] == FAULTS
    assert documents(place) == []
    assert place.rows(work_items) == []


def test_a_dry_run_tells_and_does_nothing(place: Place) -> None:
    code, said = drop(place, "good.csv", "--dry-run", "--csv")
    assert code == 0
    told = list(csv.reader(io.StringIO(said)))
    assert [row[:3] for row in told[1:]] == [["keep a row", "tickets", "patient 1"]] * 2
    assert documents(place) == []
    code, said = drop(place, "good.csv", "--dry-run")
    assert "2 tickets of billing.\nThis would be done, and none of it is:\n" in said
    assert drop(place, "good.csv")[1].endswith("2 rows kept.\n"), "what was only tried is taken"


def test_a_failing_plugin_is_told_with_the_file_that_can_be_read_again(place: Place) -> None:
    (place.config_dir / "plugins/ill").touch()
    (place.folder / "good.csv").write_text("patient,serial,signed_on\nP1,RAISES,2026-11-02\n")
    code, said = drop(place, "good.csv")
    assert code == 1
    assert "RuntimeError at tickets.py" in said
    assert "It is file 2; a work item says so." in said
    assert documents(place) == [("good.csv", "quarantined")]
    (place.config_dir / "plugins/ill").unlink()
    assert drop(place, "good.csv")[0] == 0
    assert documents(place) == [("good.csv", "read")], "the same file, read again"
    assert {row.state for row in place.rows(work_items)} == {"closed"}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("tickets", "tikets", "good.csv", "--source", "billing"), 2, "No plugin takes documents as tickets/tikets"),
        (("tickets", "tickets", "good.csv"), 2, "Say with --source whose document it is"),
        (("tickets", "tickets", "good.csv", "--source", "bills"), 2, "No source is called 'bills'"),
        (("tickets", "tickets"), 2, "Say PLUGIN, NAME and FILE"),
    ],
)
def test_what_cannot_be_asked_is_told(place: Place, words: tuple[str, ...], code: int, told: str) -> None:
    said = place.run("drop", *(str(place.folder / word) if word.endswith(".csv") else word for word in words))
    assert (said.exit_code, told in said.output) == (code, True), said.output


def test_where_the_plugins_table_is_not_made_yet_it_is_told(place: Place) -> None:
    engine = make_sync_engine(place.places.business_url)
    with engine.begin() as connection:
        plugin_rows.drop(connection, "tickets")
    engine.dispose()
    code, said = drop(place, "good.csv")
    assert (code, "Restart the gateway" in said) == (1, True), said
    assert documents(place) == []


def test_the_drops_are_listed_with_their_columns(place: Place) -> None:
    said = place.run("drop", "--csv")
    assert "tickets tickets,patient serial signed_on [hours],intake,Signed delivery tickets.\n" in said.output


def test_what_a_command_would_do_is_told_and_not_done(place: Place) -> None:
    said = place.run("plugin", "run", "well", "ask", "--set", "key=monday", "--dry-run")
    assert said.exit_code == 0
    assert "monday is asked for.\nThis would be done, and none of it is:\n" in said.output
    assert "open a work item" in said.output
    assert place.rows(work_items) == []
    said = place.run("plugin", "run", "well", "ask", "--set", "key=monday", "--set", "close=yes", "--dry-run", "--csv")
    assert list(csv.reader(io.StringIO(said.output)))[1][:2] == ["close a work item", "monday"]
