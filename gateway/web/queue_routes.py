"""The queue over HTTP: pages of work items, one of them, what waits in all; and every verb, for one item or for many.

A verb is for the items that the body names (`ids`), or for those that its filters take (`where`); with `dry_run` it
says how many these are. Doing it again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from ..core.clock import business_date
from ..core.model.spreadsheet import CsvWriter
from ..core.work import queue, verbs
from ..core.work.actions import Actions
from ..core.work.verbs import Answer, NotDone
from . import queue_bodies as bodies
from .admission import SERVER, WHO, Server, needs
from .bodies import in_time
from .problems import Handler, problem
from .queue_bodies import NotUnderstood, understood

ID = r"{id:\d{1,18}}"


def plainly(handler: Handler) -> Handler:
    """What is not understood or cannot be done is told with what to do instead."""

    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotUnderstood as error:
            return problem(422, "Not as it must be", f"{error}.")
        except queue.BadCursor as error:
            return problem(422, "No such page", str(error))
        except NotDone as error:
            return problem(409, "That cannot be done", str(error))

    return handled


async def body_of(request: web.Request) -> Any:
    """The JSON of a request, {} without any.

    Raises:
        NotUnderstood: it is no JSON.
    """
    if not request.can_read_body:
        return {}
    try:
        return await in_time(request.json())
    except (ValueError, RecursionError):
        raise NotUnderstood("the body is no JSON; send one object, in UTF-8") from None


def today_of(server: Server) -> dt.date:
    """The supplier's date."""
    return business_date(server.services.clock.now(), server.services.config.gateway.organisation.time_zone)


# --- looking ---------------------------------------------------------------------------------------


@plainly
async def _list(request: web.Request) -> web.StreamResponse:
    """A page of open items, in the order in which they should be worked."""
    server = request.app[SERVER]
    asked = understood(bodies.Listing, dict(request.query))
    wanted, today = asked.where.wanted(request[WHO]), today_of(server)

    def read(connection: Connection) -> tuple[queue.Page, queue.Counted]:
        page = queue.page(connection, wanted, today, limit=asked.limit, after=asked.after, order=asked.order)
        return page, queue.counted(connection, wanted, today)

    page, counted = await server.read(read)
    items = [queue.item_data(item) for item in page.items]
    if asked.format == "csv":
        return _csv(items, page.after)
    return web.json_response({"items": items, "after": page.after, **_total(counted)})


def _total(counted: queue.Counted) -> dict[str, Any]:
    return {"total": {"items": counted.items, "cents": counted.cents}}


def _csv(items: Sequence[dict[str, Any]], after: str) -> web.Response:
    columns = ["dollars" if name == "cents" else name for name in queue.Item._fields]
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.writerow(columns)
    writer.writerows(["" if item[name] is None else item[name] for name in columns] for item in items)
    headers = {"X-Next-Page": after} if after else {}
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8", headers=headers)


async def _one(request: web.Request) -> web.StreamResponse:
    """One item, with everything that people did about it."""
    server = request.app[SERVER]
    told = await server.read(queue.one, int(request.match_info["id"]), today_of(server))
    if told is None:
        return problem(404, "No such work item", "No work item has this id.")
    return web.json_response({**queue.item_data(told.item), "touches": [queue.touch_data(one) for one in told.touches]})


async def _summary(request: web.Request) -> web.StreamResponse:
    """What waits, by team and kind."""
    server = request.app[SERVER]
    rows = await server.read(queue.summary, today_of(server))
    return web.json_response({"queues": [one._asdict() for one in rows]})


async def _actions(request: web.Request) -> web.StreamResponse:
    """The codes of touches and outcomes that hold today."""
    server = request.app[SERVER]
    found = Actions.of(server.services.config.tables, today_of(server)).on()
    return web.json_response({"actions": [one._asdict() for one in found]})


# --- verbs -----------------------------------------------------------------------------------------


