"""In which order a queue is shown: as it should be worked, or by one column of a person's choice."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, and_, func, literal, or_

from ..store.tables import work_items
from .priority import rank

NEVER = dt.date(9999, 12, 31)
"""Stands for the date of what has none: it comes last."""


class Order(enum.StrEnum):
    """The orders of a queue; the words are those of commands and API."""

    URGENT = "urgent"
    DOLLARS = "dollars"
    DUE = "due"
    OLDEST = "oldest"
    NEWEST = "newest"


class Key(NamedTuple):
    """Something that a queue is sorted by, under the name that its rows have it by. `read`: its value from JSON."""

    name: str
    column: ColumnElement[Any]
    down: bool
    read: Callable[[Any], Any]


def urgent(today: dt.date, c: Any = work_items.c) -> list[Key]:
    """How a queue is sorted as it should be worked. `c`: the columns with the cents, the moment and the id that it goes
    by, where they are not the items' own."""
    opened = Key("opened_at", c.opened_at, False, _moment)
    return [
        Key("place", rank(today), False, int),
        Key("cents", c.cents, True, int),
        opened,
        Key("id", c.id, False, int),
    ]


def keys(order: Order, today: dt.date) -> list[Key]:
    """What a queue is sorted by, the first first; the last tells any two items apart."""
    c = work_items.c
    _, cents, opened, number = urgent(today)
    due = Key("due", func.coalesce(c.work_by, literal(NEVER, Date)), False, dt.date.fromisoformat)
    return {
        Order.URGENT: urgent(today),
        Order.DOLLARS: [cents, opened, number],
        Order.DUE: [due, cents, number],
        Order.OLDEST: [opened, number],
        Order.NEWEST: [opened._replace(down=True), number._replace(down=True)],
    }[order]


def _moment(text: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without its zone")
    return found


def sorting(several: list[Key]) -> list[ColumnElement[Any]]:
    """The keys for ORDER BY."""
    return [key.column.desc() if key.down else key.column.asc() for key in several]


def behind(several: list[Key], values: list[Any]) -> ColumnElement[bool]:
    """What comes after the item that has these values, in SQL."""
    (key, *others), (value, *rest) = several, values
    after = key.column < value if key.down else key.column > value
    return or_(after, and_(key.column == value, behind(others, rest))) if others else after
