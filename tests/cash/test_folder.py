"""Bank files from a folder: put down by a person or a program, taken up, archived, booked once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.core.flow import bank as station
from gateway.core.flow import drop
from gateway.core.flow.replay import replay_file
from gateway.core.store import tables

from ..posting.conftest import Inline
from .banks import Credit, make_bai2
from .conftest import CashDesk


def put_down(desk: CashDesk, data: bytes, name: str) -> Path:
    """A file in the folder, taken up; returns where it is now."""
    folder = desk.folder / "statements"
    watched = drop.DropFolder(drop.Source("statements", folder, bank="bank"), desk.clock)
    (folder / name).write_bytes(data)
    assert watched.due(desk.clock.now()) is None, "it must stand still first"
    desk.clock.advance(seconds=30)
    found = watched.due(desk.clock.now())
    assert found is not None
    asyncio.run(drop.take_up(Inline(desk.services(), desk.sql), found[1]))
    assert not (folder / name).exists()
    return folder / "processed" / name


def read_what_waits(desk: CashDesk) -> None:
    done = {row.id for row in desk.rows(tables.files) if row.state != "received"}
    for row in desk.rows(tables.outbox):
        if row.kind == "bank" and row.payload["file_id"] not in done:
            asyncio.run(station.take_bank_file(Inline(desk.services(), desk.sql), row.payload))


def test_a_file_of_a_folder_is_booked_and_the_same_again_is_not(desk: CashDesk) -> None:
    data = make_bai2(Credit("80.00", trace="EFT0001"))
    assert put_down(desk, data, "a.bai").exists()
    read_what_waits(desk)
    assert desk.accounts() == {"cash:bank": 8000, "cash:unidentified": -8000}
    put_down(desk, data, "b.bai")
    read_what_waits(desk)
    assert [row.state for row in desk.rows(tables.files)] == ["read", "duplicate"]
    assert desk.accounts() == {"cash:bank": 8000, "cash:unidentified": -8000}


def test_a_file_that_could_not_be_read_is_read_again_when_a_person_asks(desk: CashDesk) -> None:
    put_down(desk, b"Posting Date,Credit\n09/15/2026,80.00\n", "a.csv")
    read_what_waits(desk)
    (row,) = desk.rows(tables.files)
    assert (row.state, row.kind) == ("quarantined", "BANK CSV")
    (item,) = desk.items("file_problem")
    assert "the columns date and amount are needed" in item.reason
    with desk.sql.begin() as connection:
        replay_file(connection, row.id, "petra", "The columns are set now.", desk.clock.now())
    assert [row.kind for row in desk.rows(tables.outbox)] == ["bank", "bank"]


@pytest.mark.parametrize("name", ["gone"])
def test_a_bank_that_the_configuration_has_no_more_is_told(desk: CashDesk, name: str) -> None:
    stored = desk.archive.put(make_bai2(Credit("80.00")))
    with desk.sql.begin() as connection:
        station.register(connection, name, "a.bai", stored, desk.clock.now(), "source")
    read_what_waits(desk)
    (item,) = desk.items("file_problem")
    assert "has bank:gone no more" in item.reason
    assert not desk.accounts()
