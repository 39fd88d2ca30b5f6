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
from pydantic import BaseModel
from sqlalchemy import Connection

from ..core.flow import bank as station
from ..core.flow import keyed, patient_money
from ..core.ledger import day_figures, days, deposit_papers, deposits, money, register, slips
from ..core.model.bank_file import MOST_BYTES
from ..core.model.money import to_dollars
from ..core.model.papers import media_type
from ..core.model.spreadsheet import CsvWriter
from ..core.store.archive import ArchiveDamaged
from . import deposit_bodies as bodies
from . import money_answers as told
from .admission import SERVER, WHO, Server
from .bodies import file_name, spooled, too_large
from .operations import CSV, PAPER, Raw, body_of, get, post, query_of
from .paging import List
from .problems import Handler, problem
from .queue_bodies import FIRST_DAY, LAST_DAY, NotUnderstood
from .queue_routes import ID, today_of

TAG = "money"
DATE = r"{date:\d{4}-\d{2}-\d{2}}"
DEPOSITS = List("deposits", (int,))
EOB = Raw(("application/json",), "A paper explanation of benefits, as docs/deposits.md shows it.", {"type": "object"})
BANK_FILE = Raw(("text/plain", "text/csv"), "A bank's file: BAI2 or CSV.", {"type": "string"})


# --- looking ---------------------------------------------------------------------------------------


async def _list(request: web.Request) -> web.StreamResponse:
    """A page of deposits and lines, the newest first."""
    asked = query_of(request, bodies.Listing)

    (below,) = DEPOSITS.place(asked.after) or (0,)

    def read(connection: Connection) -> list[register.Entry]:
        return register.page(connection, asked.which(), asked.limit + 1, below=below or 0)

    found, after = DEPOSITS.page(await request.app[SERVER].read(read), asked.limit, lambda one: (one.id,))
    rows = [register.entry_data(one) for one in found]
    if asked.format == "csv":
        return _csv(register.COLUMNS, rows, after)
    return web.json_response({"deposits": rows, "after": after})


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]], after: str) -> web.Response:
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.writerow(columns)
    for row in rows:
        cells = (row[name] for name in columns)
        writer.writerow([" ".join(map(str, one)) if isinstance(one, list) else one for one in cells])
    headers = {"X-Next-Page": after} if after else {}
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8", headers=headers)


async def _summary(request: web.Request) -> web.StreamResponse:
    """Deposits by state, way and payer."""
    asked = query_of(request, bodies.Span)
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


async def _match(request: web.Request) -> web.StreamResponse:
    """A line is these deposits."""
    asked, line = body_of(request, bodies.Match), int(request.match_info["id"])
    await _act(
        request,
        lambda connection, who, today, now: deposits.match(
            connection, line, asked.deposits, today, now, who=who, difference_reason=asked.difference
        ),
    )
    return await _one(request)


async def _unmatch(request: web.Request) -> web.StreamResponse:
    """Take back what a line is matched to."""
    asked, line = body_of(request, bodies.Reason), int(request.match_info["id"])
    await _act(
        request,
        lambda connection, who, today, now: deposits.unmatch(connection, line, asked.reason, who, today, now),
    )
    return await _one(request)


async def _explain(request: web.Request) -> web.StreamResponse:
    """Say what money is for that no remittance announces."""
    asked, line = body_of(request, bodies.Explain), int(request.match_info["id"])
    await _act(
        request,
        lambda connection, who, today, now: deposits.explain(
            connection, line, asked.purpose, asked.reason, who, today, now
        ),
    )
    return await _one(request)


async def _post_patient(request: web.Request) -> web.StreamResponse:
    """Post what a patient paid to what they owe."""
    asked, line = body_of(request, bodies.PostPatient), int(request.match_info["id"])
    config = request.app[SERVER].services.config

    def do(connection: Connection, who: str, today: dt.date, now: dt.datetime) -> patient_money.Posted:
        return patient_money.post(
            connection, config, line, asked.reason, who, today, now, patient_id=asked.patient, claim_ids=asked.claims
        )

    done = await _act(request, do)
    posted = [{"claim": claim, "dollars": str(to_dollars(cents))} for claim, cents in done.by_claim.items()]
    return web.json_response({"posted": posted, "left": str(to_dollars(done.left_cents))})


async def _take(request: web.Request) -> web.StreamResponse:
    """A line that was only noted is money of ours."""
    asked, line = body_of(request, bodies.Reason), int(request.match_info["id"])
    await _act(
        request, lambda connection, who, today, now: deposits.take(connection, line, asked.reason, who, today, now)
    )
    return await _one(request)


async def _add(request: web.Request) -> web.StreamResponse:
    """Key a slip with its checks, or lines read at the bank."""
    asked = body_of(request, bodies.Add)
    match_days = request.app[SERVER].services.config.gateway.cash.match_days
    keyed = [one.keyed() for one in asked.lines]

    def do(connection: Connection, who: str, today: dt.date, now: dt.datetime) -> slips.Slip:
        if asked.at_bank:
            return slips.add_at_bank(connection, keyed, who, match_days, today, now)
        return slips.add_slip(connection, keyed, asked.slip, who, match_days, today, now)

    done = await _act(request, do)
    return web.json_response(done._asdict(), status=201)


# --- papers ----------------------------------------------------------------------------------------


