"""What a source sends again under its number ends what waited for it."""

from __future__ import annotations

from sqlalchemy import update

from gateway.core.store.tables import claims
from gateway.core.work.items import WorkItem, open_items

from .conftest import World
from .made import Made, make_837


async def test_a_rejected_claim_that_its_source_sends_again_leaves_the_queue(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2"))
        first, other = world.claims()
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(state="rejected"))
            draft = {"kind": "rejection", "reason": "x", "team": "billing", "subject_kind": "claim"}
            drafts = [WorkItem(key=f"r{one.id}", subject_id=one.id, claim_id=one.id, **draft) for one in (first, other)]
            open_items(connection, drafts, world.clock.now())
        await gateway.take_in(data=make_837([Made("C-1", chart="CORRECTED")], isa13="000000102"))
    (left,) = world.items(kind="rejection")
    assert left.claim_id == other.id, "only the one that came again"
    new = world.claims()[-1]
    assert world.told("claim", first.id)[-1] == f"The source has sent it again, as claim {new.id} in our books."


async def test_a_claim_that_is_rejected_stays_in_the_queue_when_another_comes(world: World) -> None:
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"))
        (first,) = world.claims()
        with world.sql.begin() as connection:
            connection.execute(update(claims).values(state="rejected"))
            item = WorkItem(
                kind="rejection", key="r", reason="x", team="billing", subject_kind="claim", subject_id=first.id,
                claim_id=first.id,
            )  # fmt: skip
            open_items(connection, [item], world.clock.now())
        await gateway.take_in(data=make_837([Made("C-9", chart="ANOTHER")], isa13="000000102"))
    assert len(world.items(kind="rejection")) == 1
