"""The first doors of the HTTP API: hand in files and claims, ask what became of them, health.

Every route but health asks for a bearer token (`gateway token add`); each look at a claim or file by it is in the
access log. Errors are problem details (RFC 9457) in plain words.
"""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO, Protocol, TypeVar

from aiohttp import web
from sqlalchemy import Connection, func, insert, select

from ..core.clock import Clock
from ..core.flow.receive import Received, Write, receive
from ..core.flow.services import Services
from ..core.store import tokens
from ..core.store.tables import access_log, claims, files, work_items

T = TypeVar("T")


class Server(Protocol):
    """What the routes need of the running gateway."""

    services: Services

    async def write(self, function: Callable[..., T], *args: object) -> T:
        """One transaction of the business database."""

    async def read(self, function: Callable[..., T], *args: object) -> T:
        """One look at it."""

    def ready(self) -> str:
        """Why it is not ready yet; empty when it is."""


SERVER: web.AppKey[Server] = web.AppKey("server", Server)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(status: int, title: str, detail: str) -> web.Response:
    """An error as a problem document."""
    return web.json_response(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status=status,
        content_type="application/problem+json",
    )


def _needs(scope: str) -> Callable[[Handler], Handler]:
    """Only with a token of this scope; the use is in the access log."""

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            server = request.app[SERVER]
            kind, _, secret = request.headers.get("Authorization", "").partition(" ")
            name = None
            if kind.lower() == "bearer" and secret:
                name = await server.read(tokens.check, secret.strip(), scope)
            if name is None:
                answer = problem(
                    401,
                    "No valid token",
                    f"Send a bearer token with the scope {scope!r}: Authorization: Bearer hme_... "
                    "Make one with: gateway token add NAME --scope " + scope,
                )
                answer.headers["WWW-Authenticate"] = "Bearer"
                return answer
            await server.write(_note_access, server.services.clock, name, request)
            request["who"] = name
            return await handler(request)

        return guarded

    return guard


def _note_access(connection: Connection, clock: Clock, name: str, request: web.Request) -> None:
    now = clock.now()
    tokens.used(connection, name, now)
    connection.execute(
        insert(access_log).values(
            at=now, who=name, what=f"{request.method} {request.path}"[:200], source=(request.remote or "")[:60]
        )
    )


def _received(got: Received) -> web.Response:
    body: dict[str, Any] = {"file_id": got.file_id}
    if got.duplicate_of:
        body["duplicate_of"] = got.duplicate_of
        body["detail"] = "The same content came before; it is not worked again."
    return web.json_response(body, status=200 if got.duplicate_of else 202)


async def _spooled(request: web.Request, limit: int) -> BinaryIO | None:
    """The body on disk, or None where it is larger than allowed."""
    spool = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115
    size = 0
    async for block in request.content.iter_chunked(1 << 16):
        size += len(block)
        if size > limit:
            spool.close()
            return None
        await asyncio.to_thread(spool.write, block)
    spool.seek(0)
    return spool  # type: ignore[return-value]


@_needs("submit")
async def post_file(request: web.Request) -> web.StreamResponse:
    """Take a file (837P or JSON claims) of a source: the body is the file, `?name=` what it is called."""
    server = request.app[SERVER]
    source = server.services.config.source(request.match_info["source"])
    if source is None:
        return _no_source(server, request.match_info["source"])
    limit = server.services.config.gateway.web.max_upload_mb << 20
    body = await _spooled(request, limit)
    if body is None:
        return problem(413, "Too large", f"A file may have {limit >> 20} MB; split it, or use the drop folder.")
    with body:
        name = request.query.get("name", "upload")
        write: Write = server.write
        got = await receive(write, server.services.archive, source.name, name, body, server.services.clock.now())
    return _received(got)


@_needs("submit")
async def post_claims(request: web.Request) -> web.StreamResponse:
    """Take claims as JSON: one object, or a list of them."""
    server = request.app[SERVER]
    source = server.services.config.source(request.match_info["source"])
    if source is None:
        return _no_source(server, request.match_info["source"])
    from ..core.model.json_claim import JsonClaimError, check_claims

    try:
        document = await request.json()
    except json.JSONDecodeError as error:
        return problem(400, "Not JSON", f"Line {error.lineno}, column {error.colno}: {error.msg}.")
    try:
        await asyncio.to_thread(check_claims, document)
    except JsonClaimError as error:
        return problem(422, "Claims that cannot be read", str(error))
    data = json.dumps(document, separators=(",", ":")).encode()
    now = server.services.clock.now()
    write: Write = server.write
    got = await receive(write, server.services.archive, source.name, "claims.json", io.BytesIO(data), now)
    return _received(got)


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


@_needs("read")
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


@_needs("read")
async def get_queues(request: web.Request) -> web.StreamResponse:
    """What waits for a person: open work items by kind and team, with the cents at stake."""
    return web.json_response({"queues": await request.app[SERVER].read(_waiting)})


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
    app = web.Application(client_max_size=server.services.config.gateway.web.max_upload_mb << 20)
    app[SERVER] = server
    app.add_routes(
        [
            web.post("/api/v1/sources/{source}/files", post_file),
            web.post("/api/v1/sources/{source}/claims", post_claims),
            web.get(r"/api/v1/files/{file_id:\d{1,18}}", get_file),
            web.get("/api/v1/queues", get_queues),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
        ]
    )
    return app
