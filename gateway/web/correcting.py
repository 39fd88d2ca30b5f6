"""The routes for refused claims: what is rejected and where, the fields of a claim, correcting it (with a preview, at
every stroke of a key), replacing and voiding one, and the weekly report.

What shows a claim's values, or changes it, asks for the scope `work`; each use is in the access log.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field
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
from . import claim_answers as told
from .admission import SERVER, WHO, Server
from .again import ID, Why, answer_of
from .operations import body_of, get, post, query_of
from .paging import List, PageAsked
from .problems import Handler, problem
from .queue_bodies import FIRST_DAY, LAST_DAY, Asked, Name, NotUnderstood

TAG = "claims"
REJECTIONS = List("rejections", rejection_queue.PLACE)
_MOST_CHANGES = 200
_Change = Annotated[str, Field(max_length=1000)]
_Changes = Annotated[list[_Change], Field(max_length=_MOST_CHANGES)]


def _settings(value: object) -> object:
    texts = [*value, *value.values()] if isinstance(value, dict) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise ValueError("an object of texts, or a list of texts such as 'charge=120.00'")
    return value


_Settings = Annotated[dict[str, str] | list[str], BeforeValidator(_settings)]


class Replace(Why):
    """`set`: fields by name, with what shall stand there; `add` and `remove`: segments, as `gateway claim correct`
    takes them."""

    set: _Settings = Field(default_factory=dict)
    add: _Changes = Field(default_factory=list)
    remove: _Changes = Field(default_factory=list)

    def changes(self) -> list[Change]:
        """The same for the core. Raises CannotBeDone, NotUnderstood."""
        settings = self.set if isinstance(self.set, list) else [f"{name}={value}" for name, value in self.set.items()]
        if len(settings) + len(self.add) + len(self.remove) > _MOST_CHANGES:
            raise NotUnderstood(f"at most {_MOST_CHANGES} changes are made at once")
        try:
            return typed(settings, self.add, self.remove)
        except NotCorrected as error:
            raise CannotBeDone(f"{error}.") from error


class Correct(Replace):
    """`root_cause`: of the table root_causes; `version`: the number with which the fields of the claim came."""

    root_cause: Name = ""
    version: Annotated[int, Field(ge=0, lt=1 << 31)] = 0


class CorrectAsked(Asked):
    """`preview`: only say what would come of it."""

    preview: bool = False


class RejectionsAsked(PageAsked):
    """Only of this payer, where one is named."""

    payer: Name = ""


class ReportAsked(Asked):
    """Which week (this one without), and by what its rows are."""

    by: rejection_report.By = "edit"
    week: Annotated[str, Field(max_length=10, examples=["2026-W12"])] = ""


def _no_claim() -> web.Response:
    return problem(404, "No such claim", "No claim has this id. GET /api/v1/rejections lists those that are rejected.")


def _claim_id(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _is_there(request: web.Request) -> bool:
    return await request.app[SERVER].read(claim_store.exists, _claim_id(request))


async def get_rejections(request: web.Request) -> web.StreamResponse:
    """The claims that are rejected now, the most dollars first: the edit, the place of the fault and what to do."""
    server = request.app[SERVER]
    config, asked = server.services.config, query_of(request, RejectionsAsked)
    behind = REJECTIONS.place(asked.after)

    def read(connection: Connection) -> list[rejection_queue.Rejected]:
        return rejection_queue.rejected(connection, config, asked.payer, limit=asked.limit + 1, behind=behind)

    found, after = REJECTIONS.page(await server.read(read), asked.limit, rejection_queue.place)
    rows = [{**one._asdict(), "since": one.since.isoformat()} for one in found]
    return web.json_response({"rejections": rows, "after": after})


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
    asked = body_of(request, Correct)
    changes = asked.changes()
    server, who, claim_id = request.app[SERVER], request[WHO], _claim_id(request)
    services, config = server.services, server.services.config
    now = services.clock.now()
    today = business_date(now, config.gateway.organisation.time_zone)
    if query_of(request, CorrectAsked).preview:
        asking = await server.read(preview.ask, claim_id, changes, who)
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
            changes,
            who,
            asked.reason,
            now,
            today=today,
            root_cause=asked.root_cause,
            version=asked.version,
        )

    return answer_of(await server.write(ask))


def _sends(frequency: str) -> Handler:
    async def post_again(request: web.Request) -> web.StreamResponse:
        if not await _is_there(request):
            return _no_claim()
        asked = body_of(request, Why)
        changes = asked.changes() if isinstance(asked, Replace) else []
        server: Server = request.app[SERVER]
        services, who, now = server.services, request[WHO], server.services.clock.now()

        def ask(connection: Connection) -> Again:
            return replace(
                connection,
                services.archive,
                services.config,
                _claim_id(request),
                frequency,
                changes,
                who,
                asked.reason,
                now,
            )

        return answer_of(await server.write(ask))

    return post_again


async def get_report(request: web.Request) -> web.StreamResponse:
    """What front ends refused in a week, by edit, payer, source, biller or cause."""
    server = request.app[SERVER]
    config, asked = server.services.config, query_of(request, ReportAsked)
    today = business_date(server.services.clock.now(), config.gateway.organisation.time_zone)
    try:
        monday = rejection_report.week_of(asked.week, today)
    except CannotBeDone as error:
        raise NotUnderstood(str(error).rstrip(".")) from error
    if not FIRST_DAY <= monday <= LAST_DAY:
        raise NotUnderstood(f"a week lies between {FIRST_DAY} and {LAST_DAY}")
    found = await server.read(rejection_report.report, config, monday, asked.by)
    return web.json_response(rejection_report.as_data(found))


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    claim = f"/api/v1/claims/{ID}"
    again = {202: told.Again, 200: told.Again}
    replaced = "Send a claim that its payer has again, corrected, as a replacement."
    voided = "Send a claim that its payer has again, to be voided."
    return [
        get("/api/v1/rejections", get_rejections, tag=TAG, query=RejectionsAsked, answers=told.Rejections),
        get(f"{claim}/rejections", get_claim_rejections, tag=TAG, scope="work", answers=told.ClaimRejections),
        get(f"{claim}/fields", get_fields, tag=TAG, scope="work", answers=told.ClaimFields, also=(409,)),
        post(
            f"{claim}/correct",
            post_correct,
            tag=TAG,
            query=CorrectAsked,
            body=Correct,
            answers={202: told.Again, 200: (told.Again, told.Previewed)},
        ),
        post(f"{claim}/replace", _sends(REPLACEMENT), tag=TAG, body=Replace, answers=again, words=replaced),
        post(f"{claim}/void", _sends(VOID), tag=TAG, body=Why, answers=again, words=voided),
        get("/api/v1/reports/rejections", get_report, tag=TAG, query=ReportAsked, answers=told.RejectionReport),
    ]
