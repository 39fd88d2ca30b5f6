"""What plugins see of a patient's past, and that a claim decided on old facts is decided again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, select

from gateway.core.flow.belongings import KINDS, take_in
from gateway.core.flow.past import Past
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import timeline

from .conftest import World
from .made import Line, Made, make_837

SEES = """
@hookimpl
def scrub_claim(claim, context):
    things = [f"{one.code} {one.proof} {one.quantity}" for one in context.deliveries(claim)]
    things += [f"has {one.code} {one.ownership}" for one in context.equipment(claim)]
    things += [f"{one.code} {one.months_billed}" for one in context.rentals(claim)]
    things += [f"ordered {' '.join(one.codes)} {one.ordered_on}" for one in context.orders(claim)]
    things += [f"{one.decided} {one.number}" for one in context.authorizations(claim)]
    things += [f"{one.kind} {one.dated}" for one in context.documents(claim)]
    context.note("; ".join(things) or "nothing")
"""

DELIVERIES = (
    b"member_id,birth_date,order_number,code,delivered_on,proof,quantity\n1EG4TE5MK72,1948-03-02,SO-1,E0443,2026-11-02,"
)


def told(world: World) -> dict[str, list[str]]:
    """The notes by claim number."""
    found: dict[str, list[str]] = {}
    for claim in world.claims():
        with world.sql.connect() as connection:
            steps = connection.execute(
                select(timeline.c.steps).where(
                    timeline.c.subject_kind == "claim", timeline.c.subject_id == claim.id, timeline.c.station == "scrub"
                )
            ).scalar_one()
        found[claim.claim_number] = steps[0].get("notes", [])
    return found


def bring(world: World, kind: str, data: bytes) -> Any:
    """A document of the source, taken in."""
    stored = world.archive.put(data)
    with world.sql.begin() as connection:
        rows = KINDS[kind].read(data)
        now = world.clock.now()
        return take_in(connection, KINDS[kind], "desk", "d.csv", stored, rows, "America/New_York", now)


async def test_deliveries_equipment_and_rentals_are_there(world: World) -> None:
    world.add_plugin("sees", SEES)
    world.stations = "  scrub: [sees]"
    bring(world, "deliveries", DELIVERIES + b"signed,4\n")
    bring(world, "equipment", b'[{"member_id": "1EG4TE5MK72", "birth_date": "1948-03-02", "code": "E1390", '
          b'"started_on": "2022-01-01", "ownership": "owned"}]')  # fmt: skip
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"), Made("C-3", member="OTHER"))
    assert told(world) == {
        "C-1": ["E0443 signed 4; has E1390 owned"],
        "C-2": ["E0443 signed 4; has E1390 owned; E1390 1"],
        "C-3": ["nothing"],
    }


async def test_orders_and_authorizations_are_there(world: World) -> None:
    world.add_plugin("sees", SEES)
    world.stations = "  scrub: [sees]"
    who = b'"member_id": "1EG4TE5MK72", "birth_date": "1948-03-02", '
    for number, day in ((b"RX-2", b"2026-11-02"), (b"RX-1", b"2026-10-01")):
        bring(world, "orders", b'[{' + who + b'"order_number": "' + number + b'", "codes": "E1390 E0431", '
              b'"ordered_on": "' + day + b'"}]')  # fmt: skip
    bring(world, "authorizations", b"[{" + who + b'"number": "U1", "payer_id": "90101", "codes": "E1390"}]')
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-3", member="OTHER"))
    assert told(world) == {
        "C-1": ["ordered E0431 E1390 2026-10-01; ordered E0431 E1390 2026-11-02; affirmed U1"],
        "C-3": ["nothing"],
    }


async def test_a_claim_decided_before_a_delivery_came_is_decided_again(world: World) -> None:
    """The delivery is committed between deciding and committing: the claim that was decided without it sees it."""
    world.add_plugin("sees", SEES)
    world.stations = "  scrub: [sees]"
    bring(world, "deliveries", DELIVERIES + b"none,4\n")
    brought: list[Any] = []
    async with world.running() as gateway:
        decide, archive = gateway.services.decide, gateway.services.archive

        class Between:
            async def call(self, payload: bytes, limits: Any, begun: Any = None) -> Any:
                answer = await decide.call(payload, limits, begun)
                if not brought:
                    brought.append(bring(world, "deliveries", DELIVERIES + b"signed,4\n"))
                return answer

        gateway.services.decide = Between()
        totals = await gateway.take_in(Made("C-1"))
        assert archive is gateway.services.archive
    assert brought[0].changed == 1
    assert totals["claims"] == 1
    assert told(world) == {"C-1": ["E0443 signed 4"]}


async def test_nothing_is_looked_up_of_what_nobody_asks(world: World) -> None:
    """And what is asked of many patients is one query for all of them."""
    asked: list[str] = []
    engine = make_sync_engine(world.url, read_only=True)

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    async with world.running() as gateway:
        await gateway.take_in(data=make_837([Made(f"C-{n}", member=f"M{n}", lines=[Line()]) for n in range(20)]))
    ids = {claim.patient_id for claim in world.claims()}
    past = Past(engine.connect, ids)
    assert len(ids) == 20
    assert not asked
    assert all(len(past.lines(who)) == 1 for who in ids)
    assert sum("claim_lines" in statement for statement in asked) == 1
    assert all(not past.deliveries(who) for who in ids)
    assert sum("deliveries" in statement for statement in asked) == 1
    assert not any("equipment" in statement for statement in asked)
    engine.dispose()
