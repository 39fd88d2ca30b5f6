"""The receivables plugin as the gateway calls it: in a process of its own, on a database with balances."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert, select, update

from gateway.cli import cli
from gateway.config.locations import Locations
from gateway.core.clock import SystemClock
from gateway.core.flow.desk_lookups import key_of
from gateway.core.store import migrate, plugin_rows
from gateway.core.store.engine import make_sync_engine, prepare_sqlite
from gateway.core.store.tables import claims, outbox, patients, timeline, work_items
from gateway.plugins.testing import make_claim, make_line

from ..reports.books import billed, move, paid, remitted, sent
from ..web import running

INSURANCE = "receivable:insurance"


class Office:
    """A configuration with the plugin, and its database."""

    def __init__(self, folder: Path) -> None:
        self.config = running.write_config(folder, more="desk: {receivables: {}}")
        config = running.read_config(self.config)
        places = Locations(config)
        places.prepare()
        prepare_sqlite(places.business_url)
        self.sql: Engine = make_sync_engine(places.business_url)
        migrate.upgrade(self.sql)
        with self.sql.begin() as connection:
            plugin_rows.prepare(connection, config.plugin_tables(), SystemClock().now())

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["-c", str(self.config), *words])

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.sql.connect() as connection:
            return list(connection.execute(select(table).where(*where).order_by(*table.primary_key)))


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    made = Office(tmp_path)
    content = make_claim(make_line("E1390"), claim_number="C-2").stored.pack()
    with made.sql.begin() as sql:
        sql.execute(
            insert(patients).values(id=7, last_name="FERNSBY", first_name="POSY", created_at=SystemClock().now())
        )
        billed(sql, 1, 10_000, 90)
        sent(sql, 1, 1, 89)
        billed(sql, 2, 10_000, 90, state="paid", content=content, patient_id=7)
        # The payer has decided: before, nothing is the patient's to pay.
        remitted(sql, 1, 60, 60)
        paid(sql, 1, 1, 2, 60, cents=8_000)
        move(sql, 2, "clearing:1", INSURANCE, 8_000, 60)
        move(sql, 2, "receivable:patient:coinsurance", INSURANCE, 2_000, 60)
        sql.execute(update(claims).where(claims.c.id == 1).values(payer_name="NORTHBRIDGE"))
    yield made
    made.sql.dispose()


def test_the_queue_is_worked_out_once(office: Office) -> None:
    looked = office.run("plugin", "run", "receivables", "follow-up", "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "ask the payer" in looked.output
    assert office.rows(work_items) == []
    assert office.run("plugin", "run", "receivables", "follow-up").exit_code == 0
    (item,) = office.rows(work_items)
    assert (item.kind, item.claim_id, item.cents, item.team) == ("follow_up", 1, 10_000, "followup")
    assert item.key.startswith(key_of("receivables", "follow_up:1:"))
    assert item.refile_by is not None
    assert [row.payload["claims"] for row in office.rows(outbox, outbox.c.kind == "inquire")] == [[1]]
    assert office.run("plugin", "run", "receivables", "follow-up").exit_code == 0
    assert len(office.rows(work_items)) == 1
    listed = office.run("queue", "list", "--worklist", "follow-up")
    assert "NORTHBRIDGE has not decided on $100.00" in listed.output


def test_a_statement_is_printed_and_kept(office: Office) -> None:
    told = office.run("plugin", "run", "receivables", "statements", "--csv", "--set", "mark=no")
    (row,) = csv.DictReader(io.StringIO(told.output))
    assert (row["patient"], row["owed"], row["coinsurance"]) == ("7", "20.00", "20.00")
    page = office.run("plugin", "run", "receivables", "print")
    assert page.exit_code == 0, page.output
    assert page.output.startswith("<!DOCTYPE html>")
    assert "Please pay <b>$20.00</b>" in page.output
    assert office.run("plugin", "run", "receivables", "print").output == "No statement is due.\n"
    told = [one.what for one in office.rows(timeline, timeline.c.subject_id == 2)]
    assert told == ["Stated to the patient: $20.00 owed."]
