"""Replay of a file: one of which nothing was taken in is read again, and once."""

from __future__ import annotations

import pytest

from gateway.core.flow.again import CannotBeDone
from gateway.core.flow.replay import replay_file
from gateway.core.store.tables import outbox, requests

from .conftest import World
from .made import Made


async def test_a_file_that_was_taken_in_or_is_not_there_is_not_read_again(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    with world.sql.begin() as connection, pytest.raises(CannotBeDone, match="Replay its claims or payments instead"):
        replay_file(connection, 1, "pat", "look again", world.clock.now())
    with world.sql.begin() as connection, pytest.raises(CannotBeDone, match="no received file 7"):
        replay_file(connection, 7, "pat", "look again", world.clock.now())
    with world.sql.begin() as connection, pytest.raises(CannotBeDone, match="and why"):
        replay_file(connection, 1, "pat", "", world.clock.now())


async def test_when_the_setting_is_mended_the_file_is_read_again_and_answered(world: World) -> None:
    world.source = "    format: json\n    answers: ['999']\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        assert len(world.items(kind="file_problem")) == 1
        with world.sql.begin() as connection:
            assert replay_file(connection, 1, "pat", "perhaps now", world.clock.now()).new
            second = replay_file(connection, 1, "sam", "perhaps now?", world.clock.now())
        assert not second.new
        assert "pat asked for this" in second.what
        gateway.engine.poke()
        await gateway.engine.wait("intake", "1:again:1")
    assert world.files()[0].state == "quarantined"
    (item,) = world.items(kind="file_problem")
    assert "set to send JSON" in item.reason, "it is refused again, and waits again"
    world.source = "    format: auto\n    answers: ['999']\n"
    async with world.running() as gateway:
        with world.sql.begin() as connection:
            assert replay_file(connection, 1, "pat", "the setting is mended", world.clock.now()).new
        gateway.engine.poke()
        await gateway.engine.wait("intake", "1:again:2")
    assert world.files()[0].state == "read"
    assert world.states() == {"C-1": "ready"}
    assert world.items(kind="file_problem") == []
    assert len(world.rows(requests)) == 2
    assert "Read again: the setting is mended." in world.told("file", 1)
    answers = {row.key for row in world.rows(outbox, outbox.c.kind == "answer")}
    assert answers == {"intake:1", "intake:1:again:1", "intake:1:again:2"}
