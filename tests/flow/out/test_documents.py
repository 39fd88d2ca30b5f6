"""Documents: what they are linked to, what they release, and that the same paper is one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.flow import stations
from gateway.core.flow.documents import Added, Belongs, CannotBeAdded, NewDocument, add_document
from gateway.core.model.papers import media_type
from gateway.core.store.tables import blobs, documents, requests

from ...papers import PDF
from .conftest import World
from .made import Made
from .test_look_again import looked
from .test_past import SEES, told

stations.load()

WAITS = """
    from gateway.core.model.decision import Hold

    @hookimpl
    def hold_claim(claim, context):
        if not any(one.kind == "proof_of_delivery" for one in context.documents()):
            yield Hold(reason="Get the delivery ticket.", rule="POD")
        yield Hold(reason="Get the certificate.", rule="CMN")
    """


def add(world: World, data: bytes = PDF, kind: str = "certificate", **how: Any) -> Added:
    belongs = Belongs(*(how.pop(name, None) for name in ("claim_id", "patient_id")))
    belongs = belongs._replace(
        **{name: how.pop(name) for name in ("source", "claim_number", "source_patient_id") if name in how}
    )
    new = NewDocument(kind, "QUILL_JANE.pdf", media_type(data), world.archive.put(data), belongs, **how)
    with world.sql.begin() as connection:
        return add_document(connection, new, "pat", world.clock.now())


@pytest.fixture
def waiting(world: World) -> World:
    world.add_plugin("waits", WAITS)
    world.stations = "  hold: [waits]"
    return world


async def test_a_document_releases_the_hold_that_waits_for_it(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"))
        pod, cmn = (row for row in world.holds() if row.claim_id == 1)
        done = add(world, dated=dt.date(2026, 11, 2), releases=(cmn.id,))
        assert (done.new, done.claim_id, done.states) == (True, 1, ("held",)), "the hold says which claim it is of"
        await looked(gateway)
        assert {row.rule for row in world.holds() if row.released_at is None and row.claim_id == 1} == {"POD"}
        add(world, PDF + b"2%%EOF", "proof_of_delivery", claim_id=1)
        await looked(gateway)
    assert world.states() == {"C-1": "ready", "C-2": "held"}
    after = {row.id: row for row in world.holds()}
    assert (after[cmn.id].released_by, after[cmn.id].document_id) == ("pat", done.document_id)
    assert after[cmn.id].release_reason == "document 1, a certificate of 2026-11-02"
    assert (after[pod.id].released_by, after[pod.id].document_id) == ("gateway", None)
    told = world.told("claim", 1)
    assert any("hold released: document 1, a certificate of 2026-11-02. 1 hold left." in one for one in told)
    assert "Released: its cause has cleared: Document 2, a proof of delivery, came." in told
    assert not any("QUILL" in one for one in told), "names of files may name patients"


async def test_the_same_paper_again_is_the_one_that_is_there(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        hold = next(row for row in world.holds() if row.rule == "CMN")
        first = add(world, claim_id=1, releases=(hold.id,))
        again = add(world, claim_id=1, releases=(hold.id,))
        assert (first.new, again.new, again.document_id) == (True, False, first.document_id)
        assert again.states == first.states
        other = add(world, claim_id=1, kind="order")
        assert other.document_id != first.document_id
    assert len(world.rows(documents)) == 2
    (blob,) = world.rows_of(blobs.select().where(blobs.c.purpose == "document").subquery())
    assert blob.sha256 == world.rows(documents)[0].sha256
    assert len(world.rows(requests)) == 2, "the paper that was there already has nothing decided again"


async def test_what_does_not_belong_together_is_refused_and_nothing_is_kept(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", member="OTHER"))
    mine, theirs = (next(row.id for row in world.holds() if row.claim_id == claim) for claim in (1, 2))
    for how, why in (
        ({"claim_id": 1, "releases": (theirs,)}, "belongs to different patients"),
        ({"claim_id": 1, "patient_id": world.claims()[1].patient_id}, "belongs to different patients"),
        ({"releases": (mine, 999)}, "no hold 999"),
        ({"claim_id": 99}, "no claim 99"),
        ({"patient_id": 99}, "no patient 99"),
        ({}, "Say whose it is"),
        ({"source": "desk", "claim_number": "C-9"}, "no claim with the number C-9"),
        ({"source": "desk", "source_patient_id": "P-9"}, "sent nobody with this patient id"),
        ({"claim_id": 1, "kind": "letter"}, "no kind 'letter'"),
    ):
        with pytest.raises(CannotBeAdded, match=why):
            add(world, **how)  # type: ignore[arg-type]
    assert world.rows(documents) == []
    add(world, claim_id=1, releases=(mine,))
    with pytest.raises(CannotBeAdded, match=f"Hold {mine} has been released before"):
        add(world, kind="order", claim_id=1, releases=(mine,))
    assert len(world.rows(documents)) == 1


async def test_a_claim_is_known_by_the_number_of_its_source(waiting: World) -> None:
    world = waiting
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
    done = add(world, source="desk", claim_number="C-1")
    (row,) = world.rows(documents)
    assert (done.claim_id, row.claim_number, row.source, row.added_by) == (1, "C-1", "desk", "pat")


async def test_plugins_see_the_documents_of_the_patient(world: World) -> None:
    world.add_plugin("sees", SEES)
    world.stations = "  scrub: [sees]"
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        add(world, patient_id=world.claims()[0].patient_id, dated=dt.date(2026, 11, 2), codes=("E0601",))
        await gateway.take_in(Made("C-2"), name="b.837")
    assert told(world)["C-2"] == ["E1390 1; certificate 2026-11-02"]
