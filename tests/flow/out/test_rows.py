"""Rows of plugins are committed with the decision: seen by later claims, rolled back with it, once however often."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from gateway.core.flow.commit_claims import Origin, commit_chunk
from gateway.core.flow.deciding import Request
from gateway.core.flow.verdicts import unpack_chunk
from gateway.core.store import plugin_rows
from gateway.core.store.tables import timeline
from gateway.plugins.rows import DeclaredTable

from .conftest import World
from .made import Line, Made

COUNTS = """
import datetime as dt
from decimal import Decimal
from gateway.plugins import RowTable

@hookimpl
def plugin_tables():
    return [
        RowTable("months", {"code": str, "count": int, "last": dt.date, "billed": Decimal}, key=("code",)),
        RowTable("claims_seen", {"count": int}, of="payer"),
        RowTable("marks", {"number": str}, of="claim"),
    ]

@hookimpl
def scrub_claim(claim, context):
    before = {row["code"]: row for row in context.rows("months", claim)}
    seen = [row["count"] for row in context.rows("claims_seen")]
    context.note(f"{ {code: before[code]['count'] for code in sorted(before)} } and {seen}.")
    for line in claim.lines:
        count = before.get(line.code, {"count": 0})["count"] + 1
        context.keep("months", {"code": line.code, "count": count, "last": line.dates.start, "billed": line.charge})
    context.keep("claims_seen", {"count": sum(seen) + 1})
    context.keep("marks", {"number": claim.id})
    if claim.id.endswith("9"):
        raise ValueError
"""


def set_up(world: World) -> list[DeclaredTable]:
    world.add_plugin("counts", COUNTS)
    world.stations = "  scrub: [counts]"
    declared = world.config().plugin_tables()
    with world.sql.begin() as connection:
        plugin_rows.drop(connection, "counts")
        plugin_rows.prepare(connection, declared, world.clock.now())
    return declared


def rows(world: World, declared: list[DeclaredTable], name: str, owners: list[Any]) -> dict[Any, Any]:
    (one,) = [one for one in declared if one.table.name == name]
    with world.sql.connect() as connection:
        return plugin_rows.rows_by_owner(connection, one, {owner: owner for owner in owners})


async def test_rows_are_kept_with_the_claim_and_seen_by_the_next(world: World) -> None:
    declared = set_up(world)
    two = [Line(), Line(code="E0431")]
    async with world.running() as gateway:
        await gateway.take_in(Made("C-1"), Made("C-2", lines=two), Made("C-9"), Made("D-1", member="OTHER"))
        await gateway.take_in(Made("C-4"), name="b.837")
    jane = world.claims()[0].patient_id
    found = rows(world, declared, "months", [jane])[jane]
    assert {row["code"]: row["count"] for row in found} == {"E0431": 1, "E1390": 3}, "what failed kept nothing"
    assert {row["last"] for row in found} == {dt.date(2026, 11, 1)}
    said = [row.steps[0].get("notes") for row in world.rows(timeline, timeline.c.station == "scrub")]
    assert said == [
        ["{} and []."],
        ["{'E1390': 1} and [1]."],
        None,
        ["{} and [2]."],
        ["{'E0431': 1, 'E1390': 2} and [3]."],
    ]
    assert rows(world, declared, "claims_seen", ["16013"]) == {"16013": [{"count": 4}]}
    numbers = {claim.id: claim.claim_number for claim in world.claims()}
    kept = rows(world, declared, "marks", list(numbers))
    assert {owner: several[0]["number"] for owner, several in kept.items()} == {
        claim_id: number for claim_id, number in numbers.items() if number != "C-9"
    }


async def test_they_are_rolled_back_with_the_decision(world: World) -> None:
    """The commit fails after they are written, and is done again: they are there once."""
    declared = set_up(world)
    seen: list[int] = []
    async with world.running() as gateway:
        decide = gateway.services.decide

        class Between:
            async def call(self, payload: bytes, limits: Any, begun: Any = None) -> Any:
                answer = await decide.call(payload, limits, begun)
                request = msgspec.msgpack.decode(payload, type=Request)
                with world.sql.connect() as connection:
                    origin = Origin(request.file_id, "a.837", "desk", "T", dt.date(2026, 11, 23))
                    commit_chunk(connection, origin, unpack_chunk(answer), world.clock.now())
                    months = next(one for one in declared if one.table.name == "months")
                    written = plugin_rows.rows_by_owner(connection, months, {1: 1})
                    seen.extend(row["count"] for row in written[1])
                    connection.rollback()
                return answer

        gateway.services.decide = Between()
        await gateway.take_in(Made("C-1"))
    assert seen == [1], "written with the decision"
    (claim,) = world.claims()
    (row,) = rows(world, declared, "months", [claim.patient_id])[claim.patient_id]
    assert row["count"] == 1, "and gone with the one that was not committed"
