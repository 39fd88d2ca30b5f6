"""The queue of denials: a page at a time in the order in which they should be worked, and what waits in all."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from ..store.denial_tables import WORKED, denial_cases
from ..store.tables import denials, work_items
from ..work import cursors
from ..work.priority import rank
from .denial_list import ITEM_KEY, WAITS_FOR, Listed, Which, listed_of, told_of, where

MOST = 1000


class Page(NamedTuple):
    """Denials, and where the next page begins (empty: there is none)."""

    denials: list[Listed]
    after: str


def page(connection: Connection, which: Which, today: dt.date, *, limit: int = 100, after: str = "") -> Page:
    """A page of the list. `after` is where the last page ended; pages of one walk keep the day on which it began.

    Raises:
        BadCursor: `after` is none.
    """
    started = cursors.read(after) if after else None
    day = started.today if started is not None else today
    d, place = denials.c, rank(day).label("place")
    narrowed = (
        select(d.id, d.cents, d.opened_at, place)
        .select_from(denial_cases)
        .join(denials, d.id == denial_cases.c.denial_id)
        .outerjoin(work_items, work_items.c.key == ITEM_KEY)
        .where(*where(which, day))
        .order_by(place, d.cents.desc(), d.opened_at, d.id)
        .limit(limit + 1)
    )
    if started is not None:
        narrowed = narrowed.where(cursors.behind(started, day, d))
    # The page first, all that is told of each afterwards: what is sorted is small.
    found = connection.execute(narrowed).all()
    ids = [row.id for row in found[:limit]]
    rows = {row.id: row for row in connection.execute(told_of().where(d.id.in_(ids)))}
    ended = cursors.written(day, found[limit - 1]) if len(found) > limit else ""
    return Page([listed_of(rows[one], today) for one in ids], ended)


class Group(NamedTuple):
    """Denials of one category that are worked on. `near`: those whose date costs money within a week, or has passed."""

    category: str
    denials: int
    cents: int
    near: int


def summary(connection: Connection, today: dt.date) -> list[Group]:
    """What is worked on, by category, the most dollars first."""
    d, item = denials.c, work_items.c
    near = func.count().filter(item.priority_date <= today + dt.timedelta(days=7))
    cents = func.sum(d.cents)
    rows = connection.execute(
        select(d.category, func.count(), cents, near)
        .select_from(denial_cases)
        .join(denials, d.id == denial_cases.c.denial_id)
        .outerjoin(work_items, item.key == ITEM_KEY)
        .where(denial_cases.c.status.in_(WORKED))
        .group_by(d.category)
        .order_by(cents.desc(), d.category)
    )
    return [Group(category, number, int(total), soon) for category, number, total, soon in rows]


def _waiting(connection: Connection, which: str) -> int:
    statement = select(func.count()).select_from(denial_cases).join(denials, denials.c.id == denial_cases.c.denial_id)
    return int(connection.execute(statement.where(*where(Which(waits_for=which), dt.date.min))).scalar_one())


def waiting(connection: Connection) -> dict[str, int]:
    """How many wait for a letter to be sent, and for a write-off to be approved."""
    return {which: _waiting(connection, which) for which in WAITS_FOR}
