"""Replay of claims: run through their chain again, from a station, with today's configuration or the one before."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from sqlalchemy import update

from gateway.core.flow import replay_claims
from gateway.core.flow.again import Again, CannotBeDone
from gateway.core.flow.release import release_hold
from gateway.core.flow.replay import held_claims
from gateway.core.flow.replay import replay_claims as ask_for
from gateway.core.store.tables import claim_lines, claims, plugin_calls, requests, transfers

from .conftest import Running, World
from .made import Line, Made

assert replay_claims.replay

PLACES = """
    from gateway.core.model.decision import Finding, Severity

    class Settings(PluginSettings):
        wanted: str = "11"
        line: int = 0

    @hookimpl
    def plugin_settings():
        return Settings

    @hookimpl
    def scrub_claim(claim, context):
        if claim.place_of_service != context.settings.wanted:
            yield Finding(rule="PLACE", message=f"Place {context.settings.wanted} is wanted.", severity=Severity.HOLD)
    """
SETTER = """
    from gateway.core.model.decision import Finding, Severity

    class Settings(PluginSettings):
        element: str = "CLM05-3"
        value: str = "1"

    @hookimpl
    def plugin_settings():
        return Settings

    @hookimpl
    def scrub_claim(claim, context):
        claim.set(context.settings.element, context.settings.value)
    """


def add(world: World, name: str, source: str) -> None:
    world.add_plugin(name, "from gateway.plugins import PluginSettings\n" + textwrap.dedent(source))


async def again(gateway: Running, *claim_ids: int, reason: str = "the rule was mended", **how: Any) -> list[Again]:
    """Ask for a replay and wait until it is done."""
    world = gateway.world
    with world.sql.begin() as connection:
        asked = ask_for(connection, claim_ids, "pat", reason, world.clock.now(), gateway.services.config.hash, **how)
    parts = {row.part_of for row in world.rows(requests, requests.c.done_at.is_(None))}
    gateway.engine.poke()
    for part in parts:
        await gateway.engine.wait("replay", part)
    return asked


@pytest.mark.parametrize(
    ("state", "why"),
    [("faulty", "send it again, corrected"), ("batched", "dissolve the batch"), ("accepted", "with the payer")],
)
async def test_what_is_not_to_be_decided_again_is_not(world: World, state: str, why: str) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
        with world.sql.begin() as connection:
            connection.execute(update(claims).where(claims.c.id == 2).values(state=state))
        with pytest.raises(CannotBeDone, match=f"C-2 is {state}: .*{why}.*Nothing was replayed"):
            await again(gateway, 1, 2)
        with pytest.raises(CannotBeDone, match="from intake, confirm, scrub, hold"):
            await again(gateway, 1, station="batch")
        with pytest.raises(CannotBeDone, match="today or original"):
            await again(gateway, 1, configuration="yesterday")
    assert world.rows(requests) == []


async def test_a_mended_configuration_lets_a_held_claim_go(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
    assert world.states() == {"C-1": "held", "C-2": "held"}
    world.stations = "  scrub: [{plugin: places, settings: {wanted: '12'}}]"
    async with world.running() as gateway:
        with world.sql.begin() as connection:
            assert held_claims(connection, plugin="places") == [1, 2]
            assert held_claims(connection, rule="other") == []
        await again(gateway, 1)
        assert world.states() == {"C-1": "ready", "C-2": "held"}
        (request,) = world.rows(requests)
        assert request.outcome == "1 hold gone. It goes with the next batch."
        assert request.config_hash == gateway.services.config.hash == world.claims()[0].config_hash
    gone, kept = world.holds()
    assert (gone.released_by, kept.released_at) == ("gateway", None)
    assert [item.claim_id for item in world.items(kind="hold")] == [2]
    assert "Run again from confirm, with today's: the rule was mended. 1 hold gone." in "\n".join(
        world.told("claim", 1)
    )


async def test_the_configuration_it_ran_with_decides_the_same(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    world.stations = "  scrub: []"
    async with world.running() as gateway:
        await again(gateway, 1, configuration="original")
        assert world.states() == {"C-1": "held"}
        assert len(world.holds()) == 1
        assert world.rows(requests)[0].outcome == "1 hold as before. It waits."
        await again(gateway, 1)
        assert world.states() == {"C-1": "ready"}
    assert len(world.rows(claims)) == 1
    assert len(world.rows(transfers)) == 1


async def test_asking_twice_does_it_once_unless_told_otherwise(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        (first,) = await again(gateway, 1)
        (second,) = await again(gateway, 1)
        assert (first.new, second.new, second.request_id) == (True, False, first.request_id)
        assert "it is done once. 1 hold as before." in second.what
        calls = sum(row.calls for row in world.rows_of(plugin_calls))
        (third,) = await again(gateway, 1, even_so=True)
        assert third.new
        assert sum(row.calls for row in world.rows_of(plugin_calls)) == calls + 1
    assert len(world.rows(requests)) == 2


async def test_what_a_person_released_stays_released(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        (hold,) = world.holds()
        with world.sql.begin() as connection:
            release_hold(connection, hold.id, "pat", "the payer takes it", world.clock.now())
        await again(gateway, 1)
        assert world.states() == {"C-1": "ready"}
    world.stations = "  scrub: [{plugin: places, settings: {wanted: '31'}}]"
    async with world.running() as gateway:
        await again(gateway, 1)
    assert world.states() == {"C-1": "held"}, "another reason is another hold"
    assert world.rows(requests)[-1].outcome == "1 new hold. It waits."


async def test_holds_of_stations_before_the_chosen_one_stay(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]\n  hold: []"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    world.stations = "  scrub: []"
    async with world.running() as gateway:
        await again(gateway, 1, station="hold")
        assert world.states() == {"C-1": "held"}
        await again(gateway, 1, station="scrub")
        assert world.states() == {"C-1": "ready"}


async def test_from_intake_the_claim_is_as_its_source_sent_it(world: World) -> None:
    add(world, "setter", SETTER)
    world.stations = "  scrub: [{plugin: setter, settings: {value: '7'}}]"
    world.source = "    our_claim_numbers: true\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    (before,) = world.claims()
    assert before.frequency == "7"
    world.stations = "  scrub: []"
    async with world.running() as gateway:
        await again(gateway, 1, station="confirm")
        assert world.claims()[0].frequency == "7", "its edits are its own by now"
        await again(gateway, 1, station="intake")
    (after,) = world.claims()
    assert (after.frequency, after.claim_number, after.source_claim_number) == ("1", before.claim_number, "C-1")


async def test_edits_of_the_lines_are_in_their_rows(world: World) -> None:
    add(
        world,
        "modifier",
        """
    @hookimpl
    def scrub_claim(claim, context):
        claim.lines[0].set("SV101-4", "KX")
    """,
    )
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    world.stations = "  scrub: [modifier]"
    async with world.running() as gateway:
        await again(gateway, 1)
    assert world.rows(claim_lines)[0].modifiers == "RR:KX"


async def test_the_charge_is_never_changed(world: World) -> None:
    add(
        world,
        "dearer",
        """
    @hookimpl
    def scrub_claim(claim, context):
        claim.set("CLM02", "160")
        claim.lines[0].set("SV102", "160")
    """,
    )
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    world.stations = "  scrub: [dearer]"
    async with world.running() as gateway:
        await again(gateway, 1)
    (claim,) = world.claims()
    assert claim.charge_cents == 15000
    assert b"*160*" not in claim.content
    assert "It would change what is charged ($150.00 before, $160.00 after" in world.rows(requests)[0].outcome
    assert "Not replayed. It would change what is charged" in world.told("claim", 1)[-1]


async def test_a_rejected_claim_stays_rejected_until_it_is_resubmitted(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(state="rejected"))
        await again(gateway, 1)
    assert world.states() == {"C-1": "rejected"}
    assert world.rows(requests)[0].outcome == "Nothing keeps it back. It stays rejected; resubmit sends it again."


async def test_only_what_came_before_is_its_history(world: World) -> None:
    add(
        world,
        "once",
        """
    from gateway.core.model.decision import Finding, Severity

    @hookimpl
    def scrub_claim(claim, context):
        for line in context.history(claim):
            yield Finding(rule="ONCE", message=f"Seen on claim {line.claim_number}.", severity=Severity.HOLD)
    """,
    )
    world.stations = "  scrub: [once]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.take_in(Made("C-2", lines=[Line(date="20261201")]))
        assert world.states() == {"C-1": "ready", "C-2": "held"}
        await again(gateway, 1, 2, station="scrub")
    assert world.states() == {"C-1": "ready", "C-2": "held"}
    assert [hold.reason for hold in world.holds()] == ["Seen on claim C-1."]
    assert [row.outcome for row in world.rows(requests)] == [
        "Nothing keeps it back. It goes with the next batch.",
        "1 hold as before. It waits.",
    ]


async def test_a_configuration_that_cannot_be_used_any_more_harms_nothing(world: World) -> None:
    add(world, "places", PLACES)
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    (world.plugins / "places.py").unlink()
    world.stations = "  scrub: []"
    async with world.running() as gateway:
        await again(gateway, 1, configuration="original")
    assert world.states() == {"C-1": "held"}
    assert "cannot be used any more" in world.rows(requests)[0].outcome


async def test_a_plugin_that_fails_is_a_hold_and_its_mending_is_not(world: World) -> None:
    add(world, "places", "\n    @hookimpl\n    def scrub_claim(claim, context):\n        raise ValueError('oops')\n")
    world.stations = "  scrub: [places]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
        with world.sql.begin() as connection:
            assert held_claims(connection, plugin="places") == [1, 2]
    add(world, "places", PLACES.replace('"11"', '"12"'))
    async with world.running(own_child=True) as gateway:
        await again(gateway, 1, 2)
    assert set(world.states().values()) == {"ready"}
    assert world.items(kind="plugin_failure") == []
