"""Worklists, reports and commands of plugins on the command line, on a database that no gateway runs on."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.flow.desk_lookups import StoreLookups
from gateway.core.model.money import to_cents
from gateway.core.store import migrate
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import access_log, claim_payments, denials, plugin_calls, work_items
from gateway.plugins import Desk, Tables

from ..web import running
from ..web.test_plugin_desk import PLUGINS
from .conftest import Place

NOW = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    config = running.write_config(folder, more="plugins_dir: plugins\ndesk:\n  well: {dollars: 50}\n  ill:\n")
    shutil.copytree(PLUGINS, config / "plugins")
    return folder


@pytest.fixture
def place(_made: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "place"
    shutil.copytree(_made, folder)
    place = Place(folder)
    place.places.prepare()
    engine = make_sync_engine(place.places.business_url)
    migrate.upgrade(engine)
    engine.dispose()
    yield place
    place.let_go()


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_command_does_what_it_says_and_its_worklist_shows_it(place: Place) -> None:
    said = place.run("plugin", "run", "well", "ask", "--set", "key=monday")
    assert (said.exit_code, said.output) == (0, "monday is asked for.\n")
    (item,) = place.rows(work_items)
    assert (item.key, item.kind, item.team, item.state) == ("desk:well:monday", "well_asked", "billing", "open")
    listed = place.run("worklists")
    assert "well/asked" in listed.output
    assert "What was asked for" in listed.output
    shown = place.run("queue", "list", "--worklist", "asked")
    assert shown.output.splitlines() == [
        "What was asked for",
        "",
        "team     payer  reason",
        "billing         Somebody asked.",
    ]
    as_table = place.run("queue", "list", "--worklist", "well/asked", "--csv")
    assert rows(as_table.output) == [["team", "payer", "reason"], ["billing", "", "Somebody asked."]]
    assert place.run("queue", "list", "--worklist", "asked", "--team", "edi").output == "Nothing waits here.\n"
    assert place.run("plugin", "run", "well", "ask", "--set", "key=monday", "--set", "close=yes").exit_code == 0
    (item,) = place.rows(work_items)
    assert (item.state, item.outcome) == ("closed", "Nobody asks any more.")
    assert "plugin run well ask" in {row.what for row in place.rows(access_log)}


def test_a_list_is_worked_out_by_hand_and_says_so(place: Place) -> None:
    def when() -> str:
        return next(row[5] for row in rows(place.run("worklists", "--csv").output) if row[0] == "well/large")

    assert when() == "not yet; every 2s"
    said = place.run("queue", "list", "--worklist", "large")
    assert said.output.splitlines() == [
        "Nothing waits here.",
        "This list has not been worked out yet: that comes every 2s. Now: gateway plugin turn well large",
    ]
    assert "large     every 2s  not yet" in place.run("plugin", "turn", "well").output
    told = place.run("plugin", "turn", "well", "large", "--dry-run")
    assert "This would be done, and none of it is:" in told.output
    assert when() == "not yet; every 2s"
    assert place.run("plugin", "turn", "well", "large").output == "Done: 1 change.\n"
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", when())
    assert f"Worked out {when()}, every 2s. Now: " in place.run("queue", "list", "--worklist", "large").output
    for words, why in (
        (("well", "lrage"), "Plugin 'well' has no schedule 'lrage': large."),
        (("wel", "large"), "Plugin 'wel' has no schedules in this configuration. Plugins that have: "),
    ):
        told = place.run("plugin", "turn", *words)
        assert (told.exit_code, why in told.output) == (2, True), told.output


def test_one_who_does_not_know_what_there_is_is_told(place: Place) -> None:
    for words, told in (
        (("plugin", "run", "well"), "ask      key, close=False  Ask for something."),
        (("plugin", "run", "wel", "ask"), "Plugins that have: well, ill, "),
        (("plugin", "run", "well", "aks"), "Plugin 'well' has no command 'aks': ask, charges."),
        (("plugin", "run", "well", "ask"), "key is missing."),
        (("plugin", "run", "well", "ask", "--set", "kee=x"), "There is no 'kee'; there are: key, close."),
        (("plugin", "run", "well", "ask", "--set", "key"), "--set wants NAME=VALUE, not 'key'."),
        (("report", "run", "nothing"), "There are: well/charges, ill/hangs, ill/words, "),
        (("report", "run", "charges", "--set", "least=much"), "least: input should be a valid decimal."),
        (
            ("queue", "list", "--worklist", "nothing"),
            "There is no worklist 'nothing'. There are: well/asked, well/large, ",
        ),
        (("queue", "list", "--worklist", "well/asked", "--team", "biling"), "no team 'biling'. Did you mean billing"),
    ):
        assert told in place.run(*words).output, words
    assert place.run("plugin", "run", "well", "ask").exit_code == 2
    assert not place.rows(work_items)


def test_a_report_is_a_table_on_the_screen_or_for_a_spreadsheet(place: Place) -> None:
    assert "least=0, payer=" in place.run("report", "list").output
    assert place.run("report", "run", "well/charges").output == "It has no rows.\n"
    assert rows(place.run("report", "run", "charges", "--set", "least=5", "--csv").output) == [
        ["claim", "day", "dollars"]
    ]


def test_one_that_hangs_or_exits_is_told_counted_and_a_work_item(place: Place) -> None:
    hung = place.run("report", "run", "hangs")
    assert hung.exit_code == 1
    assert "Plugin ill failed here: it did not end in its time (over 0.3 s)." in hung.output
    gone = place.run("plugin", "run", "ill", "exits")
    assert (gone.exit_code, "it ended the process in which it ran" in gone.output) == (1, True)
    items = place.rows(work_items, work_items.c.kind == "plugin_failure")
    assert sorted(item.key.rpartition(":")[0] for item in items) == [
        "desk_failure:ill:plugin_commands:exits",
        "desk_failure:ill:plugin_reports:hangs",
    ]
    (counted,) = place.rows(plugin_calls, plugin_calls.c.plugin == "ill")
    assert (counted.calls, counted.failures) == (2, 2)
    plugins = place.run("plugins").output
    assert "called: 2 times in 30 days, 2 failed" in plugins
    assert "reports: hangs, words" in plugins


def test_a_desk_sees_the_payments_and_denials_of_a_house_that_has_lived(lived: Place) -> None:
    with lived.sql.connect() as connection:
        desk = Desk("well", None, NOW, NOW.date(), Tables(), StoreLookups(connection, "well"))
        payments, refused, billed = list(desk.payments()), list(desk.denials()), list(desk.claims())
        claim = desk.claim(billed[0].id)
        of_one = list(desk.payments(claim_id=payments[0].claim_id))
    assert claim is not None
    assert claim.charge == billed[0].charge
    assert len(claim.lines) == len(billed[0].lines)
    stored = {row.id: row for row in lived.rows(claim_payments)}
    assert payments
    assert {one.id: to_cents(one.paid) for one in payments} == {key: row.paid_cents for key, row in stored.items()}
    assert {one.id for one in of_one} == {key for key, row in stored.items() if row.claim_id == payments[0].claim_id}
    rows_of_denials = {row.id: row for row in lived.rows(denials)}
    assert refused
    assert {one.id for one in refused} == {key for key, row in rows_of_denials.items() if row.state == "open"}
    assert {to_cents(one.amount) for one in refused} <= {row.cents for row in rows_of_denials.values()}
