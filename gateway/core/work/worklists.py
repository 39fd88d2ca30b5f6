"""Worklists: open work items as a plugin has declared that people see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, or_, select

from ...plugins.declared import COLUMNS, Worklist
from ..model.money import to_dollars
from ..store.tables import work_items

MOST = 10_000


class Listed(NamedTuple):
    """Rows of a worklist, in its order, as its columns have them; `more`: how many there are beside these."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: int


def listed(
    connection: Connection,
    worklist: Worklist,
    today: dt.date,
    *,
    team: str = "",
    kind: str = "",
    payer: str = "",
    limit: int = MOST,
) -> Listed:
    """What stands in a worklist; what rests until a later day does not. `team`, `kind`, `payer`: only those."""
    statement = _narrowed(worklist, today, team, kind, payer)
    names = tuple(worklist.columns)
    wanted = statement.with_only_columns(*(work_items.c[COLUMNS[name]].label(name) for name in names))
    for one in worklist.order:
        column = work_items.c[COLUMNS[one.removeprefix("-")]]
        # What has no date comes last, either way.
        wanted = wanted.order_by(column.is_(None), column.desc() if one.startswith("-") else column)
    wanted = wanted.order_by(work_items.c.id).limit(limit)
    rows = [
        tuple(to_dollars(int(value)) if name == "dollars" else value for name, value in zip(names, row, strict=True))
        for row in connection.execute(wanted)
    ]
    more = 0
    if len(rows) == limit:
        everything = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
        more = int(everything) - len(rows)
    return Listed(names, rows, more)


def waiting(connection: Connection, worklist: Worklist, today: dt.date) -> tuple[int, int]:
    """How many items stand in a worklist, and the cents at stake."""
    statement = _narrowed(worklist, today, "", "", "").with_only_columns(func.count(), func.sum(work_items.c.cents))
    count, cents = connection.execute(statement).one()
    return int(count), int(cents or 0)


def _narrowed(worklist: Worklist, today: dt.date, team: str, kind: str, payer: str) -> Select[Any]:
    c = work_items.c
    awake = or_(c.snoozed_until.is_(None), c.snoozed_until <= today)
    statement: Select[Any] = select(c.id).where(c.state == "open", c.kind.in_(list(worklist.kinds)), awake)
    for column, value in ((c.team, worklist.team), (c.team, team), (c.kind, kind), (c.payer_id, payer)):
        if value:
            statement = statement.where(column == value)
    return statement


def as_text(value: Any) -> str:
    """A value of a row for a spreadsheet or JSON: days and moments as ISO, dollars with their decimals."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def as_data(found: Listed) -> Iterator[dict[str, Any]]:
    """Rows by the names of their columns, for JSON."""
    for row in found.rows:
        yield {
            name: value if value is None or isinstance(value, int) else as_text(value)
            for name, value in zip(found.columns, row, strict=True)
        }