def _do(connection: Connection, server: Server, name: str, ids: Sequence[int], who: str, asked: Any) -> list[Answer]:
    now, today = server.services.clock.now(), today_of(server)
    if name == "claim":
        return verbs.claim(connection, ids, who, now)
    if name == "release":
        return verbs.release(connection, ids, who, now)
    if name == "assign":
        return verbs.assign(connection, ids, who, now, to=asked.to, team=asked.team, note=asked.note)
    if name == "snooze":
        return verbs.snooze(connection, ids, who, now, today, until=asked.until, note=asked.note)
    if name == "reopen":
        return verbs.reopen(connection, ids, who, now, asked.reason)
    actions = Actions.of(server.services.config.tables, today)
    if name == "close":
        return verbs.close(connection, ids, who, now, asked.reason, outcome=asked.outcome, actions=actions)
    return verbs.touch(
        connection, ids, who, now, actions, today,
        action=asked.action, note=asked.note, follow_up=asked.follow_up, key=asked.key,
    )  # fmt: skip


def _one_verb(name: str) -> Handler:
    @plainly
    async def verb(request: web.Request) -> web.StreamResponse:
        server, who, item_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
        asked = understood(bodies.VERBS[name], await body_of(request))
        if asked.ids is not None or asked.where is not None or asked.dry_run:
            raise NotUnderstood(f"this address is for item {item_id} alone; for many: POST /api/v1/queue/{name}")
        (answer,) = await server.write(_do, server, name, [item_id], who, asked)
        if answer.done:
            return web.json_response(answer._asdict())
        if await server.read(queue.one, item_id, today_of(server)) is None:
            return problem(404, "No such work item", answer.what)
        return problem(409, "That cannot be done", answer.what)

    return verb


def _many_verb(name: str) -> Handler:
    @plainly
    async def verb(request: web.Request) -> web.StreamResponse:
        server, who = request.app[SERVER], request[WHO]
        asked = understood(bodies.VERBS[name], await body_of(request))
        wanted = asked.where.wanted(who) if asked.where is not None else None
        if asked.ids is None and (wanted is None or wanted.everything):
            raise NotUnderstood("send ids, or where with at least one filter")
        if wanted is not None and name == "reopen":
            raise NotUnderstood("what is closed is reopened by ids")
        today = today_of(server)
        if asked.dry_run and wanted is not None:
            return web.json_response({"dry_run": True, **_total(await server.read(queue.counted, wanted, today))})
        if asked.dry_run:
            return web.json_response({"dry_run": True, **_total(await server.read(_counted, asked.ids, today))})

        def do(connection: Connection) -> list[Answer]:
            ids = asked.ids or queue.ids(connection, wanted or queue.Wanted(), today, limit=verbs.MOST + 1)
            return _do(connection, server, name, ids, who, asked)

        answers = await server.write(do)
        refused = [{"id": one.id, "what": one.what} for one in answers if not one.done]
        done = [one.id for one in answers if one.done]
        return web.json_response({"done": done, "new": sum(one.new for one in answers), "refused": refused})

    return verb


def _counted(connection: Connection, ids: Sequence[int], today: dt.date) -> queue.Counted:
    found = [one.item for item_id in dict.fromkeys(ids) if (one := queue.one(connection, item_id, today)) is not None]
    return queue.Counted(len(found), sum(item.cents for item in found))


def routes() -> list[web.RouteDef]:
    """The routes, each with the scope that it asks for."""
    looking = {
        "/api/v1/queue": _list,
        "/api/v1/queue/summary": _summary,
        "/api/v1/queue/actions": _actions,
        f"/api/v1/queue/{ID}": _one,
    }
    made = [web.get(path, needs("read")(handler)) for path, handler in looking.items()]
    for name in bodies.VERBS:
        made.append(web.post(f"/api/v1/queue/{ID}/{name}", needs("work")(_one_verb(name))))
        made.append(web.post(f"/api/v1/queue/{name}", needs("work")(_many_verb(name))))
    return made
