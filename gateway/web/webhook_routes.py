"""Webhooks over HTTP: who is told, what arrived, sending again, trying one out."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from sqlalchemy import Connection

from ..core.flow import webhooks as flow
from ..core.store import webhooks as store
from .admission import SERVER
from .answers import Moment, Page, Told
from .operations import get, post, query_of
from .paging import List, PageAsked
from .problems import problem
from .queue_bodies import Name
from .queue_routes import ID

TAG = "webhooks"
DELIVERIES = List("webhook deliveries", (int,))


class DeliveriesAsked(PageAsked):
    """Which deliveries: to a webhook, of an event, that stand so."""

    webhook: Name = ""
    event: Name = ""
    state: Literal["", "waiting", "delivered", "given up"] = ""


class Webhook(Told):
    """A webhook of the configuration; its secret is never told."""

    name: str
    url: str
    events: list[str]


class Webhooks(Told):
    """Who is told when something happens."""

    webhooks: list[Webhook]


class Delivery(Told):
    """An event that is told, and whether it arrived. `status`: of the last answer."""

    id: int
    webhook: str
    event: str
    state: Literal["waiting", "delivered", "given up"]
    attempts: int
    status: int | None
    why: str
    created_at: Moment
    next_at: Moment | None
    ended_at: Moment | None
    data: dict[str, Any]


class Deliveries(Page):
    """What was told, the newest first."""

    deliveries: list[Delivery]


class SentAgain(Told):
    """A delivery that goes again."""

    delivery_id: int
    what: str


class Pinged(Told):
    """A webhook that is tried out."""

    webhook: str
    what: str


async def _webhooks(request: web.Request) -> web.StreamResponse:
    """Who is told when something happens, as the configuration says."""
    found = request.app[SERVER].services.config.gateway.webhooks
    return web.json_response(
        {"webhooks": [{"name": one.name, "url": one.url, "events": list(one.events)} for one in found]}
    )


async def _deliveries(request: web.Request) -> web.StreamResponse:
    """What was told, the newest first, and whether it arrived."""
    asked = query_of(request, DeliveriesAsked)
    (below,) = DELIVERIES.place(asked.after) or (0,)

    def read(connection: Connection) -> list[Any]:
        return store.listed(
            connection,
            webhook=asked.webhook,
            event=asked.event,
            state=asked.state,
            below=below or 0,
            limit=asked.limit + 1,
        )

    rows, after = DELIVERIES.page(await request.app[SERVER].read(read), asked.limit, lambda row: (row.id,))
    return web.json_response({"deliveries": [store.as_data(row) for row in rows], "after": after})


async def _send_again(request: web.Request) -> web.StreamResponse:
    """Deliver an event again, whatever came of it."""
    server, delivery_id = request.app[SERVER], int(request.match_info["id"])
    if not await server.write(store.send_again, [delivery_id], server.services.clock.now()):
        return problem(404, "No such delivery", "No delivery has this id. GET /api/v1/webhooks/deliveries lists them.")
    return web.json_response({"delivery_id": delivery_id, "what": "It goes again."}, status=202)


async def _test(request: web.Request) -> web.StreamResponse:
    """Have a webhook told an event `ping`, to see that it takes it."""
    server, name = request.app[SERVER], request.match_info["name"]
    if flow.named(server.services, name) is None:
        known = ", ".join(one.name for one in server.services.config.gateway.webhooks) or "none"
        return problem(404, "No such webhook", f"The configuration has: {known}.")
    await server.write(flow.ping, name, server.services.clock.now())
    return web.json_response({"webhook": name, "what": "It is told within a few seconds."}, status=202)


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    again, test = f"/api/v1/webhooks/deliveries/{ID}/send-again", "/api/v1/webhooks/{name}/test"
    return [
        get("/api/v1/webhooks", _webhooks, tag=TAG, answers=Webhooks),
        get("/api/v1/webhooks/deliveries", _deliveries, tag=TAG, query=DeliveriesAsked, answers=Deliveries),
        post(again, _send_again, tag=TAG, scope="admin", answers={202: SentAgain}),
        post(test, _test, tag=TAG, scope="admin", answers={202: Pinged}),
    ]
