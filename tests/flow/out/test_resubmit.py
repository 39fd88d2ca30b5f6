"""Resubmit: what was refused on the way goes again in a new interchange, once, linked to what it repeats."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.resubmit import resubmit
from gateway.core.store.tables import claims, requests, submissions, work_items
from gateway.core.work.items import WorkItem, open_items

from .conftest import World
from .made import Made


def ask(world: World, claim_id: int, reason: str = "NPI corrected at the clearinghouse", **more: Any) -> Again:
    with world.sql.begin() as connection:
        return resubmit(connection, claim_id, "pat", reason, world.clock.now(), **more)


def now_is(world: World, state: str) -> None:
    with world.sql.begin() as connection:
        connection.execute(update(claims).values(state=state))


def rejected(connection: Connection, world: World, claim_id: int, submission_id: int) -> None:
    item = WorkItem(
        kind="rejection",
        key=f"rejection:{submission_id}:CLEARINGHOUSE",
        reason="A7:562",
        team="billing",
        subject_kind="claim",
        subject_id=claim_id,
        claim_id=claim_id,
    )
    open_items(connection, [item], world.clock.now())


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("ready", "has not been sent yet; it goes with the next batch"),
        ("held", "release its holds"),
        ("batched", "retransmit or dissolve the batch"),
        ("sent", "--payer-has-it-not"),
        ("accepted", "--payer-has-it-not"),
        ("paid", "denied as a duplicate"),
        ("denied", "frequency 7"),
        ("cancelled", "withdrawn"),
    ],
)
async def test_what_is_not_to_go_again_does_not_and_says_what_to_do(world: World, state: str, why: str) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch()
    now_is(world, state)
    with pytest.raises(CannotBeDone, match=f"is {state}: .*{why}"):
        ask(world, 1)
    assert world.claims()[0].state == state
    assert world.rows(requests) == []


async def test_a_claim_that_was_never_sent_has_nothing_to_repeat(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    now_is(world, "rejected")
    with pytest.raises(CannotBeDone, match="never been sent"):
        ask(world, 1)


def test_without_a_reason_or_a_claim_nothing_is_done(world: World) -> None:
    with pytest.raises(CannotBeDone, match="and why"):
        ask(world, 1, reason=" ")
    with pytest.raises(CannotBeDone, match="no claim 1"):
        ask(world, 1)


async def test_a_rejected_claim_goes_again_in_a_new_interchange(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
        await gateway.batch("first")
        sent = world.rows(submissions)[0]
        with world.sql.begin() as connection:
            connection.execute(update(claims).where(claims.c.id == 1).values(state="rejected"))
            rejected(connection, world, 1, sent.id)
        first = ask(world, 1)
        assert first.new
        assert world.items(kind="rejection") == []
        assert world.claims()[0].state == "ready"
        made = await gateway.batch("second")
    repeated, other, again = world.rows(submissions)
    assert (again.claim_id, again.resubmits, again.batch_id) == (1, repeated.id, made["batch_id"])
    assert (repeated.resubmits, other.resubmits) == (None, None)
    assert again.claim_number == repeated.claim_number
    assert len({row.isa13 for row in world.batches()}) == 2
    told = world.told("claim", 1)
    assert any(
        f"Resubmitted, in place of submission {repeated.id}: NPI corrected at the clearinghouse." in one for one in told
    )
    assert any(f"It repeats submission {repeated.id}." in one for one in told)


async def test_the_item_of_a_refused_interchange_ends_with_its_last_rejected_claim(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
        await gateway.batch("first")
        now_is(world, "rejected")
        whole = WorkItem(
            kind="file_rejection",
            key="refused:1:INTERCHANGE:",
            reason="TA1 025",
            team="edi",
            subject_kind="batch",
            subject_id=world.batches()[0].id,
        )
        with world.sql.begin() as connection:
            open_items(connection, [whole], world.clock.now())
        ask(world, 1)
        assert [item.key for item in world.items(kind="file_rejection")] == [whole.key]
        ask(world, 2)
        assert world.items(kind="file_rejection") == []


async def test_asking_twice_does_it_once_and_says_who_asked_first(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch("first")
        now_is(world, "rejected")
        first = ask(world, 1)
        second = ask(world, 1, reason="did nobody do this?")
        assert (first.new, second.new) == (True, False)
        assert second.request_id == first.request_id
        assert second.what.startswith("pat asked for this on 11/23/2026 17:00 UTC")
        await gateway.batch("second")
        with pytest.raises(CannotBeDone, match="is batched"):
            ask(world, 1)
    assert len(world.rows(submissions)) == 2
    assert len(world.rows(requests)) == 1


async def test_what_is_rejected_once_more_may_go_once_more(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        for name in ("first", "second", "third"):
            await gateway.batch(name)
            now_is(world, "rejected")
            assert ask(world, 1).new
    assert [row.resubmits for row in world.rows(submissions)] == [None, 1, 2]


async def test_what_the_payer_says_not_to_have_goes_again(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch()
    now_is(world, "acknowledged")
    assert ask(world, 1, reason="A4 by phone", payer_has_it_not=True).new
    assert world.claims()[0].state == "ready"


async def test_a_hold_keeps_a_resubmitted_claim_back(world: World) -> None:
    world.add_plugin(
        "needs_paper",
        """
        from gateway.core.model.decision import Hold

        @hookimpl
        def scrub_claim(claim, context):
            return Hold(reason="The prescription is not here.", rule="PAPER")
        """,
    )
    world.stations = "  scrub: [needs_paper]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    with world.sql.begin() as connection:
        connection.execute(update(claims).values(state="rejected"))
        connection.execute(
            insert(submissions).values(
                id=1,
                claim_id=1,
                batch_id=_a_batch(connection, world),
                claim_number="C-1",
                position=0,
                state="rejected",
                charge_cents=15000,
                created_at=world.clock.now(),
                updated_at=world.clock.now(),
            )
        )
    assert "1 hold keeps it back" in ask(world, 1).what
    assert world.claims()[0].state == "held"
    assert world.rows(work_items, work_items.c.state == "open")


def _a_batch(connection: Connection, world: World) -> int:
    from gateway.core.store.tables import batches

    connection.execute(
        insert(batches).values(
            id=1, partner="practice", state="sent", sets=1, claims=1, cents=15000, created_at=world.clock.now()
        )
    )
    return 1
