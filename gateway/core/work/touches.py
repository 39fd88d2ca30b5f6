"""What people did about work items, a row each: the history of an item, and the measure of a day's work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import touches

_BULK = 500
_COLUMNS = ("id", "at", "item_id", "who", "verb", "action", "note", "follow_up", "cents", "key")


class Touch(NamedTuple):
    """Something that a person did. `verb`: claim, release, assign, touch, snooze, close or reopen. `action` is a code
    of table `actions`, `follow_up` the next date that is promised with it, `cents` what was at stake when it was
    closed. `key` makes doing it twice once."""

    item_id: int
    who: str
    verb: str
    action: str = ""
    note: str = ""
    follow_up: dt.date | None = None
    cents: int = 0
    key: str | None = None


def add(connection: Connection, done: Sequence[Touch], now: dt.datetime) -> None:
    """Write them down, in bulk; one whose key is known stays as it is."""
    if not done:
        return
    first = allocate(connection, "touches", len(done))
    rows = (
        (first + at, now, one.item_id, one.who[:80], one.verb, one.action, one.note[:1000], *one[5:])
        for at, one in enumerate(done)
    )
    insert_bulk(connection, touches, _COLUMNS, rows, keep=("key",))


def keep_promises(connection: Connection, item_ids: Sequence[int], now: dt.datetime) -> None:
    """The follow-up dates that were set on these items are kept by what is done now."""
    for start in range(0, len(item_ids), _BULK):
        connection.execute(
            update(touches)
            .where(
                touches.c.item_id.in_(item_ids[start : start + _BULK]),
                touches.c.follow_up.is_not(None),
                touches.c.kept_at.is_(None),
            )
            .values(kept_at=now)
        )


def keys_known(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these keys have been written down before."""
    found: set[str] = set()
    for start in range(0, len(keys), _BULK):
        found.update(
            connection.execute(select(touches.c.key).where(touches.c.key.in_(keys[start : start + _BULK]))).scalars()
        )
    return found


def of(connection: Connection, item_id: int) -> list[dict[str, Any]]:
    """What was done about an item, oldest first."""
    rows = connection.execute(select(touches).where(touches.c.item_id == item_id).order_by(touches.c.id))
    return [dict(row._mapping) for row in rows]
