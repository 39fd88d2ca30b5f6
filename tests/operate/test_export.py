"""`gateway export`: the bad case first, then CSV, JSON lines and Parquet, and that no patient is in them."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.core.reports.catalogue import REPORTS, scope_of, work_out
from gateway.core.reports.datasets import DATASETS
from gateway.core.store.tables import access_log, claims, patients, transfers

from .conftest import Place

EXAMPLE = Path(__file__).parents[2] / "examples/duckdb"


def test_what_cannot_be_exported_is_told(lived: Place, tmp_path: Path) -> None:
    told = lived.run("export", "moons")
    assert (told.exit_code, "There is no dataset 'moons'" in told.output) == (2, True)
    told = lived.run("export", "claims", "lines")
    assert (told.exit_code, "need a folder" in told.output) == (2, True)
    (tmp_path / "file").write_text("")
    told = lived.run("export", "claims", "--csv", str(tmp_path / "file" / "x"))
    assert (told.exit_code, "cannot be written" in told.output) == (2, True)


def test_without_a_name_the_datasets_are_listed(lived: Place) -> None:
    told = lived.run("export").output
    assert all(name in told for name in DATASETS)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_csv_and_json_have_every_row_and_the_same_dollars(lived: Place, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = lived.run("export", "all", "--csv", str(out), "--json", str(out))
    assert told.exit_code == 0, told.output
    with lived.sql.connect() as sql:
        count, cents = sql.execute(select(func.count(), func.sum(claims.c.charge_cents))).one()
        moved = sql.execute(select(func.sum(transfers.c.cents))).scalar_one()
    as_csv = rows_of(out / "claims.csv")
    as_json = [json.loads(line) for line in (out / "claims.jsonl").read_text().splitlines()]
    assert len(as_csv) == len(as_json) == count
    for given in (as_csv, as_json):
        assert sum(Decimal(row["charge"]) for row in given) * 100 == cents
    assert sum(Decimal(row["amount"]) for row in rows_of(out / "ledger.csv")) * 100 == moved
    assert {path.stem for path in out.iterdir()} == set(DATASETS), "and nothing half written"


def test_nobody_is_named(lived: Place, tmp_path: Path) -> None:
    lived.run("export", "all", "--csv", str(tmp_path / "out"))
    text = "".join(path.read_text() for path in (tmp_path / "out").glob("*.csv"))
    with lived.sql.connect() as sql:
        people = sql.execute(select(patients.c.last_name, patients.c.first_name)).all()
        members = sql.execute(select(claims.c.member_id)).scalars().all()
    assert people
    cells = {cell for line in csv.reader(io.StringIO(text)) for cell in line}
    assert not cells & {name for row in people for name in row if name}
    assert not cells & {member for member in members if member}


def test_one_dataset_goes_to_standard_output_and_a_span_takes_its_days(lived: Place) -> None:
    told = lived.run("export", "claims")
    assert told.output.startswith("id,source,state,patient,number,")
    with lived.sql.connect() as sql:
        noted = sql.execute(select(access_log.c.what)).scalars().all()
    assert "export claims" in noted
    for name in ("claims", "ledger", "submissions"):
        assert len(lived.run("export", name, "--to", "2001-01-01").output.splitlines()) == 1
        assert len(lived.run("export", name, "--from", "2001-01-01").output.splitlines()) > 1


def parquet() -> Any:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'hme-edi-gateway[parquet]'")
    return pytest.importorskip("duckdb", reason="duckdb is not installed")


def test_without_pyarrow_it_is_told_how_to_get_it(lived: Place, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    told = lived.run("export", "claims", "--parquet", str(tmp_path / "out"))
    assert (told.exit_code, "hme-edi-gateway[parquet]" in told.output) == (2, True)
    assert list((tmp_path / "out").iterdir()) == []


def test_the_example_reads_what_was_exported(lived: Place, tmp_path: Path, monkeypatch: Any) -> None:
    duckdb = parquet()
    assert lived.run("export", "all", "--parquet", str(tmp_path / "out")).exit_code == 0
    for script in EXAMPLE.glob("*.sql"):
        shutil.copy(script, tmp_path)
    monkeypatch.chdir(tmp_path)
    connection = duckdb.connect()
    found = connection.execute((tmp_path / "owed_by_payer.sql").read_text()).fetchall()
    with lived.sql.connect() as sql:
        today = max(sql.execute(select(transfers.c.on_date)).scalars())
        scope = scope_of(today, "America/New_York")
        (dso,) = work_out(sql, REPORTS["dso"], scope).figures
    assert sum(row[2] for row in found) * 100 == dso.numerator
    connection.execute((tmp_path / "denied_products.sql").read_text())
    kinds = dict(connection.execute("SELECT name, type FROM parquet_schema('out/ledger.parquet')").fetchall())
    assert {"amount", "on_date", "at"} <= set(kinds)
    described = connection.execute("DESCRIBE SELECT amount, on_date FROM 'out/ledger.parquet'").fetchall()
    assert [row[1] for row in described] == ["DECIMAL(18,2)", "DATE"]
    assert os.getcwd() == str(tmp_path)
