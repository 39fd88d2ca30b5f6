"""What did not post, over HTTP: listing, one with its candidates; saying which claim, setting aside, taking back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.flow import exception_view as view
from ..core.flow import exceptions as flow
from ..core.flow import whole_remittances
from ..core.flow.again import Again
from ..core.flow.exceptions import Done
from ..core.flow.post_decide import habits_in
from ..core.store.keyset import BadCursor
from . import money_answers as told
from .admission import SERVER, WHO
from .again import answer_of
from .claim_answers import Again as AgainTold
from .operations import body_of, get, post, query_of
from .paging import List, PageAsked
from .problems import Handler, problem
from .queue_bodies import Asked, Id, Name, Words
from .queue_routes import ID, today_of

TAG = "exceptions"
EXCEPTIONS = List("exceptions", view.PLACE)


class Listing(PageAsked):
    """What is listed: of a payer, of a rule; `set_aside`: what was set aside instead."""

    payer: Name = ""
    rule: Name = ""
    set_aside: bool = False


class Why(Asked):
    """The reason of a person."""

    reason: Words = ""


class Assign(Why):
    """The claim that a payment is for; `lines`: service to line number, where that must be said too."""

    claim_id: Id
    lines: dict[Id, Id] = Field(default_factory=dict)
    reverses: Id | None = None


async def _list(request: web.Request) -> web.StreamResponse:
    """What did not post, the most dollars first; whole remittances before the payments of others."""
    asked = query_of(request, Listing)
    behind = EXCEPTIONS.place(asked.after)
    if behind is not None and behind[0] not in ("remittance", "payment"):
        raise BadCursor

    def read(connection: Connection) -> list[view.Waiting]:
        return view.waiting(
            connection, payer=asked.payer, rule=asked.rule, aside=asked.set_aside, limit=asked.limit + 1, behind=behind
        )

    found, after = EXCEPTIONS.page(await request.app[SERVER].read(read), asked.limit, view.place)
    return web.json_response({"exceptions": [view.data(one) for one in found], "after": after})


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


async def _assign(request: web.Request) -> web.StreamResponse:
    """Say which claim a payment is for, and have it posted."""
    server, who, payment_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = body_of(request, Assign)
    now, config_hash = server.services.clock.now(), server.services.config.hash

    def ask(connection: Connection) -> Again:
        return flow.assign(
            connection, payment_id, asked.claim_id, who, asked.reason, now, config_hash,
            lines=asked.lines, reverses=asked.reverses,
        )  # fmt: skip

    return answer_of(await server.write(ask))


def _aside(act: Callable[..., Done]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        server, who, payment_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
        asked = body_of(request, Why)
        done: Any = await server.write(
            act, payment_id, who, asked.reason, server.services.clock.now(), today_of(server)
        )
        return web.json_response(done._asdict())

    return handler


async def _accept(request: web.Request) -> web.StreamResponse:
    """Let a remittance post that waits because another one pays the same money."""
    server, who, remittance_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = body_of(request, Why)
    now = server.services.clock.now()
    return answer_of(await server.write(whole_remittances.accept, remittance_id, who, asked.reason, now))


async def _dismiss(request: web.Request) -> web.StreamResponse:
    """Say that a remittance of which nothing is posted never will be."""
    server, who, remittance_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
    asked = body_of(request, Why)
    now = server.services.clock.now()
    what = await server.write(whole_remittances.dismiss, remittance_id, who, asked.reason, now)
    return web.json_response({"remittance_id": remittance_id, "what": what})


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    at, remittance = f"/api/v1/exceptions/{ID}", f"/api/v1/remittances/{ID}"
    again = {202: AgainTold, 200: AgainTold}

    def verb(path: str, handler: Handler, body: type[Why], answers: Any, words: str = "") -> web.RouteDef:
        return post(path, handler, tag=TAG, scope="post", body=body, answers=answers, words=words, also=(404,))

    return [
        get("/api/v1/exceptions", _list, tag=TAG, query=Listing, answers=told.Exceptions),
        get(at, _one, tag=TAG, answers=told.OneException),
        verb(f"{at}/assign", _assign, Assign, again),
        verb(
            f"{at}/set-aside",
            _aside(flow.set_aside),
            Why,
            told.ExceptionDone,
            "Set a payment aside: it is no claim of ours.",
        ),
        verb(
            f"{at}/take-back",
            _aside(flow.take_back),
            Why,
            told.ExceptionDone,
            "Take a payment back that was set aside.",
        ),
        verb(f"{remittance}/accept", _accept, Why, again),
        verb(f"{remittance}/dismiss", _dismiss, Why, told.Dismissed),
    ]
