"""What plugins declare for the API: their worklists, their reports, and routes of their own."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.clock import business_date
from ..core.flow.desk_calls import ask_and_take, call_of
from ..core.flow.desk_records import FAILED, NOT_TAKEN, RESTS, DeskAnswer
from ..core.flow.plugin_schedule import take_now
from ..core.model.spreadsheet import CsvWriter
from ..core.store import keyset, plugin_turns
from ..core.work import worklists
from ..plugins.declared import Report, Route, RouteRequest
from ..plugins.declaring import Declared
from . import desk_answers as told
from . import idempotent
from .admission import SERVER, WHO, Server, admitted
from .bodies import pieces
from .operations import CSV, Anything, Raw, check_letters, check_value, declared, get, in_words, post, query_of
from .paging import List, PageAsked
from .problems import problem
from .queue_bodies import Name
from .queue_routes import known_names

TAG = "plugins"

MOST_BODY = 1 << 20


class WorklistAsked(PageAsked):
    """What narrows a worklist; `format`: json, or csv for a spreadsheet."""

    team: Name = ""
    kind: Name = ""
    payer: Name = ""
    limit: Annotated[int, Field(ge=1, le=worklists.MOST)] = 1000
    format: Literal["json", "csv"] = "json"


# --- worklists -------------------------------------------------------------------------------------


async def get_worklists(request: web.Request) -> web.StreamResponse:
    """Every worklist that a plugin in use declares, with what waits in it."""
    server = request.app[SERVER]
    every = [(one, made) for one in server.services.config.declared.values() for made in one.worklists]
    today = _today(server)

    def read(connection: Connection) -> list[tuple[tuple[int, int], worklists.Filled | None]]:
        return [
            (worklists.waiting(connection, made, today), worklists.filled(connection, one, made)) for one, made in every
        ]

    counts = await server.read(read)
    return web.json_response(
        {
            "worklists": [
                {
                    "plugin": one.plugin.name,
                    "name": made.name,
                    "title": made.title,
                    "kinds": list(made.kinds),
                    "team": made.team,
                    "items": items,
                    "cents": cents,
                    "filled": _filled(by),
                }
                for (one, made), ((items, cents), by) in zip(every, counts, strict=True)
            ]
        }
    )


def _filled(by: worklists.Filled | None) -> dict[str, Any] | None:
    return by and {"schedule": by.schedule, "comes": by.comes, "at": by.at and by.at.isoformat()}


async def get_worklist(request: web.Request) -> web.StreamResponse:
    """What stands in one worklist, in its order."""
    server = request.app[SERVER]
    found = _declared(server, request)
    worklist = _named(found.worklists, request) if found else None
    if found is None or worklist is None:
        return problem(404, "No such worklist", _known("worklists", server))
    asked, listing = query_of(request, WorklistAsked), List(f"{found.plugin.name}/{worklist.name}", ())
    listing = listing._replace(kinds=tuple(key.of for key in worklists.ordered(worklist)))
    behind, today = listing.place(asked.after), _today(server)

    def read(connection: Connection) -> tuple[worklists.Listed, worklists.Filled | None]:
        known_names(connection, server, team=asked.team, kind=asked.kind)
        rows = worklists.page(
            connection, worklist, today, team=asked.team, kind=asked.kind, payer=asked.payer, limit=asked.limit,
            behind=behind,
        )  # fmt: skip
        return rows, worklists.filled(connection, found, worklist)

    rows, by = await server.read(read)
    nothing = by.waits if by is not None and by.at is None else worklist.empty
    after = keyset.written(listing.name, rows.last) if rows.last else ""
    if asked.format == "csv":
        return _csv(rows.columns, ([worklists.as_text(value) for value in row] for row in rows.rows), after)
    return web.json_response(
        {
            "plugin": found.plugin.name,
            "name": worklist.name,
            "title": worklist.title,
            "columns": list(rows.columns),
            "items": list(worklists.as_data(rows)),
            "after": after,
            "filled": _filled(by),
            "detail": "" if rows.rows or asked.after else nothing,
        }
    )


def _today(server: Server) -> dt.date:
    return business_date(server.services.clock.now(), server.services.config.gateway.organisation.time_zone)


# --- schedules -------------------------------------------------------------------------------------


async def get_schedules(request: web.Request) -> web.StreamResponse:
    """Every schedule that a plugin in use declares: when it comes, and when it did its work last."""
    server = request.app[SERVER]
    last = await server.read(plugin_turns.last)
    found = [
        {
            "plugin": one.plugin.name,
            "name": made.name,
            "comes": made.words,
            "last_done": (at := last.get((one.plugin.name, made.name))) and at.isoformat(),
        }
        for one in server.services.config.declared.values()
        for made in one.schedules
    ]
    return web.json_response({"schedules": found})


async def post_turn(request: web.Request) -> web.StreamResponse:
    """Have a plugin do now what its schedule does at its time, such as working out a list. The turns that come round by
    themselves do not change."""
    server = request.app[SERVER]
    found = _declared(server, request)
    schedule = _named(found.schedules, request) if found else None
    if found is None or schedule is None:
        return problem(404, "No such schedule", _known("schedules", server))
    services = server.services
    new = await server.write(take_now, services.config, found.plugin.name, schedule.name, services.clock.now())
    what = "It begins now." if new else "It was asked for within this minute, and is done once."
    return web.json_response({"what": what}, status=202 if new else 200)


# --- reports ---------------------------------------------------------------------------------------


async def get_reports(request: web.Request) -> web.StreamResponse:
    """Every report that a plugin in use declares, with the JSON schema of what may be asked."""
    found = [
        {"plugin": one.plugin.name, "name": made.name, "title": made.title, "parameters": _schema(made)}
        for one in request.app[SERVER].services.config.declared.values()
        for made in one.reports
    ]
    return web.json_response({"reports": found})


def _schema(report: Report) -> dict[str, Any] | None:
    return report.parameters.model_json_schema() if report.parameters is not None else None


async def get_report(request: web.Request) -> web.StreamResponse:
    """Work a report out: its parameters stand behind the question mark; `format=csv` for a spreadsheet."""
    server = request.app[SERVER]
    for name, value in request.query.items():
        check_letters(name, "a parameter")
        check_letters(value, "a parameter")
    found = _declared(server, request)
    report = _named(found.reports, request) if found else None
    if found is None or report is None:
        return problem(404, "No such report", _known("reports", server))
    given = {
        name: values[0] if len(values) == 1 else values
        for name in dict.fromkeys(request.query)
        if name != "format" and (values := request.query.getall(name))
    }
    answer = await _call(server, found, "plugin_reports", report.name, given)
    if isinstance(answer, web.Response):
        return answer
    if request.query.get("format") == "csv":
        rows = answer.result["rows"]
        return _csv(answer.result["columns"], (["" if one is None else str(one) for one in row] for row in rows))
    body = {"plugin": found.plugin.name, "name": report.name, "title": report.title, **answer.result}
    return web.json_response(body)


# --- routes of their own ---------------------------------------------------------------------------


async def plugin_route(request: web.Request) -> web.StreamResponse:
    """An address below `/api/v1/plugins/<plugin>`, where the plugin declares one."""
    server = request.app[SERVER]
    found = _declared(server, request)
    path = f"/{request.match_info['path']}"
    # What is written out goes before what a name stands for.
    fitting = sorted(
        ((one, values) for one in (found.routes if found else ()) if (values := one.match(path)) is not None),
        key=lambda pair: pair[0].path.count("{"),
    )
    chosen = next(((one, values) for one, values in fitting if one.method == request.method), None)
    if found is None or not fitting:
        return problem(404, "Not Found", "There is nothing at this address.")
    if chosen is None:
        allowed = ", ".join(sorted({one.method for one, _ in fitting}))
        return problem(405, "Method Not Allowed", "This address does not take this method.", {"Allow": allowed})
    route, values = chosen
    who = await admitted(request, route.scope)
    if isinstance(who, web.Response):
        return who
    request[WHO] = who

    async def answer(asking: web.Request) -> web.StreamResponse:
        body = await _body(asking)
        if isinstance(body, web.Response):
            return body
        query = {name: asking.query[name] for name in asking.query}
        check_value([values, query, body[0]])
        given = RouteRequest(asking.method, values, query, body[0], who)
        return await _answered(server, found, route, given)

    if request.method == "GET":
        return await in_words(request, answer)
    return await in_words(request, lambda asking: idempotent.once(asking, answer))


async def _answered(server: Server, found: Declared, route: Route, given: RouteRequest) -> web.Response:
    answer = await _call(server, found, "plugin_routes", route.name, asdict(given))
    if isinstance(answer, web.Response):
        return answer
    result = answer.result
    status = int(result["status"])
    if status >= 400:
        detail = result["detail"] or "The plugin does not say why."
        known = status in {one.value for one in HTTPStatus}
        return problem(status, HTTPStatus(status).phrase if known else "Refused", detail)
    return web.Response(text=result["text"], status=status, content_type=result["type"])


async def _body(request: web.Request) -> tuple[Any] | web.Response:
    """The JSON of a request, None without any; or the answer that it cannot be taken."""
    data = bytearray()
    async for block in pieces(request.content, 1 << 16):
        data += block
        if len(data) > MOST_BODY:
            return problem(413, "Too large", f"A request of a plugin has at most {MOST_BODY >> 20} MB.")
    await idempotent.begin(request, bytes(data))
    if not data:
        return (None,)
    try:
        return (json.loads(data),)
    except (ValueError, RecursionError):
        return problem(400, "Not JSON", "The body is no JSON. Send one JSON value, in UTF-8.")


# --- what they share -------------------------------------------------------------------------------


def _declared(server: Server, request: web.Request) -> Declared | None:
    return server.services.config.declared.get(request.match_info["plugin"])


def _named(several: Iterable[Any], request: web.Request) -> Any:
    return next((one for one in several if one.name == request.match_info["name"]), None)


def _known(kind: str, server: Server) -> str:
    every = server.services.config.declared.values()
    names = [f"{one.plugin.name}/{made.name}" for one in every for made in getattr(one, kind)]
    return f"The {kind} are: {', '.join(names) or 'none'}."


async def _call(server: Server, found: Declared, hook: str, name: str, argument: Any) -> DeskAnswer | web.Response:
    """The answer of a call that came to its end; else what the caller is told."""
    services = server.services
    answer = await ask_and_take(
        services, server.write, call_of(services.config, found.plugin.name, hook, name), argument
    )
    if answer.outcome == NOT_TAKEN:
        return problem(422, "Not as it must be", answer.why)
    if answer.outcome == RESTS:
        return problem(503, "It rests", f"Plugin {found.plugin.name}: {answer.why}.", {"Retry-After": "300"})
    if answer.outcome == FAILED:
        return problem(
            500,
            "A fault in a plugin",
            f"Plugin {found.plugin.name} failed here: {answer.why}. Nothing was changed by it; a work item for the edi "
            "team says so.",
        )
    return answer


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]], after: str = "") -> web.Response:
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.writerow(columns)
    writer.writerows(rows)
    headers = {"X-Next-Page": after} if after else None
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8", headers=headers)


OF_PLUGIN = Raw(("application/json", "text/plain", "text/csv"), "What the plugin answers.", {})
TO_PLUGIN = Raw(("application/json",), "What the plugin takes.", {})


def _of_plugins(method: str) -> web.RouteDef:
    body = None if method == "GET" else TO_PLUGIN
    return declared(
        method, "/api/v1/plugins/{plugin}/{path:.+}", plugin_route, tag=TAG, scope="", query=Anything, body=body,
        answers=OF_PLUGIN, also=(400, 401, 403, 404, 405, 409, 413, 500, 503),
    )  # fmt: skip


ROUTES = [
    get("/api/v1/worklists", get_worklists, tag=TAG, answers=told.Worklists),
    get(
        "/api/v1/worklists/{plugin}/{name}",
        get_worklist,
        tag=TAG,
        query=WorklistAsked,
        answers=(told.WorklistPage, CSV),
    ),
    get("/api/v1/schedules", get_schedules, tag=TAG, answers=told.Schedules),
    post(
        "/api/v1/schedules/{plugin}/{name}/turn",
        post_turn,
        tag=TAG,
        answers={202: told.TurnBegun, 200: told.TurnBegun},
        also=(404,),
    ),
    get("/api/v1/reports", get_reports, tag=TAG, answers=told.Reports),
    get(
        "/api/v1/reports/{plugin}/{name}",
        get_report,
        tag=TAG,
        query=Anything,
        answers=(told.Report, CSV),
        also=(500, 503),
    ),
    *(_of_plugins(method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
]
