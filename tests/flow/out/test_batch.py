"""Ready claims become one interchange: which, when, and what stands in it."""

from __future__ import annotations

import datetime as dt
import itertools
from io import BytesIO
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from gateway.core.flow import batch_child, taking_out
from gateway.core.flow.batch import due_batches
from gateway.core.flow.outgoing import dissolve
from gateway.core.flow.write_batch import check_batch, order_of, write_batch
from gateway.core.store.tables import batches, claims, interchanges, submissions
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.transactions import ClaimSetEnd, ReadClaim, transactions
from gateway.core.x12.writer import ancestors

from .conftest import Running, World
from .made import Line, Made, make_837


def written(world: World, index: int = -1) -> bytes:
    """The bytes of a written batch, the latest by default."""
    out = [file for file in world.files() if file.direction == "out"]
    return world.archive.read(out[index].sha256)


def read_claims(data: bytes) -> list[ReadClaim]:
    return [item for item in transactions(read(BytesIO(data))) if isinstance(item, ReadClaim)]


async def test_nothing_leaves_for_a_partner_of_the_other_environment(world: World) -> None:
    world.partner["environment"] = "production"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        made = await gateway.batch()
    assert "environment" in made["state"]
    assert world.batches() == []
    assert world.states() == {"C-1": "ready"}
    (item,) = world.items(kind="partner_stopped")
    assert "ISA15 P" in item.reason


async def test_a_claim_of_the_other_usage_is_held_and_the_rest_leaves(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
        with world.sql.begin() as connection:
            connection.execute(update(claims).where(claims.c.claim_number == "C-1").values(usage="P"))
        await gateway.batch()
    assert world.states() == {"C-1": "held", "C-2": "batched"}
    assert len(world.items(kind="hold")) == 1


async def test_three_claims_become_one_sound_interchange(world: World) -> None:
    world.partner["second_opinion"] = "true"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="B2"), Made("C-3", lines=[Line(), Line("E0431")]))
        assert (await gateway.batch())["state"] == "written"
    data = written(world)
    items = list(transactions(read(BytesIO(data))))
    (end,) = [item for item in items if isinstance(item, ClaimSetEnd)]
    assert end.sound
    assert end.set.faults == []
    (batch,) = world.batches()
    assert (batch.claims, batch.cents, batch.isa13) == (3, 60000, "000000001")
    assert end.set.envelope.isa13 == batch.isa13
    assert end.set.bht03 == batch.bht03
    assert sorted(item.claim.id for item in read_claims(data)) == ["C-1", "C-2", "C-3"]
    assert {row.state for row in world.rows(submissions)} == {"batched"}
    assert set(world.states().values()) == {"batched"}
    assert [(row.isa13, row.usage) for row in world.rows(interchanges) if row.direction == "out"] == [
        ("000000001", "T")
    ]
    assert any("badx12 agrees" in line for line in world.told("batch", batch.id))


async def test_a_claim_keeps_every_segment_it_had(world: World) -> None:
    extra = ["PWK*OZ*EL***AC*ATT1", "K3*FREE FORM", "NTE*ADD*CALL FIRST", "CRC*ZZ*N*NU"]
    world.source, world.partner["check"] = "    check: {guide: report}\n", "{guide: report}"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", extra=extra))
        await gateway.batch()
    raw = read_claims(written(world))[0].claim.stored.claim
    assert [segment for segment in extra if segment not in raw] == []


async def test_a_child_writes_the_batch_and_reads_it_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_here(*_: object) -> None:
        raise AssertionError("it was done in this process")

    monkeypatch.setattr(batch_child, "_work", not_here)
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        assert (await gateway.batch())["state"] == "written"


