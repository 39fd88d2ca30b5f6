"""Take-backs over HTTP: what payers carried forward, announced to take, or took, until it comes to zero."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.ledger import takebacks as ledger
from ..core.model.money import to_dollars
from ..core.store.keyset import BadCursor
from .admission import SERVER
from .answers import Day, Page, Text, Told
from .operations import get, query_of
from .paging import List, PageAsked
from .queue_bodies import Asked, Name
from .queue_routes import today_of

TAG = "money"
TAKEBACKS = List("takebacks", (dt.date, str, str))
Use = Literal["recovery", "forward"]


class TakebacksAsked(PageAsked):
    """Which references: of a payer (its number in TRN03), standing for so many days at least, also those at zero."""

    payer: Name = ""
    older_than: Annotated[int, Field(ge=0, le=36_500)] = 0
    everything: bool = False


class Takeback(Told):
    """What stands on a reference of a payer. `dollars`: below zero the payer will take it (`to come`), above zero it
    took what it never announced (`taken`). `codes`: the reasons (PLB03-1)."""

    payer: str
    payer_name: str
    use: Use
    reference: str
    dollars: Text
    stands: Literal["to come", "taken", "zero"]
    since: Day
    last: Day
    days: int
    entries: int
    codes: list[str]


class Takebacks(Page):
    """References, the oldest first."""

    takebacks: list[Takeback]


class EntriesAsked(Asked):
    """One reference of a payer."""

    payer: Name
    use: Use
    reference: Annotated[str, Field(max_length=80)]


class TakebackEntry(Told):
    """What happened on a reference: announced (below zero) or taken, by which remittance of which file."""

    id: int
    dollars: Text
    on: Day
    code: str
    remittance_id: int
    file_id: int
    trace_number: str


class TakebackEntries(Told):
    """What happened on a reference, in order."""

    entries: list[TakebackEntry]


def _place(one: ledger.Takeback) -> tuple[dt.date, str, str]:
    return one.first_on, one.account, one.reference


def takeback_data(one: ledger.Takeback, today: dt.date) -> dict[str, Any]:
    """A reference for a program."""
    return {
        "payer": one.payer,
        "payer_name": one.payer_name,
        "use": one.use,
        "reference": one.reference,
        "dollars": str(to_dollars(one.cents)),
        "stands": one.stands,
        "since": one.first_on.isoformat(),
        "last": one.last_on.isoformat(),
        "days": one.days(today),
        "entries": one.entries,
        "codes": list(one.codes),
    }


async def _list(request: web.Request) -> web.StreamResponse:
    """What stands on the references under which payers take money back or carry it forward, the oldest first."""
    server, asked = request.app[SERVER], query_of(request, TakebacksAsked)
    today = today_of(server)
    after = TAKEBACKS.place(asked.after)
    if after is not None and None in after:
        raise BadCursor

    def read(connection: Connection) -> list[ledger.Takeback]:
        return ledger.standing(connection, payer=asked.payer, everything=asked.everything)

    found = [
        one
        for one in await server.read(read)
        if one.days(today) >= asked.older_than and (after is None or _place(one) > tuple(after))
    ]
    rows, more = TAKEBACKS.page(found[: asked.limit + 1], asked.limit, _place)
    return web.json_response({"takebacks": [takeback_data(one, today) for one in rows], "after": more})


async def _entries(request: web.Request) -> web.StreamResponse:
    """What happened on one reference of a payer, in order."""
    asked = query_of(request, EntriesAsked)
    found = await request.app[SERVER].read(ledger.entries, asked.payer, asked.use, asked.reference)
    told = [
        {
            "id": one.id,
            "dollars": str(to_dollars(one.cents)),
            "on": one.on_date.isoformat(),
            "code": one.code,
            "remittance_id": one.remittance_id,
            "file_id": one.file_id,
            "trace_number": one.trace_number,
        }
        for one in found
    ]
    return web.json_response({"entries": told})


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    return [
        get("/api/v1/takebacks", _list, tag=TAG, query=TakebacksAsked, answers=Takebacks),
        get("/api/v1/takebacks/entries", _entries, tag=TAG, query=EntriesAsked, answers=TakebackEntries),
    ]
