"""`gateway report figures` and `gateway report run NAME`, on a place where a gateway has lived."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import select

from gateway.core.reports.catalogue import REPORTS
from gateway.core.store.tables import access_log

from .conftest import Place


def test_a_manager_sees_every_figure_on_one_page(lived: Place) -> None:
    told = lived.run("report", "figures")
    assert told.exit_code == 0, told.output
    for name in REPORTS:
        assert name in told.output
    rows = list(csv.DictReader(io.StringIO(lived.run("report", "figures", "--csv").output)))
    assert {"figure", "value", "unit", "judged", "title"} == set(rows[0])
    data = json.loads(lived.run("report", "figures", "--json").output)
    assert data["dso"]["formula"] == "A/R / (allowable billing / days in the period)"


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_shows_its_formula_and_drills_to_its_claims(lived: Place, name: str) -> None:
    definition = REPORTS[name].definition
    told = lived.run("report", "run", name)
    assert told.exit_code == 0, told.output
    assert definition.formula in told.output
    assert definition.above in told.output
    for by in ("", *definition.groups):
        asked = ("report", "run", name, *(("--by", by) if by else ()))
        figures = json.loads(lived.run(*asked, "--json").output)["figures"]
        claims = list(csv.DictReader(io.StringIO(lived.run(*asked, "--claims", "--csv").output)))
        assert figures
        for row in claims:
            assert row["claim"].isdigit()
    with lived.sql.connect() as connection:
        noted = connection.execute(select(access_log.c.what).where(access_log.c.source == "command line")).scalars()
        assert f"report {name}, claims" in set(noted)


def test_what_ageing_drills_to_adds_up_to_its_group(lived: Place) -> None:
    asked = ("report", "run", "ageing")
    figures = json.loads(lived.run(*asked, "--json").output)["figures"]
    *groups, total = [one for one in figures if one["numerator"]]
    assert total["group"] == "all"
    for one in groups:
        rows = csv.DictReader(
            io.StringIO(lived.run(*asked, "--group", one["group"], "--csv", "--limit", "9999").output)
        )
        assert sum(round(float(row["dollars"]) * 100) for row in rows) == one["numerator"]


def test_what_cannot_be_asked_is_told(lived: Place) -> None:
    told = lived.run("report", "run", "dso", "--by", "moon")
    assert (told.exit_code, "not grouped by moon" in told.output) == (2, True)
    told = lived.run("report", "run", "dso", "--set", "a=b")
    assert (told.exit_code, "not --set" in told.output) == (2, True)
    told = lived.run("report", "run", "dso", "--from", "2026-11-02", "--to", "2026-11-01")
    assert (told.exit_code, "before the first" in told.output) == (2, True)
    assert "ageing-service" in lived.run("report", "list").output
