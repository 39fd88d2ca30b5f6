"""The figures of the back office over HTTP: each with its formula, and the claims behind it."""

from __future__ import annotations

import io
from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.model.spreadsheet import CsvWriter
from ..core.reports import catalogue, showing
from ..core.reports.measure import Found, Report, Scope
from ..core.store import keyset
from . import desk_answers as told
from .admission import SERVER, Server
from .operations import CSV, get, query_of
from .paging import After, List
from .problems import problem
from .queue_bodies import Asked, Day, Name, NotUnderstood
from .queue_routes import today_of

TAG = "figures"
CLAIMS = List("figure claims", catalogue.PLACE)
Row = list[tuple[Any, ...]]


class FigureAsked(Asked):
    """What a figure may be asked."""

    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")
    payer: Name = ""
    source: Name = ""
    by: Name = ""
    format: str = Field(default="json", pattern="^(json|csv)$")


class ClaimsAsked(FigureAsked):
    """What may be asked about the claims behind one."""

    group: Name = ""
    after: After = ""
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


def _named(request: web.Request) -> Report | web.Response:
    try:
        return catalogue.named(request.match_info["name"])
    except catalogue.NotAsked as error:
        return problem(404, "No such figure", str(error))


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


async def _every(request: web.Request) -> web.StreamResponse:
    """Every figure, with its definition; of the last ninety days where no days are named."""
    server = request.app[SERVER]
    asked = query_of(request, FigureAsked)
    scope = _scope(server, asked)
    if scope.by:
        raise NotUnderstood("all figures together are not grouped; ask for one")

    every = await server.read(catalogue.every, scope)
    if asked.format == "csv":
        return _csv(showing.PAGE_COLUMNS, showing.page(every))
    return web.json_response({"figures": showing.page_data(every)})


async def _one(request: web.Request) -> web.StreamResponse:
    """A figure by its groups: `by` as its definition lists them."""
    server = request.app[SERVER]
    asked = query_of(request, FigureAsked)
    report = _named(request)
    if isinstance(report, web.Response):
        return report
    found = await _work_out(server, report, _scope(server, asked))
    if asked.format == "csv":
        return _csv(showing.COLUMNS, showing.as_rows(found))
    return web.json_response(showing.as_data(found))


async def _claims(request: web.Request) -> web.StreamResponse:
    """The claims behind a figure, the most dollars first; with `group` of one of its groups."""
    server = request.app[SERVER]
    asked = query_of(request, ClaimsAsked)
    report, scope, place = _named(request), _scope(server, asked), CLAIMS.place(asked.after)
    if isinstance(report, web.Response):
        return report
    await _work_out(server, report, scope)

    def read(connection: Connection) -> catalogue.Behind:
        return catalogue.behind(connection, report, scope, group=asked.group, limit=asked.limit, after=place)

    found = await server.read(read)
    after = keyset.written(CLAIMS.name, found.last) if found.last else ""
    if asked.format == "csv":
        return _csv(catalogue.CLAIM_COLUMNS, found.rows)
    return web.json_response({"name": report.definition.name, **showing.claims_data(found), "after": after})


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    one = "/api/v1/figures/{name}"
    return [
        get("/api/v1/figures", _every, tag=TAG, query=FigureAsked, answers=(told.Figures, CSV)),
        get(one, _one, tag=TAG, query=FigureAsked, answers=(told.Figure, CSV)),
        get(f"{one}/claims", _claims, tag=TAG, query=ClaimsAsked, answers=(told.FigureClaims, CSV)),
    ]
