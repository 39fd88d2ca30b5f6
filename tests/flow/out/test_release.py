"""Holds end, and the claim leaves when its last one does."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.flow.release import NotHeld, expire_holds, release_hold

from .conftest import World
from .made import Made

TWO_HOLDS = """
import datetime as dt
from gateway.core.model.decision import Hold, HoldType

@hookimpl
def hold_claim(claim, context):
    yield Hold(reason="No order on file.", type=HoldType.PRESCRIPTION, team="documentation")
    yield Hold(reason="No authorization.", type=HoldType.AUTHORIZATION, expires=dt.date(2026, 11, 30))
"""


@pytest.fixture
async def held(world: World) -> World:
    """A world with one claim under two holds."""
    world.add_plugin("waiting", TWO_HOLDS)
    world.stations = "  hold: [waiting]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    assert world.states() == {"C-1": "held"}
    return world


async def test_a_claim_with_two_holds_leaves_when_both_are_released(held: World) -> None:
    first, second = held.holds()
    with held.sql.begin() as connection:
        assert release_hold(connection, first.id, "ann", "order came", held.clock.now()) == "held"
    assert held.states() == {"C-1": "held"}
    with held.sql.begin() as connection:
        assert release_hold(connection, second.id, "bob", "approved", held.clock.now()) == "ready"
    assert held.states() == {"C-1": "ready"}
    assert held.items() == []
    assert held.told("claim", held.claims()[0].id)[-2:] == [
        "RX hold released: order came. 1 hold left.",
        "PAR hold released: approved. No hold is left: it goes with the next batch.",
    ]


async def test_a_hold_is_released_once(held: World) -> None:
    hold = held.holds()[0]
    with held.sql.begin() as connection:
        release_hold(connection, hold.id, "ann", "order came", held.clock.now())
    with held.sql.begin() as connection, pytest.raises(NotHeld):
        release_hold(connection, hold.id, "bob", "again", held.clock.now())
    with held.sql.begin() as connection, pytest.raises(NotHeld):
        release_hold(connection, 999, "bob", "which?", held.clock.now())


async def test_a_release_needs_a_name_and_a_reason(held: World) -> None:
    hold = held.holds()[0]
    with held.sql.begin() as connection, pytest.raises(ValueError, match="who"):
        release_hold(connection, hold.id, "", "because", held.clock.now())


async def test_a_hold_ends_by_itself_on_its_date(held: World) -> None:
    with held.sql.begin() as connection:
        assert expire_holds(connection, dt.date(2026, 11, 29), held.clock.now()) == 0
        assert expire_holds(connection, dt.date(2026, 11, 30), held.clock.now()) == 1
    first, second = held.holds()
    assert first.released_at is None
    assert second.released_by == "gateway"
    assert held.states() == {"C-1": "held"}


async def test_each_hold_is_a_work_item_with_team_dollars_and_date(held: World) -> None:
    rows = sorted((item.team, item.cents, item.work_by) for item in held.items(kind="hold"))
    # Five business days for either type (table hold_due), but not after the day on which the hold falls away.
    assert rows == [("billing", 15000, dt.date(2026, 11, 30)), ("documentation", 15000, dt.date(2026, 12, 1))]


async def test_a_claim_that_no_partner_reaches_waits_until_one_does(world: World) -> None:
    world.payers = "['60054']"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", payer="16013"))
    (hold,) = world.holds()
    assert (world.states(), hold.rule) == ({"C-1": "held"}, "no-partner")
    with world.sql.begin() as connection, pytest.raises(ValueError, match="No partner reaches payer 16013"):
        release_hold(connection, hold.id, "ann", "added", world.clock.now(), world.config().partner_for)
    world.payers = "['60054', '16013']"
    config = world.config()
    with world.sql.begin() as connection:
        release_hold(connection, hold.id, "ann", "added", world.clock.now(), config.partner_for)
    (claim,) = world.claims()
    assert (claim.state, claim.partner) == ("ready", "practice")
