"""`gateway exceptions` and `gateway takebacks`, typed at a place where payments wait."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import cli
from gateway.core.store import tables

from ..conftest import create_tables
from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc
from .test_replay import run as run_replays

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose database is where the configuration says."""
    url = f"sqlite:///{tmp_path}/business.db"
    create_tables(url)
    made = Desk(tmp_path, url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults


def typed(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(desk.folder / "config"), *words], catch_exceptions=False)


def test_what_is_not_there_or_not_meant_is_told(desk: Desk) -> None:
    desk.post(Era([Clp("NOBODY", [PAID])]))
    for words, told in (
        (("exceptions", "show", "99"), "There is no claim payment 99"),
        (("exceptions", "assign", "1", "SW9", "--reason", "x"), "There is no claim SW9"),
        (("exceptions", "assign", "1", "SW9", "--line", "one", "--reason", "x"), "is not SERVICE=LINE"),
        (("exceptions", "take-back", "1", "--reason", "x"), "It waits, and is not set aside."),
        (("exceptions", "set-aside", "9", "--reason", "x"), "There is no claim payment 9"),
        (("exceptions", "accept", "1", "--reason", "x"), "does not wait for a review"),
        (("exceptions", "dismiss", "1", "--reason", "x"), "does not wait"),
    ):
        done = typed(desk, *words)
        assert told in done.output, words
    assert desk.accounts("payer:") == {}


def test_a_payment_is_looked_at_assigned_and_gone(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"), member="M1")
    desk.post(Era([Clp("NOBODY", [PAID], member="M1", last="OTHER", payer_number="ICN7")]))
    assert desk.payments()[0].state == "posted", "member, date and charge find it"
    desk.post(Era([Clp("NOONE", [PAID._replace(date="20260101")], member="M1")], trace="B"))
    (row,) = csv.DictReader(io.StringIO(typed(desk, "exceptions", "list", "--csv").output))
    assert (row["kind"], row["id"], row["dollars"], row["rule"]) == ("payment", "2", "80.00", "no-claim")
    told = typed(desk, "exceptions", "show", "2").output
    assert f"55 of 100  claim SW1 ({claim} in our books)" in told
    assert "the same member id, charge, last name; no rule takes that for proof" in told
    assert f"do          gateway exceptions assign 2 {claim}" in told
    shown = json.loads(typed(desk, "exceptions", "show", "2", "--json").output)
    assert [one["score"] for one in shown["candidates"]] == [55]
    other = desk.claim("SW2", Line("E1390", "150", "L1"))
    done = typed(
        desk, "exceptions", "assign", "2", "SW2", "--line", "1=1", "--reason", "the payer said so", "--by", "pat"
    )
    assert "It runs as soon as the gateway does" in done.output
    run_replays(desk)
    assert desk.balance(other) == 2000
    assert "Everything has posted." in typed(desk, "exceptions", "list").output


def test_money_is_set_aside_listed_and_taken_back(desk: Desk) -> None:
    desk.post(Era([Clp("NOBODY", [PAID])]))
    assert "$80.00 set aside" in typed(desk, "exceptions", "set-aside", "1", "--reason", "not ours").output
    assert "already" in typed(desk, "exceptions", "set-aside", "1", "--reason", "not ours").output
    assert "80.00" in typed(desk, "exceptions", "list", "--set-aside").output
    assert "take-back 1" in typed(desk, "exceptions", "show", "1").output
    assert "wait again" in typed(desk, "exceptions", "take-back", "1", "--reason", "it is ours").output
    assert "Nothing is set aside." in typed(desk, "exceptions", "list", "--set-aside").output


def test_what_a_payer_announced_and_took_is_listed(desk: Desk) -> None:
    desk.claim("BIG", Line("E1390", "5000", "B1"))
    big = Clp("BIG", [Svc("E1390", "5000", "5000", ref="B1")])
    desk.post(Era([big], [Plb("WO", "-80", "ICN1"), Plb("FB", "30", "EFT9"), Plb("L6", "-1", "X")]))
    rows = list(csv.DictReader(io.StringIO(typed(desk, "takebacks", "list", "--csv").output)))
    assert [(row["use"], row["reference"], row["dollars"], row["stands"], row["codes"]) for row in rows] == [
        ("forward", "EFT9", "30.00", "taken", "FB"),
        ("recovery", "ICN1", "80.00", "to come", "WO"),
    ]
    assert "Nothing stands open." in typed(desk, "takebacks", "list", "--payer", "nobody").output
    assert desk.rows(tables.work_items)[0].kind == "takeback"
