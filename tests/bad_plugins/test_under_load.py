"""Every badness at once, while many files come in: each harms one claim, payment or denial, which waits with the
plugin's name; the others go out and post, each exactly once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from gateway.core.store.tables import (
    claim_payments,
    claims,
    denials,
    holds,
    remittances,
    submissions,
    timeline,
    transfers,
    work_items,
)
from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.values import x12_amount
from gateway.plugins.testing import make_payment, make_remittance, make_service
from gateway.sandbox.records import Claim as Billed

from ..web import running
from .bad import CLAIMS, MONEY, ROUTES, Bad
from .conftest import PATIENCE_S, Loaded, soundly, times_batched

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
    assert {state for _, state in states} == {"held", "batched"}
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


# --- payments and denials ---------------------------------------------------------------------------

GUILTY_MONEY = [bad for bad in MONEY if bad.says]
HARMLESS_MONEY = [bad for bad in MONEY if not bad.says]


def payment_of(claim: Billed, denied: bool) -> ClaimPayment:
    """Each line paid but for ten dollars; or all of it denied."""
    services = [
        make_service(
            line.code,
            *line.modifiers,
            charge=x12_amount(line.charge),
            adjustments=[("CO", "50", x12_amount(line.charge))] if denied else [("CO", "45", "1")],
            control_number=line.reference,
            date=line.start,
        )
        for line in claim.lines
    ]
    return make_payment(*services, claim_number=claim.number, status="4" if denied else "1")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def posted(loaded: Loaded) -> Loaded:
    """A remittance for each file has come, all at the same time, and is posted."""
    house = loaded.house
    went = set(await _batched(loaded))
    routed = {loaded.whom[bad.name] for bad in ROUTES}
    for number, file in enumerate(loaded.files):
        paid = [payment_of(claim, claim.number in routed) for claim in file if claim.number in went]
        data = make_remittance(*paid, trace=f"EFT{number}", number=900 + number)
        await house.fetched(data, f"{number}.835")

    async def done() -> bool:
        rows = await house.rows(select(remittances.c.state))
        return len(rows) == len(loaded.files) and all(row.state in ("posted", "partly posted") for row in rows)

    await running.until(done, "every remittance is posted", PATIENCE_S)
    return loaded


async def _batched(loaded: Loaded) -> list[str]:
    rows = await loaded.house.rows(select(claims.c.claim_number).where(claims.c.state != "held"))
    return [row.claim_number for row in rows]


@pytest.mark.parametrize("bad", GUILTY_MONEY, ids=lambda bad: bad.name)
async def test_its_payment_waits_with_its_name(posted: Loaded, bad: Bad) -> None:
    ((state, reason),) = await posted.house.rows(
        select(claim_payments.c.state, claim_payments.c.reason).where(
            claim_payments.c.claim_number == posted.whom[bad.name]
        )
    )
    assert state == "exception"
    assert reason.startswith(f"Plugin {bad.name} ")
    assert bad.says in reason
    items = await posted.house.rows(
        select(work_items.c.reason, work_items.c.team).where(
            work_items.c.kind == "posting_exception", work_items.c.rule == f"plugin:{bad.name}"
        )
    )
    assert [(row.reason, row.team) for row in items] == [(f"Not posted: {reason}", "edi")]


async def test_every_other_payment_posts_exactly_once(posted: Loaded) -> None:
    waiting = {posted.whom[bad.name] for bad in GUILTY_MONEY}
    rows = await posted.house.rows(
        select(claim_payments.c.claim_number, claim_payments.c.state, func.count()).group_by(
            claim_payments.c.claim_number, claim_payments.c.state
        )
    )
    assert {number: (state, count) for number, state, count in rows} == {
        number: ("exception" if number in waiting else "posted", 1) for number in await _batched(posted)
    }
    paid = await posted.house.rows(
        select(transfers.c.claim_payment_id, func.sum(transfers.c.cents))
        .where(transfers.c.kind == "payment")
        .group_by(transfers.c.claim_payment_id)
    )
    stated = await posted.house.rows(
        select(claim_payments.c.id, claim_payments.c.paid_cents).where(
            claim_payments.c.state == "posted", claim_payments.c.paid_cents != 0
        )
    )
    assert {key: int(cents) for key, cents in paid} == dict(map(tuple, stated))
    assert posted.whom.keys() >= {bad.name for bad in HARMLESS_MONEY}


@pytest.mark.parametrize("bad", ROUTES, ids=lambda bad: bad.name)
async def test_a_denial_that_no_plugin_could_route_is_worked_all_the_same(posted: Loaded, bad: Bad) -> None:
    ((claim_id,),) = await posted.house.rows(select(claims.c.id).where(claims.c.claim_number == posted.whom[bad.name]))
    found = await posted.house.rows(select(denials.c.id).where(denials.c.claim_id == claim_id))
    items = await posted.house.rows(
        select(work_items.c.team, work_items.c.reason).where(
            work_items.c.claim_id == claim_id, work_items.c.kind == "denial"
        )
    )
    assert len(items) == len(found) > 0
    assert all(row.reason.startswith("Denied: ") for row in items)
    ((what, steps),) = await posted.house.rows(
        select(timeline.c.what, timeline.c.steps).where(
            timeline.c.subject_kind == "claim", timeline.c.subject_id == claim_id, timeline.c.station == "route"
        )
    )
    assert bad.says in what
    assert [step["outcome"] for step in steps if step["plugin"] == bad.name] == ["failed"] * len(found)
    told = await posted.house.plugin(bad.name)
    assert told["failures"] == len(found)


async def test_the_ledger_proves(posted: Loaded) -> None:
    await soundly(posted.house)


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
