"""The figures of the back office over HTTP: each with its formula, and the claims behind it."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.model.spreadsheet import CsvWriter
from ..core.reports import catalogue, showing
from ..core.reports.measure import Found, Report, Scope
from .admission import SERVER, Server, needs
from .queue_bodies import Asked, Name, NotUnderstood, understood
from .queue_routes import plainly, today_of

Row = list[tuple[Any, ...]]


class FigureAsked(Asked):
    """What a figure may be asked."""

    first: dt.date | None = Field(default=None, alias="from")
    last: dt.date | None = Field(default=None, alias="to")
    payer: Name = ""
    source: Name = ""
    by: Name = ""
    format: str = Field(default="json", pattern="^(json|csv)$")


class ClaimsAsked(FigureAsked):
    """What may be asked about the claims behind one."""

    group: Name = ""
    limit: int = Field(default=1_000, ge=1, le=catalogue.MOST_CLAIMS)


def _scope(server: Server, asked: FigureAsked) -> Scope:
    zone = server.services.config.gateway.organisation.time_zone
    try:
        return catalogue.scope_of(
            today_of(server),
            zone,
            first=asked.first,
            last=asked.last,
            payer=asked.payer,
            source=asked.source,
            by=asked.by,
        )
    except catalogue.NotAsked as error:
        raise NotUnderstood(str(error).rstrip(".")) from error


def _named(request: web.Request) -> Report:
    try:
        return catalogue.named(request.match_info["name"])
    except catalogue.NotAsked as error:
        raise NotUnderstood(str(error).rstrip(".")) from error


async def _work_out(server: Server, report: Report, scope: Scope) -> Found:
    try:
        return await server.read(catalogue.work_out, report, scope)
    except catalogue.NotAsked as error:
        raise NotUnderstood(str(error).rstrip(".")) from error


def _csv(columns: tuple[str, ...], rows: Row) -> web.Response:
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.writerow(columns)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    return web.Response(text=text.getvalue(), content_type="text/csv")


@plainly
async def _every(request: web.Request) -> web.StreamResponse:
    """Every figure, with its definition: `?from=`, `?to=`, `?payer=`, `?source=`."""
    server = request.app[SERVER]
    asked = understood(FigureAsked, dict(request.query))
    scope = _scope(server, asked)
    if scope.by:
        raise NotUnderstood("all figures together are not grouped; ask for one")

    every = await server.read(catalogue.every, scope)
    if asked.format == "csv":
        return _csv(showing.PAGE_COLUMNS, showing.page(every))
    return web.json_response({"figures": showing.page_data(every)})


@plainly
async def _one(request: web.Request) -> web.StreamResponse:
    """A figure by its groups: `?by=` as its definition lists them."""
    server = request.app[SERVER]
    asked = understood(FigureAsked, dict(request.query))
    found = await _work_out(server, _named(request), _scope(server, asked))
    if asked.format == "csv":
        return _csv(showing.COLUMNS, showing.as_rows(found))
    return web.json_response(showing.as_data(found))


@plainly
async def _claims(request: web.Request) -> web.StreamResponse:
    """The claims behind a figure, the most dollars first; `?group=` of one of its groups."""
    server = request.app[SERVER]
    asked = understood(ClaimsAsked, dict(request.query))
    report, scope = _named(request), _scope(server, asked)
    await _work_out(server, report, scope)

    def read(connection: Connection) -> catalogue.Behind:
        return catalogue.behind(connection, report, scope, group=asked.group, limit=asked.limit)

    found = await server.read(read)
    if asked.format == "csv":
        return _csv(catalogue.CLAIM_COLUMNS, found.rows)
    return web.json_response({"name": report.definition.name, **showing.claims_data(found)})


def routes() -> list[web.RouteDef]:
    """The routes, each with the scope that it asks for."""
    return [
        web.get("/api/v1/figures", needs("read")(_every)),
        web.get("/api/v1/figures/{name}", needs("read")(_one)),
        web.get("/api/v1/figures/{name}/claims", needs("read")(_claims)),
    ]
