"""Both doors: what the guides find in a claim that comes, and in one that is about to leave."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.core.flow import answers, replay_claims
from gateway.core.flow.answers import _give
from gateway.core.flow.replay import replay_claims as ask_again
from gateway.core.store.tables import claims, timeline, transfers
from gateway.core.x12.acknowledgment import ClaimStatus
from gateway.core.x12.answers.checking import Checking
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import ReadStatus, transactions

from .conftest import World
from .made import Line, Made, make_837

assert answers.answer
assert replay_claims.replay

NO_QUALIFIER = Made("C-2", member="1EG4TE5MK73", extra=["DTP*999*D8*20261101"])
"""A date of a kind that the guide does not have."""
NO_SUCH_DIAGNOSIS = Made("C-3", member="1EG4TE5MK74", frequency="7")
"""A replacement without the payer's number for what it replaces (REF*F8)."""
WRONG_SUM = Made("C-4", member="1EG4TE5MK75", charge="151", lines=[Line(charge="150")])


def given(world: World, kind: str) -> bytes:
    (path,) = (world.folder / "out" / "desk").glob(f"*-{kind}.x12")
    return Path(path).read_bytes()


def passes_its_guide(data: bytes, tmp_path: Path) -> bool:
    path = tmp_path / "answer.x12"
    path.write_bytes(data)
    checking = Checking()
    with path.open("rb") as stream:
        for _ in checking.watch(read(stream)):
            pass
    sets = [one for interchange in checking.interchanges for group in interchange.groups for one in group.sets]
    return bool(sets) and all(one.supported and not one.told for one in sets)


async def test_a_claim_that_does_not_keep_to_its_guide_is_refused_and_the_others_go_on(world: World) -> None:
    async with world.running() as gateway:
        totals = await gateway.take_in(Made("C-1"), NO_QUALIFIER, WRONG_SUM)
    assert (totals["ready"], totals["faulty"]) == (1, 2)
    assert world.states() == {"C-1": "ready", "C-2": "faulty", "C-4": "faulty"}
    reasons = {item.claim_id: item.reason for item in world.items(kind="faulty_claim")}
    assert reasons[2].startswith("It does not keep to its guide. Loop 2300 DTP")
    assert "Loop 2300 CLM02" in reasons[3]
    assert {row.claim_id for row in world.rows(transfers)} == {1}, "what is refused is not charged"
    (told,) = world.rows(timeline, timeline.c.subject_id == 2, timeline.c.station == "check")
    assert [step["action"] for step in told.steps] == ["refuse"]


async def test_what_a_source_wants_only_reported_is_taken(world: World) -> None:
    world.source = "    check: {guide: report, balancing: hold}\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), NO_QUALIFIER, WRONG_SUM)
    assert world.states() == {"C-1": "ready", "C-2": "ready", "C-4": "held"}
    (hold,) = world.holds()
    assert (hold.claim_id, hold.rule[:6], hold.station, hold.plugin) == (3, "guide:", "check", "")
    assert "Held against its guide: 1 finding." in world.told("claim", 2)


