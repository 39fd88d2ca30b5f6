"""The first doors of the HTTP API: hand in files and claims, ask what became of them, health.

Every route but health asks for a bearer token (`gateway token add`); each look at a claim or file by it is in the
access log. Errors are problem details (RFC 9457) in plain words.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from typing import Any, BinaryIO

from aiohttp import web
from sqlalchemy import Connection, func, select

from ..core.flow import belongings, json_file
from ..core.flow.belongings import Kind, OnlyTried, only_try, take_in
from ..core.flow.receive import Received, Write, receive
from ..core.model.belongings_file import MOST_BYTES, DocumentRefused
from ..core.store import plugin_calls
from ..core.store.archive import Stored
from ..core.store.tables import claims, files, work_items
from ..plugins.declaring import Declared
from . import (
    admin_routes,
    again,
    cancel_and_merge,
    correcting,
    denial_routes,
    deposit_routes,
    documents,
    drops,
    exception_routes,
    figures,
    hold_routes,
    inquiries,
    metrics,
    plugin_routes,
    queue_routes,
)
from .admission import SERVER, Server, needs
from .bodies import file_name as _name
from .bodies import spooled as _spooled
from .bodies import too_large as _too_large
from .console import add_to as add_console
from .line_tests import TESTS, LineTests
from .problems import Handler, in_plain_words, problem

CALLS_OF_DAYS = 30


def _received(got: Received) -> web.Response:
    body: dict[str, Any] = {"file_id": got.file_id}
    if got.duplicate_of:
        body["duplicate_of"] = got.duplicate_of
        body["detail"] = "The same content came before; it is not worked again."
    return web.json_response(body, status=200 if got.duplicate_of else 202)


async def _sent(
    request: web.Request, most: int | None = None, *, claims: bool = True
) -> tuple[str, BinaryIO] | web.Response:
    """The source that sends, and what it sends (at most so many bytes); or the answer that says why it is not taken."""
    config = request.app[SERVER].services.config
    source = config.source(request.match_info["source"])
    if source is None:
        return _no_source(request.app[SERVER], request.match_info["source"])
    if claims and source.bank:
        where = f"POST them to /api/v1/banks/{source.bank}/files"
        return problem(422, "It sends no claims", f"Source {source.name!r} brings files of a bank: {where}.")
    if claims and source.drop:
        return problem(
            422,
            "It sends no claims",
            f"Source {source.name!r} hands in documents for a plugin: POST them to /api/v1/plugins/"
            f"{source.drop.replace('/', '/drops/')}?source={source.patients_of or source.name}",
        )
    limit = config.gateway.web.max_upload_mb << 20
    if most is not None:
        limit = min(limit, most)
    body = await _spooled(request, limit)
    return _too_large(limit) if body is None else (source.name, body)


@needs("submit")
async def post_file(request: web.Request) -> web.StreamResponse:
    """Take a file (837P or JSON claims) of a source: the body is the file, `?name=` what it is called."""
    sent = await _sent(request)
    if isinstance(sent, web.Response):
        return sent
    source, body = sent
    with body:
        return await _take(request.app[SERVER], source, _name(request.query.get("name", ""), "upload"), body)


@needs("submit")
async def post_claims(request: web.Request) -> web.StreamResponse:
    """Take claims as JSON: one object, or a list of them. Either all of them are taken or none."""
    sent = await _sent(request, json_file.MOST_BYTES)
    if isinstance(sent, web.Response):
        return sent
    source, body = sent
    with body:
        data = body.read()
    try:
        await asyncio.to_thread(json_file.read_claims, data)
    except json_file.NotJson as error:
        return problem(400, "Not JSON", str(error))
    except json_file.JsonClaimError as error:
        return problem(422, "Claims that cannot be read", str(error))
    return await _take(request.app[SERVER], source, "claims.json", io.BytesIO(data))


def _takes_rows(kind: Kind) -> Handler:
    @needs("submit")
    async def post_rows(request: web.Request) -> web.StreamResponse:
        """Take rows of a kind, as CSV or a JSON list: all of them or none. `?dry_run=true`: only say what they would
        bring."""
        dry_run = request.query.get("dry_run", "false").lower()
        if dry_run not in ("true", "false"):
            return problem(400, "Not understood", "dry_run is true or false.")
        sent = await _sent(request, MOST_BYTES, claims=False)
        if isinstance(sent, web.Response):
            return sent
        source, body = sent
        with body:
            data = body.read()
        try:
            rows = await asyncio.to_thread(kind.read, data)
        except DocumentRefused as refused:
            return problem(422, "Nothing was taken in", str(refused))
        server = request.app[SERVER]
        services = server.services
        zone = services.config.gateway.organisation.time_zone
        name = _name(request.query.get("name", ""), kind.name)
        now = services.clock.now()
        if dry_run == "true":
            try:
                await server.write(only_try, kind, source, name, Stored.of(data), rows, zone, now)
            except OnlyTried as tried:
                return web.json_response({"dry_run": True} | tried.done._replace(file_id=0)._asdict())
        stored = await asyncio.to_thread(services.archive.put, data)
        done = await server.write(take_in, kind, source, name, stored, rows, zone, now)
        return web.json_response(done._asdict())

    return post_rows


async def _take(server: Server, source: str, name: str, body: BinaryIO) -> web.Response:
    write: Write = server.write
    services = server.services
    return _received(await receive(write, services.archive, source, name, body, services.clock.now()))


def _no_source(server: Server, name: str) -> web.Response:
    names = ", ".join(sorted(source.name for source in server.services.config.gateway.sources)) or "none"
    return problem(404, "No such source", f"No source is called {name!r}. The configuration has: {names}.")


def _file(connection: Connection, file_id: int) -> dict[str, Any] | None:
    row = connection.execute(select(files).where(files.c.id == file_id)).first()
    if row is None:
        return None
    states = connection.execute(
        select(claims.c.state, func.count().label("count")).where(claims.c.file_id == file_id).group_by(claims.c.state)
    )
    return {
        "file_id": row.id,
        "name": row.name,
        "party": row.party,
        "kind": row.kind,
        "state": row.state,
        "reason": row.reason,
        "size": row.size,
        "sha256": row.sha256,
        "received_at": row.received_at.isoformat(),
        "claims": {row.state: row.count for row in states},
    }


@needs("read")
async def get_file(request: web.Request) -> web.StreamResponse:
    """What became of a file: its state, and its claims by state."""
    found = await request.app[SERVER].read(_file, int(request.match_info["file_id"]))
    if found is None:
        return problem(404, "No such file", "No file has this id.")
    return web.json_response(found)


def _waiting(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(
            work_items.c.kind,
            work_items.c.team,
            func.count().label("items"),
            func.sum(work_items.c.cents).label("cents"),
        )
        .where(work_items.c.state == "open")
        .group_by(work_items.c.kind, work_items.c.team)
        .order_by(work_items.c.kind, work_items.c.team)
    )
    return [{"kind": row.kind, "team": row.team, "items": row.items, "cents": int(row.cents or 0)} for row in rows]


@needs("read")
async def get_queues(request: web.Request) -> web.StreamResponse:
    """What waits for a person: open work items by kind and team, with the cents at stake."""
    return web.json_response({"queues": await request.app[SERVER].read(_waiting)})


@needs("read")
async def get_configuration(request: web.Request) -> web.StreamResponse:
    """The configuration in force: its hash, since when, how often it was reloaded, and why the last one was refused."""
    return web.json_response(request.app[SERVER].reloads.as_data())


@needs("admin")
async def post_reload(request: web.Request) -> web.StreamResponse:
    """Read the configuration again and take it; with any fault the old one stays, and all faults are told."""
    state = await request.app[SERVER].reload()
    if state.faults:
        return problem(422, "The configuration is refused", "\n".join(state.faults))
    return web.json_response(state.as_data())


def _plugins(connection: Connection, since: dt.date) -> dict[str, plugin_calls.Counted]:
    return plugin_calls.since(connection, since)


def _declares(declared: Declared | None) -> dict[str, list[str]]:
    """The names of what a plugin declares beside the chains, by kind."""
    found: dict[str, list[str]] = {}
    for one in declared.everything if declared else ():
        found.setdefault(f"{one.what}s", []).append(one.name)
    return found


@needs("read")
async def get_plugins(request: web.Request) -> web.StreamResponse:
    """The plugins in use: their calls, failures and time of the last thirty days, and the steps that rest."""
    server = request.app[SERVER]
    config = server.services.config
    since = server.services.clock.now().date() - dt.timedelta(days=CALLS_OF_DAYS)
    counted = await server.read(_plugins, since)
    nothing = plugin_calls.Counted("", 0, 0, 0.0)
    found = []
    for plugin in config.plugins:
        calls = counted.get(plugin.name, nothing)
        found.append(
            {
                "name": plugin.name,
                "version": plugin.version,
                "origin": plugin.origin,
                "hooks": sorted(plugin.hooks),
                "declares": _declares(config.declared.get(plugin.name)),
                "calls": calls.calls,
                "failures": calls.failures,
                "seconds": round(calls.seconds, 3),
            }
        )
    resting = [
        {**one._asdict(), "since": one.since.isoformat(), "until": one.until.isoformat()}
        for one in server.services.breakers.state(config)
    ]
    desk_resting = [
        {"plugin": call.plugin, "hook": call.hook, "name": call.name, "until": until.isoformat()}
        for call, until in server.services.desk_rests.state()
    ]
    return web.json_response({"plugins": found, "resting": resting, "desk_resting": desk_resting})


async def healthz(_request: web.Request) -> web.Response:
    """Whether the process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Whether it takes work: database reachable, engine started."""
    why = request.app[SERVER].ready()
    if why:
        return problem(503, "Not ready", why)
    return web.json_response({"status": "ready"})


def make_app(server: Server) -> web.Application:
    """The routes, for a server."""
    app = web.Application(middlewares=[in_plain_words])
    app[SERVER] = server
    app[TESTS] = LineTests()
    app.add_routes(
        [
            web.post("/api/v1/sources/{source}/files", post_file),
            web.post("/api/v1/sources/{source}/claims", post_claims),
            *(
                web.post(f"/api/v1/sources/{{source}}/{kind.name}", _takes_rows(kind))
                for kind in belongings.KINDS.values()
            ),
            web.get(r"/api/v1/files/{file_id:\d{1,18}}", get_file),
            web.get("/api/v1/queues", get_queues),
            web.get("/api/v1/configuration", get_configuration),
            web.get("/api/v1/plugins", get_plugins),
            web.post("/api/v1/configuration/reload", post_reload),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            *again.routes(),
            *documents.ROUTES,
            *drops.ROUTES,
            *queue_routes.routes(),
            *hold_routes.routes(),
            *deposit_routes.routes(),
            *exception_routes.routes(),
            *figures.routes(),
            *inquiries.routes(),
            *correcting.routes(),
            *cancel_and_merge.routes(),
            *denial_routes.routes(),
            *plugin_routes.ROUTES,
            *admin_routes.ROUTES,
            *metrics.ROUTES,
        ]
    )
    add_console(app)
    return app
