"""Holds release themselves: what comes for a patient has their held claims decided again."""

from __future__ import annotations

import datetime as dt
import json
import threading
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, text, update

from gateway.core.flow import look_again, stations
from gateway.core.flow.belongings import KINDS, TakenIn, take_in
from gateway.core.flow.look_again import due_today
from gateway.core.flow.release import expire_holds, release_hold
from gateway.core.store import patients
from gateway.core.store.ids import allocate
from gateway.core.store.tables import claim_lines, holds, outbox, requests

from ...conftest import create_tables
from .conftest import NOON, Running, World
from .made import Line, Made

stations.load()

WAITS = """
    from gateway.core.model.decision import Hold, HoldType

    @hookimpl
    def hold_claim(claim, context):
        if not any(one.signed_on for one in context.orders()):
            unsigned = len(context.orders())
            yield Hold(reason=f"Get the order signed ({unsigned} unsigned).", rule="ORDER", type=HoldType.PRESCRIPTION)
        if not context.authorizations():
            yield Hold(reason="Get the authorization.", rule="AUTH", type=HoldType.AUTHORIZATION)
        if any(one.practitioner == "BARRED" for one in context.orders()):
            yield Hold(reason="Ask another practitioner.", rule="BARRED")
    """
JANE = {"member_id": "1EG4TE5MK72", "birth_date": "1948-03-02"}
SIGNED = {"order_number": "RX-1", "codes": "E1390", "ordered_on": "2026-11-01", "signed_on": "2026-11-02"}
AUTHORIZED = {"number": "U1", "payer_id": "90101", "codes": "E1390"}


def bring(world: World, kind: str, *rows: dict[str, Any]) -> TakenIn:
    """What the billing system brings, for the patient of the claims unless it says another."""
    data = json.dumps([JANE | row for row in rows]).encode()
    stored = world.archive.put(data)
    with world.sql.begin() as connection:
        now = world.clock.now()
        return take_in(
            connection, KINDS[kind], "desk", "p.json", stored, KINDS[kind].read(data), "America/New_York", now
        )


async def looked(gateway: Running) -> None:
    """Wait until what was asked for is done."""
    parts = {row.part_of for row in gateway.world.rows(requests, requests.c.done_at.is_(None))}
    gateway.engine.poke()
    for part in parts:
        await gateway.engine.wait("replay", part)


@pytest.fixture
def waiting(world: World) -> World:
    """A gateway whose claims wait for a signed order and an authorization."""
    world.add_plugin("waits", WAITS)
    world.stations = "  hold: [waits]"
    return world


def standing(world: World) -> list[tuple[int, str]]:
    return [(row.claim_id, row.rule) for row in world.holds() if row.released_at is None]


