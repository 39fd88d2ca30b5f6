"""What is done about payments that did not post: naming their claim, posting them again, setting them aside.

Each is one function of the core; what comes of it is told on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.flow import exceptions as flow
from ...core.flow import replay, whole_remittances
from ...core.flow.again import Again, CannotBeDone
from ...core.store.tables import work_items
from ...core.work import verbs
from ...core.work.verbs import Answer, NotDone
from . import forms
from .exception_pages import number_of, shown, shown_remittance
from .guard import Refused, Visit, page

MOST_LINES = 200
MOST_AT_ONCE = 500
LONGEST_ID = 18
TOLD = 4
"""Of how many that are done at once it is told what came of each."""
UNDER_WAY = "It is under way. Load the page again in a moment."


async def _for_me(visit: Visit, keys: Sequence[str]) -> None:
    """Raises Refused where one of the items is another team's."""

    def teams(connection: Connection) -> list[str]:
        return list(connection.execute(select(work_items.c.team).where(work_items.c.key.in_(keys))).scalars())

    for team in await visit.server.read(teams) or ["posting"]:
        if not visit.user.may_work_for(team):
            raise Refused(403, "Another team's work", f"This is work of the team {team}. A manager can give it to you.")


def _chosen(visit: Visit) -> tuple[int, dict[int, int], int | None]:
    """Which claim was chosen, which line for each service, and which payment a reversal takes back."""
    claim = visit.field("claim_id", 18)
    if not claim.isdecimal():
        raise Refused(422, "Which claim?", "Hold the payment beside a claim first; then say that it is for that one.")
    lines = {}
    for service in range(1, MOST_LINES + 1):
        line = visit.field(f"line{service}", 6)
        if line.isdecimal():
            lines[service] = int(line)
    reverses = visit.field("reverses", 18)
    return int(claim), lines, int(reverses) if reverses.isdecimal() else None


@page("post")
async def assign(visit: Visit) -> web.StreamResponse:
    """Say which claim a payment is for, and have it posted."""
    payment_id = number_of(visit)
    await _for_me(visit, [f"payment:{payment_id}"])
    claim_id, lines, reverses = _chosen(visit)
    reason, config_hash = visit.field("reason", 500), visit.server.services.config.hash

    def ask(connection: Connection) -> Again:
        return flow.assign(
            connection, payment_id, claim_id, visit.who, reason, visit.now, config_hash, lines=lines, reverses=reverses
        )

    try:
        asked = await visit.server.write(ask)
    except CannotBeDone as error:
        return await shown(visit, trouble=str(error))
    return await shown(visit, said=await _came_of(visit, asked))


@page("post")
async def post_again(visit: Visit) -> web.StreamResponse:
    """Have a payment matched and posted again."""
    payment_id = number_of(visit)
    await _for_me(visit, [f"payment:{payment_id}"])
    try:
        (asked,) = await visit.server.write(_again, visit, [payment_id])
    except CannotBeDone as error:
        return await shown(visit, trouble=str(error))
    return await shown(visit, said=await _came_of(visit, asked))


def _again(connection: Connection, visit: Visit, payment_ids: Sequence[int]) -> list[Again]:
    config_hash = visit.server.services.config.hash
    return replay.replay_payments(
        connection, payment_ids, visit.who, visit.field("reason", 500), visit.now, config_hash
    )


async def _came_of(visit: Visit, asked: Again) -> str:
    """What came of it, in words; of what was asked for before, that it was."""
    return (await forms.came_of(visit, asked.request_id) or UNDER_WAY) if asked.new else asked.what


def _whose(connection: Connection, visit: Visit, payment_ids: Sequence[int], name: str) -> list[Answer]:
    """Take the items of payments, or give them back."""
    keys = [f"payment:{one}" for one in payment_ids]
    items = list(connection.execute(select(work_items.c.id).where(work_items.c.key.in_(keys))).scalars())
    if not items:
        raise NotDone("Nobody has to work on that: it has no work item.")
    return WHOSE[name](connection, items, visit.who, visit.now)


WHOSE = {"claim": verbs.claim, "release": verbs.release}


