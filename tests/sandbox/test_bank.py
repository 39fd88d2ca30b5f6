"""The practice bank: its file is sound, and shows every payment with its trace or its check."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import cli
from gateway.core.model.bai2 import read_bai2
from gateway.sandbox.bank import bank_file
from gateway.sandbox.settings import SandboxPartner
from gateway.sandbox.state import Paid, State

DAY = dt.date(2026, 11, 25)
PAYMENTS = [
    Paid("stillwater", "90101", "1999999000", "EFT000000001", 8000, 8000, 1),
    Paid("stillwater", "90102", "1999999000", "4411", 2550, 2550, 1),
    Paid("stillwater", "90101", "1999999000", "EFT000000002", 0, 0, 1),
]


def test_transfers_bear_their_trace_and_checks_are_items_of_a_lockbox() -> None:
    partner = SandboxPartner(user="stillwater", payers={"90102": {"pays_by": "CHK"}})
    eft, check = read_bai2(bank_file(PAYMENTS, partner, DAY))
    assert (eft.cents, eft.trace, eft.on_date, eft.code) == (8000, "EFT000000001", DAY, "142")
    assert len(eft.originator) == 10
    assert (check.cents, check.check, check.code) == (2550, "4411", "116")


def test_a_day_without_money_is_a_sound_file_too() -> None:
    assert read_bai2(bank_file([], SandboxPartner(user="stillwater"), DAY)) == []


def test_the_command_writes_what_the_clearinghouse_has_paid(tmp_path: Path) -> None:
    words = ["sandbox", "bank", "--dir", str(tmp_path), "--day", "2026-11-25", "--out", str(tmp_path / "a.bai")]
    told = CliRunner().invoke(cli, words)
    assert told.exit_code == 1
    assert "No practice clearinghouse has run" in told.output
    state = State(tmp_path / "state.db")
    for one in PAYMENTS:
        state.add_payment(one, 0.0)
    state.close()
    told = CliRunner().invoke(cli, words)
    assert (told.exit_code, "2 payments, $105.50" in told.output) == (0, True)
    assert [line.cents for line in read_bai2((tmp_path / "a.bai").read_bytes())] == [8000, 2550]
