"""Each badness harms one claim: that one waits with the plugin's name, the others go out, each exactly once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.core.store.tables import claims, holds, submissions, timeline, transfers, work_items
from gateway.core.x12.claim import Claim
from gateway.core.x12.stored import StoredClaim

from ..web import running
from .bad import CLAIMS, Bad
from .conftest import Loaded, soundly, times_batched

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("bad_plugins")]

GUILTY = [bad for bad in CLAIMS if bad.says]
HARMLESS = [bad for bad in CLAIMS if not bad.says]


@pytest.mark.parametrize("bad", GUILTY, ids=lambda bad: bad.name)
async def test_its_claim_waits_with_its_name_and_nobody_elses(loaded: Loaded, bad: Bad) -> None:
    rows = await loaded.house.rows(
        select(claims.c.claim_number, claims.c.state, holds.c.type, holds.c.reason, holds.c.team, holds.c.rule)
        .join(holds, holds.c.claim_id == claims.c.id)
        .where(holds.c.plugin == bad.name)
    )
    ((number, state, kind, reason, team, rule),) = rows
    assert (number, state, kind, team, rule) == (loaded.whom[bad.name], "held", "SYS", "edi", f"plugin:{bad.name}")
    assert reason.startswith(f"Plugin {bad.name} failed in {bad.station}: ")
    assert bad.says in reason
    assert number not in reason
    assert "Traceback" not in reason
    items = await loaded.house.rows(select(work_items.c.reason).where(work_items.c.rule == rule))
    assert [row.reason for row in items if row.reason == reason] == [reason]
    told = await loaded.house.plugin(bad.name)
    assert told["failures"] == 1, "counted for the plugin, and once"


@pytest.mark.parametrize("bad", HARMLESS, ids=lambda bad: bad.name)
async def test_it_harms_nobody(loaded: Loaded, bad: Bad) -> None:
    rows = await loaded.house.rows(select(claims.c.state).where(claims.c.claim_number == loaded.whom[bad.name]))
    assert [row.state for row in rows] == ["batched"]
    assert await loaded.house.rows(select(holds.c.id).where(holds.c.plugin == bad.name)) == []


async def test_every_other_claim_goes_out_exactly_once(loaded: Loaded) -> None:
    waiting = {loaded.whom[bad.name] for bad in GUILTY}
    expected = {number: 1 for number in loaded.numbers if number not in waiting}
    assert await times_batched(loaded.house) == expected
    states = await loaded.house.rows(select(claims.c.claim_number, claims.c.state))
    assert len(states) == len(loaded.numbers), "nothing lost, nothing doubled"
    assert {number for number, state in states if state == "held"} == waiting


async def test_nothing_is_written_twice(loaded: Loaded) -> None:
    events = (
        select(timeline.c.subject_id, timeline.c.station, func.count())
        .where(timeline.c.subject_kind == "claim", timeline.c.station.in_(["intake", "confirm", "scrub"]))
        .group_by(timeline.c.subject_id, timeline.c.station)
    )
    rows = await loaded.house.rows(events)
    assert len(rows) == 3 * len(loaded.numbers)
    assert {count for _, _, count in rows} == {1}
    keys = await loaded.house.rows(select(func.count(transfers.c.key), func.count(transfers.c.key.distinct())))
    assert keys[0][0] == keys[0][1]


async def test_what_was_changed_behind_its_back_goes_out_as_it_came(loaded: Loaded) -> None:
    for name in ("changes_a_claim_at_hold", "changes_a_claim_unseen"):
        number = loaded.whom[name]
        ((content,),) = await loaded.house.rows(select(claims.c.content).where(claims.c.claim_number == number))
        claim = Claim(StoredClaim.unpack(content))
        (came,) = [one for file in loaded.files for one in file if one.number == number]
        assert (claim.frequency, claim.charge_cents, len(claim.lines)) == ("1", came.charge, len(came.lines))
        assert claim.stored.subscriber
        assert claim.billing_provider.npi == came.biller.npi


async def test_the_gateway_is_well_and_no_process_is_left(loaded: Loaded) -> None:
    await soundly(loaded.house)
    assert len(os.listdir(loaded.house.gateway.locations.deciding_dir)) <= 3 * loaded.house.gateway.pool.size

    async def only_its_children() -> bool:
        return not _asleep(loaded.house.gateway.pool.pids)

    if sys.platform == "linux":
        await running.until(only_its_children, "what plugins began is ended")


async def test_the_submissions_are_those_of_the_batches(loaded: Loaded) -> None:
    rows = await loaded.house.rows(select(func.count()).select_from(submissions))
    assert rows[0][0] == len(loaded.numbers) - len(GUILTY)


def _asleep(groups: list[int]) -> list[str]:
    """Processes that plugins began (`sleep 3600`) and that are in no group of a child that lives."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                group = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
            except (OSError, IndexError):
                continue
            if command == b"sleep\0003600\0" and group not in groups:
                found.append(entry.name)
    return found
