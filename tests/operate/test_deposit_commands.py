"""`gateway bank`, `gateway deposit` and `gateway day`, on a place where a gateway has lived."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.core.ledger.proof import prove
from gateway.core.store.cash_tables import money_lines
from gateway.core.store.tables import access_log, deposits, work_items

from ..cash.banks import Credit, make_bai2
from ..papers import PDF
from .conftest import Place

Put = Callable[..., Path]


def the_banks_file(place: Place, **more: Any) -> bytes:
    """What the bank shows for every deposit that is expected."""
    rows = place.rows(deposits)
    day = rows[0].expected_on
    made = [Credit(f"{row.cents / 100:.2f}", trace=row.trace_number) for row in rows]
    return make_bai2(*made, date=f"{day:%y%m%d}", **more)


def day_of(place: Place) -> dt.date:
    found: dt.date = place.rows(deposits)[0].expected_on
    return found


def test_a_poster_takes_the_banks_file_and_closes_the_day(lived: Place, put: Put) -> None:
    assert lived.rows(deposits), "the place has remittances that pay"
    bad = lived.run("bank", "take", str(put(the_banks_file(lived, off=1), "bad.bai")))
    assert bad.exit_code == 1
    assert "nothing of it is taken" in bad.output
    assert "$0.01 apart" in bad.output
    told = lived.run("bank", "take", str(put(the_banks_file(lived), "good.bai")))
    assert told.exit_code == 0, told.output
    many = len(lived.rows(deposits))
    assert f"{many} matched" in told.output
    again = lived.run("bank", "take", str(put(the_banks_file(lived), "other-name.bai")))
    assert "came before" in again.output
    states = {row.state for row in lived.rows(deposits)}
    assert states <= {"reconciled", "matched"}
    assert "reconciled" in states
    with lived.sql.connect() as connection:
        assert prove(connection).ok
    day = day_of(lived).isoformat()
    figures = json.loads(lived.run("day", "show", day, "--json").output)
    assert figures["bank"] == figures["remitted"]
    assert figures["closed"] is False
    words = () if figures["variance"] == "0.00" else ("--reason", "The exceptions are being worked.")
    told = lived.run("day", "close", day, *words, "--by", "petra")
    assert told.exit_code == 0, told.output
    assert "is closed at" in told.output
    assert lived.run("day", "close", day, "--reason", "Again.").exit_code == 1
    shown = lived.run("day", "show", day).output
    assert "by petra at" in shown
    assert lived.run("day", "reopen", day, "--reason", "A check was late.", "--by", "petra").exit_code == 0
    assert "by petra: A check was late." in lived.run("day", "show", day).output


def test_the_register_is_listed_filtered_and_exported_and_each_look_is_noted(lived: Place) -> None:
    rows = json.loads(lived.run("deposit", "list", "--state", "expected", "--json").output)["deposits"]
    assert len(rows) == len(lived.rows(deposits))
    assert {row["kind"] for row in rows} == {"remittance"}
    one = rows[0]
    listed = csv.DictReader(io.StringIO(lived.run("deposit", "list", "--number", one["number"], "--csv").output))
    assert [row["id"] for row in listed] == [str(one["id"])]
    assert "There is no such deposit." in lived.run("deposit", "list", "--method", "cash").output
    shown = lived.run("deposit", "show", str(one["id"])).output
    assert f"Deposit {one['id']}: ${float(one['dollars']):,.2f} by {one['method']}, expected." in shown
    assert lived.run("deposit", "show", "999999").exit_code == 1
    summary = lived.run("deposit", "summary", "--csv").output
    assert summary.startswith("state,kind,method,many,dollars,payer\nexpected,remittance,")
    assert {"deposit list", f"deposit show {one['id']}", "deposit summary"} <= {
        row.what for row in lived.rows(access_log)
    }


def test_checks_are_keyed_on_a_slip_matched_with_papers_and_taken_back(lived: Place, put: Put, tmp_path: Path) -> None:
    keyed = (
        b"method,amount,date,number,payer\ncheck,80.00,2026-11-20,4411,NORTHBRIDGE\ncash,5.00,2026-11-20,,A PATIENT\n"
    )
    lines = put(keyed, "slip.csv")
    told = lived.run("deposit", "add", "--lines", str(lines), "--slip", "77", "--by", "petra")
    assert told.exit_code == 0, told.output
    slip = next(row for row in lived.rows(deposits) if row.remittance_id is None)
    assert told.output.startswith(f"Slip {slip.id}: $85.00, lines ")
    again = lived.run("deposit", "add", "--lines", str(lines), "--slip", "77")
    assert again.exit_code == 1
    assert "was keyed before" in again.output
    check, cash = lived.rows(money_lines)
    paper = put(PDF, "check.pdf")
    assert "is paper 1 of" in lived.run("deposit", "attach", str(check.id), str(paper)).output
    assert "was there already" in lived.run("deposit", "attach", str(check.id), str(paper)).output
    saved = tmp_path / "saved.pdf"
    assert lived.run("deposit", "save", "1", str(saved)).exit_code == 0
    assert saved.read_bytes() == PDF
    told = lived.run("deposit", "explain", str(cash.id), "--as", "patient", "--reason", "Copay.", "--by", "petra")
    assert told.output == f"Line {cash.id}: paid by patients, and not on a claim yet.\n"
    other = next(row for row in lived.rows(deposits) if row.remittance_id is not None)
    told = lived.run("deposit", "match", str(check.id), str(other.id))
    assert told.exit_code == 1
    assert "apart. Name what is missing, or say why." in told.output
    words = ("--difference", "Only a part was paid.", "--by", "petra")
    assert lived.run("deposit", "match", str(check.id), str(other.id), *words).exit_code == 0
    state = next(row.state for row in lived.rows(deposits) if row.id == other.id)
    assert state in ("posted", "matched"), "never reconciled without the bank's line"
    with lived.sql.connect() as connection:
        assert prove(connection).ok
    assert lived.run("deposit", "unmatch", str(check.id), "--reason", "Another check.", "--by", "petra").exit_code == 0
    assert lived.run("deposit", "unmatch", str(check.id), "--reason", "Another check.").exit_code == 1
    with lived.sql.connect() as connection:
        assert prove(connection).ok
    assert not lived.rows(work_items, work_items.c.kind == "money_unidentified")
