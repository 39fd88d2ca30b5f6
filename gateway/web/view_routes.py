"""Saved views over HTTP: the queue as somebody wants to see it again, kept under a name."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.work import views
from ..core.work.orders import Order
from .admission import SERVER, WHO
from .answers import Told
from .operations import body_of, get, post
from .problems import problem
from .queue_bodies import Asked, Name, Where
from .queue_routes import ID

TAG = "queue"


class View(Told):
    """A saved view. `shared`: empty (its owner's alone), a team, or `all`. `filters`: what the queue is asked for."""

    id: int
    owner: str
    name: str
    shared: str
    filters: Annotated[dict[str, str], Field(description="Send them to GET /api/v1/queue as they are.")]


class Views(Told):
    """The token's own views, and after them those that are shared."""

    views: list[View]


class Save(Asked):
    """A view to keep; one of this name that the token has already becomes this one."""

    name: Annotated[str, Field(max_length=200)]
    where: Where = Where()
    order: Order | None = None
    shared: Name = ""


class Removed(Told):
    """A view that is forgotten."""

    removed: int


def _told(view: views.View) -> dict[str, Any]:
    return {**view._asdict(), "filters": dict(parse_qsl(view.filters))}


async def _views(request: web.Request) -> web.StreamResponse:
    """The token's own saved views, and those that are shared with everybody or with a team."""

    def read(connection: Connection) -> list[views.View]:
        return views.seen_by(connection, request[WHO], ())

    found = await request.app[SERVER].read(read)
    return web.json_response({"views": [_told(one) for one in found]})


async def _save(request: web.Request) -> web.StreamResponse:
    """Keep filters of the queue under a name, for the token itself, a team, or everybody (`all`)."""
    server, asked = request.app[SERVER], body_of(request, Save)
    given = asked.where.model_dump(mode="json", exclude_defaults=True)
    typed = {name: "true" if value is True else str(value) for name, value in given.items()}
    if asked.order is not None:
        typed["order"] = asked.order.value
    now = server.services.clock.now()
    made = await server.write(views.save, request[WHO], asked.name, urlencode(typed), asked.shared, now)
    return web.json_response(_told(made))


async def _remove(request: web.Request) -> web.StreamResponse:
    """Forget a view of the token's own."""
    view_id = int(request.match_info["id"])
    if not await request.app[SERVER].write(views.remove, view_id, request[WHO]):
        return problem(404, "No such view", "It is gone, or somebody else's. GET /api/v1/queue/views lists them.")
    return web.json_response({"removed": view_id})


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    place = "/api/v1/queue/views"
    return [
        get(place, _views, tag=TAG, answers=Views),
        post(place, _save, tag=TAG, body=Save, answers=View),
        post(f"{place}/{ID}/remove", _remove, tag=TAG, answers=Removed),
    ]
