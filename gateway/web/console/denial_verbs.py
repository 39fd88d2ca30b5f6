"""One denial and what is done about it: each form asks for the same verb that the command line and the API have."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any, Literal

from aiohttp import web
from sqlalchemy import Connection

from ...core.flow import denial_claims, denial_ends, denial_letters, denial_list, denial_money
from ...core.flow.again import Again, CannotBeDone
from ...core.flow.claim_view import View, view
from ...core.flow.denial_acts import Asked, Done
from ...core.flow.denial_letters import Draft
from ...core.model.papers import KINDS
from ...core.work.actions import Actions
from ...core.x12.correcting import Change, NotCorrected, typed
from .denial_view import Seen, seen
from .guard import HEADERS, Refused, Visit, page
from .papers import as_file, bytes_of, safe_name, take_document

MOST_DOCUMENTS = 50
_SAID = {"noted": "It is written down.", "attached": "The document is kept; it can go behind a letter."}
_APPROVAL = ("approve", "refuse")
_APPROVERS = "management"


def _id(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


async def _seen(visit: Visit) -> Seen:
    config = visit.server.services.config
    found = await visit.server.read(seen, config, _id(visit), visit.who, visit.now, visit.today)
    if found is None:
        raise Refused(404, "No such denial", "No denial has this number. The list has those that are open.")
    return found  # type: ignore[no-any-return]


@page()
async def one_page(visit: Visit) -> web.StreamResponse:
    """One denial: why, what was done, and the ways out."""
    return await _shown(visit, said=_SAID.get(visit.request.query.get("said", ""), ""))


async def _shown(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    found = await _seen(visit)
    known = list(Actions.of(visit.server.services.config.tables, visit.today).on())
    return visit.page(
        "denial.html",
        seen=found,
        one=found.denial,
        mine=visit.user.may_work_for(found.denial.team),
        may_decide=visit.user.may_work_for(_APPROVERS),
        actions=[action for action in known if not action.closes],
        outcomes=[action for action in known if action.closes],
        kinds=KINDS,
        said=said,
        trouble=trouble,
        typed_why=visit.field("reason") if trouble else "",
    )


# --- verbs -----------------------------------------------------------------------------------------


def _day(visit: Visit, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(visit.field(name, 10))
    except ValueError:
        raise Refused(422, "On which day?", "Choose a day, or type it like 2026-11-30.") from None


def _papers(visit: Visit) -> list[int]:
    given = [one for one in visit.form.getall("documents", []) if isinstance(one, str)]
    return [int(one) for one in given if one.isascii() and one.isdigit() and len(one) <= 18][:MOST_DOCUMENTS]


Do = Callable[[Connection, Asked], Done | Again]


def _letter_verb(visit: Visit) -> Do:
    name = visit.field("letter", 10)
    if name not in ("appeal", "reopen"):
        raise Refused(422, "Which letter?", "Choose what is asked for: an appeal, or a reopening.")
    papers, cause = _papers(visit), bool(visit.field("good_cause", 5))
    archive, one = visit.server.services.archive, _id(visit)
    verb = denial_claims.appeal if name == "appeal" else denial_claims.reopen
    return lambda sql, asked: verb(sql, archive, one, asked, papers, good_cause=cause)


def _do(visit: Visit, name: str) -> Do:
    """The verb, with what the form says."""
    one = _id(visit)
    if name == "letter":
        return _letter_verb(visit)
    if name == "sent":
        day = _day(visit, "on")
        return lambda sql, asked: denial_letters.sent(sql, one, asked, day)
    if name == "decided":
        day, won = _day(visit, "on"), visit.field("won", 3)
        if won not in ("yes", "no"):
            raise Refused(422, "What did the payer say?", "Say whether the payer will pay.")
        return lambda sql, asked: denial_claims.decided(sql, one, asked, day, won=won == "yes")
    if name == "write-off":
        rule = visit.field("rule", 40)
        return lambda sql, asked: denial_money.write_off(sql, one, asked, rule=rule)
    if name == "close":
        outcome = visit.field("outcome", 24)
        return lambda sql, asked: denial_ends.close(sql, one, asked, outcome)
    return _PLAIN[name](one)


_PLAIN: dict[str, Callable[[int], Do]] = {
    "resubmit": lambda one: lambda sql, asked: denial_claims.resubmit(sql, one, asked),
    "approve": lambda one: lambda sql, asked: denial_money.approve(sql, one, asked),
    "refuse": lambda one: lambda sql, asked: denial_money.refuse(sql, one, asked),
    "to-patient": lambda one: lambda sql, asked: denial_money.to_patient(sql, one, asked),
    "undo-write-off": lambda one: lambda sql, asked: denial_ends.undo_write_off(sql, one, asked),
}
VERBS = (*_PLAIN, "letter", "sent", "decided", "write-off", "close")


async def _allowed(visit: Visit, name: str) -> None:
    """Raises Refused where the denial is another team's work, or approving is not this person's."""
    denial = (await _seen(visit)).denial
    team = _APPROVERS if name in _APPROVAL else denial.team
    if not visit.user.may_work_for(team):
        raise Refused(403, "Another team's work", f"This is work of the team {team}. A manager can give it to yours.")


def _asked(visit: Visit) -> Asked:
    return Asked.at(visit.server.services.config, visit.who, visit.field("reason"), visit.now)


def _verb(name: str) -> Any:
    @page("work")
    async def do(visit: Visit) -> web.StreamResponse:
        """Do it once; the denial is shown as it stands then."""
        await _allowed(visit, name)
        act = _do(visit, name)
        try:
            asked = _asked(visit)
            done = await visit.server.write(lambda sql: act(sql, asked))
        except CannotBeDone as error:
            return await _shown(visit, trouble=str(error))
        return await _shown(visit, said=done.what)

    return do


# --- letters ---------------------------------------------------------------------------------------


@page("work")
async def preview(visit: Visit) -> web.StreamResponse:
    """The letter as it would be made now: its words as a part of the page, or as PDF in a window of its own."""
    await _allowed(visit, "letter")
    verb: Literal["appeal", "reopen"] = "reopen" if visit.field("letter", 10) == "reopen" else "appeal"
    papers, cause = _papers(visit), bool(visit.field("good_cause", 5))
    archive = visit.server.services.archive

    def read(connection: Connection, asked: Asked) -> Draft:
        return denial_claims.would_be(connection, archive, _id(visit), asked, verb, papers, good_cause=cause)

    try:
        draft = await visit.server.read(read, _asked(visit))
        if visit.in_part:
            return visit.page("letter_part.html", draft=draft, trouble="")
        return _pdf(await asyncio.to_thread(draft.pdf), f"{verb}.pdf", kept=False)
    except CannotBeDone as error:
        if visit.in_part:
            return visit.page("letter_part.html", draft=None, trouble=str(error))
        raise Refused(409, "The letter cannot be made", str(error)) from error


@page()
async def letter(visit: Visit) -> web.StreamResponse:
    """A letter as it was made: shown, or saved (`?save=1`)."""
    act = int(visit.request.match_info["act"])
    found = await visit.server.read(denial_list.letter_of, _id(visit), act)
    if found is None:
        raise Refused(404, "No such letter", "This denial has no such letter.")
    data = await bytes_of(visit, found.sha256, "this letter")
    return _pdf(data, found.name, kept=bool(visit.request.query.get("save")))


@page("work", file=True)
async def attach(visit: Visit) -> web.StreamResponse:
    """Keep a document of the claim, so that it can go behind a letter."""
    await _allowed(visit, "document")
    await take_document(visit, (await _seen(visit)).claim.id)
    to = f"/console/denials/{_id(visit)}?said=attached"
    return web.Response(status=303, headers={"Location": to} | HEADERS)


def _pdf(data: bytes, name: str, *, kept: bool) -> web.Response:
    return as_file(data, safe_name(name, "letter"), "application/pdf", shown=not kept)


# --- correcting ------------------------------------------------------------------------------------


async def _claim_view(visit: Visit, found: Seen) -> View:
    try:
        return await visit.server.read(view, found.claim.id)
    except CannotBeDone as error:
        raise Refused(409, "This claim cannot be read", str(error)) from error


@page("work")
async def correct_page(visit: Visit) -> web.StreamResponse:
    """The fields of a denial's claim, to be corrected and sent again."""
    return await _correct_page(visit)