async def test_a_name_with_an_accent_is_taken_and_told(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1", last="MU\xd1OZ"), Made("C-2", member="1EG4TE5MK73", last="QU\x07ILL"))
    assert world.states() == {"C-1": "ready", "C-2": "faulty"}
    (told,) = world.rows(timeline, timeline.c.subject_id == 1, timeline.c.station == "check")
    assert [(step["place"], step["action"]) for step in told.steps] == [("2010BA NM103", "report")]


async def test_a_situation_that_is_not_right_waits_for_a_person(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(NO_SUCH_DIAGNOSIS)
    assert world.states() == {"C-3": "held"}
    (hold,) = world.holds()
    assert "the claim replaces an earlier one, and the payer's number of that claim is missing" in hold.reason
    assert hold.rule.startswith("guide:G4.")


async def test_the_sender_gets_a_999_and_a_277ca_that_say_which_and_why(world: World, tmp_path: Path) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), NO_QUALIFIER, WRONG_SUM)
        given_now = _give(gateway.services, 1, "test")
    assert [one["kind"] for one in given_now] == ["999", "277CA"]
    ack, status = given(world, "999"), given(world, "277CA")
    assert passes_its_guide(ack, tmp_path)
    assert passes_its_guide(status, tmp_path)
    assert b"IK3*DTP*" in ack
    assert b"IK5*E*" in ack
    path = tmp_path / "status.x12"
    path.write_bytes(status)
    with path.open("rb") as stream:
        said = {
            item.status.claim_number: [":".join(code) for status in item.status.statuses for code in status.codes]
            for item in transactions(read(stream))
            if isinstance(item, ReadStatus) and isinstance(item.status, ClaimStatus)
        }
    assert said["C-1"] == ["A1:20:"]
    assert said["C-2"][0].startswith(("A7:", "A8:", "A6:", "A3:"))
    assert set(said) == {"C-1", "C-2", "C-4"}
    assert b"QTY*90*1~" in status
    assert b"QTY*AA*2~" in status


async def test_a_file_that_is_taken_whole_has_no_277ca(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        assert [one["kind"] for one in _give(gateway.services, 1, "test")] == ["999"]


@pytest.mark.parametrize(("wanted", "kinds"), [("always", ["TA1", "999"]), ("never", ["999"]), ("asked", ["999"])])
async def test_a_ta1_is_given_when_the_source_wants_it(world: World, wanted: str, kinds: list[str]) -> None:
    world.source = f"    ta1: {wanted}\n"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        assert [one["kind"] for one in _give(gateway.services, 1, "test")] == kinds
    if "TA1" in kinds:
        assert b"TA1*000000101*261120*0930*A*000~" in given(world, "TA1")


async def test_isa14_asks_for_a_ta1(world: World) -> None:
    data = make_837([Made("C-1")]).replace(b"*000000101*0*T*", b"*000000101*1*T*")
    async with world.running() as gateway:
        await gateway.take_in(data=data)
        assert [one["kind"] for one in _give(gateway.services, 1, "test")] == ["TA1", "999"]


async def test_what_becomes_wrong_on_the_way_is_taken_out_of_its_batch(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="1EG4TE5MK73"))
        (row,) = (one for one in world.claims() if one.claim_number == "C-2")
        with world.sql.begin() as connection:
            broken = row.content.replace(b"DTP*472*D8*20261101", b"DTP*472*D8*20261131")
            connection.execute(update(claims).where(claims.c.id == row.id).values(content=broken))
        made = await gateway.batch()
    assert made["state"] == "written"
    assert world.batches()[0].claims == 1
    assert world.states() == {"C-1": "batched", "C-2": "held"}
    (hold,) = world.holds()
    assert hold.reason.startswith("It does not keep to its guide. Line 1: Loop 2400 DTP03")


async def test_a_partner_that_takes_it_is_sent_it(world: World) -> None:
    world.source = "    check: {guide: report}\n"
    world.partner["check"] = "{guide: report}"
    async with world.running() as gateway:
        await gateway.take_in(NO_QUALIFIER)
        made = await gateway.batch()
    assert made["state"] == "written"
    assert world.states() == {"C-2": "batched"}


async def test_a_replay_looks_again_from_intake_only(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(NO_SUCH_DIAGNOSIS)
        first = gateway.services.config.hash
    world.source = "    check: {situations: report}\n"
    async with world.running() as gateway:
        for station, state in (("confirm", "held"), ("intake", "ready")):
            with world.sql.begin() as connection:
                ask_again(connection, [1], "pat", "the payer takes it", world.clock.now(), first, station=station)
            gateway.engine.poke()
            for number in (1, 2):
                if station == "intake" or number == 1:
                    await gateway.engine.wait("replay", f"replay-{number}")
            assert world.states() == {"C-3": state}
    assert len(world.holds()) == 1
