"""Productivity: what people got done, by person, team and day, and what it was. Everybody sees their own work; who
manages sees everybody's."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.model.money import to_dollars
from ...core.store import users
from ...core.work import productivity as work
from ...core.work.verbs import TEAMS
from .csv_out import send_csv
from .figure_pages import periods
from .guard import Refused, Visit, page
from .live import LIVE
from .queue_pages import actions_of
from .render import Typed

DAYS = 7
SHOWN = 100
MOST_CSV = 100_000
_FILTERS = ("from", "to", "who", "team")


class Asked(NamedTuple):
    """Which days, and whose: `who` is the reader, where they see their own work alone."""

    typed: Typed
    first: dt.date
    last: dt.date
    who: str
    team: str
    zone: str


def asked(visit: Visit) -> Asked:
    """What the address asks for. Raises Refused where it cannot be told."""
    query = visit.request.query
    typed = Typed({name: query[name].strip()[:80] for name in _FILTERS if query.get(name, "").strip()})
    manages = visit.user.may("manage")
    if typed["who"] not in ("", visit.who) and not manages:
        raise Refused(403, "Another person's work", "Everybody sees their own work here; a manager sees everybody's.")
    try:
        last = dt.date.fromisoformat(typed["to"]) if typed["to"] else visit.today
        first = dt.date.fromisoformat(typed["from"]) if typed["from"] else last - dt.timedelta(days=DAYS - 1)
    except (ValueError, OverflowError):
        raise Refused(422, "That is no date", "Choose a day, or type it like 2026-11-30.") from None
    zone = visit.server.services.config.gateway.organisation.time_zone
    try:
        work.check_days(first, last)
    except ValueError as error:
        raise Refused(422, "That cannot be told", str(error)) from error
    return Asked(typed, first, last, typed["who"] if manages else visit.who, typed["team"], zone)


async def _days(visit: Visit, want: Asked) -> list[work.Day]:
    def read(connection: Connection) -> list[work.Day]:
        return work.productivity(
            connection, want.first, want.last, want.zone, who=want.who, team=want.team, by_team=True
        )

    return await visit.server.read(read)


class _Links:
    """Addresses of what was worked: the filters of the page, with some of them changed."""

    def __init__(self, want: Asked) -> None:
        self._want = want

    def __call__(self, who: str = "", team: str = "", first: dt.date | None = None, last: dt.date | None = None) -> str:
        want = self._want
        named = {"who": who or want.typed["who"], "team": team or want.team}
        days = {"from": (first or want.first).isoformat(), "to": (last or want.last).isoformat()}
        return urlencode({name: value for name, value in named.items() if value} | days)


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """What was done, by person, by team and by day."""
    want = asked(visit)
    days = await _days(visit, want)
    days.sort(key=lambda one: (-one.day.toordinal(), one.who, one.team))
    typed_skip = visit.request.query.get("skip", "")
    skip = int(typed_skip) if typed_skip.isdigit() and len(typed_skip) < 7 else 0
    more = f"/console/productivity?{urlencode(want.typed | {'skip': str(skip + SHOWN)})}"
    shown: dict[str, Any] = {
        "days": days[skip : skip + SHOWN],
        "more": more if len(days) > skip + SHOWN else "",
        "linked": _Links(want),
    }
    if visit.in_part and skip:
        return visit.page("productivity_rows.html", **shown)
    manages = visit.user.may("manage")
    live = await visit.request.app[LIVE].now()
    people = await visit.server.read(users.every) if manages else []
    rest = {name: value for name, value in want.typed.items() if name not in ("from", "to")}
    week = ("Last 7 days", visit.today - dt.timedelta(days=6), visit.today)
    return visit.page(
        "productivity.html",
        **shown,
        by_person=work.totals(days, lambda one: one.who),
        by_team=work.totals(days, lambda one: one.team),
        all=work.totals(days, lambda _: "all").get("all"),
        having=live.standing.having,
        manages=manages,
        people=[one.name for one in people],
        typed=want.typed,
        first=want.first,
        last=want.last,
        all_teams=TEAMS,
        address=urlencode(want.typed),
        periods=[
            (words, urlencode(rest | {"from": first.isoformat(), "to": last.isoformat()}),
             (first, last) == (want.first, want.last))
            for words, first, last in (week, *periods(visit.today))
        ],
    )  # fmt: skip


_COLUMNS = ("day", "who", "team", "touches", "closed", "dollars", "follow_ups_due", "done", "denials", "in_two_days")


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The days of each person and team, as a file for a spreadsheet."""
    days = await _days(visit, asked(visit))

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in days:
            counted = (one.due, one.done, one.denials, one.denials_in_time)
            yield (one.day, one.who, one.team, one.touches, one.closed, to_dollars(one.cents), *counted)

    return await send_csv(visit.request, "productivity.csv", _COLUMNS, rows())


async def _worked(visit: Visit, want: Asked, limit: int, before: int | None) -> list[work.Done]:
    def read(connection: Connection) -> list[work.Done]:
        return work.worked(
            connection, want.first, want.last, want.zone, who=want.who, team=want.team, limit=limit, before=before
        )

    return await visit.server.read(read)


@page()
async def worked(visit: Visit) -> web.StreamResponse:
    """What was done, one by one, the latest first."""
    want = asked(visit)
    given = visit.request.query.get("before", "")
    before = int(given) if given.isdigit() and len(given) <= 18 else None
    found = await _worked(visit, want, SHOWN + 1, before)
    address = urlencode(want.typed)
    more = f"/console/productivity/worked?{address}&before={found[SHOWN - 1].id}" if len(found) > SHOWN else ""
    return visit.page(
        "worked_rows.html" if visit.in_part and before else "worked.html",
        rows=found[:SHOWN],
        named={one.code: one.name for one in actions_of(visit).on()},
        more=more,
        typed=want.typed,
        first=want.first,
        last=want.last,
        address=address,
    )


@page()
async def worked_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    want = asked(visit)
    columns = ["dollars" if name == "cents" else name for name in work.Done._fields]

    async def rows() -> AsyncIterator[Sequence[Any]]:
        before: int | None = None
        sent = 0
        while sent < MOST_CSV:
            found = await _worked(visit, want, 1000, before)
            for one in found:
                values = one._asdict() | {"dollars": to_dollars(one.cents), "at": one.at.isoformat()}
                yield [values[name] for name in columns]
            sent += len(found)
            if len(found) < 1000:
                return
            before = found[-1].id

    return await send_csv(visit.request, "worked.csv", columns, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/console/productivity", listing),
        web.get("/console/productivity.csv", as_csv),
        web.get("/console/productivity/worked", worked),
        web.get("/console/productivity/worked.csv", worked_csv),
    ]
