"""Claims for next payers are taken in: what the payer before left is receivable from them now, and from the first claim
no longer; nothing is charged a second time. What replaces or voids one of them moves what that one holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select, update

from ..ledger import hand_overs, transfers
from ..ledger.balances import by_line, claim_balances
from ..model.payer_frequency import REPLACEMENT, VOID
from ..model.states import ClaimState
from ..store.denial_tables import next_claims
from ..store.tables import claims
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items
from . import hand_back
from .commit_claims import NEXT_PAYERS
from .next_payers import TEAM


def lock_before(connection: Connection, source: str, numbers: Iterable[str]) -> None:
    """Lock the first claims of those that are about to be taken in, and those that they replace (`numbers`: of the
    claims that come): claims before counters, as everybody does."""
    if source != NEXT_PAYERS:
        return
    ids = connection.execute(
        select(next_claims.c.claim_id).where(next_claims.c.state == "made", next_claims.c.made_claim_id.is_(None))
    ).scalars()
    hand_back.lock(connection, set(numbers), set(ids))


def take_over(connection: Connection, file_id: int, source: str, today: dt.date, now: dt.datetime) -> int:
    """Claims for next payers have come in: what was left is receivable from them now. Returns how many."""
    if source != NEXT_PAYERS:
        return 0
    again = connection.execute(
        select(next_claims.c.number)
        .join(claims, claims.c.source_claim_number == next_claims.c.number)
        .where(
            claims.c.file_id == file_id,
            claims.c.frequency.in_((REPLACEMENT, VOID)),
            next_claims.c.made_claim_id.is_not(None),
        )
    ).scalars()
    hand_back.settle(connection, again, "It was replaced or voided.", today, now)
    rows = connection.execute(
        select(next_claims, claims.c.id.label("second_id"), claims.c.state.label("second_state"))
        .join(claims, claims.c.source_claim_number == next_claims.c.number)
        .where(claims.c.file_id == file_id, next_claims.c.state == "made", next_claims.c.made_claim_id.is_(None))
        .order_by(next_claims.c.id)
    ).all()
    stands = by_line(connection, [row.claim_id for row in rows])
    moved: list[transfers.Transfer] = []
    items: list[WorkItem] = []
    for row in rows:
        if row.second_state == ClaimState.FAULTY:
            hand_back.note(connection, row.id, state="person", why="The claim that was made cannot be read.")
            continue
        which = hand_back.same_lines(connection, row.claim_id, row.second_id)
        made = hand_overs.to_next_payer(row.id, row.claim_id, row.second_id, stands[row.claim_id], which, today)
        moved += made
        cents = hand_overs.handed(made)
        hand_back.note(connection, row.id, made_claim_id=row.second_id, cents=cents)
        if not cents and row.cents:
            items.append(_nothing_left(row, today))
    open_items(connection, items, now)
    transfers.write(connection, moved, now)
    _settle(connection, [row.claim_id for row in rows], now)
    return len(rows)


def _nothing_left(row: Any, today: dt.date) -> WorkItem:
    return WorkItem(
        kind="next_payer",
        key=f"next_payer:nothing:{row.id}",
        reason="The payer before has changed its decision while this claim for the next payer was made: nothing is "
        "left to ask for. Withdraw it.",
        team=TEAM,
        subject_kind="claim",
        subject_id=row.second_id,
        claim_id=row.second_id,
        rule="secondary",
        work_by=add_business_days(today, 1),
    )


def _settle(connection: Connection, claim_ids: list[int], now: dt.datetime) -> None:
    """The first claims are others than before; those on which nothing is open any more are closed."""
    for claim_id, left in claim_balances(connection, claim_ids).items():
        closed = {"state": ClaimState.CLOSED} if not left else {}
        connection.execute(
            update(claims).where(claims.c.id == claim_id).values(version=claims.c.version + 1, updated_at=now, **closed)
        )
