"""The first page: where claims and money stand, what waits for whom, what is near its date, today's files."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.clock import business_date
from ...core.store.tables import files, work_items
from ...core.work import queue
from ...core.work.priority import Bucket
from ..admission import Server
from .guard import Visit, page
from .kept_figure import KeptFigure
from .live import LIVE

NEAR = 8
FILES = 8


class Stage(NamedTuple):
    """A box of the picture: its name among the figures, what it is called, its colour, and the list behind it."""

    name: str
    title: str
    tone: str
    address: str


def _of_state(name: str, title: str, tone: str) -> Stage:
    return Stage(name, title, tone, f"/console/claims?state={name}")


STAGES = (
    Stage("in", "Came in today", "done", "/console/files?direction=in"),
    _of_state("faulty", "Faulty", "bad"),
    Stage("held", "Held", "wait", "/console/holds"),
    _of_state("ready", "Ready", "good"),
    _of_state("sent", "Sent", "good"),
    _of_state("acknowledged", "Acknowledged", "good"),
    Stage("rejected", "Rejected", "bad", "/console/rejections"),
    _of_state("accepted", "With the payer", "good"),
    Stage("follow_up", "Follow-up", "wait", "/console/queue?kind=follow_up"),
    _of_state("paid", "Paid", "done"),
    _of_state("denied", "Denied", "bad"),
)
"""In the order in which a claim meets them; the sheet puts them in their places."""


class Shared(NamedTuple):
    """What everybody sees alike: what is near its date, what waits by team, files of the last day, alarms."""

    near: list[queue.Item]
    late: queue.Counted
    week: queue.Counted
    summary: list[queue.Waiting]
    came: Sequence[Any]
    alarms: Sequence[Any]


NOTHING = Shared([], queue.Counted(0, 0), queue.Counted(0, 0), [], [], [])
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
    live, shared, mine = await asyncio.gather(
        visit.request.app[LIVE].now(),
        visit.request.app[SHARED].get(visit.server),
        visit.server.read(_mine, visit.who, visit.today),
    )
    return visit.page(
        "home_body.html" if visit.in_part else "home.html",
        stages=STAGES,
        figures=live.figures | live.mine(visit.who),
        mine=mine,
        known=bool(shared),
        again=visit.request.app[SHARED].again_in(visit.request.app[LIVE].changed),
        **(shared or NOTHING)._asdict(),
    )


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get("/console/", home)]
