"""A batch goes to its partner, a real OpenSSH server, once; and what happens when that does not work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import update

from gateway.core.flow import lines, outgoing, send
from gateway.core.store.tables import batches, partner_states, submissions
from gateway.plugins.transport import OutcomeUnknown, Transport, Unreachable, Uploaded

from .conftest import Running, World
from .made import Made


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(send, "FIRST_PAUSE", 0.05)


@contextlib.asynccontextmanager
async def batched(world: World) -> AsyncIterator[tuple[Running, int]]:
    """A running world with a written batch of three claims."""
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"), Made("C-3"))
        made = await gateway.batch()
        yield gateway, made["batch_id"]


def at_partner(world: World) -> dict[str, bytes]:
    assert world.server is not None
    return {path.name: path.read_bytes() for path in (world.server.root / "inbound").iterdir()}


def outgoing_bytes(world: World) -> bytes:
    (file,) = [file for file in world.files() if file.direction == "out"]
    return world.archive.read(file.sha256)


class Broken:
    """A real line, with a fault that `after` plays when a put has gone through, or `before` it begins."""

    def __init__(
        self,
        line: Transport,
        before: Callable[[str], None] | None = None,
        after: Callable[[str], None] | None = None,
    ) -> None:
        self._line = line
        self._before = before
        self._after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def __enter__(self) -> Broken:
        self._line.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._line.__exit__(*error)

    def put(self, data: BinaryIO, path: str) -> Uploaded:
        if self._before is not None:
            self._before(path)
        done = self._line.put(data, path)
        if self._after is not None:
            self._after(path)
        return done


def break_lines(gateway: Running, **faults: Callable[[str], None]) -> list[str]:
    """Put faults into the partner's lines; returns the list of puts that went through or were tried."""
    whole = gateway.services.transports
    tried: list[str] = []

    class Lines:
        def describe(self, partner: str) -> Transport:
            return whole.describe(partner)

        def open(self, partner: str) -> Any:
            line = Broken(whole.open(partner), **faults)
            put = line.put

            def counted(data: BinaryIO, path: str) -> Uploaded:
                tried.append(path)
                return put(data, path)

            line.put = counted  # type: ignore[method-assign]
            return line

    gateway.services.transports = Lines()
    return tried


async def test_a_refused_sign_in_is_tried_three_times_and_then_stops_the_partner(sftp_world: World) -> None:
    world = sftp_world
    assert world.server is not None
    stranger = world.server.root.parent / "stranger"
    from ...sshd import make_key

    make_key(stranger)
    right, world.server.client_key_file = world.server.client_key_file, stranger
    async with batched(world) as (gateway, batch_id):
        assert await gateway.sent(batch_id) == "waiting"
    (item,) = world.items(kind="partner_stopped")
    assert "3 refused sign-ins" in item.reason
    assert at_partner(world) == {}
    assert set(world.states().values()) == {"batched"}
    world.server.client_key_file = right
    with world.sql.begin() as connection:
        now = world.clock.now()
        lines.restart(connection, "practice", "ann", now)
        outgoing.resume_partner(connection, "practice", "ann", now)
    async with world.running() as gateway:
        gateway.engine.poke()
        assert await gateway.engine.wait("send", f"{batch_id}:{now.isoformat()}") == "sent"
    assert list(at_partner(world).values()) == [outgoing_bytes(world)]
    assert world.items(kind="partner_stopped") == []


async def test_a_server_that_is_not_the_pinned_one_gets_nothing_and_stops_the_partner(sftp_world: World) -> None:
    world = sftp_world
    assert world.server is not None
    world.server.host_key_fingerprint = "SHA256:" + "A" * 43
    async with batched(world) as (gateway, batch_id):
        assert await gateway.sent(batch_id) == "waiting"
    assert len(world.items(kind="partner_stopped")) == 1
    assert at_partner(world) == {}
    assert world.batches()[0].state == "waiting"


async def test_a_folder_that_takes_nothing_is_a_work_item(world: World, tmp_path: Path) -> None:
    from ...sshd import missing, start_sshd

    if why := missing():
        pytest.skip(why)
    with start_sshd(tmp_path, read_only=True) as server:
        world.server = server
        async with batched(world) as (gateway, batch_id):
            assert await gateway.sent(batch_id) == "refused"
    (item,) = world.items(kind="file_problem")
    assert (item.subject_kind, item.subject_id, item.cents) == ("batch", batch_id, 45000)


async def test_a_batch_arrives_whole_and_its_claims_are_sent(sftp_world: World) -> None:
    world = sftp_world
    async with batched(world) as (gateway, batch_id):
        assert await gateway.sent(batch_id) == "sent"
    (batch,) = world.batches()
    assert at_partner(world) == {batch.remote_name.rsplit("/", 1)[-1]: outgoing_bytes(world)}
    assert (batch.state, batch.sent_at) == ("sent", world.clock.now())
    assert set(world.states().values()) == {"sent"}
    assert {row.state for row in world.rows(submissions)} == {"sent"}
    told = world.told("claim", world.claims()[0].id)
    assert "interchange 000000001" in told[-1]
    assert world.items() == []


