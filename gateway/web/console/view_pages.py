"""Saved views: keeping the queue as it is shown under a name, and forgetting it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.work import views
from ...core.work.verbs import NotDone
from .guard import HEADERS, Refused, Visit, page
from .queue_filters import asked


def shares(visit: Visit) -> list[str]:
    """With whom somebody may share a view: their teams, and everybody."""
    return [*visit.user.teams, views.EVERYBODY]


@page("work")
async def save(visit: Visit) -> web.StreamResponse:
    """Keep the filters of the form under a name."""
    name, shared = visit.field("name", 200), visit.field("shared", 30)
    if shared and shared not in shares(visit):
        raise Refused(403, "Not your team", "A view is shared with everybody, or with a team of yours.")
    # Only what a queue can be asked for is kept.
    typed = asked(visit, dict(parse_qsl(visit.field("filters", 4000)))).typed
    try:
        view = await visit.server.write(views.save, visit.who, name, urlencode(typed), shared, visit.now)
    except NotDone as error:
        raise Refused(422, "It was not saved", str(error)) from error
    return _to(urlencode(typed | {"view": view.id}))


@page("work")
async def remove(visit: Visit) -> web.StreamResponse:
    """Forget a view: one's own, or for a manager one that is shared."""
    view_id = int(visit.request.match_info["id"])

    def forget(connection: Connection) -> bool:
        return views.remove(connection, view_id, visit.who, manages=visit.user.may("manage"))

    if not await visit.server.write(forget):
        raise Refused(404, "No such view", "It is gone, or somebody else's.")
    return _to("")


def _to(query: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/console/queue?{query}"} | HEADERS)


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.post("/console/views", save),
        web.post(r"/console/views/{id:\d{1,18}}/remove", remove),
    ]
