"""The doors of the HTTP API for billing systems: hand in files and claims, ask what became of them; the application.

Every route but health asks for a bearer token (`gateway token add`); each look at a claim or file by it is in the
access log. Errors are problem details (RFC 9457) in plain words.
"""

from __future__ import annotations

import asyncio
import io
from typing import Annotated, Any, BinaryIO

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection, func, select

from ..core.flow import belongings, json_file
from ..core.flow.belongings import Kind, OnlyTried, only_try, take_in
from ..core.flow.receive import Received, Write, receive
from ..core.model.belongings_file import MOST_BYTES, DocumentRefused
from ..core.store.archive import Stored
from ..core.store.tables import claims, files, work_items
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
    gateway_routes,
    hold_routes,
    inquiries,
    look_routes,
    metrics,
    plugin_routes,
    queue_routes,
    takeback_routes,
    view_routes,
    webhook_routes,
    work_answers,
)
from . import claim_answers as told
from .access import ACCESS, AccessLog
from .admission import SERVER, Server
from .bodies import file_name as _name
from .bodies import spooled as _spooled
from .bodies import too_large as _too_large
from .console import add_to as add_console
from .line_tests import TESTS, LineTests
from .operations import Nothing, Raw, get, post, query_of
from .problems import Handler, in_plain_words, problem
from .queue_bodies import Asked


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


async def post_file(request: web.Request) -> web.StreamResponse:
    """Take a file (837P or JSON claims) of a source: the body is the file. It is worked in the background; the same
    content again is kept and not worked twice."""
    sent = await _sent(request)
    if isinstance(sent, web.Response):
        return sent
    source, body = sent
    with body:
        return await _take(request.app[SERVER], source, _name(query_of(request, Named).name, "upload"), body)


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


class Named(Asked):
    """What a file is called."""

    name: Annotated[str, Field(max_length=2000)] = ""


class RowsAsked(Named):
    """`dry_run`: only say what the rows would bring."""

    dry_run: bool = False


def _takes_rows(kind: Kind) -> Handler:
    async def post_rows(request: web.Request) -> web.StreamResponse:
        asked = query_of(request, RowsAsked)
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
        name = _name(asked.name, kind.name)
        now = services.clock.now()
        if asked.dry_run:
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


async def get_queues(request: web.Request) -> web.StreamResponse:
    """What waits for a person: open work items by kind and team, with the cents at stake."""
    return web.json_response({"queues": await request.app[SERVER].read(_waiting)})


CLAIM_FILE = Raw(("application/edi-x12", "application/json", "application/octet-stream"), "A file of claims.")
CLAIMS = Raw(("application/json",), "A claim, or a list of claims (docs/configuration.md).", {})
ROWS = Raw(("text/csv", "application/json"), "Rows, as CSV or a JSON list.", {"type": "string"})


def routes() -> list[web.RouteDef]:
    """The routes of this module, each with what it takes and answers."""
    source = "/api/v1/sources/{source}"
    received = {202: told.Received, 200: told.Duplicate}

    def taking(path: str, handler: Handler, body: Raw, answers: Any, query: type[Asked], words: str = "") -> Any:
        return post(
            f"{source}/{path}", handler, tag="files", scope="submit", body=body, answers=answers, query=query,
            words=words,
        )  # fmt: skip

    rows = [
        taking(name, _takes_rows(kind), ROWS, (told.RowsTaken, told.RowsWould), RowsAsked,
               f"Take {name} of patients, as CSV or a JSON list: all of them or none.")
        for name, kind in belongings.KINDS.items()
    ]  # fmt: skip
    return [
        taking("files", post_file, CLAIM_FILE, received, Named),
        taking("claims", post_claims, CLAIMS, received, Nothing),
        *rows,
        get(r"/api/v1/files/{file_id:\d{1,18}}", get_file, tag="files", answers=told.File),
        get("/api/v1/queues", get_queues, tag="queue", answers=work_answers.Queues),
    ]


def make_app(server: Server) -> web.Application:
    """The routes, for a server."""
    app = web.Application(middlewares=[in_plain_words])
    app[SERVER] = server
    app[TESTS] = LineTests()
    app[ACCESS] = AccessLog(server)
    app[gateway_routes.DOCUMENTS] = {}
    app.add_routes(
        [
            *routes(),
            *gateway_routes.routes(),
            *again.routes(),
            *documents.ROUTES,
            *drops.ROUTES,
            *queue_routes.routes(),
            *view_routes.routes(),
            *takeback_routes.routes(),
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
            *look_routes.routes(),
            *webhook_routes.routes(),
            *metrics.ROUTES,
        ]
    )
    add_console(app)
    return app
