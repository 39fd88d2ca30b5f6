"""Exactly once: the process is killed at each boundary of a replay, of payments, of claims and of a correction."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.core.flow.belongings import KINDS, take_in
from gateway.core.flow.correct import correct
from gateway.core.flow.replay import replay_claims, replay_payments
from gateway.core.store import tables
from gateway.core.x12.correcting import typed

from .. import progress
from ..conftest import create_tables
from ..flow.out.conftest import World
from ..flow.out.made import Line as MadeLine
from ..flow.out.made import Made
from ..flow.out.test_look_again import AUTHORIZED, SIGNED, WAITS, bring
from ..soak import chosen
from .conftest import NOON, Desk, Line
from .made import Cas, Clp, Era, Svc
from .test_posting_kills import work

pytestmark = progress.UNTIMED

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    create_tables(sqlite_url)
    made = Desk(tmp_path, sqlite_url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults


@pytest.mark.parametrize(
    "boundary", chosen("replay of payments", ["replay.payments.decided", "replay.payments.committed"], of=1)
)
def test_a_killed_replay_goes_on_and_posts_each_payment_once(desk: Desk, boundary: str) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"), member="SWT900000002")
    desk.post_steps = "[]"
    desk.post(Era([Clp("SW1", [PAID]), Clp("SW2", [PAID])]))
    desk.post_steps = "[autoposting]"
    config = desk.config()
    with desk.sql.begin() as connection:
        replay_payments(connection, [1, 2], "pat", "the chain was mended", NOON, config.hash)
    told = {"part_of": "replay-1"}
    assert work(desk.url, desk.folder, "replay_payments", "replay-1", told, boundary) == -signal.SIGKILL
    assert work(desk.url, desk.folder, "replay_payments", "replay-1", told) == 0
    assert [row.state for row in desk.payments()] == ["posted", "posted"]
    assert [row.posted_cents for row in desk.remittances()] == [16000]
    assert len([row for row in desk.rows(tables.transfers) if row.claim_payment_id]) == 6
    assert [row.outcome != "" and row.done_at is not None for row in desk.rows(tables.requests)] == [True, True]


@pytest.fixture
def quiet_world(tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    create_tables(sqlite_url)
    made = World(tmp_path, sqlite_url)
    yield made
    made.sql.dispose()


@pytest.mark.parametrize("boundary", chosen("replay of claims", ["replay.decided", "replay.committed"], of=1))
async def test_a_killed_replay_of_claims_goes_on_and_decides_each_once(quiet_world: World, boundary: str) -> None:
    world = quiet_world
    world.add_plugin(
        "no",
        """
        from gateway.core.model.decision import Hold

        @hookimpl
        def hold_claim(claim, context):
            return Hold(reason="Not yet.", rule="NO")
        """,
    )
    world.stations = "  hold: [no]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
    world.stations = "  hold: []"
    config = world.config()
    with world.sql.begin() as connection:
        replay_claims(connection, [1, 2], "pat", "it may go", world.clock.now(), config.hash)
    told = {"part_of": "replay-1"}
    assert work(world.url, world.folder, "replay", "replay-1", told, boundary) == -signal.SIGKILL
    assert work(world.url, world.folder, "replay", "replay-1", told) == 0
    assert set(world.states().values()) == {"ready"}
    assert [row.version for row in world.claims()] == [2, 2]
    assert world.items(kind="hold") == []
    assert sum("Run again" in one for one in world.told("claim", 1)) == 1


@pytest.fixture
def any_world(tmp_path: Path, database_url: str) -> Iterator[World]:
    """On both databases."""
    made = World(tmp_path, database_url)
    yield made
    made.sql.dispose()


@pytest.mark.parametrize("boundary", chosen("a paper decides again", ["replay.decided", "replay.committed"], of=1))
async def test_what_a_paper_has_decided_again_is_done_once_though_the_process_dies(
    any_world: World, boundary: str
) -> None:
    world = any_world
    world.add_plugin("waits", WAITS)
    world.stations = "  hold: [waits]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
    before = world.holds()
    bring(world, "orders", SIGNED)
    (part,) = {row.part_of for row in world.rows(tables.requests)}
    told = {"part_of": part}
    # No two claims of a patient are in one chunk: the first is killed with the second yet to come.
    assert work(world.url, world.folder, "replay", part, told, boundary) == -signal.SIGKILL
    assert work(world.url, world.folder, "replay", part, told) == 0
    assert [(row.id, row.released_at is None) for row in world.holds()] == [
        (row.id, row.rule == "AUTH") for row in before
    ]
    for claim_id in (1, 2):
        assert sum("Released: its cause has cleared" in one for one in world.told("claim", claim_id)) == 1
    bring(world, "authorizations", AUTHORIZED)
    (part,) = {row.part_of for row in world.rows(tables.requests, tables.requests.c.done_at.is_(None))}
    assert work(world.url, world.folder, "replay", part, {"part_of": part}) == 0
    assert set(world.states().values()) == {"ready"}
    assert world.items(kind="hold") == []


def test_a_paper_that_dies_before_its_commit_has_asked_for_nothing(tmp_path: Path, sqlite_url: str) -> None:
    """What comes and what it asks for are one transaction: both are there, or neither."""
    create_tables(sqlite_url)
    world = World(tmp_path, sqlite_url)

    def dies() -> None:
        with world.sql.begin() as connection:
            rows = KINDS["orders"].read(json.dumps([SIGNED | {"patient_id": "P"}]).encode())
            stored, now = world.archive.put(b"x"), world.clock.now()
            take_in(connection, KINDS["orders"], "desk", "o.json", stored, rows, "America/New_York", now)
            raise MemoryError

    with pytest.raises(MemoryError):
        dies()
    for table in (tables.orders, tables.requests, tables.outbox, tables.files):
        assert world.rows(table) == []
    world.sql.dispose()


@pytest.mark.parametrize("boundary", chosen("a correction", ["replay.decided", "replay.committed"], of=1))
async def test_a_killed_correction_goes_on_charges_once_and_sends_once(quiet_world: World, boundary: str) -> None:
    world = quiet_world
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        await gateway.batch("first")
    with world.sql.begin() as connection:
        connection.execute(update(tables.claims).values(state="rejected"))
        changes = typed(["line 1 charge=120", "subscriber id=1EG4TE5MK99"])
        day = world.clock.now().date()
        correct(connection, world.config(), 1, changes, "pat", "as on the card", world.clock.now(), today=day)
    told = {"part_of": "correct-1"}
    assert work(world.url, world.folder, "replay", "correct-1", told, boundary) == -signal.SIGKILL
    assert work(world.url, world.folder, "replay", "correct-1", told) == 0
    (claim,) = world.claims()
    (sent,) = world.rows(tables.submissions)
    assert (claim.state, claim.charge_cents, claim.resubmits) == ("ready", 12_000, sent.id)
    assert [row.cents for row in world.rows(tables.transfers)] == [15_000, 15_000, 12_000]
    assert [row.state for row in world.rows(tables.corrections)] == ["made"]
    assert [row.verb for row in world.rows(tables.requests)] == ["correct", "resubmit"]
    assert sum(one.startswith("Corrected") for one in world.told("claim", 1)) == 1


@pytest.mark.parametrize("boundary", chosen("a faulty claim", ["replay.decided", "replay.committed"], of=1))
async def test_a_faulty_claim_is_taken_in_once_though_the_process_dies(any_world: World, boundary: str) -> None:
    world = any_world
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", charge="150", lines=[MadeLine(charge="lots")]))
    assert world.states() == {"C-1": "faulty"}
    with world.sql.begin() as connection:
        changes, day = typed(["line 1 charge=150"]), world.clock.now().date()
        correct(connection, world.config(), 1, changes, "pat", "as on the ticket", world.clock.now(), today=day)
    told = {"part_of": "correct-1"}
    assert work(world.url, world.folder, "replay", "correct-1", told, boundary) == -signal.SIGKILL
    assert work(world.url, world.folder, "replay", "correct-1", told) == 0
    (claim,) = world.claims()
    assert (claim.state, claim.charge_cents, claim.version) == ("ready", 15_000, 2)
    assert [row.cents for row in world.rows(tables.transfers)] == [15_000]
    assert len(world.rows(tables.patients)) == 1
    assert [row.state for row in world.rows(tables.corrections)] == ["made"]
    assert world.items() == []
    assert sum(one.startswith("Corrected") for one in world.told("claim", 1)) == 1