@page("post")
async def whose(visit: Visit) -> web.StreamResponse:
    """Take a payment to work on it, or give it back."""
    payment_id, name = number_of(visit), visit.request.match_info["verb"]
    await _for_me(visit, [f"payment:{payment_id}"])
    try:
        (answer,) = await visit.server.write(_whose, visit, [payment_id], name)
    except NotDone as error:
        return await shown(visit, trouble=str(error))
    if answer.done:
        return await shown(visit, said=answer.what)
    return await shown(visit, trouble=answer.what)


@page("post")
async def many(visit: Visit) -> web.StreamResponse:
    """Have all payments that are ticked matched and posted again; or take them, or give them back."""
    ticked = [one for one in visit.form.getall("ids", []) if isinstance(one, str) and one.isdecimal()]
    ids = [int(one) for one in ticked if len(one) <= LONGEST_ID][:MOST_AT_ONCE]
    if not ids:
        raise Refused(422, "Nothing is ticked", "Tick the payments that it is for.")
    await _for_me(visit, [f"payment:{one}" for one in ids])
    name = visit.field("verb", 10)
    try:
        if name in WHOSE:
            answers = await visit.server.write(_whose, visit, ids, name)
            refused = [f"Item {one.id}: {one.what}" for one in answers if not one.done]
            words = f"Done for {len(answers) - len(refused):,}."
            return visit.page("exceptions_done.html", words=words, told=refused[:TOLD])
        asked = await visit.server.write(_again, visit, ids)
    except (CannotBeDone, NotDone) as error:
        raise Refused(409, "That cannot be done", str(error)) from error
    told = [f"Payment {one.subject_id}: {await _came_of(visit, one)}" for one in asked[:TOLD]]
    return visit.page("exceptions_done.html", words=f"Asked for {len(asked):,}.", told=told)


def _verb(act: Callable[..., flow.Done]) -> Any:
    @page("post")
    async def handler(visit: Visit) -> web.StreamResponse:
        payment_id = number_of(visit)
        await _for_me(visit, [f"payment:{payment_id}"])
        try:
            done: Any = await visit.server.write(
                act, payment_id, visit.who, visit.field("reason", 500), visit.now, visit.today
            )
        except CannotBeDone as error:
            return await shown(visit, trouble=str(error))
        return await shown(visit, said=done.what)

    return handler


# --- whole remittances -----------------------------------------------------------------------------


@page("post")
async def accept(visit: Visit) -> web.StreamResponse:
    """Let a remittance post that pays the same money as another: both are real."""
    remittance_id = number_of(visit)
    await _for_me(visit, [f"remittance:{remittance_id}"])
    try:
        done = await visit.server.write(
            whole_remittances.accept, remittance_id, visit.who, visit.field("reason", 500), visit.now
        )
    except CannotBeDone as error:
        return await shown_remittance(visit, trouble=str(error))
    return await shown_remittance(visit, said=done.what)


@page("post")
async def dismiss(visit: Visit) -> web.StreamResponse:
    """Say that a remittance of which nothing is posted never will be."""
    remittance_id = number_of(visit)
    await _for_me(visit, [f"remittance:{remittance_id}"])
    try:
        what = await visit.server.write(
            whole_remittances.dismiss, remittance_id, visit.who, visit.field("reason", 500), visit.now
        )
    except CannotBeDone as error:
        return await shown_remittance(visit, trouble=str(error))
    return await shown_remittance(visit, said=what)


def routes() -> list[web.RouteDef]:
    """The routes."""
    payment = r"/console/exceptions/{id:\d{1,18}}"
    remittance = r"/console/exceptions/remittances/{id:\d{1,18}}"
    return [
        web.post("/console/exceptions/again", many),
        web.post(f"{payment}/assign", assign),
        web.post(f"{payment}/{{verb:claim|release}}", whose),
        web.post(f"{payment}/again", post_again),
        web.post(f"{payment}/set-aside", _verb(flow.set_aside)),
        web.post(f"{payment}/take-back", _verb(flow.take_back)),
        web.post(f"{remittance}/accept", accept),
        web.post(f"{remittance}/dismiss", dismiss),
    ]