async def _attach(request: web.Request) -> web.StreamResponse:
    """Attach a paper (PDF, TIFF, JPEG, PNG): the body is the file."""
    server = request.app[SERVER]
    limit = server.services.config.gateway.documents.max_mb << 20
    body = await spooled(request, limit)
    if body is None:
        return too_large(limit)
    with body:
        data = body.read()
    media = media_type(data)
    stored = await asyncio.to_thread(server.services.archive.put, data)
    asked = query_of(request, bodies.PaperAsked)
    name = file_name(asked.name, f"paper{media.ending}")
    of, kind = int(request.match_info["id"]), asked.kind
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
        party = keyed.party_of(config, eob, query_of(request, bodies.EobAsked).partner)
        stored = await asyncio.to_thread(keyed.keep, config, server.services.archive, eob)
    except keyed.NotKeyed as error:
        return problem(422, "Nothing was keyed", str(error))
    done = await server.write(keyed.register, party, eob, stored, who, now)
    return web.json_response(keyed.told(done), status=200 if done.duplicate_of else 202)


# --- banks and days --------------------------------------------------------------------------------


async def _bank_file(request: web.Request) -> web.StreamResponse:
    """Take a bank's file (BAI2, CSV): the body is the file."""
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
    name = file_name(query_of(request, bodies.FileAsked).name, "bank file")
    stored, found = await asyncio.to_thread(station.keep, services.archive, data, bank)
    who, now = request[WHO], services.clock.now()
    taken = await server.write(station.take_in, services.config, bank, name, stored, found, who, now)
    if taken.refused:
        return problem(422, "Nothing was taken", f"File {taken.file_id}: {taken.refused}")
    return web.json_response(taken._asdict())


def _day(request: web.Request) -> dt.date:
    try:
        day = dt.date.fromisoformat(request.match_info["date"])
    except ValueError:
        raise NotUnderstood("there is no such day") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise NotUnderstood(f"a day lies between {FIRST_DAY} and {LAST_DAY}")
    return day


def _figures(connection: Connection, day: dt.date) -> dict[str, Any]:
    return day_figures.figures_data(day_figures.figures(connection, day), days.history(connection, day))


async def _show_day(request: web.Request) -> web.StreamResponse:
    """The figures of a day, and its closings."""
    return web.json_response(await request.app[SERVER].read(_figures, _day(request)))


async def _close_day(request: web.Request) -> web.StreamResponse:
    """Close a day; with a variance only with a reason."""
    asked, day, server = body_of(request, bodies.Close), _day(request), request.app[SERVER]
    zone, now = _zone(server), server.services.clock.now()
    await server.write(day_figures.close, day, zone, request[WHO], asked.reason, now)
    return web.json_response(await server.read(_figures, day))


async def _reopen_day(request: web.Request) -> web.StreamResponse:
    """Let entries into a closed day again."""
    asked, day, server = body_of(request, bodies.Reason), _day(request), request.app[SERVER]
    await server.write(days.reopen, day, request[WHO], asked.reason, server.services.clock.now())
    return web.json_response(await server.read(_figures, day))


def _zone(server: Server) -> str:
    return server.services.config.gateway.organisation.time_zone


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    at, day = f"/api/v1/deposits/{ID}", f"/api/v1/days/{DATE}"
    added = {201: told.PaperAdded, 200: told.PaperAdded}
    keyed_eob = {202: told.EobKeyed, 200: told.EobKeyed}
    banks, eobs = "/api/v1/banks/{bank}/files", "/api/v1/deposits/eobs"

    def verb(path: str, handler: Handler, body: type[BaseModel], answers: Any) -> web.RouteDef:
        return post(path, handler, tag=TAG, scope="post", body=body, answers=answers)

    def taking(path: str, handler: Handler, body: Raw, query: type[BaseModel], answers: Any, **more: Any) -> Any:
        return post(path, handler, tag=TAG, body=body, query=query, answers=answers, **more)

    return [
        get("/api/v1/deposits", _list, tag=TAG, query=bodies.Listing, answers=(told.Deposits, CSV)),
        get("/api/v1/deposits/summary", _summary, tag=TAG, query=bodies.Span, answers=told.Summary),
        get(f"/api/v1/deposits/papers/{ID}", _paper, tag=TAG, answers=PAPER, also=(500,)),
        get(at, _one, tag=TAG, answers=told.Deposit),
        verb("/api/v1/deposits", _add, bodies.Add, {201: told.SlipAdded}),
        taking(eobs, _key_eob, EOB, bodies.EobAsked, keyed_eob, scope="post"),
        verb(f"{at}/match", _match, bodies.Match, told.Deposit),
        verb(f"{at}/unmatch", _unmatch, bodies.Reason, told.Deposit),
        verb(f"{at}/explain", _explain, bodies.Explain, told.Deposit),
        verb(f"{at}/post-patient", _post_patient, bodies.PostPatient, told.PatientPosted),
        verb(f"{at}/take", _take, bodies.Reason, told.Deposit),
        taking(f"{at}/papers", _attach, PAPER, bodies.PaperAsked, added, scope="post", also=(415,)),
        taking(banks, _bank_file, BANK_FILE, bodies.FileAsked, told.BankFileTaken, scope="submit"),
        get(day, _show_day, tag=TAG, answers=told.DayFigures),
        verb(f"{day}/close", _close_day, bodies.Close, told.DayFigures),
        verb(f"{day}/reopen", _reopen_day, bodies.Reason, told.DayFigures),
    ]
