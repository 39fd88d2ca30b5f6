"""What did not post, over HTTP: listing, one with its candidates; saying which claim, setting aside, taking back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from ..core.flow import exception_view as view
from ..core.flow import exceptions as flow
from ..core.flow import whole_remittances
from ..core.flow.again import Again, CannotBeDone
from ..core.flow.exceptions import Done
from ..core.flow.post_decide import habits_in
from .admission import SERVER, WHO, needs
from .again import answer_of
from .problems import Handler, problem
from .queue_bodies import Id, Name, Words, understood
from .queue_routes import ID, body_of, plainly, today_of


class Listing(BaseModel):
    """What is listed: of a payer, of a rule; `set_aside`: what was set aside instead."""

    model_config = ConfigDict(extra="forbid")
    payer: Name = ""
    rule: Name = ""
    set_aside: bool = False
    limit: Annotated[int, Field(ge=1, le=view.MOST)] = 100


class Why(BaseModel):
    """The reason of a person."""

    model_config = ConfigDict(extra="forbid")
    reason: Words = ""


class Assign(Why):
    """The claim that a payment is for; `lines`: service to line number, where that must be said too."""

    claim_id: Id
    lines: dict[Id, Id] = {}
    reverses: Id | None = None


def _plainly(handler: Handler) -> Handler:
    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except CannotBeDone as error:
            return problem(409, "That cannot be done", str(error))

    return plainly(handled)


@_plainly
async def _list(request: web.Request) -> web.StreamResponse:
    """What waits, the most dollars first."""
    asked = understood(Listing, dict(request.query))

    def read(connection: Connection) -> list[view.Waiting]:
        return view.waiting(connection, payer=asked.payer, rule=asked.rule, aside=asked.set_aside, limit=asked.limit)

    found = await request.app[SERVER].read(read)
    return web.json_response({"exceptions": [view.data(one) for one in found]})


@_plainly
async def _one(request: web.Request) -> web.StreamResponse:
    """One payment with the claims and lines it may be for."""
    server, payment_id = request.app[SERVER], int(request.match_info["id"])
    habits = habits_in(server.services.config, today_of(server))

    def read(connection: Connection) -> view.Shown | None:
        return view.one(connection, payment_id, habits(view.payer_of(connection, payment_id)))

    found = await server.read(read)
    if found is None:
        return problem(404, "No such payment", "No claim payment has this id.")
    return web.json_response(view.shown_data(found))


@_plainly
async def _assign(request: web.Request) -> web.StreamResponse:
    """Say which claim a payment is for, and have it posted."""
    server, who, payment_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = understood(Assign, await body_of(request))
    now, config_hash = server.services.clock.now(), server.services.config.hash

    def ask(connection: Connection) -> Again:
        return flow.assign(
            connection, payment_id, asked.claim_id, who, asked.reason, now, config_hash,
            lines=asked.lines, reverses=asked.reverses,
        )  # fmt: skip

    return answer_of(await server.write(ask))


def _aside(act: Callable[..., Done]) -> Handler:
    @_plainly
    async def handler(request: web.Request) -> web.StreamResponse:
        server, who, payment_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
        asked = understood(Why, await body_of(request))
        done: Any = await server.write(
            act, payment_id, who, asked.reason, server.services.clock.now(), today_of(server)
        )
        return web.json_response(done._asdict())

    return handler


@_plainly
async def _accept(request: web.Request) -> web.StreamResponse:
    """Let a remittance post that waits because another one pays the same money."""
    server, who, remittance_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = understood(Why, await body_of(request))
    now = server.services.clock.now()
    return answer_of(await server.write(whole_remittances.accept, remittance_id, who, asked.reason, now))


@_plainly
async def _dismiss(request: web.Request) -> web.StreamResponse:
    """Say that a remittance of which nothing is posted never will be."""
    server, who, remittance_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = understood(Why, await body_of(request))
    now = server.services.clock.now()
    what = await server.write(whole_remittances.dismiss, remittance_id, who, asked.reason, now)
    return web.json_response({"remittance_id": remittance_id, "what": what})


def routes() -> list[web.RouteDef]:
    """The routes, each with the scope that it asks for."""
    return [
        web.get("/api/v1/exceptions", needs("read")(_list)),
        web.get(f"/api/v1/exceptions/{ID}", needs("read")(_one)),
        web.post(f"/api/v1/exceptions/{ID}/assign", needs("work")(_assign)),
        web.post(f"/api/v1/exceptions/{ID}/set-aside", needs("work")(_aside(flow.set_aside))),
        web.post(f"/api/v1/exceptions/{ID}/take-back", needs("work")(_aside(flow.take_back))),
        web.post(f"/api/v1/remittances/{ID}/accept", needs("work")(_accept)),
        web.post(f"/api/v1/remittances/{ID}/dismiss", needs("work")(_dismiss)),
    ]
