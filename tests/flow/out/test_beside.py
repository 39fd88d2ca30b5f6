"""Notes and work items of plugins: committed with the decision, once, and seen by the plugins that come later."""

from __future__ import annotations

from sqlalchemy import select

from gateway.core.store.tables import timeline, work_items

from .conftest import World
from .made import Made
from .test_correct import corrected

CALLS = """
from gateway.core.model.posting import WorkItemDraft

@hookimpl
def scrub_claim(claim, context):
    open_rules = sorted(item.rule for item in context.work_items(claim))
    context.note(f"Open before: {', '.join(open_rules) or 'none'}.")
    context.open_item(WorkItemDraft(rule="CALL", team="respiratory", reason="Call about the masks."), line=1)
    if claim.id.endswith("9"):
        raise ValueError
"""


def said(world: World, claim_id: int) -> list[str]:
    """The notes on the timeline of a claim."""
    with world.sql.connect() as connection:
        rows = connection.execute(
            select(timeline.c.steps).where(timeline.c.subject_id == claim_id, timeline.c.station == "scrub")
        ).scalars()
        return [note for steps in rows for step in steps or () for note in step.get("notes", ())]


async def test_work_is_opened_once_with_the_claim_which_is_not_kept_back(world: World) -> None:
    world.add_plugin("calls", CALLS)
    world.stations = "  scrub: [calls]"
    async with world.running() as gateway:
        await gateway.take_in(Made("A-1"), Made("A-2"), Made("A-9"))
        first, second, failed = world.claims()
        assert world.states() == {"A-1": "ready", "A-2": "ready", "A-9": "held"}
        items = world.items(kind="claim_review")
        assert [(item.claim_id, item.rule, item.team, item.cents) for item in items] == [
            (first.id, "CALL", "respiratory", first.charge_cents),
            (second.id, "CALL", "respiratory", second.charge_cents),
        ]
        assert items[0].key == f"plugin:claim:{first.id}:calls:CALL:1"
        assert items[0].work_by is not None
        assert said(world, first.id) == ["Open before: none."]
        assert said(world, second.id) == ["Open before: CALL."], "what earlier claims of the chunk open is there"
        assert said(world, failed.id) == [], "dropped, as the step failed"
        await gateway.take_in(Made("B-1"), name="b.837")
        (last,) = world.claims()[3:]
        assert said(world, last.id) == ["Open before: CALL, CALL, plugin:calls."]


ASKS = """
from gateway.core.model.posting import WorkItemDraft

@hookimpl
def scrub_claim(claim, context):
    if claim.place_of_service == "99":
        raise ValueError
    if any(item.rule == "PLACE" for item in context.work_items()):
        context.note("Somebody asks already.")
    elif claim.place_of_service != "12":
        context.open_item(WorkItemDraft(rule="PLACE", team="billing", reason="Ask where it was delivered."))
"""


async def test_work_that_a_step_does_not_ask_for_any_more_ends_by_itself(world: World) -> None:
    world.add_plugin("asks", ASKS)
    world.stations = "  scrub: [asks]"
    async with world.running() as gateway:
        await gateway.take_in(Made("A-1"))
        await corrected(gateway, 1, "place of service=11")
        (item,) = world.items(kind="claim_review")
        await corrected(gateway, 1, "place of service=99")
        assert [one.id for one in world.items(kind="claim_review")] == [item.id], "it could not say"
        await corrected(gateway, 1, "place of service=13")
        assert [one.id for one in world.items(kind="claim_review")] == [item.id], "it asks for it still"
        await corrected(gateway, 1, "place of service=12")
        assert world.items(kind="claim_review") == []
        words = "The claim was decided again, and plugin asks does not ask for it any more."
        assert words in world.told("claim", 1)
        await corrected(gateway, 1, "place of service=11")
        (anew,) = world.items(kind="claim_review")
    assert anew.id != item.id, "asked for again, it is opened again"
    closed = [row for row in world.rows(work_items) if row.id == item.id]
    assert [(row.state, row.outcome) for row in closed] == [("closed", words)]
