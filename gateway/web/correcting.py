"""The routes for refused claims: what is rejected and where, the fields of a claim, correcting it (with a preview, at
every stroke of a key), replacing and voiding one, and the weekly report.

What shows a claim's values, or changes it, asks for the scope `work`; each use is in the access log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from ..core.clock import business_date
from ..core.flow import preview, rejection_queue, rejection_report
from ..core.flow.again import Again, CannotBeDone
from ..core.flow.claim_view import View, view
from ..core.flow.correct import correct
from ..core.flow.rejections import Rejection, of_claim
from ..core.flow.replace import replace
from ..core.model.payer_frequency import REPLACEMENT, VOID
from ..core.store import claims as claim_store
from ..core.x12.correcting import Change, NotCorrected, typed
from .admission import SERVER, WHO, Server, needs
from .again import answer_of, plainly
from .bodies import in_time
from .problems import Handler, problem

_SAMPLE = 'Send a JSON object, such as {"set": {"subscriber id": "1EG4TE5MK73"}, "reason": "as on the card"}.'
_KNOWN = ("set", "add", "remove", "reason", "root_cause", "version")
_MOST_CHANGES = 200


class _Body:
    """The body of a correction, checked. Raises CannotBeDone."""

    def __init__(self, body: Any, known: Sequence[str] = _KNOWN) -> None:
        if not isinstance(body, dict):
            raise CannotBeDone(_SAMPLE)
        for name in body:
            if name not in known:
                raise CannotBeDone(f"{name!r} is not known here; known are {', '.join(known)}.")
        self.reason = _text(body, "reason")
        self.root_cause = _text(body, "root_cause")
        version = body.get("version", 0)
        if not isinstance(version, int) or isinstance(version, bool):
            raise CannotBeDone("version must be the number that the fields of the claim came with.")
        self.version = version
        self.changes = _changes(body)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise CannotBeDone(f"{name} must be text.")
    return value


def _changes(body: dict[str, Any]) -> list[Change]:
    settings = body.get("set", {})
    if isinstance(settings, dict) and all(isinstance(value, str) for value in settings.values()):
        settings = [f"{name}={value}" for name, value in settings.items()]
    lists = [settings, body.get("add", []), body.get("remove", [])]
    if not all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in lists):
        raise CannotBeDone(f"set is an object of texts, add and remove are lists of texts. {_SAMPLE}")
    if sum(map(len, lists)) > _MOST_CHANGES:
        raise CannotBeDone(f"At most {_MOST_CHANGES} changes are made at once.")
    try:
        return typed(*lists)
    except NotCorrected as error:
        raise CannotBeDone(f"{error}.") from error


async def _body(request: web.Request, known: Sequence[str] = _KNOWN) -> _Body:
    try:
        found = await in_time(request.json())
    except ValueError:
        raise CannotBeDone(f"The body is no JSON. {_SAMPLE}") from None
    return _Body(found, known)


def _no_claim() -> web.Response:
    return problem(404, "No such claim", "No claim has this id. GET /api/v1/rejections lists those that are rejected.")


def _claim_id(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _is_there(request: web.Request) -> bool:
    return await request.app[SERVER].read(claim_store.exists, _claim_id(request))


async def get_rejections(request: web.Request) -> web.StreamResponse:
    """The claims that are rejected now: the edit, the place of the fault and what to do; `?payer=` only of one."""
    server = request.app[SERVER]
    config = server.services.config
    found = await server.read(rejection_queue.rejected, config, request.query.get("payer", ""))
    rows = [{**one._asdict(), "since": one.since.isoformat()} for one in found]
    return web.json_response({"rejections": rows})


async def get_claim_rejections(request: web.Request) -> web.StreamResponse:
    """Every refusal of one claim, with what stands at each faulty place."""
    if not await _is_there(request):
        return _no_claim()
    server = request.app[SERVER]
    services = server.services

    def look(connection: Connection) -> list[Rejection]:
        return of_claim(connection, services.archive, services.config, _claim_id(request), values=True)

    found = await server.read(look)
    return web.json_response({"rejections": [one.as_data() for one in found]})


async def get_fields(request: web.Request) -> web.StreamResponse:
    """The fields of a claim by name, with place and value, and the version to send back with a correction."""
    if not await _is_there(request):
        return _no_claim()
    found: View = await request.app[SERVER].read(view, _claim_id(request))
    return web.json_response(found.as_data())


async def post_correct(request: web.Request) -> web.StreamResponse:
    """Correct a claim and have it decided again; with `?preview=true` only say what would come of it."""
    if not await _is_there(request):
        return _no_claim()
    asked = await _body(request)
    server, who, claim_id = request.app[SERVER], request[WHO], _claim_id(request)
    services, config = server.services, server.services.config
    now = services.clock.now()
    today = business_date(now, config.gateway.organisation.time_zone)
    if request.query.get("preview", "").lower() in ("true", "1", "yes"):
        asking = await server.read(preview.ask, claim_id, asked.changes, who)
        url = services.reads.url.render_as_string(hide_password=False)
        ground = preview.Ground(
            services.decide, config, str(services.archive.root), url, today, services.breakers.resting(config)
        )
        found = await preview.preview(ground, asking)
        return web.json_response(found._asdict())

    def ask(connection: Connection) -> Again:
        return correct(
            connection,
            config,
            claim_id,
            asked.changes,
            who,
            asked.reason,
            now,
            today=today,
            root_cause=asked.root_cause,
            version=asked.version,
        )

    return answer_of(await server.write(ask))


def _sends(frequency: str, known: Sequence[str]) -> Handler:
    async def post(request: web.Request) -> web.StreamResponse:
        """Send a claim that its payer has again, as a replacement or void."""
        if not await _is_there(request):
            return _no_claim()
        asked = await _body(request, known)
        server: Server = request.app[SERVER]
        services, who, now = server.services, request[WHO], server.services.clock.now()

        def ask(connection: Connection) -> Again:
            return replace(
                connection,
                services.archive,
                services.config,
                _claim_id(request),
                frequency,
                asked.changes,
                who,
                asked.reason,
                now,
            )

        return answer_of(await server.write(ask))

    return post


async def get_report(request: web.Request) -> web.StreamResponse:
    """What front ends refused in a week: `?by=edit|payer|source|biller|cause`, `?week=2026-W12` (this week without)."""
    server = request.app[SERVER]
    config = server.services.config
    by = request.query.get("by", "edit")
    if by not in rejection_report.EVERY:
        raise CannotBeDone(f"by is one of {', '.join(rejection_report.EVERY)}.")
    today = business_date(server.services.clock.now(), config.gateway.organisation.time_zone)
    monday = rejection_report.week_of(request.query.get("week", ""), today)
    found = await server.read(rejection_report.report, config, monday, by)
    return web.json_response(rejection_report.as_data(found))


def routes() -> list[web.RouteDef]:
    """The routes, each with the scope that it asks for."""
    claim = r"/api/v1/claims/{id:\d{1,18}}"

    def get(path: str, scope: str, handler: Handler) -> web.RouteDef:
        return web.get(path, needs(scope)(plainly(handler)))

    return [
        get("/api/v1/rejections", "read", get_rejections),
        get(f"{claim}/rejections", "work", get_claim_rejections),
        get(f"{claim}/fields", "work", get_fields),
        web.post(f"{claim}/correct", needs("work")(plainly(post_correct))),
        web.post(f"{claim}/replace", needs("work")(plainly(_sends(REPLACEMENT, ("set", "add", "remove", "reason"))))),
        web.post(f"{claim}/void", needs("work")(plainly(_sends(VOID, ("reason",))))),
        get("/api/v1/reports/rejections", "read", get_report),
    ]
