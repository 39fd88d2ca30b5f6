"""Webhooks: who is told when something happens, what arrived, sending again, and trying one out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.flow import webhooks as flow
from ...core.model.webhooks import EVENTS, PING
from ...core.store import webhooks as store
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .render import Typed

RIGHT = "administer"
SHOWN = 50
AT_ONCE = 5_000
MOST_CSV = 1_000_000
_LAST = 2**31 - 1
"""The largest id that a delivery can have."""
_COLUMNS = ("id", "webhook", "event", "state", "attempts", "status", "why", "created_at", "next_at", "ended_at")


class _Asked(NamedTuple):
    """Which deliveries: those that fit what was typed, below an id (0: the newest)."""

    typed: dict[str, str]
    below: int

    def read(self, connection: Connection, limit: int) -> list[Any]:
        return store.listed(connection, **self.typed, below=self.below, limit=limit)


def _asked(visit: Visit) -> _Asked:
    query = visit.request.query
    typed = {name: query[name].strip()[:80] for name in ("webhook", "event", "state") if query.get(name, "").strip()}
    below = query.get("below", "")
    return _Asked(typed, min(int(below), _LAST) if below.isdecimal() and len(below) <= 18 else 0)


@page(RIGHT)
async def listing(visit: Visit) -> web.StreamResponse:
    """The webhooks, and what they were told."""
    return await _listing(visit)


async def _listing(visit: Visit, said: str = "") -> web.StreamResponse:
    asked = _asked(visit)

    def look(connection: Connection) -> tuple[list[Any], dict[tuple[str, str], int]]:
        return asked.read(connection, SHOWN + 1), store.not_delivered(connection)

    rows, counts = await visit.server.read(look)
    older = urlencode(asked.typed | {"below": str(rows[SHOWN - 1].id)}) if len(rows) > SHOWN else ""
    return visit.page(
        "webhooks.html",
        webhooks=visit.server.services.config.gateway.webhooks,
        counts=counts,
        rows=rows[:SHOWN],
        typed=Typed(asked.typed),
        events=(*EVENTS, PING),
        states=store.STATES,
        older=older,
        csv=urlencode(asked.typed),
        said=said,
    )


@page(RIGHT)
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The deliveries as a file for a spreadsheet."""
    asked = _asked(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        part, sent = asked, 0
        while sent < MOST_CSV:
            found = await visit.server.read(part.read, AT_ONCE)
            for row in map(store.as_data, found):
                yield [row[name] for name in _COLUMNS]
            sent += len(found)
            if len(found) < AT_ONCE:
                return
            part = part._replace(below=found[-1].id)

    return await send_csv(visit.request, "webhook-deliveries.csv", _COLUMNS, rows())


@page(RIGHT)
async def try_out(visit: Visit) -> web.StreamResponse:
    """Have a webhook told a ping."""
    name = visit.request.match_info["name"]
    if flow.named(visit.server.services, name) is None:
        raise Refused(404, "No such webhook", "The configuration has no webhook of this name.")
    await visit.server.write(flow.ping, name, visit.now)
    return await _listing(visit, said=f"{name} is told a ping within a few seconds. What came of it stands below.")


@page(RIGHT)
async def send_again(visit: Visit) -> web.StreamResponse:
    """Deliver an event again, whatever came of it."""
    delivery_id = int(visit.request.match_info["id"])
    if not await visit.server.write(store.send_again, [delivery_id], visit.now):
        raise Refused(404, "No such delivery", "It is gone: what ended is kept for 30 days.")
    return await _listing(visit, said=f"Delivery {delivery_id} goes again.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    place = "/console/admin/webhooks"
    return [
        web.get(place, listing),
        web.get(f"{place}.csv", as_csv),
        web.post(f"{place}/{{name}}/test", try_out),
        web.post(f"{place}/deliveries/{{id:\\d{{1,18}}}}/again", send_again),
    ]
