"""Documents for plugins that take such, by the API: `POST /api/v1/plugins/<plugin>/drops/<name>`."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..core.flow.desk_records import FAILED, NOT_TAKEN
from ..core.flow.plugin_drop import NoSource, Result, Sent, hand_in, in_words, source_for
from ..core.model.rows_file import MOST_BYTES
from ..core.store.drop_documents import Dropped
from ..plugins.declaring import NotDeclared
from ..plugins.desk_views import TOLD, told
from .admission import SERVER, needs
from .bodies import file_name, spooled, too_large
from .problems import problem

PARAMETERS = ("source", "name", "dry_run")


@needs("submit")
async def post_document(request: web.Request) -> web.StreamResponse:
    """Take a document (CSV or JSON) for a drop of a plugin: all of it or nothing. `?source=` whose ids of patients it
    uses, `?name=` what it is called, `?dry_run=true` to be told what it would do."""
    server = request.app[SERVER]
    services = server.services
    unknown = sorted(set(request.query) - set(PARAMETERS))
    dry_run = request.query.get("dry_run", "false").lower()
    if unknown or dry_run not in ("true", "false"):
        what = f"not {', '.join(unknown)}" if unknown else "dry_run is true or false"
        return problem(422, "Not a parameter", f"A drop takes {', '.join(PARAMETERS)}; {what}.")
    plugin, drop = request.match_info["plugin"], request.match_info["drop"]
    try:
        source = source_for(services.config, plugin, drop, request.query.get("source", ""))
    except NoSource as error:
        return problem(422, "Whose is it?", str(error))
    limit = min(services.config.gateway.web.max_upload_mb << 20, MOST_BYTES)
    body = await spooled(request, limit)
    if body is None:
        return too_large(limit)
    with body:
        data = body.read()
    sent = Sent(Dropped(plugin, drop, source), source, "upload", file_name(request.query.get("name", ""), drop))
    try:
        result = await hand_in(
            services,
            services.desks,
            server.write,
            services.config,
            sent,
            data,
            services.clock.now(),
            dry_run=dry_run == "true",
        )
    except NotDeclared as error:
        return problem(404, "No such drop", str(error))
    return _told(plugin, result, dry_run == "true")


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
        rows = [dict(zip(TOLD, row, strict=True)) for row in told(answer.acts)]
        rows = [{**row, "dollars": None if row["dollars"] is None else str(row["dollars"])} for row in rows]
        return web.json_response({"dry_run": True, **body, "would_do": rows})
    return web.json_response({"file_id": result.file_id, **body, "done": in_words(answer.acts)})


ROUTES = [web.post("/api/v1/plugins/{plugin}/drops/{drop}", post_document)]
