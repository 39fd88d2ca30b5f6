"""What is done about deposits: matching money to them, taking that back, naming other money, keying checks, and taking
a bank's file. Each is one function of the core."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.flow import bank as station
from ...core.flow import patient_money
from ...core.ledger import deposit_papers, deposits, money, slips
from ...core.ledger.days import NotDone
from ...core.model.bank_file import MOST_BYTES
from ...core.model.papers import NoPaper, media_type
from ...core.store.tables import claims
from .. import deposit_bodies as bodies
from ..bodies import file_name
from ..queue_bodies import NotUnderstood, understood
from .deposit_pages import CHECKS, listed, number_of, plain_amount, shown
from .exception_pages import claims_called
from .guard import Refused, Visit, page
from .upload import read_upload

MOST_TICKED = 1000
Do = Callable[[Connection], Any]


def _for_posting(visit: Visit) -> None:
    """Raises Refused where deposits are another team's work."""
    if not visit.user.may_work_for("posting"):
        raise Refused(403, "Another team's work", "Deposits are work of the team posting. Ask a manager.")


async def _turn(visit: Visit, do: Do) -> Any:
    """One verb in one transaction, in its turn."""

    def turn(connection: Connection) -> Any:
        money.my_turn(connection)
        return do(connection)

    return await visit.server.write(turn)


def _numbers(visit: Visit, name: str) -> list[int]:
    """What is ticked under a name, and what is typed under it, as numbers."""
    words = [one for one in visit.form.getall(name, []) if isinstance(one, str)]
    typed = [one for each in words for one in each.replace(",", " ").split()]
    found = [int(one) for one in typed if one.isdecimal() and len(one) <= 18]
    if len(found) != len(typed):
        raise Refused(422, "That is no number", "Deposits and lines are named by their numbers, such as 17 18.")
    return list(dict.fromkeys(found))[:MOST_TICKED]


# --- matching --------------------------------------------------------------------------------------


async def _matched(visit: Visit) -> str:
    """Match as the form says; returns what was done."""
    lines, others = _numbers(visit, "line"), _numbers(visit, "deposit")
    if len(lines) != 1 or not others:
        raise NotDone("Choose one line of money, and the deposit that it is, or several.")
    difference = visit.field("difference", 500)

    def do(connection: Connection) -> None:
        deposits.match(
            connection, lines[0], others, visit.today, visit.now, who=visit.who, difference_reason=difference
        )

    await _turn(visit, do)
    names = ", ".join(str(one) for one in others)
    return f"Line {lines[0]} is deposit {names}."


@page("post")
async def match_here(visit: Visit) -> web.StreamResponse:
    """Match what is chosen on the page of deposits."""
    _for_posting(visit)
    try:
        return await listed(visit, said=await _matched(visit))
    except NotDone as error:
        return await listed(visit, trouble=str(error))


@page("post")
async def match_one(visit: Visit) -> web.StreamResponse:
    """Match on the page of one deposit or line."""
    _for_posting(visit)
    try:
        return await shown(visit, said=await _matched(visit))
    except NotDone as error:
        return await shown(visit, trouble=str(error))


def _verb(do: Callable[[Visit, Connection, int], None], words: str) -> Any:
    """A verb of one line, and what is told when it is done."""

    @page("post")
    async def handler(visit: Visit) -> web.StreamResponse:
        _for_posting(visit)
        line = number_of(visit)
        try:
            await _turn(visit, lambda connection: do(visit, connection, line))
        except NotDone as error:
            return await shown(visit, trouble=str(error))
        return await shown(visit, said=words)

    return handler


def _unmatch(visit: Visit, connection: Connection, line: int) -> None:
    deposits.unmatch(connection, line, visit.field("reason", 500), visit.who, visit.today, visit.now)


def _explain(visit: Visit, connection: Connection, line: int) -> None:
    purpose, reason = visit.field("purpose", 20), visit.field("reason", 500)
    deposits.explain(connection, line, purpose, reason, visit.who, visit.today, visit.now)


def _take(visit: Visit, connection: Connection, line: int) -> None:
    deposits.take(connection, line, visit.field("reason", 500), visit.who, visit.today, visit.now)


# --- what a patient paid ---------------------------------------------------------------------------


def _claims_named(visit: Visit, connection: Connection) -> list[int]:
    """The claims whose numbers were typed. Raises NotDone where one is not there, or is several."""
    found = []
    for number in visit.field("claims", 400).replace(",", " ").split():
        ids = claims_called(visit, connection, number)
        if len(ids) != 1:
            raise NotDone(f"{'No claim has' if not ids else f'{len(ids)} claims have'} the number {number}.")
        found.append(ids[0])
    if not found:
        raise NotDone("Say for which claim it is, by its number.")
    return found


def _post_patient(visit: Visit, connection: Connection, line: int) -> patient_money.Posted:
    config, reason = visit.server.services.config, visit.field("reason", 500)
    named = _claims_named(visit, connection)
    how: dict[str, Any] = {"claim_ids": named}
    if visit.field("how", 10) == "oldest":
        whose = connection.execute(select(claims.c.patient_id).where(claims.c.id == named[0])).scalar()
        if whose is None:
            raise NotDone("That claim has no patient. Post it to the claim itself.")
        how = {"patient_id": int(whose)}
    return patient_money.post(connection, config, line, reason, visit.who, visit.today, visit.now, **how)


