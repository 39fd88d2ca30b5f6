"""Denials: the list in the order in which they should be worked, with filters and as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.flow import denial_list, denial_queue
from ...core.flow.denial_list import STATUSES
from ...core.model.money import to_cents
from ...core.store.keyset import BadCursor
from ...core.work.actions import Actions
from ...core.work.priority import Bucket
from ...core.work.verbs import TEAMS
from .. import queue_bodies as bodies
from ..queue_bodies import NotUnderstood, understood
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .kept import Kept
from .render import Typed

SHOWN = 50
MOST_CSV = 100_000
OVERVIEW: web.AppKey[Kept] = web.AppKey("denial_overview", Kept)
PAYERS = 8
"""Payers in the table above the list."""
FRESH_S = 10.0
WAITS_WORDS = {"sending": "Letter to be sent", "approval": "Write-off to be approved"}


class Filter(bodies.Asked):
    """The filters of the list, as they are typed."""

    status: bodies.Name = ""
    team: bodies.Name = ""
    payer: bodies.Name = ""
    reason: bodies.Name = ""
    remark: bodies.Name = ""
    code: bodies.Name = ""
    category: bodies.Name = ""
    assignee: bodies.Name = ""
    waits_for: str = ""
    bucket: Bucket | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    min: bodies.Dollars | None = None
    max: bodies.Dollars | None = None
    mine: bool = False
    unassigned: bool = False
    all: bool = False
    counted: bool = False

    def which(self, who: str) -> denial_list.Which:
        """The same for the store; `who` looks."""
        return denial_list.Which(
            status=self.status,
            team=self.team,
            payer=self.payer,
            reason=self.reason.upper().partition("-")[2] or self.reason.upper(),
            category=self.category,
            assignee=who if self.mine else self.assignee,
            bucket=self.bucket,
            everything=self.all,
            counted=self.counted,
            remark=self.remark.upper(),
            code=self.code.upper(),
            first=self.first,
            last=self.last,
            least=None if self.min is None else to_cents(self.min),
            most=None if self.max is None else to_cents(self.max),
            unassigned=self.unassigned,
            waits_for=self.waits_for,
        )


def _which(visit: Visit) -> tuple[dict[str, str], denial_list.Which]:
    query = visit.request.query
    typed = {name: query[name].strip() for name in Filter.model_fields if query.get(name, "").strip()}
    try:
        asked = understood(Filter, typed)
    except NotUnderstood as error:
        raise Refused(422, "That filter cannot be used", f"{error}.") from error
    if asked.waits_for and asked.waits_for not in denial_list.WAITS_FOR:
        raise Refused(422, "That filter cannot be used", "Denials wait for sending or for approval.")
    return typed, asked.which(visit.who)


class Sum(NamedTuple):
    """What is worked on of one kind; `near`: what is past its date, or costs money within a week."""

    key: str
    denials: int
    cents: int
    near: int


class Overview(NamedTuple):
    """What is worked on, by category, payer and date, the most dollars first; and what waits for somebody."""

    categories: list[Sum]
    payers: list[Sum]
    buckets: list[Sum]
    denials: int
    cents: int
    waiting: dict[str, int]


def _sums(parts: Sequence[denial_queue.Part], key: Callable[[denial_queue.Part], str]) -> list[Sum]:
    sums: dict[str, Sum] = {}
    for one in parts:
        name = key(one)
        so_far = sums.get(name, Sum(name, 0, 0, 0))
        near = one.denials if one.bucket in (Bucket.OVERDUE, Bucket.WEEK) else 0
        sums[name] = Sum(name, so_far.denials + one.denials, so_far.cents + one.cents, so_far.near + near)
    return sorted(sums.values(), key=lambda one: (-one.cents, one.key))


def _looked_over(connection: Connection, today: dt.date) -> Overview:
    parts = denial_queue.summary(connection, today)
    by_bucket = {one.key: one for one in _sums(parts, lambda one: one.bucket.value)}
    return Overview(
        _sums(parts, lambda one: one.category),
        _sums(parts, lambda one: one.payer),
        [by_bucket.get(bucket.value, Sum(bucket.value, 0, 0, 0)) for bucket in Bucket],
        sum(one.denials for one in parts),
        sum(one.cents for one in parts),
        denial_queue.waiting(connection),
    )


async def _overview(visit: Visit) -> Overview:
    async def make() -> Overview:
        return await visit.server.read(_looked_over, visit.today)

    found: Overview = await visit.request.app[OVERVIEW].get(visit.today, make)
    return found


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """A page of the denials, in the order in which they should be worked."""
    typed, which = _which(visit)
    after = visit.request.query.get("after", "")[:400]
    try:
        found = await visit.server.read(
            lambda sql: denial_queue.page(sql, which, visit.today, limit=SHOWN, after=after)
        )
    except BadCursor as error:
        raise Refused(422, "No such page", str(error)) from error
    more = f"?{urlencode(typed | {'after': found.after})}" if found.after else ""
    if visit.in_part and after:
        return visit.page("denial_rows.html", denials=found.denials, more=more)
    over = await _overview(visit)
    actions = Actions.of(visit.server.services.config.tables, visit.today)
    return visit.page(
        "denials.html",
        denials=found.denials,
        more=more,
        typed=Typed(typed),
        over=over,
        most_payers=PAYERS,
        waits_words=WAITS_WORDS,
        statuses=STATUSES,
        categories=sorted({one.key for one in over.categories} | ({which.category} - {""})),
        csv=f"/console/denials.csv?{urlencode(typed)}",
        actions=[one for one in actions.on() if not one.closes],
        all_teams=TEAMS,
    )


_COLUMNS = (
    *("id", "claim", "status", "by", "bucket", "dollars", "team", "assignee", "payer_id", "payer", "code", "group"),
    *("reason", "remark", "category", "way", "level", "received_on", "work_by", "late", "appeal_by", "reopen_by"),
    *("refile_by", "follow_up", "recovered", "ended_on"),
)


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """All that the filters take, as a file for a spreadsheet."""
    _, which = _which(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        after, sent = "", 0
        while sent < MOST_CSV:
            found = await visit.server.read(
                lambda sql, start=after: denial_queue.page(
                    sql, which, visit.today, limit=denial_queue.MOST, after=start
                )
            )
            for one in found.denials:
                data = denial_list.as_data(one)
                yield [data[name] for name in _COLUMNS]
            sent += len(found.denials)
            after = found.after
            if not after:
                return

    return await send_csv(visit.request, "denials.csv", _COLUMNS, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/console/denials", listing),
        web.get("/console/denials.csv", as_csv),
    ]
