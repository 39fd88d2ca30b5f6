"""Administration: partners and their lines, plugins and how they do, chains, the configuration, users, who looked."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.store import plugin_calls, plugin_failures, users
from ...core.store.tables import access_log
from ...core.store.users import NoUser
from ...core.work.verbs import TEAMS
from .csv_out import send_csv
from .guard import Visit, page
from .partner_pages import standings
from .render import Typed

CALLS_OF_DAYS = 30
SHOWN = 100
FAILED = 10
MOST_CSV = 1_000_000
RIGHT = "administer"


@page(RIGHT)
async def overview(visit: Visit) -> web.StreamResponse:
    """Partners, plugins and the configuration in one look."""
    config = visit.server.services.config
    since = visit.today - dt.timedelta(days=CALLS_OF_DAYS)

    def look(connection: Connection) -> tuple[Any, Any, Any]:
        failures = plugin_failures.newest(connection, FAILED)
        return standings(connection, visit), plugin_calls.since(connection, since), failures

    partners, calls, failures = await visit.server.read(look)
    return visit.page(
        "admin.html",
        partners=partners,
        plugins=config.plugins,
        calls=calls,
        resting=list(visit.server.services.breakers.state(config)),
        failures=failures,
        chains=list(config.chains),
        configuration=visit.server.reloads.as_data(),
    )


# --- users -----------------------------------------------------------------------------------------


@page(RIGHT)
async def user_list(visit: Visit) -> web.StreamResponse:
    """Everybody who signs in."""
    return await _users(visit)


async def _users(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    found = await visit.server.read(users.every)
    return visit.page(
        "users.html", users=found, roles=users.ROLES, all_teams=TEAMS, now=visit.now, said=said, trouble=trouble
    )


def _teams(visit: Visit) -> list[str]:
    return [one for one in visit.form.getall("teams", []) if isinstance(one, str) and one]


@page(RIGHT)
async def add_user(visit: Visit) -> web.StreamResponse:
    """Let somebody sign in."""
    password = visit.field("password", users.LONGEST_PASSWORD)
    name, role, full_name, teams = (
        visit.field("name", 80),
        visit.field("role", 16),
        visit.field("full_name", 80),
        _teams(visit),
    )
    try:
        users.check_password(password)
        kept = await asyncio.to_thread(users.hashed, password)
        made = await visit.server.write(
            lambda sql: users.add(sql, name, kept, role, visit.now, full_name=full_name, teams=teams)
        )
    except NoUser as error:
        return await _users(visit, trouble=str(error))
    return await _users(visit, said=f"{made.name} may sign in as {made.role}.")


@page(RIGHT)
async def change_user(visit: Visit) -> web.StreamResponse:
    """Another role, other teams, another password, or none of it any more."""
    name, what = visit.request.match_info["name"], visit.request.match_info["what"]
    password = visit.field("password", users.LONGEST_PASSWORD)
    role, teams, now = visit.field("role", 16), _teams(visit), visit.now
    try:
        if what == "password":
            users.check_password(password)
            kept = await asyncio.to_thread(users.hashed, password)
            await visit.server.write(users.set_password, name, kept)
        elif what == "disable":
            await visit.server.write(users.disable, name, now)
        elif what == "enable":
            await visit.server.write(users.enable, name)
        else:
            await visit.server.write(users.change, name, role, teams)
    except NoUser as error:
        return await _users(visit, trouble=str(error))
    said = {"password": "has another password", "disable": "comes in no more", "enable": "may sign in"}
    return await _users(visit, said=f"{name} {said.get(what, 'is changed')}.")


# --- the access log --------------------------------------------------------------------------------


_LAST_LOOK = 2**31 - 1
"""The largest id that a line of the access log can have."""


def _looks(typed: dict[str, str], before: int | None) -> Any:
    statement = select(access_log).order_by(access_log.c.id.desc())
    if typed.get("who"):
        statement = statement.where(access_log.c.who == typed["who"])
    if typed.get("what"):
        statement = statement.where(access_log.c.what.contains(typed["what"], autoescape=True))
    return statement.where(access_log.c.id < before) if before is not None else statement


def _asked(visit: Visit) -> tuple[dict[str, str], int | None]:
    query = visit.request.query
    typed = {name: query[name].strip()[:80] for name in ("who", "what") if query.get(name, "").strip()}
    before = query.get("before", "")
    return typed, min(int(before), _LAST_LOOK) if before.isdecimal() and len(before) <= 18 else None


@page(RIGHT)
async def access(visit: Visit) -> web.StreamResponse:
    """Who looked at what, the newest first."""
    typed, before = _asked(visit)
    rows = await visit.server.read(lambda sql: sql.execute(_looks(typed, before).limit(SHOWN + 1)).all())
    more = urlencode(typed | {"before": rows[SHOWN - 1].id}) if len(rows) > SHOWN else ""
    return visit.page(
        "access.html",
        rows=rows[:SHOWN],
        typed=Typed(typed),
        more=f"?{more}" if more else "",
        csv=f"/console/admin/access.csv?{urlencode(typed)}",
    )


@page(RIGHT)
async def access_csv(visit: Visit) -> web.StreamResponse:
    """The access log as a file."""
    typed, _ = _asked(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        before: int | None = None
        sent = 0
        while sent < MOST_CSV:
            found = await visit.server.read(
                lambda sql, start=before: sql.execute(_looks(typed, start).limit(5000)).all()
            )
            for row in found:
                yield [row.at.isoformat(), row.who, row.what, row.source]
            sent += len(found)
            if len(found) < 5000:
                return
            before = found[-1].id

    return await send_csv(visit.request, "access-log.csv", ("at", "who", "what", "from"), rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/console/admin", overview),
        web.get("/console/admin/users", user_list),
        web.post("/console/admin/users", add_user),
        web.post("/console/admin/users/{name}/{what:change|password|disable|enable}", change_user),
        web.get("/console/admin/access", access),
        web.get("/console/admin/access.csv", access_csv),
    ]
