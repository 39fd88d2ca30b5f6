"""Claim status inquiries over HTTP: asking a payer how claims stand, and what was answered."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from ..core.flow import inquiry_list
from ..core.flow.inquire import ask
from . import claim_answers as told
from .admission import SERVER, WHO
from .operations import body_of, get, post, query_of
from .paging import List, PageAsked
from .queue_bodies import Asked, Id, Ids

TAG = "inquiries"
INQUIRIES = List("inquiries", (int,))


class ListAsked(PageAsked):
    """Which inquiries are listed."""

    claim_id: Id | None = None
    waiting: bool = False


class AskAsked(Asked):
    """Which claims are asked about."""

    claims: Ids


async def _list(request: web.Request) -> web.StreamResponse:
    """What was asked of payers, newest first; with `waiting` what is not answered yet."""
    asked = query_of(request, ListAsked)
    (below,) = INQUIRIES.place(asked.after) or (0,)

    def read(connection: Connection) -> list[Any]:
        return inquiry_list.listed(
            connection, claim_id=asked.claim_id, waiting=asked.waiting, limit=asked.limit + 1, below=below or 0
        )

    rows, after = INQUIRIES.page(await request.app[SERVER].read(read), asked.limit, lambda row: (row.id,))
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
            ],
            "after": after,
        }
    )


async def _ask(request: web.Request) -> web.StreamResponse:
    """Ask about claims, by their ids; a claim is asked about once a day."""
    server, who = request.app[SERVER], request[WHO]
    asked = body_of(request, AskAsked)

    def begin(connection: Connection) -> tuple[list[int], list[str]]:
        wanted, silent = inquiry_list.asked_and_silent(connection, server.services.config, asked.claims)
        ask(connection, wanted, who, server.services.clock.now())
        return wanted, silent

    wanted, silent = await server.write(begin)
    return web.json_response({"claims": sorted(wanted), "not_offered_by": silent})


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    return [
        get("/api/v1/inquiries", _list, tag=TAG, query=ListAsked, answers=told.Inquiries),
        post("/api/v1/inquiries", _ask, tag=TAG, body=AskAsked, answers=told.Inquired),
    ]
