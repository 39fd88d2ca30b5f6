"""What a payer leaves goes to the next one of the claim (hme-billing-rules 5.9): noted with the posting, in its
transaction; made into a claim when it is due (`next_claims`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, or_, select, update

from ..model.money import to_dollars
from ..model.posting import Next, NextStep
from ..store.bulk import insert_bulk
from ..store.claims import bulks
from ..store.denial_tables import next_claims
from ..store.ids import allocate
from ..store.tables import work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from .post_records import Decided

OPEN = ("due", "waits")
TEAM = "coordination"
CROSSOVER = "crossover"
_ROW = (
    "id",
    "claim_id",
    "payment_id",
    "state",
    "crossed",
    "then",
    "due_on",
    "cents",
    "number",
    "made_claim_id",
    "why",
    "at",
)
_LEAVES = (NextStep.NEXT_PAYER, NextStep.CROSSED_OVER)


def note(connection: Connection, posted: Sequence[Decided], today: dt.date, now: dt.datetime) -> None:
    """Note what the payments of a chunk leave to next payers; and that what an earlier payment of the same claims left
    is decided on anew."""
    planned = [one for one in posted if one.plan is not None and not one.plan.information and one.claim_id]
    if not planned:
        return
    _end(connection, planned, today, now)
    _taken_back(connection, [one.claim_id for one in planned if one.plan and one.plan.reverses is not None], today)
    leaving = [one for one in planned if one.plan is not None and one.plan.next.then and one.plan.next.step in _LEAVES]
    if not leaving:
        return
    first = allocate(connection, "next_claims", len(leaving))
    rows = []
    for at, one in enumerate(leaving):
        left = one.plan.next  # type: ignore[union-attr]
        crossed = left.step is NextStep.CROSSED_OVER
        rows.append(
            (
                first + at, one.claim_id, one.payment_id, "waits" if crossed else "due", crossed, left.then,
                due_on(left, today), left.cents, "", None, left.why, now,
            )
        )  # fmt: skip
    insert_bulk(connection, next_claims, _ROW, rows)


def due_on(left: Next, today: dt.date) -> dt.date:
    """The day on which the next payer is billed: at once, or after the days in which another answer may come."""
    if left.step is not NextStep.CROSSED_OVER:
        return today
    if left.wait_business_days:
        return add_business_days(today, left.wait_days)
    return today + dt.timedelta(days=left.wait_days)


def _end(connection: Connection, planned: Sequence[Decided], today: dt.date, now: dt.datetime) -> None:
    claim_ids = sorted({one.claim_id for one in planned})
    own = {one.payment_id for one in planned}
    made: list[int] = []
    waiting: list[int] = []
    for some in bulks(claim_ids):
        rows = connection.execute(
            select(next_claims)
            .where(next_claims.c.claim_id.in_(some), next_claims.c.state.in_((*OPEN, "made", "person")))
            .order_by(next_claims.c.id)
        ).all()
        waits = [row for row in rows if row.state in OPEN and row.made_claim_id is None]
        waiting += [row.id for row in waits if row.payment_id not in own]
        made += [row.claim_id for row in rows if row not in waits]
    for some in bulks(waiting):
        connection.execute(
            update(next_claims)
            .where(next_claims.c.id.in_(some))
            .values(state="ended", why="The claim was decided anew.")
        )
    if waiting:
        _close_watches(connection, claim_ids, now)
    _tell(connection, [one for one in planned if one.claim_id in set(made)], today, now)


def _taken_back(connection: Connection, claim_ids: Sequence[int], today: dt.date) -> None:
    """A next payer takes its decision back: where its claim was replaced or voided meanwhile, what it was asked for can
    move now (`hand_back`, with the next turn, which locks the claims in their order)."""
    for some in bulks(claim_ids):
        connection.execute(
            update(next_claims)
            .where(next_claims.c.made_claim_id.in_(some), next_claims.c.state == "made")
            .values(state="due", due_on=today)
        )


def _close_watches(connection: Connection, claim_ids: Sequence[int], now: dt.datetime) -> None:
    """What was watched for after a crossover has come."""
    keys: list[str] = []
    for some in bulks(claim_ids):
        c = work_items.c
        wanted = or_(c.rule == CROSSOVER, c.kind == "next_payer")
        keys += connection.execute(select(c.key).where(c.claim_id.in_(some), wanted, c.state == "open")).scalars()
    close_items(connection, keys, "The claim was decided anew.", now)


def _tell(connection: Connection, planned: Sequence[Decided], today: dt.date, now: dt.datetime) -> None:
    """The payer before has changed its mind after the next one was billed: a person looks at both."""
    items = [
        WorkItem(
            kind="next_payer",
            key=f"next_payer:again:{one.payment_id}",
            reason="The payer before has reversed or changed its decision, and the next payer was billed on the first "
            f"one. ${to_dollars(one.patient_cents):,} are left by it now. Replace or void the claim for the next "
            "payer, so that both agree.",
            team=TEAM,
            subject_kind="claim",
            subject_id=one.claim_id,
            claim_id=one.claim_id,
            rule="secondary",
            cents=max(one.patient_cents, 0),
            work_by=add_business_days(today, 2),
            payer_id=one.payer_id,
        )
        for one in planned
    ]
    open_items(connection, items, now)