async def _correct_page(visit: Visit, trouble: str = "") -> web.StreamResponse:
    found = await _seen(visit)
    causes = visit.server.services.config.tables.get("root_causes")
    shown = await _claim_view(visit, found)
    every = list(enumerate(shown.fields))
    of_line = [(at, one) for at, one in every if one.line == found.denial.line and one.line]
    return visit.page(
        "denial_correct.html",
        seen=found,
        one=found.denial,
        view=shown,
        first=of_line,
        rest=[(at, one) for at, one in every if (at, one) not in of_line],
        causes=[row.values for row in causes.on(visit.today)] if causes is not None else [],
        trouble=trouble,
    )


def _changes(visit: Visit, shown: View) -> list[Change]:
    changed = [
        f"{one.name}={visit.field(f'f{at}', 500)}"
        for at, one in enumerate(shown.fields)
        if f"f{at}" in visit.form and visit.field(f"f{at}", 500) != one.value
    ]
    more = [line.strip() for line in visit.field("more", 5000).splitlines() if line.strip()]
    try:
        return typed([*changed, *more], [], [])
    except NotCorrected as error:
        raise CannotBeDone(f"{error}.") from error


@page("work")
async def correct_it(visit: Visit) -> web.StreamResponse:
    """Correct the claim and send it again: as new, or as a replacement, as its payer takes it."""
    await _allowed(visit, "correct")
    found = await _seen(visit)
    shown = await _claim_view(visit, found)
    archive, cause = visit.server.services.archive, visit.field("root_cause", 40)
    try:
        changes = _changes(visit, shown)
        if not changes:
            raise CannotBeDone("Nothing was changed yet. Type the right value over the wrong one.")
        asked = _asked(visit)
        done = await visit.server.write(
            lambda sql: denial_claims.correct(sql, archive, _id(visit), asked, changes, cause)
        )
    except CannotBeDone as error:
        return await _correct_page(visit, trouble=str(error))
    return await _shown(visit, said=done.what)


def routes() -> list[web.RouteDef]:
    """The routes."""
    one = r"/console/denials/{id:\d{1,18}}"
    return [
        web.get(one, one_page),
        web.get(f"{one}/correct", correct_page),
        web.post(f"{one}/correct", correct_it),
        web.post(f"{one}/preview", preview),
        web.post(f"{one}/document", attach),
        web.get(rf"{one}/letters/{{act:\d{{1,18}}}}", letter),
        *(web.post(f"{one}/{name}", _verb(name)) for name in VERBS),
    ]
