"""Take-backs: what payers carried forward, announced to take, or took, reference by reference, until it is zero."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.ledger import takebacks as ledger
from ..takeback_routes import takeback_data
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .render import Typed

SHOWN = 100
LONGEST = 80
CSV_COLUMNS = (
    *("payer", "payer_name", "use", "reference", "dollars", "stands", "since", "last", "days", "entries", "codes"),
)


def _typed(visit: Visit) -> dict[str, str]:
    query = visit.request.query
    typed = {name: query[name].strip()[:LONGEST] for name in ("payer", "reference") if query.get(name, "").strip()}
    if query.get("everything"):
        typed["everything"] = "true"
    return typed


async def _found(visit: Visit, typed: dict[str, str]) -> list[ledger.Takeback]:
    def read(connection: Connection) -> list[ledger.Takeback]:
        return ledger.standing(connection, everything="everything" in typed)

    wanted = typed.get("payer", "").casefold()
    return [
        one
        for one in await visit.server.read(read)
        if (not wanted or wanted in one.payer_name.casefold() or wanted == one.payer.casefold())
        and typed.get("reference", one.reference) == one.reference
    ]


@page("look")
async def listing(visit: Visit) -> web.StreamResponse:
    """What stands on each reference, the oldest first."""
    typed = _typed(visit)
    number = visit.request.query.get("page", "1")
    at = int(number) if number.isdecimal() and 0 < len(number) <= 4 else 1
    found = await _found(visit, typed)
    skip = SHOWN * (max(at, 1) - 1)
    return visit.page(
        "takebacks.html",
        rows=found[skip : skip + SHOWN],
        to_come=-sum(one.cents for one in found if one.cents < 0),
        taken=sum(one.cents for one in found if one.cents > 0),
        many=len(found),
        older=urlencode(typed | {"page": str(at + 1)}) if len(found) > skip + SHOWN else "",
        typed=Typed(typed),
        csv=f"/console/takebacks.csv?{urlencode(typed)}",
    )


@page("look")
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    found = await _found(visit, _typed(visit))

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            data = takeback_data(one, visit.today) | {"codes": " ".join(one.codes)}
            yield [data[name] for name in CSV_COLUMNS]

    return await send_csv(visit.request, "take-backs.csv", CSV_COLUMNS, rows())


@page("look")
async def entries(visit: Visit) -> web.StreamResponse:
    """What happened on one reference of a payer."""
    query = visit.request.query
    payer, use, reference = (query.get(name, "").strip()[:LONGEST] for name in ("payer", "use", "reference"))
    found = await visit.server.read(ledger.entries, payer, use, reference)
    if not found:
        raise Refused(404, "No such take-back", "Nothing was announced or taken under this reference.")
    return visit.page(
        "takeback.html",
        payer=payer,
        use=use,
        reference=reference,
        entries=found,
        stands=sum(one.cents for one in found),
    )


def routes() -> list[web.RouteDef]:
    """The routes."""
    place = "/console/takebacks"
    return [web.get(place, listing), web.get(f"{place}.csv", as_csv), web.get(f"{place}/entries", entries)]
