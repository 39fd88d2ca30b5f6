"""Claims: finding one, and its page with everything that is known of it; correcting it with an answer as one types."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection, func, select

from ...core.flow import preview
from ...core.flow.again import Again, CannotBeDone
from ...core.flow.claim_check import codes_of
from ...core.flow.claim_view import View, view
from ...core.flow.correct import correct
from ...core.flow.rejections import Rejection, of_claim
from ...core.flow.resubmit import resubmit
from ...core.ledger.accounts import DENIED, INSURANCE, PATIENT, RECEIVABLE, in_words
from ...core.ledger.balances import by_line, claim_balances
from ...core.store import claims as claim_store
from ...core.store.tables import (
    claim_lines,
    claim_payments,
    claims,
    documents,
    holds,
    line_payments,
    patient_ids,
    patients,
    remittances,
    submissions,
    work_items,
)
from ...core.x12.correcting import Change, NotCorrected, typed
from ...operate.trace_claim import trace_claim
from .guard import Refused, Visit, page
from .laid_claim import Loop, laid_out
from .papers import as_file, bytes_of, safe_name
from .typed_words import TYPED

MOST_FOUND = 50
MOST_SOURCES = 200
_SHORTEST = 2


# --- finding ---------------------------------------------------------------------------------------


class Found(NamedTuple):
    """A claim that a search found, and by what."""

    id: int
    number: str
    patient: str
    payer: str
    state: str
    charge_cents: int
    balance_cents: int
    from_date: Any
    how: str


def _search(connection: Connection, words: str, state: str) -> list[Found]:
    """Claims by number, ours, the source's or the payer's; by patient (name, member id); by check or trace number."""
    ways: dict[int, str] = {}
    for ids, how in _ways(connection, words):
        for one in ids:
            ways.setdefault(one, how)
    c = claims.c
    statement = select(
        *(c.id, c.claim_number, c.source_claim_number, c.payer_name, c.payer_id, c.state, c.charge_cents, c.from_date),
        *(patients.c.last_name, patients.c.first_name),
    ).outerjoin(patients, patients.c.id == c.patient_id)
    if words:
        statement = statement.where(c.id.in_(list(ways)[: MOST_FOUND * 4]))
    if state:
        # In the order of the index of states: by id, all claims of a state would be read.
        statement = statement.where(c.state == state).order_by(c.created_at.desc())
    rows = connection.execute(statement.order_by(c.id.desc()).limit(MOST_FOUND)).all()
    owed = claim_balances(connection, [row.id for row in rows])
    return [
        Found(
            row.id,
            row.source_claim_number or row.claim_number,
            ", ".join(one for one in (row.last_name, row.first_name) if one),
            row.payer_name or row.payer_id,
            row.state,
            row.charge_cents,
            owed[row.id],
            row.from_date,
            ways.get(row.id, ""),
        )
        for row in rows
    ]


def _ways(connection: Connection, words: str) -> list[tuple[Sequence[int], str]]:
    if not words:
        return []
    c, most = claims.c, MOST_FOUND

    def ids(*where: Any) -> list[int]:
        return list(connection.execute(select(c.id).where(*where).order_by(c.id.desc()).limit(most)).scalars())

    upper = words.upper()
    both = sorted({words, upper})
    found: list[tuple[Sequence[int], str]] = [
        (ids(c.claim_number.in_(both)), "claim number"),
        (ids(c.payer_claim_number.in_(both)), "the payer's number"),
        (ids(c.member_id.in_(both)), "member id"),
        (_of_sources(connection, both), "the billing system's number"),
        (_of_patients(connection, upper), "patient"),
        (_of_checks(connection, both), "check or trace number"),
    ]
    if words.isdecimal() and len(words) <= 18:
        found.append((ids(c.id == int(words)), "our number"))
    return found


def _of_sources(connection: Connection, numbers: Sequence[str]) -> list[int]:
    c = claims.c
    # Every source that there is, each by one step of the index: a list of all claims would be read for DISTINCT.
    sources: list[str] = []
    last = connection.execute(select(func.min(c.source))).scalar()
    while last is not None and len(sources) < MOST_SOURCES:
        sources.append(last)
        last = connection.execute(select(func.min(c.source)).where(c.source > last)).scalar()
    return list(
        connection.execute(
            select(c.id).where(c.source.in_(sources), c.source_claim_number.in_(numbers)).limit(MOST_FOUND)
        ).scalars()
    )


def _of_patients(connection: Connection, upper: str) -> list[int]:
    last, comma, first = (part.strip() for part in upper.partition(","))
    p = patients.c
    ids: set[int] = set()
    if len(last) >= _SHORTEST:
        # A range finds the index on both databases; LIKE does not on all of them.
        where = [p.last_name >= last, p.last_name < last + "\uffff"] if not comma else [p.last_name == last]
        if first:
            where += [p.first_name >= first, p.first_name < first + "\uffff"]
        ids.update(connection.execute(select(p.id).where(*where).limit(MOST_FOUND)).scalars())
    of_ids = select(patient_ids.c.patient_id).where(patient_ids.c.value == upper).limit(MOST_FOUND)
    ids.update(connection.execute(of_ids).scalars())
    if not ids:
        return []
    wanted = select(claims.c.id).where(claims.c.patient_id.in_(sorted(ids)))
    return list(connection.execute(wanted.order_by(claims.c.id.desc()).limit(MOST_FOUND)).scalars())


def _of_checks(connection: Connection, numbers: Sequence[str]) -> list[int]:
    p = claim_payments.c
    of_remittances = select(remittances.c.id).where(remittances.c.trace_number.in_(numbers)).limit(MOST_FOUND)
    found: list[int] = []
    # Two look-ups, each by an index of its own: together in one they would read every payment.
    for wanted in (p.remittance_id.in_(of_remittances.scalar_subquery()), p.payer_claim_number.in_(numbers)):
        statement = select(p.claim_id).where(wanted, p.claim_id.is_not(None)).limit(MOST_FOUND)
        found += [one for one in connection.execute(statement).scalars() if one is not None]
    return found


@page()
async def search(visit: Visit) -> web.StreamResponse:
    """Claims that fit what was typed (`?find=` its key); without words the newest. `?q=` is for links with the number
    of a claim or a check."""
    query = visit.request.query
    typed = visit.request.app[TYPED].words(visit.session.hash, query.get("find", "")) or query.get("q", "")
    words, state = typed.strip()[:80], query.get("state", "").strip()[:14]
    found = await visit.server.read(_search, words, state)
    if words and len(found) == 1 and not visit.in_part and not state:
        raise web.HTTPSeeOther(f"/console/claims/{found[0].id}")
    return visit.page("claims.html", found=found, words=words, state_wanted=state, most=MOST_FOUND)


@page()
async def find(visit: Visit) -> web.StreamResponse:
    """Something is typed into the search: it comes in a form, and stands in no address."""
    words = visit.field("q")[:80]
    asked = {"state": visit.field("state")[:14]}
    if words:
        asked["find"] = visit.request.app[TYPED].keep(visit.session.hash, words)
    asked = {name: value for name, value in asked.items() if value}
    raise web.HTTPSeeOther(f"/console/claims?{urlencode(asked)}" if asked else "/console/claims")


_SAID = {
    "released": "The hold is released.",
    "released-before": "The hold was released before.",
    "attached": "The document is kept, and the hold that waited for it is released.",
    "held": "The claim is held.",
}
"""What is told after a form that ends on a claim's page."""


