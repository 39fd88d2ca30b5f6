"""Alarms: what stands, who is told and how, what went out; and trying a channel out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from ...config.alarms import ALARM_KINDS
from ...core.flow import alarms
from ...core.store import alarms as store
from .csv_out import send_csv
from .guard import Refused, Visit, page

RIGHT = "administer"
SHOWN = 50
MOST_CSV = 100_000


@page(RIGHT)
async def listing(visit: Visit) -> web.StreamResponse:
    """What stands, what is over, what went out."""
    return await _listing(visit)


async def _listing(visit: Visit, said: str = "") -> web.StreamResponse:
    config = visit.server.services.config
    typed = visit.request.query.get("page", "1")
    number = int(typed) if typed.isdigit() and len(typed) <= 4 and int(typed) else 1

    def look(connection: Connection) -> tuple[Any, ...]:
        skip = SHOWN * (number - 1)
        return (
            store.standing(connection),
            store.past(connection, SHOWN + 1, skip),
            store.last_messages(connection, SHOWN + 1, skip),
        )

    standing, past, messages = await visit.server.read(look)
    return visit.page(
        "alarms.html",
        standing=standing,
        past=past[:SHOWN],
        messages=messages[:SHOWN],
        more=len(past) > SHOWN or len(messages) > SHOWN,
        number=number,
        channels=alarms.channels(config),
        settings=config.gateway.alarms,
        kinds=ALARM_KINDS,
        quiet=config.gateway.alarms.quiet_at(visit.now, config.gateway.organisation.time_zone),
        said=said,
    )


@page(RIGHT)
async def as_csv(visit: Visit) -> web.StreamResponse:
    """Every alarm as a file for a spreadsheet: what stands first, then what is over."""

    def look(connection: Connection) -> list[Any]:
        return [*store.standing(connection), *store.past(connection, MOST_CSV)]

    found = await visit.server.read(look)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in found:
            over = row.over_at.isoformat() if row.over_at else ""
            yield [row.kind, row.words, row.since.isoformat(), over, row.told_at.isoformat() if row.told_at else ""]

    return await send_csv(visit.request, "alarms.csv", ("kind", "words", "since", "over_at", "told_at"), rows())


@page(RIGHT)
async def try_out(visit: Visit) -> web.StreamResponse:
    """Have a channel send a test."""
    channel = visit.request.match_info["name"]
    if channel not in alarms.channels(visit.server.services.config):
        raise Refused(404, "No such channel", "The configuration has no plugin of this name that sends alarms.")
    await visit.server.write(alarms.try_out, channel, visit.who, visit.now)
    return await _listing(visit, said=f"A test is on its way by {channel}. What came of it stands under Messages.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    place = "/console/admin/alarms"
    return [
        web.get(place, listing),
        web.get(f"{place}.csv", as_csv),
        web.post(f"{place}/{{name}}/test", try_out),
    ]
