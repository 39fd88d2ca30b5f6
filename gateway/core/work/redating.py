"""The filing dates of open work items worked out anew, when the tables that tell them have changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, select, update

from ..store.tables import work_items
from .deadlines import Deadlines
from .items import BULK, WorkItem
from .priority import REFILED, priority_date


def redate(connection: Connection, deadlines: Deadlines) -> int:
    """Give every open item of a claim the last day to file that the tables tell now, and its place in the queue by it.
    Returns how many have another date than before."""
    changed = 0
    last = 0
    while rows := _some(connection, last):
        last = rows[-1].id
        changed += _redate(connection, deadlines, rows)
    return changed


def _some(connection: Connection, after: int) -> list[Any]:
    c = work_items.c
    return list(
        connection.execute(
            select(work_items)
            .where(c.state == "open", c.kind.in_(REFILED), c.claim_id.is_not(None), c.id > after)
            .order_by(c.id)
            .limit(BULK)
            .with_for_update()
        )
    )


def _redate(connection: Connection, deadlines: Deadlines, rows: list[Any]) -> int:
    names = WorkItem.__struct_fields__
    items = [WorkItem(**{name: getattr(row, name) for name in names if name != "refile_by"}) for row in rows]
    new: dict[tuple[dt.date | None, dt.date | None], list[int]] = {}
    for row, item in zip(rows, deadlines.dated(connection, items), strict=True):
        if item.refile_by != row.refile_by:
            first = priority_date(item.deadline, item.refile_by, item.appeal_by, work_by=item.work_by, kind=item.kind)
            new.setdefault((item.refile_by, first), []).append(row.id)
    for (refile_by, first), ids in new.items():
        connection.execute(
            update(work_items).where(work_items.c.id.in_(ids)).values(refile_by=refile_by, priority_date=first)
        )
    return sum(map(len, new.values()))
