"""`gateway denial`: the list in its order, one denial, a letter to print, money that nobody gives up alone."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from gateway.core.store.tables import access_log, denials, timeline, work_items

from .conftest import Place


@pytest.fixture
def one(lived: Place) -> int:
    """A denial of the place."""
    found = lived.rows(denials, denials.c.state == "open")
    assert found, "the place has denials"
    return int(found[0].id)


def test_the_list_as_text_csv_and_json_is_the_same(lived: Place, one: int) -> None:
    told = lived.run("denial", "list")
    assert told.exit_code == 0, told.output
    rows = list(csv.DictReader(io.StringIO(lived.run("denial", "list", "--csv").output)))
    data = json.loads(lived.run("denial", "list", "--json").output)["denials"]
    assert [int(row["id"]) for row in rows] == [each["id"] for each in data]
    assert one in [each["id"] for each in data]
    nobodys = lived.run("denial", "list", "--team", "enrollment")
    assert nobodys.output.strip() == "No denial is open."
    assert lived.count(access_log, access_log.c.what == "denial list") == 4


def test_an_appeal_is_saved_once_for_who_asked_and_told(lived: Place, one: int, tmp_path: Path) -> None:
    file = tmp_path / "letter.pdf"
    done = lived.run(
        "denial", "appeal", str(one), "--reason", "The chart shows it.", "--by", "pat", "--save", str(file)
    )
    assert done.exit_code == 0, done.output
    assert "Appealed, level 1" in done.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "The chart shows it." in PdfReader(str(file)).pages[0].extract_text()
    again = lived.run("denial", "letter", str(one), str(file))
    assert (again.exit_code, "name another" in again.output) == (1, True)
    other = tmp_path / "again.pdf"
    assert lived.run("denial", "letter", str(one), str(other)).exit_code == 0
    assert other.read_bytes() == file.read_bytes()
    shown = lived.run("denial", "show", str(one)).output
    assert "appealed" in shown
    assert "pat: Appealed, level 1" in shown
    (entry,) = lived.rows(timeline, timeline.c.station == "denial")
    assert entry.who == "pat"


def test_a_letter_is_marked_as_sent_on_a_day(lived: Place, one: int) -> None:
    no = lived.run("denial", "sent", str(one), "--on", "2026-01-02", "--reason", "mail")
    assert (no.exit_code, "No letter was made" in no.output) == (1, True)
    lived.run("denial", "appeal", str(one), "--reason", "The chart shows it.", "--by", "pat")
    early = lived.run("denial", "sent", str(one), "--on", "2020-01-02", "--reason", "mail")
    assert (early.exit_code, "made after 01/02/2020" in early.output) == (1, True)


def test_a_denial_is_not_closed_over_its_money(lived: Place, one: int) -> None:
    (item,) = lived.rows(work_items, work_items.c.key == f"denial:{one}")
    told = lived.run("queue", "close", str(item.id), "--reason", "done", "--outcome", "no_action")
    assert f"gateway denial close {one}" in told.output
    told = lived.run("denial", "close", str(one), "--reason", "done", "--outcome", "no_action")
    assert (told.exit_code, "still stand as denied" in told.output) == (1, True)
    assert lived.rows(work_items, work_items.c.id == item.id)[0].state == "open"
    undone = lived.run("denial", "undo-write-off", str(one), "--reason", "oh")
    assert (undone.exit_code, "Nothing of denial" in undone.output) == (1, True)


def test_a_write_off_is_only_asked_for_where_nobody_may(lived: Place, one: int) -> None:
    refused = lived.run("denial", "write-off", str(one))
    assert (refused.exit_code, "why" in refused.output) == (1, True)
    asked = lived.run("denial", "write-off", str(one), "--reason", "too old", "--by", "pat")
    assert "waits for somebody who may approve" in asked.output
    no = lived.run("denial", "approve", str(one), "--reason", "yes", "--by", "pat")
    assert (no.exit_code, "may not approve" in no.output) == (1, True)
    assert lived.count(work_items, work_items.c.kind == "write_off_request", work_items.c.state == "open") == 1
    assert lived.rows(denials, denials.c.id == one)[0].state == "open"
    listed = json.loads(lived.run("denial", "list", "--waits-for", "approval", "--json").output)["denials"]
    assert [each["id"] for each in listed] == [one]
    assert json.loads(lived.run("denial", "list", "--waits-for", "sending", "--json").output)["denials"] == []


@pytest.mark.parametrize(
    "verb", ["show", "appeal", "reopen", "write-off", "approve", "to-patient", "resubmit", "undo-write-off", "close"]
)
def test_a_denial_that_is_not_there(lived: Place, verb: str) -> None:
    more = [] if verb == "show" else ["--reason", "x"]
    told = lived.run("denial", verb, "99999", *more)
    assert told.exit_code == 1
    assert "There is no denial 99999" in told.output


def test_the_trends_are_reports_of_the_plugin(lived: Place, one: int) -> None:
    for name in ("reasons", "payers", "items", "referring"):
        told = lived.run("report", "run", f"denials/{name}", "--csv")
        assert told.exit_code == 0, told.output
        rows = list(csv.DictReader(io.StringIO(told.output)))
        with lived.sql.connect() as connection:
            total = len(connection.execute(select(denials.c.id).where(denials.c.state != "reversed")).all())
        assert sum(int(row["denials"]) for row in rows) == total, name
