"""Holds and rejections: what is kept back and what came back, and what lets it go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.clock import business_date
from ...core.flow import rejection_queue
from ...core.flow.manual_holds import add_hold
from ...core.flow.release import NotHeld, release_hold
from ...core.model.money import to_dollars
from ...core.store.tables import claims, holds
from ...core.work import holds as held
from ...core.work.deadlines import Deadlines
from ...core.work.verbs import NotDone
from ..admission import Server
from .csv_out import send_csv
from .guard import HEADERS, Refused, Visit, page
from .kept_figure import KeptFigure
from .papers import take_document
from .render import Typed

SHOWN = 100
REJECTED = 50
_FILTERS = ("type", "team", "rule", "payer", "age")
MOST_CSV = 100_000


def _which(visit: Visit) -> tuple[dict[str, str], held.Which]:
    query = visit.request.query
    typed = Typed({name: query[name].strip()[:200] for name in _FILTERS if query.get(name)})
    return typed, held.Which(typed["type"], typed["team"], typed["rule"], typed["payer"], typed["age"])


def _zone(visit: Visit) -> str:
    return visit.server.services.config.gateway.organisation.time_zone


REPORT: web.AppKey[KeptFigure[held.HoldReport]] = web.AppKey("report", KeptFigure)


def kept_report(server: Server) -> KeptFigure[held.HoldReport]:
    """The dollars and days of all that is held, for everybody who looks."""

    def work_out(connection: Connection) -> held.HoldReport:
        zone = server.services.config.gateway.organisation.time_zone
        today = business_date(server.services.clock.now(), zone)
        return held.report(connection, held.Which(), today, zone, held.BILLED_OVER_DAYS)

    return KeptFigure(work_out)


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """Open holds, those that are due first before the others, with the dollars by type."""
    typed, which = _which(visit)

    rows, report = await asyncio.gather(
        visit.server.read(lambda sql: held.open_holds(sql, which, visit.today, _zone(visit), limit=SHOWN + 1)),
        visit.request.app[REPORT].get(visit.server),
    )
    return visit.page(
        "holds.html",
        rows=rows[:SHOWN],
        more=len(rows) > SHOWN,
        report=report,
        typed=typed,
        ages=[words for _, words in held.AGES] + [held.OLDEST],
        csv=f"/console/holds.csv?{urlencode(typed)}",
    )


_COLUMNS = ("id", "claim_id", "source_claim_number", "payer_id", "payer_name", "dollars", "type", "rule", "reason")
_MORE = ("team", "due", "refile_by", "assignee", "opened_at", "opened_by", "plugin")


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """Open holds as a file for a spreadsheet."""
    _, which = _which(visit)
    found = await visit.server.read(lambda sql: held.open_holds(sql, which, visit.today, _zone(visit), limit=MOST_CSV))

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in found:
            values = dict(row._mapping) | {"dollars": str(to_dollars(row.charge_cents))}
            yield [values[name] for name in (*_COLUMNS, *_MORE)]

    return await send_csv(visit.request, "holds.csv", (*_COLUMNS, *_MORE), rows())


# --- letting go ------------------------------------------------------------------------------------


def _hold(connection: Connection, hold_id: int) -> Any:
    return connection.execute(
        select(holds, claims.c.state.label("claim_state"), claims.c.claim_number)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(holds.c.id == hold_id)
    ).one_or_none()


async def _mine(visit: Visit) -> Any:
    row = await visit.server.read(_hold, int(visit.request.match_info["id"]))
    if row is None:
        raise Refused(404, "No such hold", "No hold has this number.")
    if not visit.user.may_work_for(row.team):
        raise Refused(
            403, "Another team's work", f"This hold is for the team {row.team}. A manager can give it to you."
        )
    return row


def _back(row: Any, said: str) -> web.Response:
    return web.Response(
        status=303, headers={"Location": f"/console/claims/{row.claim_id}?{urlencode({'said': said})}"} | HEADERS
    )


@page("work")
async def release(visit: Visit) -> web.StreamResponse:
    """Release a hold, with the reason."""
    row = await _mine(visit)
    if row.released_at is not None:
        return _back(row, "released-before")
    partner_for = visit.server.services.config.partner_for
    reason = visit.field("reason", 300)
    try:
        await visit.server.write(release_hold, row.id, visit.who, reason, visit.now, partner_for)
    except (NotHeld, ValueError) as error:
        raise Refused(409, "It was not released", str(error)) from error
    return _back(row, "released")


@page("work")
async def put(visit: Visit) -> web.StreamResponse:
    """Put a hold on a claim that has not left."""
    claim_id = int(visit.request.match_info["id"])
    services = visit.server.services
    deadlines = Deadlines.of(services.config.tables)
    reason, team = visit.field("reason", 300), visit.field("team", 30)

    def add(connection: Connection) -> Any:
        return add_hold(connection, claim_id, visit.who, reason, visit.now, visit.today, deadlines, team=team)

    try:
        await visit.server.write(add)
    except NotDone as error:
        raise Refused(409, "It was not put", str(error)) from error
    location = f"/console/claims/{claim_id}?said=held"
    return web.Response(status=303, headers={"Location": location} | HEADERS)


@page("work", file=True)
async def attach(visit: Visit) -> web.StreamResponse:
    """Attach a document to a hold's claim, which releases the hold."""
    row = await _mine(visit)
    await take_document(visit, row.claim_id, (row.id,) if row.released_at is None else ())
    return _back(row, "attached")


# --- rejections ------------------------------------------------------------------------------------


@page()
async def rejections(visit: Visit) -> web.StreamResponse:
    """Claims that came back and wait to be corrected, the most dollars first."""
    payer = visit.request.query.get("payer", "").strip()[:80]
    config = visit.server.services.config

    def read(connection: Connection) -> tuple[list[rejection_queue.Rejected], dict[int, Any]]:
        found = rejection_queue.rejected(connection, config, payer, limit=REJECTED + 1)
        return found, rejection_queue.items_of(connection, [one.claim_id for one in found])

    found, items = await visit.server.read(read)
    return visit.page(
        "rejections.html",
        rows=found[:REJECTED],
        more=len(found) > REJECTED,
        items=items,
        payer=payer,
        csv=f"/console/rejections.csv?{urlencode({'payer': payer})}",
    )


@page()
async def rejections_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    payer = visit.request.query.get("payer", "").strip()[:80]
    found = await visit.server.read(rejection_queue.rejected, visit.server.services.config, payer)
    names = ("claim_id", "number", "payer", "payer_id", "dollars", "edit", "where", "said", "do", "rule", "since")

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            values = one._asdict() | {"dollars": str(to_dollars(one.cents))}
            yield [values[name] for name in names]

    return await send_csv(visit.request, "rejections.csv", names, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    hold = r"/console/holds/{id:\d{1,18}}"
    return [
        web.get("/console/holds", listing),
        web.get("/console/holds.csv", as_csv),
        web.post(f"{hold}/release", release),
        web.post(f"{hold}/document", attach),
        web.post(r"/console/claims/{id:\d{1,18}}/holds", put),
        web.get("/console/rejections", rejections),
        web.get("/console/rejections.csv", rejections_csv),
    ]
