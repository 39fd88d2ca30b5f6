"""Each badness harms one payment, which waits with the plugin's name; the others post, each exactly once. A denial that
no plugin could route is worked all the same."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from gateway.core.store.tables import claim_payments, claims, denials, remittances, timeline, transfers, work_items
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.values import x12_amount
from gateway.plugins.testing import make_payment, make_remittance, make_service
from gateway.sandbox.records import Claim

from ..web import running
from .bad import MONEY, ROUTES, Bad
from .conftest import PATIENCE_S, Loaded, soundly

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("bad_plugins")]

GUILTY = [bad for bad in MONEY if bad.says]
HARMLESS = [bad for bad in MONEY if not bad.says]


def payment_of(claim: Claim, denied: bool) -> ClaimPayment:
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


@pytest.mark.parametrize("bad", GUILTY, ids=lambda bad: bad.name)
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
    waiting = {posted.whom[bad.name] for bad in GUILTY}
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
    assert posted.whom.keys() >= {bad.name for bad in HARMLESS}


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
