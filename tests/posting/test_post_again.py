"""What waits posts by itself when its cause clears: its reversal, its original, its claim has come."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import update

from gateway.core.flow import post_again
from gateway.core.store import tables

from .conftest import NOON, Desk, Line
from .made import Cas, Clp, Era, Svc
from .test_replay import run

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
REVERSED = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
CORRECT = Svc("E1390", "150", "90", (Cas("CO", "45", "50"), Cas("PR", "2", "10")), ref="L1")
ORIGINAL = Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A")
REVERSAL = Era([Clp("SW1", [REVERSED], status="22", payer_number="ICN1")], trace="B", handling="H")
CORRECTION = Era([Clp("SW1", [CORRECT], payer_number="ICN2")], trace="C")


def everything(desk: Desk) -> None:
    """What the engine does, until nothing is left to be done."""
    while desk.rows(tables.outbox, tables.outbox.c.kind == "replay_payments"):
        run(desk)


def test_a_correction_before_its_reversal_waits_and_then_posts_by_itself(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(ORIGINAL)
    desk.post(CORRECTION)
    everything(desk)
    (item,) = desk.items("posting_exception")
    assert "more than is open" in item.reason
    desk.post(REVERSAL)
    assert desk.prove().ok
    everything(desk)
    assert [row.state for row in desk.payments()] == ["posted"] * 3
    assert desk.balance(claim) == 1000
    assert desk.items() == []
    assert [row.state for row in desk.remittances()] == ["posted"] * 3


@pytest.mark.parametrize("order", list(itertools.permutations("ORC")), ids="".join)
def test_original_reversal_and_correction_come_to_the_same_in_any_order(desk: Desk, order: tuple[str, ...]) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    for letter in order:
        desk.post({"O": ORIGINAL, "R": REVERSAL, "C": CORRECTION}[letter])
        assert desk.prove().ok
        everything(desk)
        assert desk.prove().ok
    assert [row.state for row in desk.payments()] == ["posted"] * 3
    assert desk.balance(claim) == 1000
    assert desk.state(claim) == "paid"
    assert desk.accounts("receivable") == {"receivable:patient:coinsurance": 1000}
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5000}
    assert desk.accounts("clearing:") == {}
    assert desk.items() == []


def test_a_payment_twice_is_not_posted_because_the_first_was_reversed(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(CORRECTION)
    other = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-60"), Cas("PR", "2", "-10")), ref="L1")
    desk.post(Era([Clp("SW1", [other], status="22", payer_number="ICN1")], trace="B", handling="H"))
    desk.post(ORIGINAL)
    everything(desk)
    assert [row.state for row in desk.payments()] == ["posted", "exception", "exception"]
    assert desk.balance(claim) == 1000


def test_a_reversal_before_its_original_waits_and_then_posts_by_itself(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(REVERSAL)
    desk.post(ORIGINAL)
    everything(desk)
    assert [row.state for row in desk.payments()] == ["posted", "posted"]
    assert desk.balance(claim) == 15000
    assert desk.items("posting_exception") == []


def test_a_payment_that_cannot_post_even_now_is_told_once(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"), Line("A7030", "50", "L2"))
    again = Svc("E1390", "150", "150", ref="L1")
    desk.post(ORIGINAL)
    desk.post(Era([Clp("SW1", [again])], trace="X"))
    told, (item,) = desk.told("claim", 1), desk.items("posting_exception")
    with desk.sql.begin() as connection:
        connection.execute(update(tables.work_items).where(tables.work_items.c.id == item.id).values(assignee="pat"))
    desk.post(Era([Clp("SW1", [Svc("A7030", "50", "10", (Cas("CO", "45", "40"),), ref="L2")])], trace="Y"))
    everything(desk)
    assert len(desk.told("claim", 1)) == len(told) + 1
    (after,) = desk.items("posting_exception")
    assert (after.id, after.assignee, after.work_by, after.reason) == (item.id, "pat", item.work_by, item.reason)


@pytest.mark.parametrize("number", ["SW1", "OTHER"])
def test_a_payment_of_a_claim_that_comes_later_is_looked_at_when_it_comes(desk: Desk, number: str) -> None:
    desk.post(ORIGINAL)
    desk.claim("SW1", Line("E1390", "150", "L1"))
    with desk.sql.begin() as connection:
        looked = post_again.of_numbers(connection, {number, ""}, "Its claim has come (file 9)", NOON)
    everything(desk)
    assert looked == (1 if number == "SW1" else 0)
    assert desk.payments()[0].state == ("posted" if number == "SW1" else "exception")
