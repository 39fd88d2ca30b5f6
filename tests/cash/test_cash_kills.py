"""Exactly once: the process is killed at each boundary of taking a bank's file, of matching and of closing a day."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from gateway.core.flow import bank as station
from gateway.core.store import cash_tables, tables

from .. import progress
from ..soak import chosen
from .banks import Credit, make_bai2
from .conftest import BANK_DAY, CashDesk

pytestmark = progress.UNTIMED

MONEY = make_bai2(Credit("80.00", trace="EFT0001"), Credit("70.00", trace="EFT0002"), Credit("9.00"))


def work(desk: CashDesk, what: str, argument: object, kill_at: str = "") -> int:
    """Do a piece of work in a process of its own; returns how it ended."""
    desk.config()
    told = [desk.url, str(desk.folder), what, str(argument)]
    return progress.ended(f"{__package__}.worker", told, desk.url, kill_at)


def left(desk: CashDesk) -> dict[str, Any]:
    """What is there, without numbers of files and moments."""
    matches = desk.rows(cash_tables.cash_matches)
    return {
        "accounts": desk.accounts("cash:"),
        "states": sorted(desk.states().values()),
        "matches": [(row.line_id, row.deposit_id, row.cents, row.rule) for row in matches],
        "moves": sorted((row.key, row.cents) for row in desk.rows(tables.transfers) if row.kind in ("cash", "match")),
        "closings": [(row.day, row.variance_cents) for row in desk.rows(cash_tables.day_closings)],
    }


TAKEN: dict[str, Any] = {
    "accounts": {"cash:bank": 15900, "cash:unidentified": -900},
    "states": ["matched", "matched", "reconciled", "reconciled", "unidentified"],
    "matches": [(3, 1, 8000, "number"), (4, 2, 7000, "number")],
    "moves": [("cash:3", 8000), ("cash:4", 7000), ("cash:5", 900), ("match:1", 8000), ("match:2", 7000)],
    "closings": [],
}


@pytest.mark.parametrize(
    "boundary", chosen("a file by hand", ["bank.archived", "cash.matched", "cash.matched:2"], of=1)
)
def test_a_file_taken_by_hand_is_booked_once(desk: CashDesk, boundary: str) -> None:
    desk.era()
    desk.era(trace="EFT0002", paid="70")
    file = desk.folder / "a.bai"
    file.write_bytes(MONEY)
    assert work(desk, "take", file, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert not desk.lines(), "a file is taken as a whole"
    assert work(desk, "take", file) == 0
    assert left(desk) == TAKEN
    assert work(desk, "take", file) == 0
    assert left(desk) == TAKEN


@pytest.mark.parametrize("boundary", chosen("a file of a folder", ["bank.read", "cash.matched:2", "bank.taken"], of=1))
def test_a_file_of_a_folder_is_booked_once(desk: CashDesk, boundary: str) -> None:
    desk.era()
    desk.era(trace="EFT0002", paid="70")
    stored = desk.archive.put(MONEY)
    with desk.sql.begin() as connection:
        file_id = station.register(connection, "bank", "a.bai", stored, desk.clock.now(), "source").file_id
    assert work(desk, "bank", file_id, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert work(desk, "bank", file_id) == 0
    assert left(desk) == TAKEN
    (row,) = desk.rows(tables.files, tables.files.c.id == file_id)
    assert (row.state, row.kind, row.cents) == ("read", "BAI2", 15900)


def test_a_match_by_hand_is_made_once(desk: CashDesk) -> None:
    deposit = desk.era()
    desk.take(Credit("80.00"))
    line = desk.lines()[0].id
    assert work(desk, "match", f"{line},{deposit}", "cash.matched") == -signal.SIGKILL
    assert desk.states() == {deposit: "expected", line: "unidentified"}
    assert work(desk, "match", f"{line},{deposit}") == 0
    assert desk.states() == {deposit: "reconciled", line: "matched"}
    assert left(desk)["matches"] == [(line, deposit, 8000, "by hand")]


def test_a_day_is_closed_once(desk: CashDesk) -> None:
    desk.take(Credit("9.00"))
    assert work(desk, "close", BANK_DAY, "day.written") == -signal.SIGKILL
    assert left(desk)["closings"] == []
    assert work(desk, "close", BANK_DAY) == 0
    assert left(desk)["closings"] == [(BANK_DAY, 900)]