async def test_a_line_that_is_down_is_tried_again_until_it_works(sftp_world: World) -> None:
    world = sftp_world
    down = iter((True, True, False))

    def refuse(path: str) -> None:
        if next(down):
            raise Unreachable("nobody answers", partner="practice")

    async with batched(world) as (gateway, batch_id):
        tried = break_lines(gateway, before=refuse)
        assert await gateway.sent(batch_id) == "sent"
    assert len(tried) == 3
    assert list(at_partner(world).values()) == [outgoing_bytes(world)]
    state = world.rows_of(partner_states)[0]
    assert (state.failures, state.auth_failures) == (0, 0)


async def test_an_unknown_outcome_is_looked_for_and_found(sftp_world: World) -> None:
    world = sftp_world

    def lose(path: str) -> None:
        raise OutcomeUnknown("the line was lost", partner="practice")

    async with batched(world) as (gateway, batch_id):
        tried = break_lines(gateway, after=lose)
        assert await gateway.sent(batch_id) == "sent"
    assert len(tried) == 1
    assert list(at_partner(world).values()) == [outgoing_bytes(world)]
    told = world.told("batch", batch_id)
    assert any("Whether it arrived is not known" in line for line in told)
    assert "Found at the partner" in told[-1]


def take_away(world: World) -> Callable[[str], None]:
    """The server takes each file at once, and the line is lost."""

    def lose(path: str) -> None:
        assert world.server is not None
        for file in (world.server.root / "inbound").iterdir():
            file.rename(world.server.root / f"taken-{len(list(world.server.root.glob('taken-*')))}")
        raise OutcomeUnknown("the line was lost", partner="practice")

    return lose


async def until_told(world: World, batch_id: int, words: str) -> None:
    async with asyncio.timeout(20):
        while not any(words in line for line in world.told("batch", batch_id)):  # noqa: ASYNC110 - another task tells it
            await asyncio.sleep(0.02)


async def test_an_acknowledgment_proves_that_a_vanished_file_arrived(sftp_world: World) -> None:
    world = sftp_world
    world.partner["resend_after"] = "1s"
    async with batched(world) as (gateway, batch_id):
        tried = break_lines(gateway, after=take_away(world))
        gateway.engine.poke()
        await until_told(world, batch_id, "Whether it arrived is not known")
        with world.sql.begin() as connection:
            connection.execute(update(batches).values(ta1="A", ta1_at=world.clock.now()))
        assert await gateway.sent(batch_id) == "sent"
    assert len(tried) == 1
    assert "answered it (TA1)" in world.told("batch", batch_id)[-1]


async def test_only_after_silence_do_the_same_bytes_go_again(sftp_world: World) -> None:
    world = sftp_world
    assert world.server is not None
    world.partner["resend_after"] = "1s"
    lost = take_away(world)
    once = iter((True, False))

    def lose_once(path: str) -> None:
        if next(once):
            lost(path)

    async with batched(world) as (gateway, batch_id):
        tried = break_lines(gateway, after=lose_once)
        gateway.engine.poke()
        await until_told(world, batch_id, "Whether it arrived is not known")
        await asyncio.sleep(0.3)
        assert len(tried) == 1  # the partner's time is not over
        world.clock.advance(seconds=2)
        assert await gateway.sent(batch_id) == "sent"
    assert len(tried) == 2
    assert tried[0] == tried[1]
    assert (world.server.root / "taken-0").read_bytes() == next(iter(at_partner(world).values()))
    told = " ".join(world.told("batch", batch_id))
    assert told.index("not known") < told.index("the same bytes go once more") < told.index("Sent again")
    assert len(world.batches()) == 1


async def test_a_batch_whose_environment_changed_since_does_not_leave(sftp_world: World) -> None:
    world = sftp_world
    async with batched(world) as (gateway, batch_id):
        with world.sql.begin() as connection:
            connection.execute(update(batches).values(usage="P"))
        assert await gateway.sent(batch_id) == "refused"
    assert at_partner(world) == {}
    assert "ISA15" in world.items(kind="file_problem")[0].reason


async def test_a_batch_that_was_answered_is_never_retransmitted(sftp_world: World) -> None:
    world = sftp_world
    async with batched(world) as (_, batch_id):
        pass
    with world.sql.begin() as connection:
        connection.execute(update(batches).values(state="refused", group_ack="R"))
        with pytest.raises(ValueError, match="answered"):
            outgoing.send_again(connection, batch_id, "ann", "try again", world.clock.now())