# --- one claim -------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A service line with its money, in cents."""

    number: int
    code: str
    modifiers: str
    units: str
    from_date: Any
    charge: int
    paid: int
    adjusted: int
    denied: int
    patient: int
    insurance: int


class Claim(NamedTuple):
    """Everything that a claim's page shows."""

    row: Any
    patient: Any
    balance: int
    balances: dict[str, int]
    lines: list[Line]
    holds: Sequence[Any]
    items: Sequence[Any]
    submissions: Sequence[Any]
    payments: Sequence[Any]
    documents: Sequence[Any]
    events: Sequence[Any]
    rejections: list[Rejection]
    loops: list[Loop]
    why_not: str


def _claim(connection: Connection, server: Any, claim_id: int) -> Claim:
    row = connection.execute(select(claims).where(claims.c.id == claim_id)).one()
    patient = None
    if row.patient_id is not None:
        patient = connection.execute(select(patients).where(patients.c.id == row.patient_id)).one_or_none()
    kept = by_line(connection, [claim_id])[claim_id]
    balances: dict[str, int] = {}
    for on_line in kept.values():
        for account, cents in on_line.items():
            if account.startswith(RECEIVABLE) and cents:
                balances[in_words(account)] = balances.get(in_words(account), 0) + cents
    try:
        why_not = view(connection, claim_id).why_not
    except CannotBeDone as error:
        why_not = str(error)
    newest = (claim_payments.c.id.desc(),)
    return Claim(
        row,
        patient,
        sum(balances.values()),
        {name: cents for name, cents in balances.items() if cents},
        _lines(connection, claim_id, kept),
        connection.execute(select(holds).where(holds.c.claim_id == claim_id).order_by(holds.c.id)).all(),
        connection.execute(
            select(work_items)
            .where(work_items.c.claim_id == claim_id, work_items.c.state == "open")
            .order_by(work_items.c.id)
        ).all(),
        connection.execute(
            select(submissions).where(submissions.c.claim_id == claim_id).order_by(submissions.c.id.desc())
        ).all(),
        connection.execute(
            select(claim_payments, remittances.c.trace_number, remittances.c.file_id, remittances.c.effective_date)
            .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
            .where(claim_payments.c.claim_id == claim_id)
            .order_by(*newest)
        ).all(),
        connection.execute(
            select(documents).where(documents.c.claim_id == claim_id).order_by(documents.c.id.desc())
        ).all(),
        trace_claim(connection, claim_id).events,
        of_claim(connection, server.services.archive, server.services.config, claim_id, values=True),
        laid_out(row.content, codes_of(server.services.config)),
        why_not,
    )


