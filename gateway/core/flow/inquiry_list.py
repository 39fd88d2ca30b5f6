"""What was asked of payers and answered, and whom nobody can ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, or_, select

from ...config import Config
from ..store.inquiry_tables import inquiries
from ..store.tables import batches, claims, work_items
from .inquiry_answers import FOLLOW_UP

_BULK = 500
MOST_DUE = 20_000


def listed(
    connection: Connection, *, claim_id: int | None = None, waiting: bool = False, limit: int = 100, below: int = 0
) -> list[Any]:
    """Inquiries with their claim's number and partner, newest first; with `waiting` those that are not answered.
    `below`: those whose id is below this one, where one is given."""
    statement = (
        select(inquiries, claims.c.source_claim_number, batches.c.partner)
        .join(claims, claims.c.id == inquiries.c.claim_id)
        .join(batches, batches.c.id == inquiries.c.batch_id)
        .order_by(inquiries.c.id.desc())
        .limit(limit)
    )
    if claim_id is not None:
        statement = statement.where(inquiries.c.claim_id == claim_id)
    if below:
        statement = statement.where(inquiries.c.id < below)
    if waiting:
        statement = statement.where(inquiries.c.answered_at.is_(None))
    return list(connection.execute(statement))


def due(connection: Connection, today: dt.date) -> list[int]:
    """The claims in the follow-up queue whose next date has come."""
    c = work_items.c
    rows = connection.execute(
        select(c.claim_id)
        .where(
            c.kind == FOLLOW_UP,
            c.state == "open",
            c.claim_id.is_not(None),
            or_(c.follow_up.is_(None), c.follow_up <= today),
        )
        .order_by(c.claim_id)
        .limit(MOST_DUE)
    )
    return list(dict.fromkeys(rows.scalars()))


def asked_and_silent(connection: Connection, config: Config, ids: Collection[int]) -> tuple[list[int], list[str]]:
    """Which of these claims can be asked about, and the partners of the others, which answer no inquiry."""
    found: dict[int, str] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _BULK):
        some = wanted[start : start + _BULK]
        rows = connection.execute(select(claims.c.id, claims.c.partner).where(claims.c.id.in_(some)))
        found.update((row.id, row.partner) for row in rows)
    offering = {name for name in set(found.values()) if (one := config.partner(name)) is not None and one.claim_status}
    silent = sorted({name for name in found.values() if name not in offering})
    return [claim_id for claim_id, name in found.items() if name in offering], silent
