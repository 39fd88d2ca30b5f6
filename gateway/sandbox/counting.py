"""What the report of the back office counts with: claims, work items and holds of the database, with their dollars,
and one of them in words. Nothing here names a patient."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, select

from ..core.model.money import to_dollars
from ..core.store.tables import claims, holds, work_items


class Count(NamedTuple):
    """So many of something (None: it is not counted), of so many cents (None: it has no dollars)."""

    words: str
    number: int | None
    cents: int | None = None


class Process(NamedTuple):
    """One process: its counts, an example in words (empty: there is none today), and the command that shows more."""

    name: str
    counts: list[Count]
    example: str
    more: str


def count_of(connection: Connection, words: str, table: Table, cents: Any, *where: ColumnElement[bool]) -> Count:
    """Rows of a table, with the sum of a column of cents."""
    row = connection.execute(select(func.count(), func.sum(cents)).select_from(table).where(*where)).one()
    return Count(words, int(row[0]), int(row[1] or 0))


def claims_of(connection: Connection, words: str, *where: ColumnElement[bool]) -> Count:
    """Claims, with their charges."""
    return count_of(connection, words, claims, claims.c.charge_cents, *where)


def items_of(connection: Connection, words: str, *where: ColumnElement[bool]) -> Count:
    """Work items, with the dollars at stake."""
    return count_of(connection, words, work_items, work_items.c.cents, *where)


def held(connection: Connection, words: str, *where: ColumnElement[bool]) -> Count:
    """Holds, with the charge of their claims."""
    row = connection.execute(
        select(func.count(), func.sum(claims.c.charge_cents))
        .select_from(holds.join(claims, claims.c.id == holds.c.claim_id))
        .where(*where)
    ).one()
    return Count(words, int(row[0]), int(row[1] or 0))


def dollars(cents: int) -> str:
    """Cents as a person writes them."""
    return f"${to_dollars(cents):,.2f}"


def dearest_item(connection: Connection, *where: ColumnElement[bool]) -> str:
    """The work item with the most dollars in words: why, and whose it is."""
    row = connection.execute(
        select(work_items).where(*where).order_by(work_items.c.cents.desc(), work_items.c.id).limit(1)
    ).first()
    return f"{row.reason} ({row.team} team)" if row is not None else ""


def latest_hold(connection: Connection, *where: ColumnElement[bool]) -> str:
    """A hold in words: which claim, and why, or why it was let go."""
    row = connection.execute(
        select(holds, claims.c.claim_number, claims.c.state)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(*where)
        .order_by(holds.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return ""
    if row.released_at is None:
        return f"{row.claim_number}: {row.reason} ({row.rule}, {row.team} team)"
    return f"{row.claim_number} waited: {row.reason} Then {row.release_reason}; it is {row.state} now."


OPEN = holds.c.released_at.is_(None)
LET_GO = holds.c.released_at.is_not(None)
