"""The routes of the three verbs: retransmit a batch, resubmit a claim, replay a claim, payment or file.

Each takes {"reason": ...} as JSON. Asking twice does it once: the second answer names the first request.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy import Connection, select
from sqlalchemy.exc import NoResultFound

from ..core.flow import outgoing, replay
from ..core.flow.again import Again, CannotBeDone
from ..core.flow.resubmit import resubmit
from ..core.store.tables import requests
from .admission import SERVER, WHO, Server, needs
from .bodies import in_time
from .problems import Handler, problem


class _Asked:
    """The body of a request, checked."""

    def __init__(self, body: Any, known: dict[str, type]) -> None:
        if not isinstance(body, dict):
            raise CannotBeDone('Send a JSON object, such as {"reason": "the NPI was corrected"}.')
        for name, value in body.items():
            if name not in known:
                raise CannotBeDone(f"{name!r} is not known here; known are {', '.join(sorted(known))}.")
            if not isinstance(value, known[name]):
                raise CannotBeDone(f"{name} must be {'true or false' if known[name] is bool else 'text'}.")
        self.given: dict[str, Any] = body
        self.reason = str(body.get("reason", ""))

    def get(self, name: str, otherwise: Any) -> Any:
        return self.given.get(name, otherwise)


async def _body(request: web.Request, **known: type) -> _Asked:
    try:
        found = await in_time(request.json())
    except ValueError:
        raise CannotBeDone(
            'The body is no JSON. Send an object, such as {"reason": "the NPI was corrected"}.'
        ) from None
    return _Asked(found, {"reason": str, **known})


def answer_of(one: Again) -> web.Response:
    body = {"request_id": one.request_id, "asked_before": not one.new, "what": one.what}
    return web.json_response(body, status=202 if one.new else 200)


def plainly(handler: Handler) -> Handler:
    """What cannot be done is told with what to do instead."""

    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except CannotBeDone as error:
            return problem(409, "That cannot be done", str(error))

    return handled


async def _resubmit(request: web.Request) -> web.StreamResponse:
    """Send a claim again in a new interchange."""
    asked = await _body(request, payer_has_it_not=bool)
    server = request.app[SERVER]
    claim_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()

    def ask(connection: Connection) -> Again:
        has_it_not = asked.get("payer_has_it_not", False)
        return resubmit(connection, claim_id, who, asked.reason, now, payer_has_it_not=has_it_not)

    return answer_of(await server.write(ask))


async def _replay_claim(request: web.Request) -> web.StreamResponse:
    """Run a claim through its chain again: `from` a station, with the `configuration` today or original."""
    asked = await _body(request, **{"from": str, "configuration": str, "again": bool})
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
            station=asked.get("from", "confirm"),
            configuration=asked.get("configuration", replay.TODAY),
            even_so=asked.get("again", False),
        )[0]

    return answer_of(await server.write(ask))


async def _replay_payment(request: web.Request) -> web.StreamResponse:
    """Match and post a claim payment again that waits."""
    asked = await _body(request, configuration=str, again=bool)
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
            configuration=asked.get("configuration", replay.TODAY),
            even_so=asked.get("again", False),
        )[0]

    return answer_of(await server.write(ask))


async def _replay_file(request: web.Request) -> web.StreamResponse:
    """Read a file again of which nothing was taken in."""
    asked = await _body(request)
    server = request.app[SERVER]
    file_id, who, now = int(request.match_info["id"]), request[WHO], server.services.clock.now()
    return answer_of(await server.write(replay.replay_file, file_id, who, asked.reason, now))


async def _retransmit(request: web.Request) -> web.StreamResponse:
    """Send a batch that waits or was refused: the same bytes under the same numbers."""
    asked = await _body(request)
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
    """The routes, each with the scope that it asks for."""
    asking = {
        r"/api/v1/claims/{id:\d{1,18}}/resubmit": _resubmit,
        r"/api/v1/claims/{id:\d{1,18}}/replay": _replay_claim,
        r"/api/v1/payments/{id:\d{1,18}}/replay": _replay_payment,
        r"/api/v1/files/{id:\d{1,18}}/replay": _replay_file,
        r"/api/v1/batches/{id:\d{1,18}}/retransmit": _retransmit,
    }
    made = [web.post(path, needs("work")(plainly(handler))) for path, handler in asking.items()]
    return [*made, web.get(r"/api/v1/requests/{id:\d{1,18}}", needs("read")(_request))]
