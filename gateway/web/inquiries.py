"""Claim status inquiries over HTTP: asking a payer how claims stand, and what was answered."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.flow import inquiry_list
from ..core.flow.inquire import ask
from .admission import SERVER, WHO, needs
from .queue_bodies import Asked, Id, Ids, understood
from .queue_routes import body_of, plainly


class ListAsked(Asked):
    """Which inquiries are listed."""

    claim_id: Id | None = None
    waiting: bool = False
    limit: int = Field(default=100, ge=1, le=10_000)


class AskAsked(Asked):
    """Which claims are asked about."""

    claims: Ids


@plainly
async def _list(request: web.Request) -> web.StreamResponse:
    """What was asked, newest first: `?claim_id=`, `?waiting=true`, `?limit=`."""
    asked = understood(ListAsked, dict(request.query))

    def read(connection: Connection) -> list[Any]:
        return inquiry_list.listed(connection, claim_id=asked.claim_id, waiting=asked.waiting, limit=asked.limit)

    rows = await request.app[SERVER].read(read)
    return web.json_response(
        {
            "inquiries": [
                {
                    "claim_id": row.claim_id,
                    "number": row.source_claim_number,
                    "partner": row.partner,
                    "asked_on": row.asked_on.isoformat(),
                    "asked_by": row.asked_by,
                    "answered_at": row.answered_at.isoformat() if row.answered_at is not None else None,
                    "category": row.category,
                    "answer": row.told,
                    "details": row.details,
                }
                for row in rows
            ]
        }
    )


@plainly
async def _ask(request: web.Request) -> web.StreamResponse:
    """Ask about claims, by their ids; a claim is asked about once a day."""
    server, who = request.app[SERVER], request[WHO]
    asked = understood(AskAsked, await body_of(request))

    def begin(connection: Connection) -> tuple[list[int], list[str]]:
        wanted, silent = inquiry_list.asked_and_silent(connection, server.services.config, asked.claims)
        ask(connection, wanted, who, server.services.clock.now())
        return wanted, silent

    wanted, silent = await server.write(begin)
    return web.json_response({"claims": sorted(wanted), "not_offered_by": silent})


def routes() -> list[web.RouteDef]:
    """The routes, each with the scope that it asks for."""
    return [
        web.get("/api/v1/inquiries", needs("read")(_list)),
        web.post("/api/v1/inquiries", needs("work")(_ask)),
    ]
