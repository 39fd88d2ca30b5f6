"""Where claims and work stand now: by stage from coming in to the last cent, who has how much, and the newest files."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from ..model.states import ClaimState
from ..store.tables import claims, files, work_items
from . import queue
from .queue import Counted, Waiting

STAGES: tuple[tuple[str, tuple[ClaimState, ...]], ...] = (
    ("faulty", (ClaimState.FAULTY,)),
    ("held", (ClaimState.HELD,)),
    ("ready", (ClaimState.READY, ClaimState.BATCHED)),
    ("sent", (ClaimState.SENT,)),
    ("acknowledged", (ClaimState.ACKNOWLEDGED,)),
    ("accepted", (ClaimState.ACCEPTED,)),
    ("rejected", (ClaimState.REJECTED,)),
    ("paid", (ClaimState.PAID, ClaimState.CLOSED)),
    ("denied", (ClaimState.DENIED,)),
)
"""Stages of claims, and the states that each counts. Beside them: `in` (came since the day began) and `follow_up`
(claims whose payer has not decided in time: work, not a state)."""
IN, FOLLOW_UP = "in", "follow_up"
NEWEST = 60


class FileNow(NamedTuple):
    """A file as it stands; `claims`: how many of it were taken in, so far or in all."""

    id: int
    state: str
    claims: int
    cents: int


class Standing(NamedTuple):
    """How everything stands. `stages`: claims and what was charged on them, by stage; `waiting`: open work by team and
    kind; `having`: open work by who has it; `files`: the newest."""

    stages: dict[str, Counted]
    waiting: list[Waiting]
    having: dict[str, Counted]
    files: list[FileNow]


def stands(connection: Connection, today: dt.date, since: dt.datetime) -> Standing:
    """How everything stands. `since`: when the supplier's day began."""
    waiting = queue.summary(connection, today)
    followed = [one for one in waiting if one.kind == FOLLOW_UP]
    beside = {
        IN: _came(connection, since),
        FOLLOW_UP: Counted(sum(one.items for one in followed), sum(one.cents for one in followed)),
    }
    return Standing(_stages(connection) | beside, waiting, _having(connection), _files(connection))


def _stages(connection: Connection) -> dict[str, Counted]:
    c = claims.c
    rows = connection.execute(select(c.state, func.count(), func.sum(c.charge_cents)).group_by(c.state))
    found = {state: Counted(int(number), int(cents or 0)) for state, number, cents in rows}
    nothing = Counted(0, 0)
    made = {}
    for name, states in STAGES:
        counted = [found.get(one.value, nothing) for one in states]
        made[name] = Counted(sum(one.items for one in counted), sum(one.cents for one in counted))
    return made


def _came(connection: Connection, since: dt.datetime) -> Counted:
    c = claims.c
    # With every state named, the index by state and moment finds them.
    where = (c.state.in_([one.value for one in ClaimState]), c.created_at >= since)
    number, cents = connection.execute(select(func.count(), func.sum(c.charge_cents)).where(*where)).one()
    return Counted(int(number), int(cents or 0))


def _having(connection: Connection) -> dict[str, Counted]:
    c = work_items.c
    rows = connection.execute(
        select(c.assignee, func.count(), func.sum(c.cents))
        .where(c.assignee != "", c.state != "closed")  # the words of the index of those that somebody has
        .group_by(c.assignee)
    )
    return {who: Counted(int(number), int(cents or 0)) for who, number, cents in rows}


def _files(connection: Connection) -> list[FileNow]:
    c = files.c
    rows = connection.execute(select(c.id, c.state, c.claims, c.cents).order_by(c.id.desc()).limit(NEWEST)).all()
    under_way = [row.id for row in rows if row.state == "reading"]
    so_far: dict[int, int] = {}
    for one in under_way:
        # Its claims are numbered from 1: the last is at the end of an index.
        last = connection.execute(select(func.max(claims.c.ordinal)).where(claims.c.file_id == one)).scalar_one()
        so_far[one] = int(last or 0)
    return [FileNow(row.id, row.state, so_far.get(row.id, row.claims), row.cents or 0) for row in rows]
