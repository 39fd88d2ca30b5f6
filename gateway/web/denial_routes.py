"""Denials over HTTP: the list, one with all that was done, its letters, and the verbs.

What shows a denial's history or changes it asks for the scope `work`; each use is in the access log.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import Field
from sqlalchemy import Connection

from ..core.flow import denial_claims, denial_ends, denial_letters, denial_list, denial_money
from ..core.flow.again import Again, CannotBeDone
from ..core.flow.denial_acts import Asked, Done
from ..core.store.archive import Archive, ArchiveDamaged
from ..core.work.priority import Bucket
from ..core.x12.correcting import NotCorrected, typed
from . import money_answers as told
from . import queue_bodies as bodies
from .admission import SERVER, WHO
from .again import answer_of
from .claim_answers import Again as AgainTold
from .operations import CSV, Raw, body_of, get, post, query_of
from .paging import After, List
from .problems import Handler, problem
from .queue_bodies import Day
from .queue_routes import ID, known_names, today_of

TAG = "denials"
DENIALS = List("denials", denial_list.PLACE)
_TWICE = " Asked twice it is done once."
MOST = 10_000


class Listing(bodies.Asked):
    """The query of the list."""

    status: bodies.Name = ""
    team: bodies.Name = ""
    payer: bodies.Name = ""
    reason: bodies.Name = ""
    category: bodies.Name = ""
    assignee: bodies.Name = ""
    claim_id: bodies.Id | None = None
    bucket: Bucket | None = None
    all: bool = False
    remark: bodies.Name = ""
    code: bodies.Name = ""
    first: Day | None = None
    last: Day | None = None
    waits_for: Literal["", "sending", "approval"] = ""
    after: After = ""
    limit: int = Field(default=100, ge=1, le=MOST)
    format: Literal["json", "csv"] = "json"


class Why(bodies.Asked):
    """A verb that needs a reason alone."""

    reason: bodies.Words


class Correct(Why):
    """Fields to set, and where it went wrong."""

    set: dict[str, str] = Field(default_factory=dict, max_length=200)
    root_cause: bodies.Name = ""


class Letter(Why):
    """A letter: the documents behind it, and whether it is late for a good cause."""

    documents: list[bodies.Id] = Field(default_factory=list, max_length=50)
    good_cause: bool = False


class Decision(Why):
    """What the payer answered, and when."""

    won: bool
    on: Day


class Sent(Why):
    """On which day a letter went out."""

    on: Day


class Close(Why):
    """With which outcome, if any."""

    outcome: bodies.Name = ""


class WriteOff(Why):
    """Under which named rule, if any."""

    rule: bodies.Name = ""


async def _list(request: web.Request) -> web.StreamResponse:
    """Denials in the order in which they should be worked."""
    server = request.app[SERVER]
    asked = query_of(request, Listing)
    which = denial_list.Which(
        asked.status, asked.team, asked.payer, asked.reason, asked.category, asked.assignee, asked.claim_id,
        asked.bucket, asked.all, asked.remark, asked.code, asked.first, asked.last, waits_for=asked.waits_for,
    )  # fmt: skip
    behind = DENIALS.place(asked.after)
    today = behind[0] if behind is not None else today_of(server)
    limit = None if asked.format == "csv" else asked.limit + 1

    def read(connection: Connection) -> list[denial_list.Listed]:
        known_names(connection, server, team=asked.team)
        return denial_list.listed(connection, which, today, limit=limit, behind=behind)

    listed = await server.read(read)
    if asked.format == "json":
        page, after = DENIALS.page(listed, asked.limit, lambda one: denial_list.place(one, today))
        return web.json_response({"denials": [denial_list.as_data(one) for one in page], "after": after})
    rows = [denial_list.as_data(one) for one in listed]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return web.Response(text=out.getvalue(), content_type="text/csv")


async def _one(request: web.Request) -> web.StreamResponse:
    """One denial, with everything that was done about it."""
    server, today = request.app[SERVER], today_of(request.app[SERVER])
    found = await server.read(lambda sql: denial_list.one(sql, _id(request), today))
    if found is None:
        return _missing()
    return web.json_response(denial_list.told_data(found))


async def _letter(request: web.Request) -> web.StreamResponse:
    """The last letter about a denial, as PDF."""
    server = request.app[SERVER]

    def find(sql: Connection) -> Any:
        act_id = denial_list.last_letter(sql, _id(request))
        return denial_list.letter(sql, act_id) if act_id else None

    found = await server.read(find)
    if found is None:
        return problem(404, "No letter", "No letter was written about this denial.")
    try:
        data = server.services.archive.read(found.sha256)
    except ArchiveDamaged:
        return problem(500, "The archive is damaged", "The letter cannot be read; run: gateway doctor")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return web.Response(body=data, content_type="application/pdf", headers=headers)


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


def _missing() -> web.Response:
    return problem(404, "No such denial", "No denial has this id. GET /api/v1/denials lists them.")


Verb = Callable[[Connection, Archive, int, Asked, Any], Done | Again]


def _verb(model: type[Why], do: Verb) -> Handler:
    async def post(request: web.Request) -> web.StreamResponse:
        """Do something about a denial; asked twice it is done once."""
        given = body_of(request, model)
        server, denial_id, today = request.app[SERVER], _id(request), today_of(request.app[SERVER])
        services = server.services
        if await server.read(lambda sql: denial_list.one(sql, denial_id, today)) is None:
            return _missing()
        asked = Asked.at(services.config, request[WHO], given.reason, services.clock.now())
        done = await server.write(lambda sql: do(sql, services.archive, denial_id, asked, given))
        if isinstance(done, Again):
            return answer_of(done)
        return web.json_response({"denial_id": done.denial_id, "new": done.new, "what": done.what})

    return post


def _correct(sql: Connection, archive: Archive, denial_id: int, asked: Asked, given: Correct) -> Again:
    try:
        changes = typed([f"{name}={value}" for name, value in given.set.items()], [], [])
    except NotCorrected as error:
        raise CannotBeDone(f"{error}.") from error
    return denial_claims.correct(sql, archive, denial_id, asked, changes, given.root_cause)


def _reopen(sql: Connection, archive: Archive, denial_id: int, asked: Asked, given: Letter) -> Done:
    return denial_claims.reopen(sql, archive, denial_id, asked, given.documents, good_cause=given.good_cause)


def _appeal(sql: Connection, archive: Archive, denial_id: int, asked: Asked, given: Letter) -> Done:
    return denial_claims.appeal(sql, archive, denial_id, asked, given.documents, good_cause=given.good_cause)


VERBS: dict[str, tuple[type[Why], Verb]] = {
    "correct": (Correct, _correct),
    "resubmit": (Why, lambda sql, _, one, asked, given: denial_claims.resubmit(sql, one, asked)),
    "reopen": (Letter, _reopen),
    "appeal": (Letter, _appeal),
    "decided": (
        Decision,
        lambda sql, _, one, asked, given: denial_claims.decided(sql, one, asked, given.on, won=given.won),
    ),
    "sent": (Sent, lambda sql, _, one, asked, given: denial_letters.sent(sql, one, asked, given.on)),
    "write-off": (WriteOff, lambda sql, _, one, asked, given: denial_money.write_off(sql, one, asked, rule=given.rule)),
    "approve": (Why, lambda sql, _, one, asked, given: denial_money.approve(sql, one, asked)),
    "refuse": (Why, lambda sql, _, one, asked, given: denial_money.refuse(sql, one, asked)),
    "undo-write-off": (Why, lambda sql, _, one, asked, given: denial_ends.undo_write_off(sql, one, asked)),
    "close": (Close, lambda sql, _, one, asked, given: denial_ends.close(sql, one, asked, given.outcome)),
    "to-patient": (Why, lambda sql, _, one, asked, given: denial_money.to_patient(sql, one, asked)),
}


_WORDS = {
    "correct": "Correct the claim, which goes again.",
    "resubmit": "Send the claim again as it is.",
    "reopen": "Ask the payer to reopen the claim: the letter is written.",
    "appeal": "Appeal: the letter of the next level is written.",
    "decided": "Say what the payer decided.",
    "sent": "Say that a letter went out, and when.",
    "write-off": "Ask for a write-off, or write off under a named rule.",
    "approve": "Approve the write-off that was asked for.",
    "refuse": "Refuse the write-off that was asked for.",
    "undo-write-off": "Take back a write-off.",
    "close": "Close a denial of which no money is left.",
    "to-patient": "Move what is left to the patient.",
}


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    one = f"/api/v1/denials/{ID}"
    letter = Raw(("application/pdf",), "The letter.")
    answers = {200: (told.DenialDone, AgainTold), 202: AgainTold}
    found = [
        get("/api/v1/denials", _list, tag=TAG, query=Listing, answers=(told.Denials, CSV)),
        get(one, _one, tag=TAG, scope="work", answers=told.OneDenial),
        get(f"{one}/letter", _letter, tag=TAG, scope="work", answers=letter, also=(500,)),
    ]
    return found + [
        post(f"{one}/{name}", _verb(model, do), tag=TAG, body=model, answers=answers, words=f"{_WORDS[name]}{_TWICE}")
        for name, (model, do) in VERBS.items()
    ]
