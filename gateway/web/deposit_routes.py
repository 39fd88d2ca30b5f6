"""Deposits, bank files and days over HTTP: the register, every verb of it, papers, and the day's close.

A line of money is matched under its own number: `POST /api/v1/deposits/12/match` with `{"deposits": [7]}`. Doing it
again is refused with what stands; nothing is booked twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy import Connection

from ..core.flow import bank as station
from ..core.flow import keyed, patient_money
from ..core.ledger import day_figures, days, deposit_papers, deposits, money, register, slips
from ..core.ledger.days import NotDone
from ..core.model.bank_file import MOST_BYTES
from ..core.model.money import to_dollars
from ..core.model.papers import NoPaper, media_type
from ..core.model.spreadsheet import CsvWriter
from ..core.store.archive import ArchiveDamaged
from . import deposit_bodies as bodies
from .admission import SERVER, WHO, Server, needs
from .bodies import file_name, spooled, too_large
from .problems import Handler, problem
from .queue_bodies import NotUnderstood, understood
from .queue_routes import ID, body_of, today_of

DATE = r"{date:\d{4}-\d{2}-\d{2}}"


def plainly(handler: Handler) -> Handler:
    """What is not understood or cannot be done is told with what to do instead."""

    async def handled(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotUnderstood as error:
            return problem(422, "Not as it must be", f"{error}.")
        except NotDone as error:
            return problem(409, "That cannot be done", str(error))
        except NoPaper as error:
            return problem(415, "Nothing was added", str(error))

    return handled


# --- looking ---------------------------------------------------------------------------------------


@plainly
async def _list(request: web.Request) -> web.StreamResponse:
    """A page of deposits and lines, the newest first; the next page is `below` the last number."""
    asked = understood(bodies.Listing, dict(request.query))

    def read(connection: Connection) -> list[register.Entry]:
        return register.page(connection, asked.which(), asked.limit, below=asked.below)

    rows = [register.entry_data(one) for one in await request.app[SERVER].read(read)]
    below = rows[-1]["id"] if len(rows) == asked.limit else 0
    if asked.format == "csv":
        return _csv(register.COLUMNS, rows, below)
    return web.json_response({"deposits": rows, "below": below})


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]], below: int) -> web.Response:
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.writerow(columns)
    for row in rows:
        cells = (row[name] for name in columns)
        writer.writerow([" ".join(map(str, one)) if isinstance(one, list) else one for one in cells])
    headers = {"X-Next-Page": str(below)} if below else {}
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8", headers=headers)


@plainly
async def _summary(request: web.Request) -> web.StreamResponse:
    """Deposits by state, way and payer."""
    asked = understood(bodies.Span, dict(request.query))
    rows = await request.app[SERVER].read(register.itemised, asked.first, asked.last)
    return web.json_response({"deposits": [one._asdict() for one in rows]})


async def _one(request: web.Request) -> web.StreamResponse:
    """One deposit or line, with its matches, papers and timeline."""
    found = await request.app[SERVER].read(register.one, int(request.match_info["id"]))
    if found is None:
        return problem(404, "No such deposit", "No deposit and no line has this number.")
    papers = [
        {name: getattr(row, name) for name in ("id", "kind", "name", "media_type", "size")} for row in found.papers
    ]
    events = [{"at": row.at.isoformat(), "who": row.who, "what": row.what} for row in found.events]
    data = register.entry_data(found.entry) | {"told": found.told, "papers": papers, "events": events}
    data["matches"] = [register.match_data(row) for row in found.matches]
    data["checks"] = [row.id for row in found.checks]
    return web.json_response(data)


# --- verbs -----------------------------------------------------------------------------------------


async def _act(request: web.Request, do: Callable[[Connection, str, dt.date, dt.datetime], Any]) -> Any:
    server, who = request.app[SERVER], request[WHO]
    today, now = today_of(server), server.services.clock.now()

    def turn(connection: Connection) -> Any:
        money.my_turn(connection)
        return do(connection, who, today, now)

    return await server.write(turn)


@plainly
async def _match(request: web.Request) -> web.StreamResponse:
    """A line is these deposits."""
    asked, line = understood(bodies.Match, await body_of(request)), int(request.match_info["id"])
    await _act(
        request,
        lambda connection, who, today, now: deposits.match(
            connection, line, asked.deposits, today, now, who=who, difference_reason=asked.difference
        ),
    )
    return await _one(request)


@plainly
async def _unmatch(request: web.Request) -> web.StreamResponse:
    """Take back what a line is matched to."""
    asked, line = understood(bodies.Reason, await body_of(request)), int(request.match_info["id"])
    await _act(
        request,
        lambda connection, who, today, now: deposits.unmatch(connection, line, asked.reason, who, today, now),
    )
    return await _one(request)


@plainly
async def _explain(request: web.Request) -> web.StreamResponse:
    """Say what money is for that no remittance announces."""
    asked, line = understood(bodies.Explain, await body_of(request)), int(request.match_info["id"])
    await _act(
        request,
        lambda connection, who, today, now: deposits.explain(
            connection, line, asked.purpose, asked.reason, who, today, now
        ),
    )
    return await _one(request)


@plainly
async def _post_patient(request: web.Request) -> web.StreamResponse:
    """Post what a patient paid to what they owe."""
    asked, line = understood(bodies.PostPatient, await body_of(request)), int(request.match_info["id"])
    config = request.app[SERVER].services.config

    def do(connection: Connection, who: str, today: dt.date, now: dt.datetime) -> patient_money.Posted:
        return patient_money.post(
            connection, config, line, asked.reason, who, today, now, patient_id=asked.patient, claim_ids=asked.claims
        )

    done = await _act(request, do)
    posted = [{"claim": claim, "dollars": str(to_dollars(cents))} for claim, cents in done.by_claim.items()]
    return web.json_response({"posted": posted, "left": str(to_dollars(done.left_cents))})


@plainly
async def _take(request: web.Request) -> web.StreamResponse:
    """A line that was only noted is money of ours."""
    asked, line = understood(bodies.Reason, await body_of(request)), int(request.match_info["id"])
    await _act(
        request, lambda connection, who, today, now: deposits.take(connection, line, asked.reason, who, today, now)
    )
    return await _one(request)


@plainly
async def _add(request: web.Request) -> web.StreamResponse:
    """Key a slip with its checks, or lines read at the bank."""
    asked = understood(bodies.Add, await body_of(request))
    match_days = request.app[SERVER].services.config.gateway.cash.match_days
    keyed = [one.keyed() for one in asked.lines]

    def do(connection: Connection, who: str, today: dt.date, now: dt.datetime) -> slips.Slip:
        if asked.at_bank:
            return slips.add_at_bank(connection, keyed, who, match_days, today, now)
        return slips.add_slip(connection, keyed, asked.slip, who, match_days, today, now)

    done = await _act(request, do)
    return web.json_response(done._asdict(), status=201)


# --- papers ----------------------------------------------------------------------------------------


@plainly
async def _attach(request: web.Request) -> web.StreamResponse:
    """Attach a paper: the body is the file, `?kind=` what it is, `?name=` what it is called."""
    server = request.app[SERVER]
    limit = server.services.config.gateway.documents.max_mb << 20
    body = await spooled(request, limit)
    if body is None:
        return too_large(limit)
    with body:
        data = body.read()
    media = media_type(data)
    stored = await asyncio.to_thread(server.services.archive.put, data)
    name = file_name(request.query.get("name", ""), f"paper{media.ending}")
    of, kind = int(request.match_info["id"]), request.query.get("kind", "check")
    who, now = request[WHO], server.services.clock.now()
    paper_id, new = await server.write(deposit_papers.attach, of, kind, name, media, stored, who, now)
    return web.json_response({"paper_id": paper_id, "new": new}, status=201 if new else 200)


async def _paper(request: web.Request) -> web.StreamResponse:
    """A paper itself, as it was handed in."""
    server = request.app[SERVER]
    row = await server.read(deposit_papers.paper, int(request.match_info["id"]))
    if row is None:
        return problem(404, "No such paper", "No paper of a deposit has this number.")
    try:
        data = await asyncio.to_thread(server.services.archive.read, row.sha256)
    except ArchiveDamaged:
        return problem(500, "The archive is damaged", "The bytes of this paper are not there. Run: gateway doctor")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return web.Response(body=data, content_type=row.media_type, headers=headers)


@plainly
async def _key_eob(request: web.Request) -> web.StreamResponse:
    """Key a paper explanation of benefits (JSON): it posts by the rules of an 835."""
    server = request.app[SERVER]
    body = await spooled(request, keyed.MOST_BYTES)
    if body is None:
        return too_large(keyed.MOST_BYTES)
    with body:
        data = body.read()
    config, who, now = server.services.config, request[WHO], server.services.clock.now()
    try:
        eob = keyed.from_json(data)
        party = keyed.party_of(config, eob, request.query.get("partner", ""))
        stored = await asyncio.to_thread(keyed.keep, config, server.services.archive, eob)
    except keyed.NotKeyed as error:
        return problem(422, "Nothing was keyed", str(error))
    done = await server.write(keyed.register, party, eob, stored, who, now)
    return web.json_response(keyed.told(done), status=200 if done.duplicate_of else 202)


# --- banks and days --------------------------------------------------------------------------------


async def _bank_file(request: web.Request) -> web.StreamResponse:
    """Take a bank's file (BAI2, CSV): the body is the file, `?name=` what it is called."""
    server = request.app[SERVER]
    services = server.services
    bank = services.config.gateway.cash.bank(request.match_info["bank"])
    if bank is None:
        names = ", ".join(one.name for one in services.config.gateway.cash.banks) or "none"
        return problem(404, "No such bank", f"The configuration (cash.banks) has: {names}.")
    body = await spooled(request, MOST_BYTES)
    if body is None:
        return too_large(MOST_BYTES)
    with body:
        data = body.read()
    name = file_name(request.query.get("name", ""), "bank file")
    stored, found = await asyncio.to_thread(station.keep, services.archive, data, bank)
    who, now = request[WHO], services.clock.now()
    taken = await server.write(station.take_in, services.config, bank, name, stored, found, who, now)
    if taken.refused:
        return problem(422, "Nothing was taken", f"File {taken.file_id}: {taken.refused}")
    return web.json_response(taken._asdict())


