"""Two patients are one, or are not: held claims of both are decided again."""

from __future__ import annotations

import pytest

from gateway.core.flow import patient_merges, stations
from gateway.core.flow.again import CannotBeDone
from gateway.core.store.tables import patient_merges as table
from gateway.core.store.tables import requests

from .conftest import World
from .made import Made, make_837
from .test_look_again import AUTHORIZED, SIGNED, WAITS, bring, looked, standing

stations.load()


def say(world: World, verb: str, *ids: int, reason: str = "the same person") -> str:
    with world.sql.begin() as connection:
        return str(getattr(patient_merges, verb)(connection, *ids, "pat", reason, world.clock.now()).what)


async def test_what_cannot_be_merged_says_why(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"))
        with pytest.raises(CannotBeDone, match="There is no patient 9"):
            say(world, "merge", 1, 9)
        with pytest.raises(CannotBeDone, match="are one already"):
            say(world, "merge", 1, 1)
        with pytest.raises(CannotBeDone, match="was not merged into anybody"):
            say(world, "unmerge", 1)
        with pytest.raises(CannotBeDone, match="who asks for it, and why"):
            say(world, "merge", 1, 2, reason="")
        say(world, "merge", 2, 1)
        with pytest.raises(CannotBeDone, match="was merged into patient 1 before"):
            say(world, "merge", 2, 1)
        with pytest.raises(CannotBeDone, match="are one already"):
            say(world, "merge", 1, 2)
    assert [row.verb for row in world.rows(requests)] == ["merge"]


async def test_the_papers_of_the_other_one_release_what_waited(world: World) -> None:
    world.add_plugin("waits", WAITS)
    world.stations = "  hold: [waits]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        bring(world, "orders", SIGNED)
        bring(world, "authorizations", AUTHORIZED)
        await looked(gateway)
        # The same person under a member id that nobody knew.
        await gateway.take_in(data=make_837([Made("C-2", member="OTHER", chart="X")], isa13="000000102"), name="b.837")
        first, second = world.claims()
        assert standing(world) == [(second.id, "ORDER"), (second.id, "AUTH")]
        (item,) = world.items(kind="patient_merge")
        said = say(world, "merge", second.patient_id, first.patient_id)
        assert said == f"It is patient {first.patient_id} now. 1 held claim is decided again."
        await looked(gateway)
        assert world.states() == {"C-1": "ready", "C-2": "ready"}
        assert world.items() == []
        assert any("Two patients were merged" in one for one in world.told("claim", second.id))
        assert [row.state for row in world.rows(table)] == ["merged"]
    assert item.key == f"merge:{second.patient_id}:{first.patient_id}"


async def test_taken_back_both_have_their_own_again(world: World) -> None:
    world.add_plugin("waits", WAITS)
    world.stations = "  hold: [waits]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER", chart="X"))
        bring(world, "orders", SIGNED)
        await looked(gateway)
        say(world, "merge", 2, 1)
        await looked(gateway)
        assert standing(world) == [(1, "AUTH"), (2, "AUTH")]
        said = say(world, "unmerge", 2, reason="a cousin")
        assert said == "It is a patient of its own. 2 held claims are decided again."
        await looked(gateway)
        assert standing(world) == [(1, "AUTH"), (2, "AUTH"), (2, "ORDER")]
    assert [row.state for row in world.rows(table)] == ["undone"]


async def test_a_suggestion_is_dismissed_once(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER", chart="X"))
        (item,) = world.items(kind="patient_merge")
        assert "gateway patient merge" in item.reason
        assert say(world, "dismiss", 1, 2, reason="twins") == "They stay two: 1 and 2."
        with pytest.raises(CannotBeDone, match="not suggested, or was decided before"):
            say(world, "dismiss", 2, 1)
    assert world.items() == []
    assert [row.state for row in world.rows(table)] == ["dismissed"]
