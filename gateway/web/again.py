"""The routes of the three verbs: retransmit a batch, resubmit a claim, replay a claim, payment or file.

Each takes {"reason": ...} as JSON. Asking twice does it once: the second answer names the first request.
"""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection, select
from sqlalchemy.exc import NoResultFound

from ..core.flow import outgoing, replay
from ..core.flow.again import Again, CannotBeDone
from ..core.flow.resubmit import resubmit
from ..core.store.tables import requests
from . import claim_answers as told
from .admission import SERVER, WHO, Server
from .operations import body_of, get, post
from .problems import problem
from .queue_bodies import Asked, Name, Words

ID = r"{id:\d{1,18}}"


class Why(Asked):
    """Why it is done; it stands on the timeline."""

    reason: Words = ""


class Resubmit(Why):
    """`payer_has_it_not`: the payer has said that it never got the claim."""

    payer_has_it_not: bool = False


class ReplayPayment(Why):
    """`configuration`: today's, or the original one; `again`: even so, where it was done before."""

    configuration: Literal["today", "original"] = "today"
    again: bool = False


class ReplayClaim(ReplayPayment):
    """`from`: the station with which it begins."""

    station: Name = Field(default="confirm", alias="from")


def answer_of(one: Again) -> web.Response:
    body = {"request_id": one.request_id, "asked_before": not one.new, "what": one.what}
    return web.json_response(body, status=202 if one.new else 200)


async def _resubmit(request: web.Request) -> web.StreamResponse:
    """Send a claim again in a new interchange."""
    asked = body_of(request, Resubmit)
    server = request.app[SERVER]
    claim_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()

    def ask(connection: Connection) -> Again:
        return resubmit(connection, claim_id, who, asked.reason, now, payer_has_it_not=asked.payer_has_it_not)

    return answer_of(await server.write(ask))


async def _replay_claim(request: web.Request) -> web.StreamResponse:
    """Run a claim through its chain again, from a station on."""
    asked = body_of(request, ReplayClaim)
    server = request.app[SERVER]
    claim_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()

    def ask(connection: Connection) -> Again:
        return replay.replay_claims(
            connection,
            [claim_id],
            who,
            asked.reason,
            now,
            server.services.config.hash,
            station=asked.station,
            configuration=asked.configuration,
            even_so=asked.again,
        )[0]

    return answer_of(await server.write(ask))


async def _replay_payment(request: web.Request) -> web.StreamResponse:
    """Match and post a claim payment again that waits."""
    asked = body_of(request, ReplayPayment)
    server = request.app[SERVER]
    payment_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()

    def ask(connection: Connection) -> Again:
        return replay.replay_payments(
            connection,
            [payment_id],
            who,
            asked.reason,
            now,
            server.services.config.hash,
            configuration=asked.configuration,
            even_so=asked.again,
        )[0]

    return answer_of(await server.write(ask))


async def _replay_file(request: web.Request) -> web.StreamResponse:
    """Read a file again of which nothing was taken in."""
    asked = body_of(request, Why)
    server = request.app[SERVER]
    file_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()
    return answer_of(await server.write(replay.replay_file, file_id, who, asked.reason, now))


async def _retransmit(request: web.Request) -> web.StreamResponse:
    """Send a batch that waits or was refused: the same bytes under the same numbers."""
    asked = body_of(request, Why)
    server = request.app[SERVER]
    batch_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()
    if not asked.reason.strip():
        raise CannotBeDone("It needs a reason; it stands on the timeline of the batch.")
    try:
        await server.write(outgoing.send_again, batch_id, who, asked.reason, now)
    except NoResultFound:
        return problem(404, "No such batch", "No batch has this id.")
    except ValueError as error:
        raise CannotBeDone(f"Batch {batch_id} is not sent: {error}.") from error
    return web.json_response({"batch_id": batch_id, "what": "It is sent again."}, status=202)


def _row(connection: Connection, request_id: int) -> dict[str, Any] | None:
    row = connection.execute(select(requests).where(requests.c.id == request_id)).one_or_none()
    if row is None:
        return None
    found = dict(row._mapping)
    for name in ("asked_at", "done_at"):
        found[name] = found[name].isoformat() if found[name] is not None else None
    return {name: found[name] for name in found if name not in ("key", "stood", "stands")}


async def _request(request: web.Request) -> web.StreamResponse:
    """What came of a request."""
    server: Server = request.app[SERVER]
    found = await server.read(_row, int(request.match_info["id"]))
    if found is None:
        return problem(404, "No such request", "No request has this id.")
    return web.json_response(found)


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    asked = {202: told.Again, 200: told.Again}
    batch, request = f"/api/v1/batches/{ID}/retransmit", f"/api/v1/requests/{ID}"
    return [
        post(f"/api/v1/claims/{ID}/resubmit", _resubmit, tag="claims", body=Resubmit, answers=asked),
        post(f"/api/v1/claims/{ID}/replay", _replay_claim, tag="claims", body=ReplayClaim, answers=asked),
        post(f"/api/v1/payments/{ID}/replay", _replay_payment, tag="exceptions", body=ReplayPayment, answers=asked),
        post(f"/api/v1/files/{ID}/replay", _replay_file, tag="files", body=Why, answers=asked),
        post(batch, _retransmit, tag="files", body=Why, answers={202: told.Retransmitted}),
        get(request, _request, tag="claims", answers=told.Request),
    ]
