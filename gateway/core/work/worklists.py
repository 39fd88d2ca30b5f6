"""Worklists: open work items as a plugin has declared that people see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, or_, select

from ...plugins.declared import COLUMNS, Worklist
from ...plugins.declaring import Declared
from ..model.money import to_dollars
from ..store import keyset, plugin_turns
from ..store.keyset import Key
from ..store.tables import UtcDateTime, work_items

MOST = 10_000


class Listed(NamedTuple):
    """Rows of a worklist, in its order, as its columns have them; `more`: how many there are beside these; `last`: the
    place of the last one in the order, where there are more."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: int
    last: tuple[Any, ...] = ()


class Filled(NamedTuple):
    """What fills a worklist that a schedule fills. `at`: when it did so last, None where it has not yet; `comes`: when
    it comes, in words (`daily at 05:30`)."""

    plugin: str
    schedule: str
    comes: str
    at: dt.datetime | None

    @property
    def waits(self) -> str:
        """What people are told while it has not been filled."""
        return f"This list has not been worked out yet: that comes {self.comes}."


def filled(connection: Connection, declared: Declared, worklist: Worklist) -> Filled | None:
    """What fills a worklist of a plugin; None where its items come as they come."""
    if not worklist.schedule:
        return None
    comes = next(one.words for one in declared.schedules if one.name == worklist.schedule)
    plugin = declared.plugin.name
    return Filled(plugin, worklist.schedule, comes, plugin_turns.last(connection).get((plugin, worklist.schedule)))


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
    found = page(connection, worklist, today, team=team, kind=kind, payer=payer, limit=limit)
    if not found.last:
        return found
    statement = _narrowed(worklist, today, team, kind, payer)
    everything = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    return found._replace(more=int(everything) - len(found.rows))


def page(
    connection: Connection,
    worklist: Worklist,
    today: dt.date,
    *,
    team: str = "",
    kind: str = "",
    payer: str = "",
    limit: int,
    behind: Sequence[Any] | None = None,
) -> Listed:
    """The same, without counting how many there are beside; `behind`: those after a place of the order."""
    names, order = tuple(worklist.columns), ordered(worklist)
    wanted = _narrowed(worklist, today, team, kind, payer).with_only_columns(
        *(work_items.c[COLUMNS[name]].label(f"c{at}") for at, name in enumerate(names)),
        *(key.column.label(f"k{at}") for at, key in enumerate(order)),
    )
    if behind is not None:
        wanted = wanted.where(keyset.behind(order, behind))
    found = connection.execute(wanted.order_by(*keyset.order(order)).limit(limit + 1)).all()
    rows = [
        tuple(to_dollars(int(value)) if name == "dollars" else value for name, value in zip(names, row, strict=False))
        for row in found[:limit]
    ]
    last = tuple(found[limit - 1][len(names) :]) if found[limit:] else ()
    return Listed(names, rows, 0, last)


def ordered(worklist: Worklist) -> tuple[Key, ...]:
    """The order of a worklist; what has no date comes last, either way."""
    keys = []
    for one in worklist.order:
        column = work_items.c[COLUMNS[one.removeprefix("-")]]
        of = dt.datetime if isinstance(column.type, UtcDateTime) else column.type.python_type
        keys.append(Key(column, of, one.startswith("-"), bool(column.nullable)))
    return (*keys, Key(work_items.c.id))


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
