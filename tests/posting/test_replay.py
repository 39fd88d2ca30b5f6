"""Replay of posting exceptions: matched and posted again, each once, and the ledger proves it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, update

from gateway.core.flow import replay_payments
from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.answers import _give
from gateway.core.flow.replay import replay_payments as ask_for
from gateway.core.flow.replay import waiting_payments
from gateway.core.store.tables import claim_payments, outbox, requests

from .conftest import NOON, Desk, Inline, Line
from .made import Cas, Clp, Era, Svc

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


def ask(desk: Desk, *ids: int, **how: Any) -> list[Again]:
    with desk.sql.begin() as connection:
        return ask_for(connection, ids, "pat", "the chain was mended", NOON, desk.services().config.hash, **how)


def run(desk: Desk, before_commit: Any = None) -> None:
    """What the engine does with the work that waits in the outbox."""
    for row in desk.rows(outbox, outbox.c.kind == "replay_payments"):
        work = Inline(desk.services(), desk.sql)
        if before_commit is not None:
            work.before_commit = before_commit
        asyncio.run(replay_payments.replay(work, row.payload))
        with desk.sql.begin() as connection:
            connection.execute(delete(outbox).where(outbox.c.id == row.id))


def mended(desk: Desk, steps: str) -> None:
    desk.post_steps = steps
    desk._config = None


def test_what_does_not_wait_is_not_posted_again(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])]))
    with pytest.raises(CannotBeDone, match="payment 1 is posted: only one that waits"):
        ask(desk, 1)
    with pytest.raises(CannotBeDone, match="no claim payment 9"):
        ask(desk, 9)
    assert desk.rows(requests) == []


def test_a_mended_chain_posts_what_waited_and_nothing_twice(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"), member="SWT900000002")
    desk.post_steps = "[]"
    file_id = desk.post(Era([Clp("SW1", [PAID]), Clp("SW2", [PAID]), Clp("NOBODY", [PAID])]))
    assert [row.state for row in desk.payments()] == ["exception"] * 3
    assert desk.remittances()[0].exception_cents == 24000
    mended(desk, "[autoposting]")
    with desk.sql.connect() as connection:
        assert waiting_payments(connection, 1) == [1, 2, 3]
    ask(desk, 1, 2, 3)
    run(desk)
    assert [row.state for row in desk.payments()] == ["posted", "posted", "exception"]
    assert (desk.state(1), desk.state(2)) == ("paid", "paid")
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.posted_cents, remittance.exception_cents) == ("partly posted", 16000, 8000)
    (item,) = desk.items("posting_exception")
    assert item.subject_id == 3
    assert [row.outcome.split(":")[0] for row in desk.rows(requests)][2] == "It still waits"
    assert [row["claim_number"] for row in desk.export(file_id)] == ["SW1", "SW2"]
    assert "Payment 1 run again: the chain was mended." in "\n".join(desk.told("claim", 1))
    assert desk.balance(1) == desk.balance(2) == 2000


def test_when_nothing_waits_any_more_the_remittance_is_posted(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post_steps = "[]"
    desk.post(Era([Clp("SW1", [PAID])]))
    assert desk.remittances()[0].state == "partly posted"
    mended(desk, "[autoposting]")
    ask(desk, 1)
    run(desk)
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.posted_cents, remittance.exception_cents) == ("posted", 8000, 0)
    assert "nothing waits any more" in desk.told("remittance", 1)[-1]
    assert desk.items() == []


def test_a_claim_that_came_later_takes_its_payment(desk: Desk) -> None:
    desk.post(Era([Clp("SW1", [PAID])]))
    claim_id = desk.claim("SW1", Line("E1390", "150", "L1"))
    ask(desk, 1)
    run(desk)
    (payment,) = desk.payments()
    assert (payment.state, payment.claim_id) == ("posted", claim_id)


def test_asking_twice_posts_once(desk: Desk) -> None:
    desk.post(Era([Clp("SW1", [PAID])]))
    (first,) = ask(desk, 1)
    (second,) = ask(desk, 1)
    assert (first.new, second.new) == (True, False)
    run(desk)
    (third,) = ask(desk, 1)
    assert not third.new
    assert "It still waits" in third.what
    (fourth,) = ask(desk, 1, even_so=True)
    assert fourth.new


def test_one_that_is_posted_meanwhile_is_left_alone(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post_steps = "[]"
    desk.post(Era([Clp("SW1", [PAID])]))
    mended(desk, "[autoposting]")
    ask(desk, 1)
    with desk.sql.begin() as connection:
        connection.execute(update(requests).values(part_of="other"))
    ask_again = ask(desk, 1)
    assert not ask_again[0].new, "one is under way"
    with desk.sql.begin() as connection:
        connection.execute(update(requests).values(part_of="replay-1"))
    run(desk)
    transfers = len(desk.accounts())
    run(desk)
    assert len(desk.accounts()) == transfers
    assert [row.state for row in desk.payments()] == ["posted"]


def test_a_claim_that_changes_meanwhile_is_decided_again(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post_steps = "[]"
    desk.post(Era([Clp("SW1", [PAID])]))
    mended(desk, "[autoposting]")
    ask(desk, 1)
    seen: list[str] = []

    def change(name: str) -> None:
        seen.append(name)
        if name == "commit 0":
            from gateway.core.store.tables import claims

            with desk.sql.begin() as connection:
                connection.execute(update(claims).values(version=claims.c.version + 1))

    run(desk, change)
    assert seen == ["commit 0", "commit 0 again 1"]
    assert [row.state for row in desk.payments()] == ["posted"]
    assert len(desk.rows(claim_payments)) == 1


def test_two_payments_of_one_claim_post_one_after_the_other(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post_steps = "[]"
    half = Svc("E1390", "150", "40", (Cas("CO", "45", "110"),), ref="L1")
    desk.post(Era([Clp("SW1", [half]), Clp("SW1", [half])]))
    mended(desk, "[autoposting]")
    ask(desk, 1, 2)
    run(desk)
    assert desk.payments()[0].state == "posted"
    assert all(row.done_at is not None for row in desk.rows(requests))


def test_the_configuration_it_was_posted_with_decides_the_same(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post_steps = "[]"
    desk.post(Era([Clp("SW1", [PAID])]))
    first = desk.services().config.hash
    mended(desk, "[autoposting]")
    ask(desk, 1, configuration="original")
    run(desk)
    assert [row.state for row in desk.payments()] == ["exception"]
    assert desk.rows(requests)[0].config_hash == first


def test_the_billing_system_hears_of_what_was_posted_now_and_of_nothing_else(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"), member="SWT900000002")
    file_id = desk.post(Era([Clp("SW1", [PAID]), Clp("SW3", [PAID])]))
    desk.claim("SW3", Line("E1390", "150", "L1"), member="SWT900000003")
    ask(desk, 2)
    run(desk)
    (row,) = desk.rows(outbox, outbox.c.key.startswith("replay:"))
    assert row.payload == {"file_id": file_id, "payments": [2]}
    given = _give(desk.services(), file_id, "test", row.payload["payments"])
    assert [one["kind"] for one in given] == ["postings"]
    (written,) = (desk.folder / "out" / "desk").glob("*-2-postings.csv")
    assert "SW3" in written.read_text()
    assert "SW1" not in written.read_text()
