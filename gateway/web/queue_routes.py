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
from ..core.work.names import NoSuchName, check_names
from ..core.work.verbs import Answer
from . import queue_bodies as bodies
from . import work_answers as told
from .admission import SERVER, WHO, Server
from .operations import CSV, body_of, get, post, query_of
from .problems import Handler, problem
from .queue_bodies import NotUnderstood

TAG = "queue"
ID = r"{id:\d{1,18}}"


def today_of(server: Server) -> dt.date:
    """The supplier's date."""
    return business_date(server.services.clock.now(), server.services.config.gateway.organisation.time_zone)


def known_names(connection: Connection, server: Server, *, team: str = "", kind: str = "") -> None:
    """Raises NotUnderstood where nothing has this team or kind: a mistyped name is not an empty list."""
    config = server.services.config
    try:
        check_names(connection, config.tables, config.declared.values(), team=team, kind=kind)
    except NoSuchName as error:
        raise NotUnderstood(error.of_a_field) from None


# --- looking ---------------------------------------------------------------------------------------


async def _list(request: web.Request) -> web.StreamResponse:
    """A page of open items, in the order in which they should be worked."""
    server = request.app[SERVER]
    asked = query_of(request, bodies.Listing)
    wanted, today = asked.where.wanted(request[WHO]), today_of(server)

    def read(connection: Connection) -> tuple[queue.Page, queue.Counted]:
        known_names(connection, server, team=wanted.team, kind=wanted.kind)
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
    found = await server.read(queue.one, int(request.match_info["id"]), today_of(server))
    if found is None:
        return problem(404, "No such work item", "No work item has this id.")
    touches = [queue.touch_data(one) for one in found.touches]
    return web.json_response({**queue.item_data(found.item), "touches": touches})


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


def _one_verb(name: str, model: type[bodies.Verb]) -> Handler:
    async def verb(request: web.Request) -> web.StreamResponse:
        server, who, item_id = request.app[SERVER], request[WHO], int(request.match_info["id"])
        asked = body_of(request, model)
        if asked.ids is not None or asked.where is not None or asked.dry_run:
            raise NotUnderstood(f"this address is for item {item_id} alone; for many: POST /api/v1/queue/{name}")
        (answer,) = await server.write(_do, server, name, [item_id], who, asked)
        if answer.done:
            return web.json_response(answer._asdict())
        if await server.read(queue.one, item_id, today_of(server)) is None:
            return problem(404, "No such work item", answer.what)
        return problem(409, "That cannot be done", answer.what)

    return verb


def _many_verb(name: str, model: type[bodies.Verb]) -> Handler:
    async def verb(request: web.Request) -> web.StreamResponse:
        server, who = request.app[SERVER], request[WHO]
        asked = body_of(request, model)
        wanted = asked.where.wanted(who) if asked.where is not None else None
        if asked.ids is None and (wanted is None or wanted.everything):
            raise NotUnderstood("send ids, or where with at least one filter")
        if wanted is not None and name == "reopen":
            raise NotUnderstood("what is closed is reopened by ids")
        today = today_of(server)
        if wanted is not None:
            await server.read(_known, server, wanted)
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


def _known(connection: Connection, server: Server, wanted: queue.Wanted) -> None:
    known_names(connection, server, team=wanted.team, kind=wanted.kind)


def _counted(connection: Connection, ids: Sequence[int], today: dt.date) -> queue.Counted:
    found = [one.item for item_id in dict.fromkeys(ids) if (one := queue.one(connection, item_id, today)) is not None]
    return queue.Counted(len(found), sum(item.cents for item in found))


_WORDS = {
    "claim": "Take items.",
    "release": "Give items back.",
    "assign": "Give items to somebody: a person, a team, or both.",
    "touch": "Say what was done about items, and when to look again.",
    "snooze": "Let items rest until a day.",
    "close": "Say that items are done, and what came of it.",
    "reopen": "Say that items are not done after all.",
}
_MANY = " Of those that `ids` names, or all that the filters of `where` take; `dry_run`: only say how many these are."


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    made = [
        get("/api/v1/queue", _list, tag=TAG, query=bodies.Listing, answers=(told.QueuePage, CSV)),
        get("/api/v1/queue/summary", _summary, tag=TAG, answers=told.Summary),
        get("/api/v1/queue/actions", _actions, tag=TAG, answers=told.Actions),
        get(f"/api/v1/queue/{ID}", _one, tag=TAG, answers=told.OneItem),
    ]
    for name, model in bodies.VERBS.items():
        one, many, words = _one_verb(name, model), _many_verb(name, model), _WORDS[name]
        alone = f"{words.replace('items are', 'an item is').replace('items', 'an item')}"
        made.append(post(f"/api/v1/queue/{ID}/{name}", one, tag=TAG, body=model, answers=told.VerbDone, words=alone))
        answers = (told.ManyDone, told.ManyWould)
        made.append(post(f"/api/v1/queue/{name}", many, tag=TAG, body=model, answers=answers, words=f"{words}{_MANY}"))
    return made
