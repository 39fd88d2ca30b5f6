"""Deposits: what remittances announce and what the bank shows, what waits to be matched, and one of them with all that
is known of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.ledger import accounts, deposit_papers, patient_money, register, to_match
from ...core.model.bank_file import PURPOSES
from ...core.model.money import to_dollars
from .. import deposit_bodies as bodies
from ..queue_bodies import NotUnderstood, understood
from . import money_words
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .papers import as_file, bytes_of, safe_name
from .render import Typed

SHOWN = 50
BENCH = 12
"""Of how many that wait on each side the first page shows."""
PAGE_OF_CSV = 1000
MOST_CSV = 100_000
CHECKS = 6
_FILTERS = ("state", "kind", "method", "payer", "number", "from", "to", "amount")


def plain_amount(text: str) -> str:
    """An amount as people type it, `$1,234.50`, without what is for people alone."""
    return text.replace("$", "").replace(",", "").strip()


def _which(visit: Visit) -> tuple[dict[str, str], register.Which, int]:
    query = visit.request.query
    typed = {name: query[name].strip()[:80] for name in _FILTERS if query.get(name, "").strip()}
    asked = typed | ({"amount": plain_amount(typed["amount"])} if "amount" in typed else {})
    below = query.get("below", "")
    try:
        which = understood(bodies.Listing, asked).which()
    except NotUnderstood as error:
        raise Refused(422, "That filter cannot be used", f"{error}.") from error
    return typed, which, int(below) if below.isdecimal() and len(below) <= 18 else 0


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """What waits on both sides, and the register."""
    return await listed(visit)


async def listed(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    """The page of deposits as it stands."""
    typed, which, below = _which(visit)

    def read(connection: Connection) -> dict[str, Any]:
        found: dict[str, Any] = {"rows": register.page(connection, which, SHOWN + 1, below=below)}
        if not below:
            found["money"] = to_match.money(connection, BENCH)
            found["awaited"] = to_match.awaited(connection, BENCH)
            found["of_money"] = to_match.sum_of_money(connection)
            found["of_awaited"] = to_match.sum_of_deposits(connection)
        return found

    found = await visit.server.read(read)
    rows: list[register.Entry] = found.pop("rows")
    more = urlencode(typed | {"below": rows[SHOWN - 1].id}) if len(rows) > SHOWN else ""
    return visit.page(
        "deposit_rows.html" if visit.in_part and below else "deposits.html",
        rows=rows[:SHOWN],
        typed=Typed(typed),
        more=f"?{more}" if more else "",
        csv=f"/console/deposits.csv?{urlencode(typed)}",
        banks=[one.name for one in visit.server.services.config.gateway.cash.banks] or ["bank"],
        words=money_words,
        checks=range(CHECKS),
        said=said,
        trouble=trouble,
        **found,
    )


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The register as a file for a spreadsheet."""
    _, which, _ = _which(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        below, sent = 0, 0
        while sent < MOST_CSV:
            found = await visit.server.read(
                lambda sql, start=below: register.page(sql, which, PAGE_OF_CSV, below=start)
            )
            for one in found:
                data = register.entry_data(one)
                cells = (data[name] for name in register.COLUMNS)
                yield [" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in cells]
            sent += len(found)
            if len(found) < PAGE_OF_CSV:
                return
            below = found[-1].id

    return await send_csv(visit.request, "deposits.csv", register.COLUMNS, rows())


# --- itemised --------------------------------------------------------------------------------------


def _span(visit: Visit) -> tuple[dt.date, dt.date]:
    """The days of the address; without them this month's until today."""
    query = visit.request.query
    asked = {name: query[name].strip()[:10] for name in ("from", "to") if query.get(name, "").strip()}
    try:
        span = understood(bodies.Span, asked)
    except NotUnderstood as error:
        raise Refused(422, "That filter cannot be used", f"{error}.") from error
    last = span.last or visit.today
    return span.first or last.replace(day=1), last


@page()
async def itemised(visit: Visit) -> web.StreamResponse:
    """Deposits and unidentified money of some days, by state, way and payer."""
    first, last = _span(visit)
    rows = await visit.server.read(register.itemised, first, last)
    return visit.page("deposits_itemised.html", rows=rows, first=first, last=last, words=money_words)


@page()
async def itemised_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    found = await visit.server.read(register.itemised, *_span(visit))

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            yield [one.state, one.kind, one.method, one.payer, one.many, str(to_dollars(one.cents))]

    columns = ("state", "kind", "method", "payer", "many", "dollars")
    return await send_csv(visit.request, "deposits-itemised.csv", columns, rows())


# --- one -------------------------------------------------------------------------------------------


def number_of(visit: Visit) -> int:
    """The number in the address."""
    return int(visit.request.match_info["id"])


class Match(NamedTuple):
    """A match as it is shown: what the other half is, and whether it was taken back. `row` is of `cash_matches`."""

    row: Any
    other: int | None
    what: str


def _match(row: Any, number: int) -> Match:
    if row.deposit_id is None:
        return Match(row, None, accounts.in_words(row.account).removeprefix("cash: ").capitalize())
    other = row.deposit_id if row.line_id == number else row.line_id
    return Match(row, other, f"{'Deposit' if row.line_id == number else 'Line'} {other}")


@page()
async def one(visit: Visit) -> web.StreamResponse:
    """One deposit or line of money."""
    return await shown(visit)


async def shown(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    """The page of a deposit or line as it stands."""
    number = number_of(visit)

    def read(connection: Connection) -> tuple[register.One | None, list[to_match.Candidate]]:
        found = register.one(connection, number)
        if found is None:
            return None, []
        if found.entry.state == "unidentified":
            return found, to_match.for_line(connection, number)
        return found, to_match.for_deposit(connection, number) if found.entry.state == "expected" else []

    found, candidates = await visit.server.read(read)
    if found is None:
        raise Refused(404, "No such deposit", "No deposit and no line of money has this number.")
    standing = [row for row in found.matches if row.undone_at is None]
    return visit.page(
        "deposit.html",
        found=found,
        entry=found.entry,
        is_line=found.entry.kind not in ("remittance", "slip"),
        matches=[_match(row, number) for row in found.matches],
        matched=bool(standing),
        of_patient=any(row.account == patient_money.NAMED for row in standing),
        candidates=candidates,
        events=list(reversed(found.events)),
        mine=visit.user.may("post") and visit.user.may_work_for("posting"),
        purposes=PURPOSES,
        words=money_words,
        said=said,
        trouble=trouble,
    )


@page()
async def paper(visit: Visit) -> web.StreamResponse:
    """A paper of a deposit, as it was handed in."""
    row = await visit.server.read(deposit_papers.paper, number_of(visit))
    if row is None:
        raise Refused(404, "No such paper", "No paper of a deposit has this number.")
    data = await bytes_of(visit, row.sha256, "this paper")
    return as_file(data, safe_name(row.name, "paper"), row.media_type)


def routes() -> list[web.RouteDef]:
    """The routes."""
    number = r"{id:\d{1,18}}"
    return [
        web.get("/console/deposits", listing),
        web.get("/console/deposits.csv", as_csv),
        web.get("/console/deposits/itemised", itemised),
        web.get("/console/deposits/itemised.csv", itemised_csv),
        web.get(f"/console/deposits/{number}", one),
        web.get(f"/console/deposits/papers/{number}", paper),
    ]
