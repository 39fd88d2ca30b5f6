"""A payment that waits because its claim is not here is decided again when the claim is taken in."""

from __future__ import annotations

from gateway.core.store.tables import outbox, requests

from ...posting.waiting import a_payment_that_waits
from .conftest import World
from .made import Made


async def test_the_claim_of_a_waiting_payment_comes_and_the_payment_is_decided_again(world: World) -> None:
    with world.sql.begin() as connection:
        _, payment_id = a_payment_that_waits(connection, "C-1")
        a_payment_that_waits(connection, "C-9")
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"))
    (asked,) = world.rows(requests)
    assert (asked.verb, asked.subject_kind, asked.subject_id) == ("look", "claim_payment", payment_id)
    assert asked.reason.startswith("Its claim has come (file ")
    assert [row.key for row in world.rows(outbox, outbox.c.kind == "replay_payments")] == [asked.part_of]
