"""The queue of denials: a page at a time in the order in which they should be worked, and what waits in all."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from ..store.denial_tables import ENDED, WORKED, denial_cases
from ..store.keyset import Key
from ..store.tables import denials, work_items
from ..work import cursors
from ..work.orders import Sort, behind, sorting, urgent
from ..work.priority import BUCKETS, Bucket, rank
from .denial_list import ITEM_KEY, WAITS_FOR, Listed, Which, listed_of, told_of, where

MOST = 1000


class Page(NamedTuple):
    """Denials, and where the next page begins (empty: there is none)."""

    denials: list[Listed]
    after: str


def page(connection: Connection, which: Which, today: dt.date, *, limit: int = 100, after: str = "") -> Page:
    """A page of the list, in the order in which they should be worked; those that are over (or all) the newest first.
    `after` is where the last page ended; pages of one walk keep the day on which it began.

    Raises:
        BadCursor: `after` is none.
    """
    newest = which.everything or which.status in ENDED
    name = "denials, newest first" if newest else "denials"

    def sorts(day: dt.date) -> list[Sort]:
        return [Sort("id", Key(denial_cases.c.denial_id, descending=True))] if newest else urgent(day, denials.c)

    started = cursors.read(after, name, sorts) if after else None
    day = started.today if started is not None else today
    d, sorted_by = denials.c, sorts(day)
    narrowed = (
        select(d.id, d.cents, d.opened_at, rank(day).label("place"))
        .select_from(denial_cases)
        .join(denials, d.id == denial_cases.c.denial_id)
        .outerjoin(work_items, work_items.c.key == ITEM_KEY)
        .where(*where(which, day))
        .order_by(*sorting(sorted_by))
        .limit(limit + 1)
    )
    if started is not None:
        narrowed = narrowed.where(behind(sorted_by, started.values))
    # The page first, all that is told of each afterwards: what is sorted is small.
    found = connection.execute(narrowed).all()
    ids = [row.id for row in found[:limit]]
    rows = {row.id: row for row in connection.execute(told_of().where(d.id.in_(ids)))}
    ended = cursors.written(day, name, sorted_by, found[limit - 1]) if len(found) > limit else ""
    return Page([listed_of(rows[one], today) for one in ids], ended)


class Part(NamedTuple):
    """Denials that are worked on: of one category, payer and bucket."""

    category: str
    payer: str
    bucket: Bucket
    denials: int
    cents: int


def summary(connection: Connection, today: dt.date) -> list[Part]:
    """What is worked on, by category, payer and how near the date is that costs money."""
    d, place = denials.c, rank(today).label("place")
    rows = connection.execute(
        select(d.category, denial_cases.c.payer_id, place, func.count(), func.sum(d.cents))
        .select_from(denial_cases)
        .join(denials, d.id == denial_cases.c.denial_id)
        .outerjoin(work_items, work_items.c.key == ITEM_KEY)
        .where(denial_cases.c.status.in_(WORKED))
        .group_by(d.category, denial_cases.c.payer_id, place)
    )
    return [Part(category, payer, BUCKETS[at], number, int(cents)) for category, payer, at, number, cents in rows]


def _waiting(connection: Connection, which: str) -> int:
    statement = select(func.count()).select_from(denial_cases).join(denials, denials.c.id == denial_cases.c.denial_id)
    return int(connection.execute(statement.where(*where(Which(waits_for=which), dt.date.min))).scalar_one())


def waiting(connection: Connection) -> dict[str, int]:
    """How many wait for a letter to be sent, and for a write-off to be approved."""
    return {which: _waiting(connection, which) for which in WAITS_FOR}
