"""The routes of what only a person can say: a claim is withdrawn, two patients are one, or are not.

Each takes {"reason": ...} as JSON; the two about pairs also name the other patient (`into`, `other`).
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..core.clock import business_date
from ..core.flow import patient_merges
from ..core.flow.again import CannotBeDone
from ..core.flow.cancel import cancel
from .admission import SERVER, WHO, needs
from .again import answer_of, plainly
from .bodies import in_time


async def _asked(request: web.Request, *numbers: str) -> dict[str, Any]:
    """The body, checked: a reason, and the numbers of patients in our books."""
    sample = ", ".join(['{"reason": "entered twice"', *(f'"{name}": 4711' for name in numbers)]) + "}"
    try:
        body = await in_time(request.json())
    except ValueError:
        raise CannotBeDone(f"The body is no JSON. Send an object, such as {sample}.") from None
    if not isinstance(body, dict) or not isinstance(body.get("reason", ""), str) or set(body) - {"reason", *numbers}:
        raise CannotBeDone(f"Send a JSON object, such as {sample}.")
    for name in numbers:
        if not isinstance(body.get(name), int) or isinstance(body[name], bool):
            raise CannotBeDone(f"{name} must be the number of a patient in our books. Send, for instance, {sample}.")
    return body


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _cancel(request: web.Request) -> web.StreamResponse:
    """Withdraw a claim that no payer has."""
    asked = await _asked(request)
    server = request.app[SERVER]
    now = server.services.clock.now()
    today = business_date(now, server.services.config.gateway.organisation.time_zone)
    return answer_of(await server.write(cancel, _id(request), request[WHO], asked.get("reason", ""), now, today))


async def _merge(request: web.Request) -> web.StreamResponse:
    """A patient is the patient `into`."""
    asked = await _asked(request, "into")
    server = request.app[SERVER]
    who, now = request[WHO], server.services.clock.now()
    return answer_of(
        await server.write(patient_merges.merge, _id(request), asked["into"], who, asked.get("reason", ""), now)
    )


async def _unmerge(request: web.Request) -> web.StreamResponse:
    """The merge of a patient is taken back."""
    asked = await _asked(request)
    server = request.app[SERVER]
    who, now = request[WHO], server.services.clock.now()
    return answer_of(await server.write(patient_merges.unmerge, _id(request), who, asked.get("reason", ""), now))


async def _dismiss(request: web.Request) -> web.StreamResponse:
    """A patient and the `other`, who look like one person, are two."""
    asked = await _asked(request, "other")
    server = request.app[SERVER]
    who, now = request[WHO], server.services.clock.now()
    return answer_of(
        await server.write(patient_merges.dismiss, _id(request), asked["other"], who, asked.get("reason", ""), now)
    )


def routes() -> list[web.RouteDef]:
    """The routes; each asks for the scope `work`."""
    asking = {
        r"/api/v1/claims/{id:\d{1,18}}/cancel": _cancel,
        r"/api/v1/patients/{id:\d{1,18}}/merge": _merge,
        r"/api/v1/patients/{id:\d{1,18}}/unmerge": _unmerge,
        r"/api/v1/patients/{id:\d{1,18}}/dismiss": _dismiss,
    }
    return [web.post(path, needs("work")(plainly(handler))) for path, handler in asking.items()]