def _day(request: web.Request) -> dt.date:
    try:
        return dt.date.fromisoformat(request.match_info["date"])
    except ValueError:
        raise NotUnderstood("there is no such day") from None


def _figures(connection: Connection, day: dt.date) -> dict[str, Any]:
    return day_figures.figures_data(day_figures.figures(connection, day), days.history(connection, day))


@plainly
async def _show_day(request: web.Request) -> web.StreamResponse:
    """The figures of a day, and its closings."""
    return web.json_response(await request.app[SERVER].read(_figures, _day(request)))


@plainly
async def _close_day(request: web.Request) -> web.StreamResponse:
    """Close a day; with a variance only with a reason."""
    asked, day, server = understood(bodies.Close, await body_of(request)), _day(request), request.app[SERVER]
    zone, now = _zone(server), server.services.clock.now()
    await server.write(day_figures.close, day, zone, request[WHO], asked.reason, now)
    return web.json_response(await server.read(_figures, day))


@plainly
async def _reopen_day(request: web.Request) -> web.StreamResponse:
    """Let entries into a closed day again."""
    asked, day, server = understood(bodies.Reason, await body_of(request)), _day(request), request.app[SERVER]
    await server.write(days.reopen, day, request[WHO], asked.reason, server.services.clock.now())
    return web.json_response(await server.read(_figures, day))