@page("post")
async def post_patient(visit: Visit) -> web.StreamResponse:
    """Post what a patient paid: to the claims that are named, or to all that they owe, the oldest first."""
    _for_posting(visit)
    line = number_of(visit)
    try:
        done = await _turn(visit, lambda connection: _post_patient(visit, connection, line))
    except NotDone as error:
        return await shown(visit, trouble=str(error))
    return await shown(visit, said=" ".join(patient_money.in_words(done, {})))


# --- what is keyed and handed in -------------------------------------------------------------------


def _keyed(visit: Visit) -> bodies.Add:
    """The checks of the form: its rows that have an amount."""
    lines = []
    for at in range(CHECKS):
        fields = {name: visit.field(f"{name}{at}", 80) for name in ("method", "number", "payer")}
        amount, date = plain_amount(visit.field(f"amount{at}", 20)), visit.field(f"date{at}", 10)
        if amount:
            lines.append(fields | {"amount": amount, "date": date or visit.today.isoformat()})
    if not lines:
        raise NotDone("Nothing is on it: type an amount at least.")
    sent = {"slip": visit.field("slip", 50), "at_bank": bool(visit.field("at_bank", 5)), "lines": lines}
    try:
        return understood(bodies.Add, sent)
    except NotUnderstood as error:
        raise NotDone(f"{error}.") from error


@page("post")
async def key(visit: Visit) -> web.StreamResponse:
    """Key a slip with its checks; or lines that were read at the bank."""
    _for_posting(visit)
    days = visit.server.services.config.gateway.cash.match_days

    def do(connection: Connection) -> slips.Slip:
        checks = [one.keyed() for one in asked.lines]
        if asked.at_bank:
            return slips.add_at_bank(connection, checks, visit.who, days, visit.today, visit.now)
        return slips.add_slip(connection, checks, asked.slip, visit.who, days, visit.today, visit.now)

    try:
        asked = _keyed(visit)
        done: slips.Slip = await _turn(visit, do)
    except NotDone as error:
        return await listed(visit, trouble=str(error))
    name = f"Slip {done.deposit_id}" if done.deposit_id else "Read at the bank"
    return await listed(visit, said=f"{name}: {len(done.line_ids):,} keyed, {done.matched:,} matched.")


@page("post", file=True)
async def take_file(visit: Visit) -> web.StreamResponse:
    """Take a bank's file."""
    _for_posting(visit)
    services = visit.server.services
    fields, name, data = await read_upload(visit, MOST_BYTES)
    bank = services.config.gateway.cash.bank(fields.get("bank", ""))
    if bank is None:
        raise Refused(
            422, "Which bank?", "Choose whose file it is. Banks stand in the configuration, under cash.banks."
        )
    if not data:
        raise Refused(422, "No file", "Choose the file that the bank sent: BAI2 or CSV.")
    stored, found = await asyncio.to_thread(station.keep, services.archive, data, bank)
    taken = await visit.server.write(
        station.take_in, services.config, bank, file_name(name, "bank file"), stored, found, visit.who, visit.now
    )
    if taken.refused:
        return await listed(visit, trouble=f"Nothing was taken: {taken.refused} Ask the bank for it again.")
    if taken.duplicate_of:
        words = f"The same file came before, as file {taken.duplicate_of}. Nothing is booked again."
        return await listed(visit, said=words)
    return await listed(visit, said=f"Taken: {station.in_words(taken)}.")


@page("post", file=True)
async def attach(visit: Visit) -> web.StreamResponse:
    """Attach a paper to a deposit or a line."""
    _for_posting(visit)
    services, number = visit.server.services, number_of(visit)
    limit = services.config.gateway.documents.max_mb << 20
    fields, name, data = await read_upload(visit, limit)
    if not data:
        raise Refused(422, "No paper", "Choose the file of the paper: PDF, TIFF, JPEG or PNG.")
    try:
        media = media_type(data)
        stored = await asyncio.to_thread(services.archive.put, data)
        kind, called = fields.get("kind", ""), file_name(name, f"paper{media.ending}")
        now: dt.datetime = visit.now
        _, new = await visit.server.write(deposit_papers.attach, number, kind, called, media, stored, visit.who, now)
    except (NoPaper, NotDone) as error:
        return await shown(visit, trouble=str(error))
    return await shown(visit, said="The paper is kept." if new else "The same paper was there already.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    one = r"/console/deposits/{id:\d{1,18}}"
    return [
        web.post("/console/deposits/match", match_here),
        web.post("/console/deposits/keyed", key),
        web.post("/console/deposits/bank-file", take_file),
        web.post(f"{one}/match", match_one),
        web.post(f"{one}/unmatch", _verb(_unmatch, "The match is taken back.")),
        web.post(f"{one}/explain", _verb(_explain, "It is noted what the money is for.")),
        web.post(f"{one}/take", _verb(_take, "It counts as money of ours now.")),
        web.post(f"{one}/patient", post_patient),
        web.post(f"{one}/papers", attach),
    ]