def _lines(connection: Connection, claim_id: int, kept: Any) -> list[Line]:
    rows = connection.execute(
        select(claim_lines).where(claim_lines.c.claim_id == claim_id).order_by(claim_lines.c.number)
    ).all()
    paid: dict[int, int] = {}
    for line_id, cents in connection.execute(
        select(line_payments.c.line_id, line_payments.c.paid_cents)
        .join(claim_payments, claim_payments.c.id == line_payments.c.claim_payment_id)
        .where(claim_payments.c.claim_id == claim_id, claim_payments.c.state == "posted")
    ):
        if line_id is not None:
            paid[line_id] = paid.get(line_id, 0) + cents
    found = []
    for row in rows:
        accounts = kept.get(row.id, {})
        found.append(
            Line(
                row.number,
                row.code,
                row.modifiers.replace(":", " "),
                row.units,
                row.from_date,
                row.charge_cents,
                paid.get(row.id, 0),
                sum(cents for account, cents in accounts.items() if account.startswith("adjustment:")),
                accounts.get(DENIED, 0),
                sum(cents for account, cents in accounts.items() if account.startswith(PATIENT)),
                accounts.get(INSURANCE, 0),
            )
        )
    return found


def _claim_id(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


async def _there(visit: Visit) -> int:
    claim_id = _claim_id(visit)
    if not await visit.server.read(claim_store.exists, claim_id):
        raise Refused(404, "No such claim", "No claim has this number. Look for it by its number, patient or check.")
    return claim_id


@page()
async def claim_page(visit: Visit) -> web.StreamResponse:
    """A claim, from its order to its last cent."""
    said = _SAID.get(visit.request.query.get("said", ""), "")
    return await _shown(visit, await _there(visit), said=said)


async def _shown(visit: Visit, claim_id: int, said: str = "", trouble: str = "") -> web.StreamResponse:
    found = await visit.server.read(_claim, visit.server, claim_id)
    return visit.page("claim.html", claim=found, said=said, trouble=trouble)


# --- correcting ------------------------------------------------------------------------------------


async def _view(visit: Visit, claim_id: int) -> View:
    try:
        return await visit.server.read(view, claim_id)
    except CannotBeDone as error:
        raise Refused(409, "This claim cannot be read", str(error)) from error


@page("work")
async def correct_page(visit: Visit) -> web.StreamResponse:
    """The fields of a claim, to be corrected in place."""
    claim_id = await _there(visit)
    found = await _view(visit, claim_id)
    return await _correct_page(visit, found)


async def _correct_page(visit: Visit, found: View, trouble: str = "") -> web.StreamResponse:
    server = visit.server

    def look(connection: Connection) -> list[Rejection]:
        return of_claim(connection, server.services.archive, server.services.config, found.claim_id, values=True)

    refused = await server.read(look)
    faulty = {fault.field for one in refused for fault in one.faults if fault.field}
    causes = server.services.config.tables.get("root_causes")
    rows = [row.values for row in causes.on(visit.today)] if causes is not None else []
    every = list(enumerate(found.fields))
    first = [(at, one) for at, one in every if one.name in faulty]
    rest = [(at, one) for at, one in every if one.name not in faulty]
    return visit.page(
        "correct.html", view=found, rejections=refused, first=first, rest=rest, causes=rows, trouble=trouble
    )


def _changes(visit: Visit, found: View) -> list[Change]:
    """What was typed anew."""
    settings = []
    for at, one in enumerate(found.fields):
        if f"f{at}" in visit.form and visit.field(f"f{at}", 500) != one.value:
            settings.append(f"{one.name}={visit.field(f'f{at}', 500)}")
    for line in visit.field("more", 5000).splitlines():
        if line.strip():
            settings.append(line.strip())
    try:
        return typed(settings, [], [])
    except NotCorrected as error:
        raise CannotBeDone(f"{error}.") from error


@page("work", noted=False)
async def preview_part(visit: Visit) -> web.StreamResponse:
    """What would come of a correction, while it is typed."""
    claim_id = await _there(visit)
    found = await _view(visit, claim_id)
    services = visit.server.services
    try:
        changes = _changes(visit, found)
        if not changes:
            return visit.page("preview_part.html", preview=None, trouble="")
        asking = await visit.server.read(preview.ask, claim_id, changes, visit.who)
        url = services.reads.url.render_as_string(hide_password=False)
        ground = preview.Ground(
            services.decide, services.config, str(services.archive.root), url, visit.today,
            services.breakers.resting(services.config),
        )  # fmt: skip
        answer = await preview.preview(ground, asking)
    except CannotBeDone as error:
        return visit.page("preview_part.html", preview=None, trouble=str(error))
    return visit.page("preview_part.html", preview=answer, trouble="")


@page("work")
async def correct_it(visit: Visit) -> web.StreamResponse:
    """Correct the claim; it is decided again and, where it was refused, goes in a new interchange."""
    claim_id = await _there(visit)
    found = await _view(visit, claim_id)
    version = visit.field("version", 12)
    try:
        changes = _changes(visit, found)
        if not changes:
            raise CannotBeDone("Nothing was changed yet. Type the right value over the wrong one.")

        def ask(connection: Connection) -> Again:
            return correct(
                connection, visit.server.services.config, claim_id, changes, visit.who, visit.field("reason", 500),
                visit.now, today=visit.today, root_cause=visit.field("root_cause", 40),
                version=int(version) if version.isdecimal() else 0,
            )  # fmt: skip

        done = await visit.server.write(ask)
    except CannotBeDone as error:
        return await _correct_page(visit, found, trouble=str(error))
    await _settle(visit, done.request_id)
    return await _shown(visit, claim_id, said=done.what)


async def _settle(visit: Visit, request_id: int) -> None:
    """Wait a moment for what was asked, so that the page shows what came of it."""
    from ...core.store.tables import requests

    for _ in range(30):
        done = await visit.server.read(
            lambda sql: sql.execute(select(requests.c.done_at).where(requests.c.id == request_id)).scalar()
        )
        if done is not None:
            return
        await asyncio.sleep(0.1)


@page("work")
async def resubmit_it(visit: Visit) -> web.StreamResponse:
    """Send a rejected claim in a new interchange, as it stands."""
    claim_id = await _there(visit)
    try:
        done = await visit.server.write(resubmit, claim_id, visit.who, visit.field("reason", 500), visit.now)
    except CannotBeDone as error:
        return await _shown(visit, claim_id, trouble=str(error))
    return await _shown(visit, claim_id, said=done.what)


@page()
async def document(visit: Visit) -> web.StreamResponse:
    """A paper of the claim, as it came."""
    wanted = int(visit.request.match_info["document"])
    row = await visit.server.read(
        lambda sql: sql.execute(select(documents).where(documents.c.id == wanted)).one_or_none()
    )
    if row is None:
        raise Refused(404, "No such document", "No document has this number.")
    data = await bytes_of(visit, row.sha256, "this document")
    return as_file(data, safe_name(row.name, "document"), row.media_type)


def routes() -> list[web.RouteDef]:
    """The routes."""
    claim = r"/console/claims/{id:\d{1,18}}"
    return [
        web.get("/console/claims", search),
        web.post("/console/claims", find),
        web.get(claim, claim_page),
        web.get(f"{claim}/correct", correct_page),
        web.post(f"{claim}/correct", correct_it),
        web.post(f"{claim}/preview", preview_part),
        web.post(f"{claim}/resubmit", resubmit_it),
        web.get(r"/console/documents/{document:\d{1,18}}", document),
    ]
