"""Working an item without leaving its list: a small form over the page for each verb, asked for by one key.

Any row of any table takes part that has `data-item` with the number of its work item.
"""

from __future__ import annotations

import json

from aiohttp import web

from ...core.work.verbs import CLEARS_BY, NotDone
from .guard import Refused, Visit, page
from .queue_pages import actions_of, allowed, asked_item, do

FORMS = ("touch", "snooze", "assign", "close")
AT_ONCE = ("claim", "release")
"""Verbs that ask for nothing more."""


@page()
async def form(visit: Visit) -> web.StreamResponse:
    """What a verb asks for, about one item."""
    found = (await asked_item(visit)).item
    verb = visit.request.match_info["verb"]
    known = actions_of(visit)
    return visit.page(
        "row_form.html",
        item=found,
        verb=verb,
        mine=visit.user.may_work_for(found.team),
        actions=[one for one in known.on() if not one.closes],
        outcomes=[one for one in known.on() if one.closes],
        clears_by=CLEARS_BY.get(found.kind, ""),
    )


@page("work")
async def done(visit: Visit) -> web.StreamResponse:
    """Do it; the list is told how the item stands then, and whether it is still to be shown."""
    item_id = int(visit.request.match_info["id"])
    verb = visit.request.match_info["verb"]
    await asked_item(visit)
    await allowed(visit, [item_id])
    try:
        (answer,) = await visit.server.write(do(visit, verb, [item_id]))
    except (NotDone, Refused) as error:
        return _told(visit, str(error), right=False)
    if not answer.done:
        return _told(visit, answer.what, right=False)
    now = (await asked_item(visit)).item
    told = _told(visit, f"{now.claim or f'Item {now.id}'}: {answer.what}", right=True)
    resting = now.snoozed_until is not None and now.snoozed_until > visit.today
    moved = {"id": now.id, "who": now.assignee, "gone": now.state != "open" or resting}
    told.headers["HX-Trigger"] = json.dumps({"item-done": moved})
    return told


def _told(visit: Visit, words: str, *, right: bool) -> web.Response:
    """One sentence: beside the form where something is to be mended, else at the top of the page."""
    answer = visit.page("row_said.html", words=words, right=right)
    if not right and visit.request.match_info["verb"] in FORMS:
        answer.headers["HX-Retarget"] = "#doing .trouble"
        answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def routes() -> list[web.RouteDef]:
    """The routes."""
    where = rf"/console/items/{{id:\d{{1,18}}}}/do/{{verb:{'|'.join((*FORMS, *AT_ONCE))}}}"
    return [web.get(where, form), web.post(where, done)]
