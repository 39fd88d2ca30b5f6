"""Work items: what waits for a person, each with a plain reason, a team, dollars and a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select, update

from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import work_items
from . import touches
from .priority import priority_date

if TYPE_CHECKING:
    from .deadlines import Deadlines

BULK = 500


class WorkItem(msgspec.Struct, frozen=True, kw_only=True):
    """A work item to open. `key` names its cause: opening the same key again changes nothing.

    `kind`: rejection, file_rejection, hold, posting_exception, remittance_exception, denial, overdue_ack,
    file_problem, partner_stopped, webhook_failed, duplicate_claim, faulty_claim, plugin_failure, patient_merge,
    payment_review, underpayment, provider_level, takeback (taken by a payer and never announced), claim_review (what
    a plugin wants looked at beside), claim_not_made (one of a plugin's whose number was used meanwhile), deposit_match,
    money_unidentified, money_without_era, era_without_money, bank_review, patient_money (of cash), or a plugin's own.
    `cents` are the dollars at stake, `work_by` the date it should be worked.
    `deadline`, `refile_by` (timely filing) and `appeal_by` are dates that cost money: the earliest of them orders the
    queue.
    """

    kind: str
    key: str
    reason: str
    team: str
    subject_kind: str
    subject_id: int | None = None
    claim_id: int | None = None
    rule: str = ""
    cents: int = 0
    work_by: dt.date | None = None
    deadline: dt.date | None = None
    payer_id: str = ""
    partner: str = ""
    refile_by: dt.date | None = None
    appeal_by: dt.date | None = None


def open_items(
    connection: Connection, items: Sequence[WorkItem], now: dt.datetime, deadlines: Deadlines | None = None
) -> int:
    """Open work items in bulk; those whose key is known stay as they are. Returns how many are new. `deadlines`: the
    tables that tell by when a claim must be with its payer."""
    if not items:
        return 0
    if deadlines is not None:
        items = deadlines.dated(connection, items)
    first = allocate(connection, "work_items", len(items))
    return insert_bulk(
        connection,
        work_items,
        ("id", "state", "opened_at", "assignee", "outcome", "priority_date", *WorkItem.__struct_fields__),
        (
            (first + index, "open", now, "", "", _priority(item), *msgspec.structs.astuple(item))
            for index, item in enumerate(items)
        ),
        keep=("key",),
    )


def _priority(item: WorkItem) -> dt.date | None:
    return priority_date(item.deadline, item.refile_by, item.appeal_by, work_by=item.work_by, kind=item.kind)


def close_items(connection: Connection, keys: Sequence[str], outcome: str, now: dt.datetime, *, who: str = "") -> int:
    """Close the open items with these keys, because their cause has cleared. Returns how many. `who`: the person who
    cleared it, whose work it counts as (empty: nobody's)."""
    closed = 0
    for start in range(0, len(keys), BULK):
        rows = connection.execute(
            update(work_items)
            .where(work_items.c.key.in_(keys[start : start + BULK]), work_items.c.state == "open")
            .values(state="closed", outcome=outcome, closed_at=now, snoozed_until=None)
            .returning(work_items.c.id, work_items.c.cents)
        ).all()
        closed += len(rows)
        touches.keep_promises(connection, [row.id for row in rows], now)
        if who:
            done = [touches.Touch(row.id, who, "close", note=outcome, cents=row.cents) for row in sorted(rows)]
            touches.add(connection, done, now)
    return closed


def open_count(connection: Connection, *, kind: str = "", team: str = "") -> int:
    """How many items are open, of a kind or a team."""
    statement = select(work_items.c.id).where(work_items.c.state == "open")
    if kind:
        statement = statement.where(work_items.c.kind == kind)
    if team:
        statement = statement.where(work_items.c.team == team)
    return len(connection.execute(statement).all())
