"""The first page: where claims and money stand, what waits for whom, what is near its date, today's files."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiohttp import web
from sqlalchemy import Connection, func, select

from ...core.clock import business_date
from ...core.store.tables import claims, files, work_items
from ...core.work import queue
from ...core.work.priority import Bucket
from ..admission import Server
from .guard import Visit, page
from .kept_figure import KeptFigure

STAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("In", "faulty", ("faulty",)),
    ("Held", "held", ("held",)),
    ("Ready", "ready", ("ready", "batched")),
    ("Sent", "sent", ("sent", "acknowledged")),
    ("With the payer", "accepted", ("accepted",)),
    ("Rejected", "rejected", ("rejected",)),
    ("Denied", "denied", ("denied",)),
    ("Paid", "paid", ("paid", "closed")),
)
"""What each stage is called, the state that its link shows, and the states that it counts."""
NEAR = 8
FILES = 8


class Stage(NamedTuple):
    """Claims at one stage, and what was charged on them, in cents."""

    name: str
    state: str
    claims: int
    cents: int


def stages(connection: Connection) -> list[Stage]:
    rows = connection.execute(
        select(claims.c.state, func.count(), func.sum(claims.c.charge_cents)).group_by(claims.c.state)
    )
    found = {state: (number, int(cents or 0)) for state, number, cents in rows}
    made = []
    for name, state, states in STAGES:
        counted = [found.get(one, (0, 0)) for one in states]
        made.append(Stage(name, state, sum(one for one, _ in counted), sum(cents for _, cents in counted)))
    return made


class Shared(NamedTuple):
    """What everybody sees alike: what is near its date, what waits by team, files of the last day, alarms."""

    near: list[queue.Item]
    late: queue.Counted
    week: queue.Counted
    summary: list[queue.Waiting]
    came: Sequence[Any]
    alarms: Sequence[Any]


NOTHING = Shared([], queue.Counted(0, 0), queue.Counted(0, 0), [], [], [])
FIGURES: web.AppKey[KeptFigure[list[Stage]]] = web.AppKey("figures", KeptFigure)
SHARED: web.AppKey[KeptFigure[Shared]] = web.AppKey("shared", KeptFigure)


def kept_shared(server: Server) -> KeptFigure[Shared]:
    """It for all who look."""

    def work_out(connection: Connection) -> Shared:
        now = server.services.clock.now()
        today = business_date(now, server.services.config.gateway.organisation.time_zone)
        return _shared(connection, today, now - dt.timedelta(days=1))

    return KeptFigure(work_out)


def _shared(connection: Connection, today: dt.date, since: dt.datetime) -> Shared:
    near = [
        queue.page(connection, queue.Wanted(bucket=bucket), today, limit=NEAR)
        for bucket in (Bucket.OVERDUE, Bucket.WEEK)
    ]
    late = queue.counted(connection, queue.Wanted(bucket=Bucket.OVERDUE), today)
    week = queue.counted(connection, queue.Wanted(bucket=Bucket.WEEK), today)
    came = connection.execute(
        select(
            files.c.id, files.c.name, files.c.kind, files.c.party, files.c.direction, files.c.state, files.c.received_at
        )
        .where(files.c.received_at >= since)
        .order_by(files.c.id.desc())
        .limit(FILES)
    ).all()
    alarms = connection.execute(
        select(work_items.c.id, work_items.c.kind, work_items.c.reason)
        .where(work_items.c.state == "open", work_items.c.team == "edi")
        .order_by(work_items.c.id.desc())
        .limit(FILES)
    ).all()
    first = [item for one in near for item in one.items][:NEAR]
    return Shared(first, late, week, queue.summary(connection, today), came, alarms)


def _mine(connection: Connection, who: str, today: dt.date) -> list[queue.Item]:
    return queue.page(connection, queue.Wanted(assignee=who), today, limit=NEAR).items


@page()
async def home(visit: Visit) -> web.StreamResponse:
    """The first page."""
    found, shared, mine = await asyncio.gather(
        visit.request.app[FIGURES].get(visit.server),
        visit.request.app[SHARED].get(visit.server),
        visit.server.read(_mine, visit.who, visit.today),
    )
    told = (shared or NOTHING)._asdict()
    return visit.page(
        "home_body.html" if visit.in_part else "home.html", stages=found or [], mine=mine, known=bool(shared), **told
    )


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get("/console/", home)]
