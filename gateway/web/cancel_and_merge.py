"""The routes of what only a person can say: a claim is withdrawn, two patients are one, or are not.

Each takes {"reason": ...} as JSON; the two about pairs also name the other patient (`into`, `other`).
"""

from __future__ import annotations

from aiohttp import web

from ..core.clock import business_date
from ..core.flow import patient_merges
from ..core.flow.cancel import cancel
from . import claim_answers as told
from .admission import SERVER, WHO
from .again import ID, Why, answer_of
from .operations import body_of, post
from .queue_bodies import Id


class Into(Why):
    """The patient who it is."""

    into: Id


class Other(Why):
    """The patient who it is not."""

    other: Id


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _cancel(request: web.Request) -> web.StreamResponse:
    """Withdraw a claim that no payer has."""
    asked = body_of(request, Why)
    server = request.app[SERVER]
    now = server.services.clock.now()
    today = business_date(now, server.services.config.gateway.organisation.time_zone)
    return answer_of(await server.write(cancel, _id(request), request[WHO], asked.reason, now, today))


async def _merge(request: web.Request) -> web.StreamResponse:
    """A patient is the patient `into`."""
    asked = body_of(request, Into)
    server = request.app[SERVER]
    who, now = request[WHO], server.services.clock.now()
    return answer_of(await server.write(patient_merges.merge, _id(request), asked.into, who, asked.reason, now))


async def _unmerge(request: web.Request) -> web.StreamResponse:
    """The merge of a patient is taken back."""
    asked = body_of(request, Why)
    server = request.app[SERVER]
    who, now = request[WHO], server.services.clock.now()
    return answer_of(await server.write(patient_merges.unmerge, _id(request), who, asked.reason, now))


async def _dismiss(request: web.Request) -> web.StreamResponse:
    """A patient and the `other`, who look like one person, are two."""
    asked = body_of(request, Other)
    server = request.app[SERVER]
    who, now = request[WHO], server.services.clock.now()
    return answer_of(await server.write(patient_merges.dismiss, _id(request), asked.other, who, asked.reason, now))


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    patient, answers = f"/api/v1/patients/{ID}", {202: told.Again, 200: told.Again}
    return [
        post(f"/api/v1/claims/{ID}/cancel", _cancel, tag="claims", body=Why, answers=answers),
        post(f"{patient}/merge", _merge, tag="patients", body=Into, answers=answers),
        post(f"{patient}/unmerge", _unmerge, tag="patients", body=Why, answers=answers),
        post(f"{patient}/dismiss", _dismiss, tag="patients", body=Other, answers=answers),
    ]