async def test_a_claim_with_two_holds_leaves_when_both_papers_are_there(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"))
        assert standing(world) == [(1, "ORDER"), (1, "AUTH"), (2, "ORDER"), (2, "AUTH")]
        assert bring(world, "orders", SIGNED).again == 1
        await looked(gateway)
        assert standing(world) == [(1, "AUTH"), (2, "ORDER"), (2, "AUTH")]
        assert world.states()["C-1"] == "held"
        bring(world, "authorizations", AUTHORIZED)
        await looked(gateway)
    assert world.states() == {"C-1": "ready", "C-2": "held"}
    assert [item.claim_id for item in world.items(kind="hold")] == [2, 2]
    released = [row for row in world.holds() if row.released_at is not None]
    assert {row.released_by for row in released} == {"gateway"}
    assert [row.release_reason for row in released] == [
        "its cause has cleared: Orders came from desk (file 2)",
        "its cause has cleared: Authorizations came from desk (file 3)",
    ]
    told = world.told("claim", 1)
    assert "Released: its cause has cleared: Orders came from desk (file 2)." in told
    assert any(
        one.startswith("Decided again from confirm, with today's: Authorizations came from desk (file 3). 1 hold gone.")
        for one in told
    )
    assert all("replay" not in one.lower() for one in told)


async def test_a_hold_that_released_itself_names_everything_that_had_come(waiting: World) -> None:
    """Two papers come before the claim is looked at: the first look knows of both, and releases both holds."""
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        bring(world, "orders", SIGNED)
        bring(world, "authorizations", AUTHORIZED)
        await looked(gateway)
    assert world.states() == {"C-1": "ready"}
    both = "Orders came from desk (file 2); Authorizations came from desk (file 3)"
    assert [row.release_reason for row in world.holds()] == [f"its cause has cleared: {both}"] * 2
    assert f"Released: its cause has cleared: {both}." in world.told("claim", 1)


async def test_what_still_stands_keeps_its_age_also_in_other_words(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        before = world.holds()
        world.clock.advance(days=3)
        bring(world, "orders", SIGNED | {"signed_on": ""})
        await looked(gateway)
    after = world.holds()
    assert [row.id for row in after] == [row.id for row in before]
    assert [row.opened_at for row in after] == [NOON, NOON]
    assert after[0].reason == "Get the order signed (1 unsigned)."
    assert "Still kept back by 1 hold, for another reason." in world.told("claim", 1)
    assert after[1] == before[1], "and what says the same is not touched"
    assert {item.reason for item in world.items()} == {"Get the order signed (1 unsigned).", "Get the authorization."}


async def test_what_comes_may_open_another_hold(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        bring(world, "orders", SIGNED | {"practitioner": "BARRED"})
        await looked(gateway)
    assert standing(world) == [(1, "AUTH"), (1, "BARRED")]
    assert world.states() == {"C-1": "held"}


async def test_nothing_is_told_of_a_claim_for_which_nothing_has_changed(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        told, (claim,) = world.told("claim", 1), world.claims()
        bring(world, "equipment", {"code": "E0601", "started_on": "2026-01-05"})
        await looked(gateway)
    assert world.told("claim", 1) == told
    assert world.claims() == [claim]
    (request,) = world.rows(requests)
    assert (request.reason, request.outcome) == ("Equipment came from desk (file 2)", "2 holds as before. It waits.")


async def test_however_many_rows_come_a_claim_is_decided_again_once(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"))
        rows = [SIGNED | {"order_number": f"RX-{n}"} for n in range(5)]
        assert bring(world, "orders", *rows, SIGNED | {"member_id": "OTHER", "birth_date": "1948-03-02"}).again == 2
        assert [row.subject_id for row in world.rows(requests)] == [1, 2]
        assert [row.kind for row in world.rows(outbox, outbox.c.kind == "replay")] == ["replay"]
        assert bring(world, "orders", *rows).again == 0, "nothing is new"
        await looked(gateway)
    assert standing(world) == [(1, "AUTH"), (2, "AUTH")]


async def test_holds_of_people_stay_as_they_are(waiting: World) -> None:
    """One that a person put, and one that a person released."""
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        auth = next(row for row in world.holds() if row.rule == "AUTH")
        with world.sql.begin() as connection:
            by_hand = {"claim_id": 1, "type": "MAN", "rule": "", "plugin": "", "reason": "Wait for Pat."}
            hold_id = allocate(connection, "holds", 1)
            connection.execute(insert(holds).values(id=hold_id, opened_at=NOON, team="billing", **by_hand))
            release_hold(connection, auth.id, "pat", "the payer wants none", world.clock.now())
        bring(world, "orders", SIGNED)
        await looked(gateway)
        assert [row.reason for row in world.holds() if row.released_at is None] == ["Wait for Pat."]
        assert world.states() == {"C-1": "held"}
        assert bring(world, "authorizations", AUTHORIZED).again == 0, "no step keeps it back any more"


async def test_what_a_merged_patient_gets_counts_for_the_claim(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        bring(world, "authorizations", AUTHORIZED | {"member_id": "OLD9"})
        (mine,) = {row.patient_id for row in world.claims()}
        with world.sql.begin() as connection:
            patients.merge(connection, mine, mine + 1, NOON)
        assert bring(world, "orders", SIGNED | {"member_id": "OLD9"}).again == 1
        await looked(gateway)
    assert world.states() == {"C-1": "ready"}


class Between:
    """The children, with something that happens once while they decide."""

    def __init__(self, decide: Any, happens: Any) -> None:
        self.decide = decide
        self.happens = happens

    async def call(self, payload: bytes, limits: Any, begun: Any = None) -> Any:
        answer = await self.decide.call(payload, limits, begun)
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return answer


async def test_the_paper_comes_while_the_claim_is_decided(waiting: World) -> None:
    """It finds no held claim yet; the claim's commit finds the patient changed."""
    world = waiting
    came: list[TakenIn] = []
    async with world.running() as gateway:

        def both() -> None:
            came.append(bring(world, "orders", SIGNED))
            came.append(bring(world, "authorizations", AUTHORIZED))

        gateway.services.decide = Between(gateway.services.decide, both)  # type: ignore[assignment]
        await gateway.take_in(Made("C-1"))
    assert [one.again for one in came] == [0, 0]
    assert world.states() == {"C-1": "ready"}


async def test_the_second_paper_comes_while_the_claim_is_decided_for_the_first(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        bring(world, "orders", SIGNED)
        second = Between(gateway.services.decide, lambda: bring(world, "authorizations", AUTHORIZED))
        gateway.services.decide = second  # type: ignore[assignment]
        await looked(gateway)
        await looked(gateway)
    assert world.states() == {"C-1": "ready"}
    assert len(world.rows(requests, requests.c.done_at.is_not(None))) == 2


async def test_a_claim_that_a_person_let_go_meanwhile_is_left_alone(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        bring(world, "orders", SIGNED | {"practitioner": "BARRED"})
        found = world.holds()
        with world.sql.begin() as connection:
            for hold in found:
                release_hold(connection, hold.id, "pat", "it may go", world.clock.now())
        await looked(gateway)
    assert world.states() == {"C-1": "ready"}
    assert world.rows(requests)[0].outcome == "It is not held any more."


DATED = """
    import datetime as dt
    from gateway.core.model.decision import Hold

    @hookimpl
    def hold_claim(claim, context):
        if context.today < dt.date(2026, 12, 1):
            yield Hold(reason="It begins in December.", rule="LATER")
        yield Hold(reason="Thirty days.", rule="UNTIL", expires=dt.date(2026, 11, 25))
        yield Hold(reason="Never.", rule="NEVER")
    """


async def test_a_day_that_has_passed_clears_what_waited_for_it(world: World) -> None:
    world.add_plugin("dated", DATED)
    world.stations = "  hold: [dated]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        told = world.told("claim", 1)
        assert await gateway.run("look", "2026-11-24") == 1
        await looked(gateway)
        assert (world.told("claim", 1), world.rows(requests)) == (told, []), "a day without news leaves nothing"
        world.clock.advance(days=9)
        with world.sql.begin() as connection:
            assert expire_holds(connection, dt.date(2026, 12, 2), world.clock.now()) == 1
        await gateway.run("look", "2026-12-02")
        await looked(gateway)
    assert standing(world) == [(1, "NEVER")], "what expired is not opened again until the date that has come"
    assert "Released: its cause has cleared: The day has changed." in world.told("claim", 1)


async def test_the_daily_look_comes_once_a_day_in_the_suppliers_morning(world: World) -> None:
    async with world.running() as gateway:
        zone = ZoneInfo(gateway.services.config.gateway.organisation.time_zone)
        turn = dt.datetime.combine(dt.date(2026, 11, 24), look_again.TURN, zone)
        assert due_today(gateway.services, (turn - dt.timedelta(minutes=1)).astimezone(dt.UTC)) is None
        for later in (dt.timedelta(0), dt.timedelta(hours=19)):
            assert due_today(gateway.services, (turn + later).astimezone(dt.UTC)) == ("2026-11-24", {})


async def test_what_would_change_the_charge_stays_as_it_is(waiting: World) -> None:
    """The request says so, and the timeline is not filled with it."""
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", lines=[Line()]))
        with world.sql.begin() as connection:
            connection.execute(update(claim_lines).values(charge_cents=1))
        told = world.told("claim", 1)
        bring(world, "orders", SIGNED)
        await looked(gateway)
    assert "It would change what is charged" in world.rows(requests)[0].outcome
    assert world.told("claim", 1) == told


@pytest.mark.postgres
async def test_a_commit_waits_for_whoever_is_changing_its_patient(tmp_path: Path, postgres_url: str) -> None:
    """A payment that is being posted while a claim of the patient is committed: one of the two sees the other."""
    create_tables(postgres_url)
    world = World(tmp_path, postgres_url)
    world.stations = "  scrub: []"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    with world.sql.connect() as connection:
        (known,) = patients.of_claims(connection, [1]).values()
    seen: list[int] = []

    def commit() -> None:
        with world.sql.begin() as connection:
            seen.append(patients.hold_still(connection, [known])[known.patient_id])

    thread = threading.Thread(target=commit)
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with world.sql.begin() as connection:
        patients.changed(connection, [known.patient_id])
        thread.start()
        with world.sql.connect() as other:
            while not other.execute(waits).scalar():
                other.rollback()
        assert seen == []
    thread.join()
    assert seen == [known.version + 1]
    world.sql.dispose()
