"""A partner that wants it gets a 999 for its remittances and claim statuses, once; no acknowledgment is answered."""

from __future__ import annotations

import io
from typing import Any

import pytest

from gateway.core.flow import read, reply
from gateway.core.store.tables import batches, outbox
from gateway.core.x12.acknowledgment import SetAcknowledgment
from gateway.core.x12.answers.checking import Checking
from gateway.core.x12.reader import read as read_x12
from gateway.core.x12.transactions import ReadSetAcknowledgment, transactions

from ...posting.made import Clp, Era, Svc, make_835
from ..out.conftest import World
from .conftest import Inbound
from .files import ack_999, envelope, status_277ca, ta1

REMITTANCE = make_835(Era([Clp("C-1", [Svc("E1390", "150", "150")], payer_number="ICN1")]))
STATUS = envelope([status_277ca("BATCH1", [("C-1", "A2")])], isa13="000000702")


def wanting(world: World, *kinds: str) -> Inbound:
    world.partner["acknowledge"] = f"[{', '.join(kinds)}]"
    return Inbound(world)


def replies(inbound: Inbound) -> list[str]:
    return [key for key in inbound.started() if key.startswith("reply")]


def sets_of(data: bytes) -> list[SetAcknowledgment]:
    """What a 999 says, set by set; it must be without a fault itself."""
    checking = Checking()
    found = [
        item.acknowledgment
        for item in transactions(checking.watch(read_x12(io.BytesIO(data))))
        if isinstance(item, ReadSetAcknowledgment)
    ]
    for interchange in checking.interchanges:
        assert [one.finding_count for group in interchange.groups for one in group.sets] == [0]
    return found


async def test_nothing_is_answered_unless_the_partner_wants_it(inbound: Inbound) -> None:
    await inbound.read(REMITTANCE)
    await inbound.read(STATUS)
    assert replies(inbound) == []


async def test_only_what_it_wants_answered_is(world: World) -> None:
    inbound = wanting(world, "277CA")
    await inbound.read(REMITTANCE)
    assert replies(inbound) == []
    row = await inbound.read(STATUS)
    assert replies(inbound) == [f"reply {row.id}"]
    inbound.close()


async def test_an_acknowledgment_is_never_answered(world: World) -> None:
    inbound = wanting(world, "'835'", "277CA")
    await inbound.read(envelope([ack_999()], ta1=[ta1()]))
    assert replies(inbound) == []
    inbound.close()


async def answered(inbound: Inbound, data: bytes) -> tuple[Any, bytes]:
    row = await inbound.read(data)
    assert await reply.reply(inbound.run(), {"file_id": row.id}) == "written"
    (batch,) = inbound.world.rows(batches)
    out = inbound.file(batch.file_id)
    assert (out.direction, out.kind, out.claims) == ("out", "999", 0)
    return batch, inbound.world.archive.read(out.sha256)


async def test_a_good_remittance_is_accepted_and_the_999_is_to_be_sent(world: World) -> None:
    inbound = wanting(world, "'835'")
    batch, data = await answered(inbound, REMITTANCE)
    assert [(one.kind, one.code) for one in sets_of(data)] == [("835", "A")]
    assert (batch.state, batch.claims, batch.cents) == ("written", 0, 0)
    assert f"send {batch.id}:1" in inbound.started()
    assert data.startswith(b"ISA*00*          *00*          *ZZ*STILLWATER     *ZZ*SANDBOX        *")
    told = inbound.world.told("file", 1)
    assert f"Answered with a 999: file {batch.file_id}, interchange {batch.isa13}, batch {batch.id}." in told
    inbound.close()


async def test_a_remittance_that_does_not_add_up_is_noted_with_errors(world: World) -> None:
    inbound = wanting(world, "'835'")
    _, data = await answered(inbound, REMITTANCE.replace(b"BPR*I*150", b"BPR*I*151"))
    assert [one.code for one in sets_of(data)] == ["E"]
    inbound.close()


async def test_one_that_is_cut_off_is_rejected(world: World) -> None:
    inbound = wanting(world, "'835'")
    _, data = await answered(inbound, REMITTANCE[: REMITTANCE.rindex(b"SE*")])
    assert [one.code for one in sets_of(data)] == ["R"]
    inbound.close()


async def test_of_a_mixed_file_only_the_wanted_sets_are_answered(world: World) -> None:
    inbound = wanting(world, "277CA")
    _, data = await answered(inbound, REMITTANCE + STATUS)
    assert [one.kind for one in sets_of(data)] == ["277"]
    inbound.close()


async def test_a_wrong_word_in_the_setting_is_told(world: World) -> None:
    world.partner["acknowledge"] = "[999]"
    with pytest.raises(AssertionError, match="one of 835, 277CA"):
        world.config()


@pytest.mark.sshd
async def test_it_arrives_at_the_partner_once(sftp_world: World) -> None:
    sftp_world.partner["acknowledge"] = "['835']"
    async with sftp_world.running() as gateway:
        stored = sftp_world.archive.put(REMITTANCE)
        with sftp_world.sql.begin() as connection:
            new = read.file_store.NewFile("in", "partner", "practice", "era.835", stored, "", "received")
            file_id = read.file_store.add(connection, new, sftp_world.clock.now())
        await gateway.run("read", str(file_id), file_id=file_id)
        gateway.engine.poke()
        assert await gateway.engine.wait("reply", str(file_id)) == "written"
        (batch,) = sftp_world.rows(batches)
        assert await gateway.sent(batch.id) == "sent"
    assert sftp_world.server is not None
    (there,) = (sftp_world.server.root / "inbound").iterdir()
    assert [one.code for one in sets_of(there.read_bytes())] == ["A"]
    assert not [row for row in sftp_world.rows(outbox) if row.kind == "reply" and row.key != str(file_id)]
