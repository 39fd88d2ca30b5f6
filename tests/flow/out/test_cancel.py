"""A claim is withdrawn by a person; and what waited because of it goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from gateway.core.flow import stations
from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.cancel import cancel
from gateway.core.ledger.balances import claim_balances
from gateway.core.ledger.proof import prove
from gateway.core.store.tables import claims, requests, work_items

from .conftest import World
from .made import Made, make_837
from .test_correct_faulty import BAD
from .test_look_again import looked

stations.load()

ONE_AT_A_TIME = """
    from gateway.core.model.decision import Hold

    @hookimpl
    def hold_claim(claim, context):
        earlier = [line for line in context.history() if line.state != "cancelled"]
        if earlier:
            return Hold(reason="The patient has one already.", rule="ONE")
    """


def cancelled(world: World, claim_id: int, reason: str = "entered twice") -> Again:
    with world.sql.begin() as connection:
        now = world.clock.now()
        return cancel(connection, claim_id, "pat", reason, now, now.date())


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("batched", "dissolve the batch"),
        ("sent", "wait for its answer"),
        ("acknowledged", "wait for the payer's answer"),
        ("accepted", "gateway claim void"),
        ("paid", "gateway claim void"),
        ("cancelled", "withdrawn before"),
    ],
)
async def test_a_claim_that_somebody_has_is_not_withdrawn(world: World, state: str, why: str) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(state=state))
        with pytest.raises(CannotBeDone, match=f"C-1 is {state}: .*{why}"):
            cancelled(world, 1)
        with pytest.raises(CannotBeDone, match="who asks for it, and why"):
            cancelled(world, 1, " ")
    assert world.states() == {"C-1": state}
    assert world.rows(requests) == []


async def test_the_second_of_two_is_withdrawn_and_owed_no_more(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.take_in(data=make_837([Made("C-1", chart="X")], isa13="000000102"), name="b.837")
        assert [row.state for row in world.claims()] == ["ready", "held"]
        said = cancelled(world, 2)
        assert said.what == "It is withdrawn, and what it was charged is taken back."
        assert not cancelled(world, 2).new, "asking twice does it once"
        await gateway.batch()
    assert [row.state for row in world.claims()] == ["batched", "cancelled"]
    assert world.items() == []
    assert [row.outcome for row in world.rows(work_items)] == ["The claim was cancelled."]
    assert all(row.released_at is not None for row in world.holds())
    assert any(one.startswith("Cancelled: entered twice.") for one in world.told("claim", 2))
    with world.sql.connect() as connection:
        assert claim_balances(connection, [1, 2]) == {1: 15_000, 2: 0}
        assert prove(connection).ok


async def test_the_duplicate_of_a_claim_that_was_withdrawn_goes_on_alone(world: World) -> None:
    async with world.running() as gateway:
        for number in range(3):
            data = make_837([Made("C-1", chart=f"X{number}")], isa13=f"00000010{number}")
            await gateway.take_in(data=data, name=f"{number}.837")
        assert [row.state for row in world.claims()] == ["ready", "held", "held"]
        cancelled(world, 1)
    assert [row.state for row in world.claims()] == ["cancelled", "ready", "held"], "the third repeats the second"
    (released,) = [row for row in world.holds() if row.released_at is not None]
    assert released.release_reason == "claim 1, which had the same, was cancelled"


async def test_what_a_hold_waited_for_is_gone_with_the_claim(world: World) -> None:
    world.add_plugin("one", ONE_AT_A_TIME)
    world.stations = "  hold: [one]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", chart="Y"), Made("C-3", member="OTHER"))
        assert world.states() == {"C-1": "ready", "C-2": "held", "C-3": "ready"}
        cancelled(world, 3)
        assert [row.verb for row in world.rows(requests)] == ["cancel"], "nobody waited for that one"
        cancelled(world, 1)
        await looked(gateway)
    assert world.states() == {"C-1": "cancelled", "C-2": "ready", "C-3": "cancelled"}
    assert any("Claim 1 was cancelled" in one for one in world.told("claim", 2))


async def test_a_faulty_claim_is_withdrawn_and_leaves_the_queue(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(BAD)
        assert cancelled(world, 1).what == "It is withdrawn."
    assert world.items() == []
    with world.sql.connect() as connection:
        assert prove(connection).ok
