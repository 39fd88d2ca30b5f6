"""The outbox: work to be started is written down in the transaction that decided on it.

Starting a workflow is never a second write beside the first: a row here commits with the business change, and a
sweeper submits it under its business key. Submitting the same key twice is once, so a sweeper that dies between
submitting and marking does no harm.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from .tables import outbox

_PUT = "outbox_put"


class OutboxRow(NamedTuple):
    """One piece of work to start."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]


def put_outbox(connection: Connection, kind: str, key: str, payload: Mapping[str, Any], now: dt.datetime) -> bool:
    """Write down that the workflow `kind` is to run under `key`. True if that was not written down before.

    The payload is JSON (ids and hashes, never claims). A key that is already there keeps its first payload.

    Raises:
        ValueError: the key is empty.
    """
    if not key.strip():
        raise ValueError(f"a {kind} needs a key")
    insert = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    added = connection.execute(
        insert(outbox)
        .values(kind=kind, key=key, payload=dict(payload), created_at=now, submitted_at=None)
        .on_conflict_do_nothing(index_elements=["kind", "key"])
        .returning(outbox.c.id)
    )
    new = added.first() is not None
    if new:
        connection.info[_PUT] = True
    return new


def was_put(connection: Connection) -> bool:
    """Whether work was put into the outbox on this connection since this was asked last."""
    return bool(connection.info.pop(_PUT, False))


def unsubmitted(connection: Connection, kinds: Collection[str], limit: int = 100) -> list[OutboxRow]:
    """Work of these kinds that nobody has submitted yet, oldest first."""
    rows = connection.execute(
        select(outbox.c.id, outbox.c.kind, outbox.c.key, outbox.c.payload)
        .where(outbox.c.submitted_at.is_(None), outbox.c.kind.in_(kinds))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [OutboxRow(*row) for row in rows]


def mark_submitted(connection: Connection, ids: Sequence[int], now: dt.datetime) -> None:
    """Note that these rows are with the engine now."""
    if ids:
        connection.execute(
            update(outbox).where(outbox.c.id.in_(ids), outbox.c.submitted_at.is_(None)).values(submitted_at=now)
        )


def forget_submitted(connection: Connection, before: dt.datetime) -> int:
    """Delete rows submitted before a moment (retention); returns how many. Their keys could be put again."""
    return connection.execute(delete(outbox).where(outbox.c.submitted_at < before)).rowcount
