"""Saved views: a queue as somebody wants to see it again, for themselves, for their team, or for everybody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from ..store.ids import allocate
from ..store.view_tables import queue_views
from .steps import NotDone
from .verbs import TEAMS

EVERYBODY = "all"
MOST = 50
"""Views that one person may have."""
MOST_SHOWN = 200
LONGEST_NAME, LONGEST_FILTERS = 60, 1000


class View(NamedTuple):
    """A saved view. `shared`: empty, a team, or EVERYBODY. `filters`: those of the queue's address."""

    id: int
    owner: str
    name: str
    shared: str
    filters: str


def save(connection: Connection, owner: str, name: str, filters: str, shared: str, now: dt.datetime) -> View:
    """Keep a view under a name; one of this person's that has it already becomes this one.

    Raises:
        NotDone: it has no name, the name or the filters are too long, no such team works here, or there are too many.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise NotDone(f"A view has a name of 1 to {LONGEST_NAME} characters, such as: Denials over $500.")
    if len(filters) > LONGEST_FILTERS:
        raise NotDone("These are too many filters for one view.")
    if shared not in ("", EVERYBODY, *TEAMS):
        raise NotDone(f"No team {shared!r} works here. There are: {', '.join(sorted(TEAMS))}.")
    c = queue_views.c
    mine = {row.name: row.id for row in connection.execute(select(c.id, c.name).where(c.owner == owner))}
    values = {"shared": shared, "filters": filters, "saved_at": now}
    if name in mine:
        connection.execute(update(queue_views).where(c.id == mine[name]).values(**values))
        return View(mine[name], owner, name, shared, filters)
    if len(mine) >= MOST:
        raise NotDone(f"You have {MOST} views already. Remove one that you need no more.")
    new = allocate(connection, "queue_views", 1)
    connection.execute(insert(queue_views).values(id=new, owner=owner, name=name, **values))
    return View(new, owner, name, shared, filters)


def remove(connection: Connection, view_id: int, who: str, *, manages: bool = False) -> bool:
    """Forget a view of this person's; who manages may forget what others have shared. Returns whether there was one."""
    c = queue_views.c
    theirs = or_(c.owner == who, c.shared != "") if manages else c.owner == who
    return bool(connection.execute(delete(queue_views).where(c.id == view_id, theirs)).rowcount)


def seen_by(connection: Connection, who: str, teams: Sequence[str], *, manages: bool = False) -> list[View]:
    """The views of a person, and after them those that others have shared with them: with everybody, or with one of
    their teams. Who works for every team, or manages, sees the shared ones of all teams."""
    c = queue_views.c
    shared = c.shared != "" if manages or not teams else c.shared.in_((EVERYBODY, *teams))
    rows = connection.execute(
        select(queue_views).where(or_(c.owner == who, shared)).order_by(c.owner != who, c.name, c.id).limit(MOST_SHOWN)
    )
    return [_view(row) for row in rows]


def _view(row: Any) -> View:
    return View(row.id, row.owner, row.name, row.shared, row.filters)
