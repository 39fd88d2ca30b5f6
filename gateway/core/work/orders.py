"""In which order a queue is shown: as it should be worked, or by one column of a person's choice."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, func, literal

from ..store import keyset
from ..store.keyset import Key
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


class Sort(NamedTuple):
    """Something that a queue is sorted by, under the name that its rows have it by."""

    name: str
    key: Key


def urgent(today: dt.date, c: Any = work_items.c) -> list[Sort]:
    """How a queue is sorted as it should be worked. `c`: the columns with the cents, the moment and the id that it goes
    by, where they are not the items' own."""
    return [
        Sort("place", Key(rank(today))),
        Sort("cents", Key(c.cents, descending=True)),
        Sort("opened_at", Key(c.opened_at, dt.datetime)),
        Sort("id", Key(c.id)),
    ]


def sorts(order: Order, today: dt.date) -> list[Sort]:
    """What a queue is sorted by, the first first; the last tells any two items apart."""
    c = work_items.c
    _, cents, opened, number = urgent(today)
    due = Sort("due", Key(func.coalesce(c.work_by, literal(NEVER, Date)), dt.date))
    return {
        Order.URGENT: urgent(today),
        Order.DOLLARS: [cents, opened, number],
        Order.DUE: [due, cents, number],
        Order.OLDEST: [opened, number],
        Order.NEWEST: [_down(opened), _down(number)],
    }[order]


def _down(one: Sort) -> Sort:
    return one._replace(key=one.key._replace(descending=True))


def sorting(several: Sequence[Sort]) -> list[Any]:
    """For ORDER BY."""
    return keyset.order([one.key for one in several])


def behind(several: Sequence[Sort], values: Sequence[Any]) -> ColumnElement[bool]:
    """What comes after the item that has these values, in SQL."""
    return keyset.behind([one.key for one in several], values)
