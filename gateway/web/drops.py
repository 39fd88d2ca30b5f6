"""Documents for plugins that take such, by the API: `POST /api/v1/plugins/<plugin>/drops/<name>`."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from ..core.flow.desk_records import FAILED, NOT_TAKEN
from ..core.flow.plugin_drop import NoSource, Result, Sent, hand_in, in_words, source_for
from ..core.model.rows_file import MOST_BYTES
from ..core.store.drop_documents import Dropped
from ..plugins import desk_views
from ..plugins.declaring import NotDeclared
from ..plugins.desk_views import TOLD
from . import desk_answers as told
from .admission import SERVER
from .bodies import file_name, spooled, too_large
from .operations import Raw, post, query_of
from .problems import problem
from .queue_bodies import Asked, Name


class DropAsked(Asked):
    """`source`: whose ids of patients it uses; `name`: what it is called; `dry_run`: only say what it would do."""

    source: Name = ""
    name: Annotated[str, Field(max_length=2000)] = ""
    dry_run: bool = False


async def post_document(request: web.Request) -> web.StreamResponse:
    """Take a document (CSV or JSON) for a drop of a plugin: all of it or nothing."""
    server, asked = request.app[SERVER], query_of(request, DropAsked)
    services, dry_run = server.services, asked.dry_run
    plugin, drop = request.match_info["plugin"], request.match_info["drop"]
    try:
        source = source_for(services.config, plugin, drop, asked.source)
    except NoSource as error:
        return problem(422, "Whose is it?", str(error))
    limit = min(services.config.gateway.web.max_upload_mb << 20, MOST_BYTES)
    body = await spooled(request, limit)
    if body is None:
        return too_large(limit)
    with body:
        data = body.read()
    sent = Sent(Dropped(plugin, drop, source), source, "upload", file_name(asked.name, drop))
    try:
        result = await hand_in(
            services,
            services.desks,
            server.write,
            services.config,
            sent,
            data,
            services.clock.now(),
            dry_run=dry_run,
        )
    except NotDeclared as error:
        return problem(404, "No such drop", str(error))
    return _told(plugin, result, dry_run)


def _told(plugin: str, result: Result, dry_run: bool) -> web.Response:
    answer = result.answer
    if answer is None:
        what = f"The same content came before, as file {result.duplicate_of}; nothing is done again."
        return web.json_response(
            {
                "file_id": result.file_id,
                "state": result.state,
                "duplicate_of": result.duplicate_of,
                "detail": what,
            }
        )
    if answer.outcome == NOT_TAKEN:
        kept = f"\nIt is kept as file {result.file_id}, and a work item says so." if result.file_id else ""
        return problem(422, "Nothing was taken", f"{answer.why}{kept}")
    if answer.outcome == FAILED:
        kept = f" It is kept as file {result.file_id}, and a work item says so." if result.file_id else ""
        return problem(500, "A fault in a plugin", f"Plugin {plugin} failed here: {answer.why}. Nothing is done.{kept}")
    body: dict[str, Any] = {"state": result.state, "said": answer.result}
    if dry_run:
        rows = [dict(zip(TOLD, row, strict=True)) for row in desk_views.told(answer.acts)]
        rows = [{**row, "dollars": None if row["dollars"] is None else str(row["dollars"])} for row in rows]
        return web.json_response({"dry_run": True, **body, "would_do": rows})
    return web.json_response({"file_id": result.file_id, **body, "done": in_words(answer.acts)})


ROWS = Raw(("text/csv", "application/json"), "Rows, as CSV or a JSON list.", {"type": "string"})
ROUTES = [
    post(
        "/api/v1/plugins/{plugin}/drops/{drop}",
        post_document,
        tag="plugins",
        scope="submit",
        query=DropAsked,
        body=ROWS,
        answers=(told.DropDone, told.DropWould, told.DropBefore),
        also=(500,),
    )
]