async def test_a_batch_is_written_here_where_no_child_can_be_started(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        monkeypatch.setattr(gateway.services.decide, "_target", "gateway.core.flow.decide:no_such_function")
        for child in gateway.services.decide._idle:
            child.kill_now()
        assert (await gateway.batch())["state"] == "written"
    assert world.states() == {"C-1": "batched"}


async def test_a_batch_written_again_is_the_same_to_the_byte(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(*[Made(f"C-{n}", member=f"M{n % 3}") for n in range(9)])
        made = await gateway.batch()
        partner = gateway.services.partner("practice")
        assert partner is not None
        world.clock.advance(days=2)
        again = write_batch(gateway.services, partner, made["batch_id"])
    assert world.archive.read(again["sha256"]) == written(world)


async def test_changing_one_claims_subscriber_leaves_the_sibling_alone(world: World) -> None:
    world.add_plugin(
        "renaming",
        """
        @hookimpl
        def scrub_claim(claim, context):
            if claim.id == "C-1":
                claim.set("2010BA NM103", "QUILL-MOSS")
        """,
    )
    world.stations = "  scrub: [renaming]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
        await gateway.batch()
    names = {item.claim.id: item.claim.subscriber.last for item in read_claims(written(world))}
    assert names == {"C-1": "QUILL-MOSS", "C-2": "QUILL"}


@pytest.mark.parametrize("marks", [Delimiters(), Delimiters("*", ":", "", "\n")])
def test_claims_are_put_in_order_by_their_levels(marks: Delimiters) -> None:
    parts: list[list[str]] = [[], ["A*1"], ["A*1", "B*2"], ["A*2"]]
    packed = [
        SimpleNamespace(id=number, content=StoredClaim(marks, *levels, ["CLM*1", "LX*1"]).pack())
        for number, levels in enumerate(itertools.product(parts, parts, parts))
    ]
    packed += [SimpleNamespace(id=1000 + row.id, content=row.content) for row in packed]
    ordered = order_of(packed[::-1])
    seen = [ancestors(StoredClaim.unpack(row.content)) for row in ordered]
    assert len(list(itertools.groupby(seen))) == 64  # equal levels stand together
    whole = itertools.groupby(seen, key=lambda levels: levels[:2])
    assert all(next(group)[2] == [] for _, group in whole)  # a subscriber's own claims come first
    assert [row.id for row in ordered[:2]] == sorted(row.id for row in ordered[:2])


async def test_claims_of_one_subscriber_share_a_level(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"), Made("C-3"))
        await gateway.batch()
    data = written(world)
    assert data.count(b"HL*") == 3  # one billing provider, two subscribers
    assert data.count(b"CLM*") == 3


async def test_another_separator_is_taken_where_data_holds_the_usual_one(world: World) -> None:
    strange = make_837([Made("C-1", extra=["NTE*ADD*A~B:C"])], segment="\n")
    strange = strange.replace(b"*:\n", b"*>\n", 1).replace(b"HC:", b"HC>").replace(b":RR", b">RR")
    strange = strange.replace(b"12:B:1", b"12>B>1").replace(b"ABK:", b"ABK>")
    async with world.running() as gateway:
        await gateway.take_in(data=strange)
        await gateway.batch()
    (one,) = read_claims(written(world))
    assert one.claim.notes[0].text == "A~B:C"
    assert one.claim.faults() == []


async def test_where_separators_are_fixed_free_text_gets_a_blank_and_the_rest_is_held(world: World) -> None:
    world.partner["delimiters"] = "{fixed: true}"
    odd = make_837(
        [
            Made("C-1", extra=["NTE*ADD*A~B"]),
            Made("C-2", extra=["REF*G1*AUTH~1"]),
            Made("C-3"),
        ],
        segment="\n",
    )
    async with world.running() as gateway:
        await gateway.take_in(data=odd)
        made = await gateway.batch()
    assert world.states() == {"C-1": "batched", "C-2": "held", "C-3": "batched"}
    assert made["state"] == "written"
    batch = world.batches()[0]
    assert (batch.claims, batch.cents, batch.isa13) == (2, 30000, "000000001")
    notes = {item.claim.id: item.claim.notes for item in read_claims(written(world))}
    assert notes["C-1"][0].text == "A B"
    first, second, _ = world.claims()
    assert any("goes out as a blank" in line for line in world.told("claim", first.id))
    (item,) = world.items(rule=taking_out.CANNOT_BE_WRITTEN)
    assert item.claim_id == second.id
    assert "REF02" in item.reason


async def test_a_claim_that_no_separators_suit_does_not_keep_the_others_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The choice of separators is the first line; where it errs, the writer is the second."""
    monkeypatch.setattr("gateway.core.x12.delimit.choose", lambda claims, wanted: wanted)
    monkeypatch.setattr(batch_child, "BATCH", b"nothing that a child knows")  # so that it is written here
    odd = make_837([Made("C-1", extra=["REF*G1*AUTH~1"]), Made("C-2")], segment="\n")
    async with world.running() as gateway:
        await gateway.take_in(data=odd)
        made = await gateway.batch()
    assert made["state"] == "written"
    assert world.states() == {"C-1": "held", "C-2": "batched"}


async def test_a_batch_of_which_nothing_is_left_never_leaves(world: World) -> None:
    world.partner["delimiters"] = "{fixed: true}"
    async with world.running() as gateway:
        await gateway.take_in(data=make_837([Made("C-1", extra=["REF*G1*AUTH~1"])], segment="\n"))
        assert (await gateway.batch())["state"] == "empty"
        await gateway.take_in(data=make_837([Made("C-2")], isa13="000000102"))
        await gateway.batch("next")
    assert [(row.isa13, row.state) for row in world.batches()] == [("000000001", "empty"), ("000000002", "written")]


async def test_no_more_claims_than_a_file_may_hold(world: World) -> None:
    world.partner |= {"max_claims_per_set": "2", "max_sets_per_file": "2"}
    async with world.running() as gateway:
        await gateway.take_in(*[Made(f"C-{n}") for n in range(5)])
        await gateway.batch("one")
        await gateway.batch("two")
    sizes = [(row.claims, row.sets, row.first_st02) for row in world.batches()]
    assert sizes == [(4, 2, "0001"), (1, 1, "0003")]
    assert written(world, 0).count(b"ST*837") == 2


async def test_control_numbers_are_never_used_twice(world: World) -> None:
    async with world.running() as gateway:
        for number in range(3):
            await gateway.take_in(data=make_837([Made(f"C-{number}")], isa13=f"00000020{number}"))
            await gateway.batch(str(number))
    assert [(row.isa13, row.gs06) for row in world.batches()] == [
        ("000000001", "1"),
        ("000000002", "2"),
        ("000000003", "3"),
    ]
    assert len({row.bht03 for row in world.batches()}) == 3
    assert len({row.remote_name for row in world.batches()}) == 3


async def test_what_reads_back_otherwise_does_not_leave(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
        made = await gateway.batch()
        partner = gateway.services.partner("practice")
        assert partner is not None
        right = written(world)
        for wrong in (
            right.replace(b"CLM*C-1*150", b"CLM*C-1*160"),
            right.replace(b"000000001", b"000000009"),
            right.replace(b"SE*", b"SE*9"),
            right.replace(b"CLM*C-2", b"CLM*C-9"),
        ):
            stored = world.archive.put(wrong)
            assert check_batch(gateway.services, partner, made["batch_id"], stored.sha256)["wrong"]
        good = world.archive.put(right)
        assert check_batch(gateway.services, partner, made["batch_id"], good.sha256)["wrong"] == []


async def test_a_refused_batch_gives_its_claims_back(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        made = await gateway.batch()
        with world.sql.begin() as connection:
            connection.execute(update(batches).values(state="refused"))
            assert dissolve(connection, made["batch_id"], "ann", "wrong receiver", world.clock.now()) == 1
        assert world.states() == {"C-1": "ready"}
        assert [row.state for row in world.files() if row.direction == "out"] == ["withdrawn"]
        await gateway.batch("again")
    assert [row.isa13 for row in world.batches()] == ["000000001", "000000002"]


@pytest.fixture
async def ready(world: World) -> World:
    """Three claims are ready, since noon."""
    world.partner["batch"] = (
        "{max_claims: 4, max_wait: 15 min, windows: [{days: [mon], from: '08:00', until: '13:00'}]}"
    )
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"), Made("C-3"))
    return world


def due(world: World, at: dt.datetime) -> list[str]:
    with world.sql.connect() as connection:
        return [one.why for one in due_batches(connection, world.config().partners, at)]


async def test_claims_wait_for_company_but_not_for_ever(ready: World) -> None:
    noon = ready.clock.now()
    assert due(ready, noon + dt.timedelta(minutes=14)) == []
    (why,) = due(ready, noon + dt.timedelta(minutes=15))
    assert "has waited" in why


async def test_enough_claims_leave_at_once(ready: World) -> None:
    async with ready.running() as gateway:
        await gateway.take_in(data=make_837([Made("C-4")], isa13="000000102"))
    assert due(ready, ready.clock.now()) == ["4 claims are ready"]


async def test_nothing_leaves_outside_the_partners_hours(ready: World) -> None:
    afternoon = dt.datetime(2026, 11, 23, 19, tzinfo=dt.UTC)  # 14:00 in New York
    assert due(ready, afternoon) == []
    next_monday = dt.datetime(2026, 11, 30, 14, tzinfo=dt.UTC)
    assert len(due(ready, next_monday)) == 1


async def test_two_batches_at_once_take_each_claim_once(world: World) -> None:
    async def both(gateway: Running) -> None:
        import asyncio

        await asyncio.gather(gateway.batch("one"), gateway.batch("two"))

    async with world.running() as gateway:
        await gateway.take_in(*[Made(f"C-{n}") for n in range(6)])
        await both(gateway)
    assert sum(row.claims for row in world.batches()) == 6
    assert len({row.claim_id for row in world.rows(submissions)}) == 6
