"""Holds over HTTP: listing, putting and releasing them; and the reports of holds and of the day's work."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, select

from ..core.flow.manual_holds import add_hold
from ..core.flow.release import NotHeld, release_hold
from ..core.model.money import to_dollars
from ..core.store import claims as claim_store
from ..core.store.tables import claims, holds
from ..core.work import holds as held
from ..core.work.deadlines import Deadlines
from ..core.work.productivity import productivity
from ..core.work.verbs import NotDone
from . import queue_bodies as bodies
from . import work_answers as told
from .admission import SERVER, WHO, Server
from .operations import body_of, get, post, query_of
from .paging import List
from .problems import problem
from .queue_bodies import NotUnderstood
from .queue_routes import ID, known_names, today_of

TAG = "holds"
MOST = 10_000
HOLDS = List("holds", tuple(key.of for key in held.ORDER))


def _zone(server: Server) -> str:
    return server.services.config.gateway.organisation.time_zone


async def _list(request: web.Request) -> web.StreamResponse:
    """Open holds, those that are due first before the others."""
    server = request.app[SERVER]
    asked = query_of(request, bodies.HoldsListing)
    which, today, behind = asked.where.which(), today_of(server), HOLDS.place(asked.after)

    def read(connection: Connection) -> list[Any]:
        known_names(connection, server, team=which.team)
        return held.open_holds(connection, which, today, _zone(server), limit=asked.limit + 1, behind=behind)

    rows, after = HOLDS.page(await server.read(read), asked.limit, held.place)
    return web.json_response({"holds": [_data(row) for row in rows], "after": after})


def _data(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "claim_id": row.claim_id,
        "claim": row.source_claim_number,
        "payer_id": row.payer_id,
        "payer_name": row.payer_name,
        "dollars": str(to_dollars(row.charge_cents)),
        "type": row.type,
        "rule": row.rule,
        "plugin": row.plugin,
        "reason": row.reason,
        "team": row.team,
        "line": row.line,
        "due": row.due.isoformat() if row.due is not None else None,
        "expires": row.expires.isoformat() if row.expires is not None else None,
        "refile_by": row.refile_by.isoformat() if row.refile_by is not None else None,
        "assignee": row.assignee or "",
        "opened_at": row.opened_at.isoformat(),
        "opened_by": row.opened_by,
    }


async def _add(request: web.Request) -> web.StreamResponse:
    """Put a hold on a claim that has not left."""
    server, who, claim_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = body_of(request, bodies.AddHold)
    now, today, deadlines = server.services.clock.now(), today_of(server), Deadlines.of(server.services.config.tables)
    if not await server.read(claim_store.exists, claim_id):
        return problem(404, "No such claim", "No claim has this id.")

    def add(connection: Connection) -> Any:
        return add_hold(
            connection, claim_id, who, asked.reason, now, today, deadlines,
            type_=asked.type, team=asked.team, due=asked.due, expires=asked.expires,
        )  # fmt: skip

    done = await server.write(add)
    return web.json_response(done._asdict(), status=201 if done.new else 200)


async def _release(request: web.Request) -> web.StreamResponse:
    """Release one hold. One that is released already stays as it is."""
    server, who, hold_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = body_of(request, bodies.ReleaseHold)
    row = await server.read(_hold, hold_id)
    if row is None:
        return problem(404, "No such hold", "No hold has this id.")
    if row.released_at is not None:
        return web.json_response({"hold_id": hold_id, "new": False, "claim_state": row.state})
    try:
        state = await server.write(_let_go, server, hold_id, who, asked.reason)
    except (NotHeld, ValueError) as error:
        raise NotDone(str(error)) from error
    return web.json_response({"hold_id": hold_id, "new": True, "claim_state": state})


def _hold(connection: Connection, hold_id: int) -> Any:
    return connection.execute(
        select(holds.c.id, holds.c.released_at, claims.c.state)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(holds.c.id == hold_id)
    ).one_or_none()


def _let_go(connection: Connection, server: Server, hold_id: int, who: str, reason: str) -> str:
    services = server.services
    partner_for = services.config.partner_for
    return release_hold(connection, hold_id, who, reason, services.clock.now(), partner_for).value


async def _release_many(request: web.Request) -> web.StreamResponse:
    """Release holds by ids, or all that the filters take: all of them or none."""
    server, who = request.app[SERVER], request[WHO]
    asked = body_of(request, bodies.ReleaseHolds)
    which = asked.where.which() if asked.where is not None else None
    if (asked.ids is None) == (which is None) or (which is not None and which.everything):
        raise NotUnderstood("send ids, or where with at least one filter")
    today, wanted = today_of(server), set(asked.ids or ())

    def found(connection: Connection) -> list[Any]:
        known_names(connection, server, team=which.team if which else "")
        every = held.open_holds(connection, which or held.Which(), today, _zone(server), limit=1 << 31)
        rows = [row for row in every if not wanted or row.id in wanted]
        if len(rows) > MOST:
            raise NotDone(f"More than {MOST:,} holds fit; narrow them down.")
        return rows

    def do(connection: Connection) -> list[int]:
        # Claims are locked in the order of their ids, as everybody does.
        rows = sorted(found(connection), key=lambda row: (row.claim_id, row.id))
        for row in rows:
            _let_go(connection, server, row.id, who, asked.reason)
        return [row.id for row in rows]

    if asked.dry_run:
        rows = await server.read(found)
        cents = sum({row.claim_id: row.charge_cents for row in rows}.values())
        return web.json_response({"dry_run": True, "holds": len(rows), "cents": cents})
    try:
        done = await server.write(do)
    except NotUnderstood:
        raise
    except (NotHeld, ValueError) as error:
        raise NotDone(f"{error} Nothing was released.") from error
    return web.json_response({"released": done})


# --- reports ---------------------------------------------------------------------------------------


async def _report(request: web.Request) -> web.StreamResponse:
    """Open holds by type, team and age: dollars and hold days."""
    server = request.app[SERVER]
    asked = query_of(request, bodies.HoldsReport)
    which, today, zone = asked.where.which(), today_of(server), _zone(server)

    def read(connection: Connection) -> held.HoldReport:
        known_names(connection, server, team=which.team)
        return held.report(connection, which, today, zone, asked.days)

    found = await server.read(read)
    return web.json_response(
        {
            "rows": [one._asdict() for one in found.rows],
            "types": [one._asdict() for one in found.types],
            "total": found.total._asdict(),
            "daily_billing_cents": round(found.billing.daily_cents),
            "allowable_known": round(found.billing.known, 4),
            "detail": found.in_words(),
        }
    )


async def _productivity(request: web.Request) -> web.StreamResponse:
    """What each person got done, by day."""
    server = request.app[SERVER]
    asked = query_of(request, bodies.Days)
    last = asked.last or today_of(server)
    first = asked.first or last - dt.timedelta(days=6)

    def read(connection: Connection) -> Any:
        zone = _zone(server)
        return productivity(connection, first, last, zone, who=asked.who, team=asked.team, by_team=asked.by == "team")

    try:
        found = await server.read(read)
    except ValueError as error:
        raise NotUnderstood(str(error).rstrip(".")) from error
    return web.json_response({"days": [{**one._asdict(), "day": one.day.isoformat()} for one in found]})


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    put = {201: told.HoldPut, 200: told.HoldPut}
    many = (told.HoldsReleased, told.HoldsWould)
    return [
        get("/api/v1/holds", _list, tag=TAG, query=bodies.HoldsListing, answers=told.HoldPage),
        post(f"/api/v1/claims/{ID}/holds", _add, tag=TAG, body=bodies.AddHold, answers=put),
        post(f"/api/v1/holds/{ID}/release", _release, tag=TAG, body=bodies.ReleaseHold, answers=told.HoldReleased),
        post("/api/v1/holds/release", _release_many, tag=TAG, body=bodies.ReleaseHolds, answers=many),
        get("/api/v1/reports/holds", _report, tag=TAG, query=bodies.HoldsReport, answers=told.HoldReport),
        get("/api/v1/reports/productivity", _productivity, tag=TAG, query=bodies.Days, answers=told.Productivity),
    ]