def _zone(server: Server) -> str:
    return server.services.config.gateway.organisation.time_zone


def routes() -> list[web.RouteDef]:
    """The routes, each with the scope that it asks for."""
    at = f"/api/v1/deposits/{ID}"
    return [
        web.get("/api/v1/deposits", needs("read")(_list)),
        web.get("/api/v1/deposits/summary", needs("read")(_summary)),
        web.get(f"/api/v1/deposits/papers/{ID}", needs("read")(_paper)),
        web.get(at, needs("read")(plainly(_one))),
        web.post("/api/v1/deposits", needs("work")(_add)),
        web.post("/api/v1/deposits/eobs", needs("work")(_key_eob)),
        web.post(f"{at}/match", needs("work")(_match)),
        web.post(f"{at}/unmatch", needs("work")(_unmatch)),
        web.post(f"{at}/explain", needs("work")(_explain)),
        web.post(f"{at}/post-patient", needs("work")(_post_patient)),
        web.post(f"{at}/take", needs("work")(_take)),
        web.post(f"{at}/papers", needs("work")(_attach)),
        web.post("/api/v1/banks/{bank}/files", needs("submit")(_bank_file)),
        web.get(f"/api/v1/days/{DATE}", needs("read")(_show_day)),
        web.post(f"/api/v1/days/{DATE}/close", needs("work")(_close_day)),
        web.post(f"/api/v1/days/{DATE}/reopen", needs("work")(_reopen_day)),
    ]
