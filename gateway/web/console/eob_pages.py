"""A paper explanation of benefits, keyed in: it becomes an 835 and posts by the rules of every other."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from ...core.flow import keyed
from ...core.flow.receive import Received
from .deposit_pages import plain_amount
from .guard import Refused, Visit, page
from .render import Typed

ROWS, MOST_ROWS = 8, 60
_HEAD = ("payer", "payer_id", "number", "amount", "date", "method", "partner")
_LINE = ("claim_number", "code", "modifiers", "date", "charge", "paid", "adjustments", "remarks")
_AMOUNTS = ("charge", "paid")


@page("post")
async def form(visit: Visit) -> web.StreamResponse:
    """The empty paper; `?rows=` says how many lines it has."""
    typed = visit.request.query.get("rows", "")
    rows = int(typed) if typed.isdecimal() and len(typed) < 4 else ROWS
    return _shown(visit, Typed({"method": "check", "date": visit.today.isoformat()}), min(max(rows, 1), MOST_ROWS))


def _shown(visit: Visit, typed: Typed, rows: int, **more: Any) -> web.Response:
    partners = [one.name for one in visit.server.services.config.partners]
    return visit.page(
        "eob.html", typed=typed, rows=range(1, rows + 1), most=MOST_ROWS, partners=partners, **{"file_id": 0} | more
    )


def _typed(visit: Visit, rows: int) -> Typed:
    names = [*_HEAD, *(f"{name}{at}" for at in range(1, rows + 1) for name in _LINE)]
    return Typed({name: value for name in names if (value := visit.field(name, 200))})


def _paper(typed: Typed, rows: int) -> keyed.Eob:
    """What was typed. A row without a claim's number is of the claim above it. Raises NotKeyed."""
    lines: list[dict[str, str | None]] = []
    claim = ""
    for at in range(1, rows + 1):
        said = {name: typed[f"{name}{at}"] for name in _LINE}
        said |= {name: plain_amount(said[name]) for name in _AMOUNTS}
        claim = said["claim_number"] = said["claim_number"] or claim
        if any(said[name] for name in ("code", "charge", "paid", "adjustments")):
            lines.append({**said})
    return keyed.Eob(
        typed["payer"], typed["payer_id"], typed["number"], plain_amount(typed["amount"]), typed["date"],
        keyed.claims_of(lines), typed["method"] or "check",
    )  # fmt: skip


@page("post")
async def key(visit: Visit) -> web.StreamResponse:
    """Key what was typed; what does not add up is told, and nothing is recorded."""
    if not visit.user.may_work_for("posting"):
        raise Refused(403, "Another team's work", "Deposits are work of the team posting. Ask a manager.")
    services = visit.server.services
    sent = visit.field("rows", 3)
    rows = min(max(int(sent) if sent.isdecimal() else ROWS, 1), MOST_ROWS)
    typed = _typed(visit, rows)
    try:
        eob = _paper(typed, rows)
        party = keyed.party_of(services.config, eob, typed["partner"])
        stored = await asyncio.to_thread(keyed.keep, services.config, services.archive, eob)
    except keyed.NotKeyed as error:
        return _shown(visit, typed, rows, trouble=f"Nothing was keyed. {error}")
    done: Received = await visit.server.write(keyed.register, party, eob, stored, visit.who, visit.now)
    words = "It is keyed, and posts like every other remittance."
    if done.duplicate_of:
        words = f"The same was keyed before, as file {done.duplicate_of}. Nothing is posted again."
    empty = Typed({"method": "check", "date": visit.today.isoformat()})
    return _shown(visit, empty, rows, said=words, file_id=done.duplicate_of or done.file_id)


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get("/console/deposits/eob", form), web.post("/console/deposits/eob", key)]
