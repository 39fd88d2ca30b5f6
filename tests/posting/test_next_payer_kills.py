"""Exactly once: the process is killed while the claim for the next payer is made, and while it is taken in."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from gateway.core.store import tables
from gateway.core.store.denial_tables import next_claims

from .. import progress
from ..soak import chosen
from .conftest import Desk
from .test_hand_back import Books
from .test_next_payers import Office
from .test_posting_kills import work

pytestmark = progress.UNTIMED

TAKEN_IN = ["intake.surveyed", "intake.decided", "intake.chunk.committed", "intake.finished"]


def turn(desk: Desk, key: str, kill_at: str = "") -> int:
    """The schedule comes round, in a process of its own."""
    return work(desk.url, desk.folder, "next_payer", key, {}, kill_at)


def take_in(desk: Desk, kill_at: str = "") -> int:
    """The document with the claim is taken in, in a process of its own."""
    (row,) = desk.rows(tables.outbox, tables.outbox.c.kind == "intake")
    return work(desk.url, desk.folder, "intake", row.key, dict(row.payload), kill_at)


def end_state(desk: Desk) -> dict[str, Any]:
    """All that is left of it."""
    return {
        "accounts": desk.accounts(),
        "claims": [(row.source, row.source_claim_number, row.state) for row in desk.rows(tables.claims)],
        "next": [(row.state, row.cents, row.number) for row in desk.rows(next_claims)],
        "moved": sorted(
            (row.debit, row.credit, row.cents)
            for row in desk.rows(tables.transfers, tables.transfers.c.kind == "next payer")
        ),
    }


def wanted(end: dict[str, Any]) -> None:
    """One claim for the next payer, and what was left is receivable from it alone."""
    assert end["next"] == [("made", 2000, "SW1-S")]
    assert end["claims"] == [("desk", "SW1", "closed"), ("plugin:secondary", "SW1-S", "ready")]
    assert {name: cents for name, cents in end["accounts"].items() if name.startswith("receivable")} == {
        "receivable:insurance": 2000
    }
    assert end["moved"] == [
        ("receivable:insurance", "transfer:next-payer", 2000),
        ("transfer:next-payer", "receivable:patient:coinsurance", 2000),
    ]


def test_killed_before_it_is_made_and_made_once(desk: Desk) -> None:
    office = Office(desk)
    office.claim()
    office.pay()
    assert turn(desk, "1", "plugin.claims.archived") == -signal.SIGKILL
    assert desk.prove().ok
    assert [row.state for row in office.rows()] == ["due"]
    assert turn(desk, "1") == 0
    assert turn(desk, "2") == 0, "and another turn finds nothing to do"
    assert take_in(desk) == 0
    wanted(end_state(desk))


@pytest.mark.parametrize("boundary", chosen("a next claim", TAKEN_IN, of=2))
def test_killed_while_it_is_taken_in_it_is_there_once(desk: Desk, boundary: str) -> None:
    office = Office(desk)
    office.claim()
    office.pay()
    assert turn(desk, "1") == 0
    assert take_in(desk, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert take_in(desk) == 0
    wanted(end_state(desk))


@pytest.mark.parametrize("boundary", chosen("its replacement", ["intake.decided", "intake.chunk.committed"], of=1))
def test_killed_while_its_replacement_is_taken_in_the_receivable_moves_once(desk: Desk, boundary: str) -> None:
    books = Books(desk)
    before = {row.key for row in desk.rows(tables.outbox)}
    books.take_in = lambda: None  # type: ignore[method-assign]
    books.again("7")
    (row,) = [row for row in desk.rows(tables.outbox, tables.outbox.c.kind == "intake") if row.key not in before]
    told = desk.url, desk.folder, "intake", row.key, dict(row.payload)
    assert work(*told, boundary) == -signal.SIGKILL
    assert desk.prove().ok
    assert work(*told) == 0
    assert books.owed() == [0, 0, 2000]
    moved = [row for row in desk.rows(tables.transfers) if row.kind == "next payer"]
    assert (len(moved), sum(row.reverses is not None for row in moved)) == (6, 2)
    assert [(row.state, row.cents) for row in books.rows()] == [("made", 2000)]
