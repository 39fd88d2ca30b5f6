"""The queue and its items: filters, one item with all that was done about it, and every verb, for one or for many."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.flow import denial_list, inquiry_list
from ...core.flow.plugin_schedule import take_now
from ...core.store.tables import holds, work_items
from ...core.work import queue, receivables, verbs, views
from ...core.work.actions import Actions
from ...core.work.verbs import TEAMS, NotDone
from ...core.work.worklists import Filled, filled
from .csv_out import send_csv
from .guard import HEADERS, Refused, Visit, page
from .kept import Kept
from .live import LIVE
from .money_words import place_of_item
from .queue_filters import ORDERS, asked, worklists
from .render import Typed
from .view_pages import shares

COUNTS: web.AppKey[Kept] = web.AppKey("counts", Kept)
COUNTED_S = 2.0
"""So old the number at the head of a long queue may be; one that is counted at once is of now."""
SLOW_S = 0.02
SHOWN = 50
MOST_CSV = 100_000


async def _counted(visit: Visit, wanted: queue.Wanted) -> queue.Counted:
    """What a filter takes: for all who look at once, where counting takes its time."""
    found: queue.Counted = await visit.request.app[COUNTS].get(
        (wanted, visit.today), lambda: visit.server.read(queue.counted, wanted, visit.today)
    )
    return found


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """A page of the queue, in the order in which it should be worked."""
    want = asked(visit, visit.request.query)
    after = visit.request.query.get("after", "")[:400]

    def read(connection: Connection) -> tuple[queue.Page, list[views.View], Filled | None]:
        found = queue.page(connection, want.wanted, visit.today, limit=SHOWN, after=after, order=want.order)
        seen = views.seen_by(connection, visit.who, visit.user.teams, manages=visit.user.may("manage"))
        return found, seen, filled(connection, want.of, want.listed) if want.of and want.listed else None

    try:
        (found, seen, filled_by), counted = await asyncio.gather(visit.server.read(read), _counted(visit, want.wanted))
    except queue.BadCursor as error:
        raise Refused(422, "No such page", str(error)) from error
    live = await visit.request.app[LIVE].now()
    typed = Typed(want.typed)
    return visit.page(
        "queue_rows.html" if visit.in_part and after else "queue.html",
        items=found.items,
        counted=counted,
        typed=typed,
        listed=want.listed,
        filled=filled_by,
        begun=_still_begun(visit.request.query.get("begun", ""), filled_by),
        view=next((one for one in seen if str(one.id) == visit.request.query.get("view")), None),
        views=seen,
        lists=worklists(visit.server),
        figures=live.figures | live.mine(visit.who),
        order=want.order,
        orders=ORDERS,
        shares=shares(visit),
        # What waited some seconds ago is good enough to choose from, and is looked up for everybody at once.
        kinds=sorted({one.kind for one in live.standing.waiting} | {one.kind for one in found.items}),
        teams=sorted({one.team for one in live.standing.waiting} | set(visit.user.teams)),
        more=f"?{urlencode(typed | {'after': found.after})}" if found.after else "",
        address=urlencode(typed),
        actions=[one for one in actions_of(visit).on() if not one.closes],
        all_teams=TEAMS,
    )


def _still_begun(asked_at: str, by: Filled | None) -> bool:
    """Whether a list that somebody asked to have worked out (seconds since 1970) has not been since."""
    if by is None or not asked_at.isdecimal() or len(asked_at) > 11:
        return False
    return by.at is None or by.at.timestamp() < int(asked_at)


@page("work")
async def work_out(visit: Visit) -> web.StreamResponse:
    """Have a worklist worked out now, by the schedule that fills it."""
    want = asked(visit, {"list": visit.field("list", 100)})
    if want.of is None or want.listed is None or not want.listed.schedule:
        raise Refused(422, "Nothing to work out", "What stands in this list comes as it comes.")
    await visit.server.write(
        take_now, visit.server.services.config, want.of.plugin.name, want.listed.schedule, visit.now
    )
    address = urlencode(want.typed | {"begun": int(visit.now.timestamp())})
    return web.Response(status=303, headers={"Location": f"/console/queue?{address}"} | HEADERS)


@page()
async def how_many(visit: Visit) -> web.StreamResponse:
    """How much the filters take now: for the heading of the queue. `was`: what the rows of the page came to."""
    want = asked(visit, visit.request.query)
    counted = await _counted(visit, want.wanted)
    now = f"{counted.items}x{counted.cents}"
    was = visit.request.query.get("was", now)[:40]
    return visit.page("queue_count.html", counted=counted, address=urlencode(want.typed), was=was, moved=was != now)


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """All that the filters take, as a file for a spreadsheet."""
    want = asked(visit, visit.request.query)
    columns = ["dollars" if name == "cents" else name for name in queue.Item._fields]

    async def rows() -> AsyncIterator[Sequence[Any]]:
        after, sent = "", 0
        while sent < MOST_CSV:
            found = await visit.server.read(
                lambda sql, start=after: queue.page(
                    sql, want.wanted, visit.today, limit=queue.MOST, after=start, order=want.order
                )
            )
            for item in found.items:
                data = queue.item_data(item)
                yield [data[name] for name in columns]
            sent += len(found.items)
            after = found.after
            if not after:
                return

    return await send_csv(visit.request, "queue.csv", columns, rows())


def actions_of(visit: Visit) -> Actions:
    """What people do about items, as it is today."""
    return Actions.of(visit.server.services.config.tables, visit.today)


async def asked_item(visit: Visit) -> queue.Told:
    """The item of the address. Raises Refused where there is none."""
    found = await visit.server.read(queue.one, int(visit.request.match_info["id"]), visit.today)
    if found is None:
        raise Refused(404, "No such work item", "No work item has this number. The queue has those that are open.")
    return found


def _hold_of(connection: Connection, item_id: int) -> Any:
    """The hold that an item is about; None where it is about something else."""
    row = connection.execute(select(work_items.c.key).where(work_items.c.id == item_id)).one()
    name, _, number = row.key.partition(":")
    if name != "hold" or not number.isdecimal():
        return None
    return connection.execute(select(holds).where(holds.c.id == int(number))).one_or_none()


def _asked_of(connection: Connection, item: queue.Item) -> list[Any] | None:
    """What the payer was asked about the claim of an item that is followed up; None for other items."""
    if item.kind not in receivables.KINDS or item.claim_id is None:
        return None
    return inquiry_list.listed(connection, claim_id=item.claim_id, limit=5)


@page()
async def item(visit: Visit) -> web.StreamResponse:
    """One item: what it is about, what was done, and what can be done."""
    return await _item_page(visit, await asked_item(visit))


async def _item_page(visit: Visit, found: queue.Told, said: str = "", trouble: str = "") -> web.StreamResponse:
    hold = await visit.server.read(_hold_of, found.item.id)
    denial_id = await visit.server.read(denial_list.of_item, found.item.id)
    inquiries = await visit.server.read(_asked_of, found.item)
    known = actions_of(visit)
    return visit.page(
        "item.html",
        item=found.item,
        touches=found.touches,
        hold=hold,
        place=await visit.server.read(place_of_item, found.item.id),
        denial_id=denial_id,
        asked=inquiries,
        actions=[one for one in known.on() if not one.closes],
        outcomes=[one for one in known.on() if one.closes],
        clears_by=verbs.CLEARS_BY.get(found.item.kind, "") or denial_id,
        mine=visit.user.may_work_for(found.item.team),
        all_teams=TEAMS,
        said=said,
        trouble=trouble,
    )


def _date(visit: Visit, name: str) -> dt.date | None:
    typed = visit.field(name, 10)
    if not typed:
        return None
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        raise Refused(422, "That is no date", "Choose a day, or type it like 2026-11-30.") from None


def do(visit: Visit, name: str, ids: Sequence[int]) -> Any:
    """The verb as a function of a connection, from the fields of the form."""
    who, now, today = visit.who, visit.now, visit.today
    note = visit.field("note")
    known = actions_of(visit)
    if name == "claim":
        return lambda sql: verbs.claim(sql, ids, who, now)
    if name == "release":
        return lambda sql: verbs.release(sql, ids, who, now)
    if name == "assign":
        to, team = visit.field("to", 80), visit.field("team", 30)
        return lambda sql: verbs.assign(sql, ids, who, now, to=to, team=team, note=note)
    if name == "snooze":
        until = _date(visit, "until")
        if until is None:
            raise Refused(422, "Until when?", "Say on which day it should be shown again.")
        return lambda sql: verbs.snooze(sql, ids, who, now, today, until=until, note=note)
    if name == "touch":
        action, follow_up = visit.field("action", 24), _date(visit, "follow_up")
        return lambda sql: verbs.touch(sql, ids, who, now, known, today, action=action, note=note, follow_up=follow_up)
    if name == "reopen":
        return lambda sql: verbs.reopen(sql, ids, who, now, note)
    outcome = visit.field("outcome", 24)
    return lambda sql: verbs.close(sql, ids, who, now, note, outcome=outcome, actions=known)


VERBS = ("claim", "release", "assign", "snooze", "touch", "close", "reopen")


def _teams_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    rows = connection.execute(select(work_items.c.id, work_items.c.team).where(work_items.c.id.in_(ids)))
    return {row.id: row.team for row in rows}


async def allowed(visit: Visit, ids: Sequence[int]) -> None:
    """Raises Refused where one of the items is another team's."""
    for team in (await visit.server.read(_teams_of, ids)).values():
        if not visit.user.may_work_for(team):
            raise Refused(
                403, "Another team's work", f"This is work of the team {team}. A manager can give it to yours."
            )


@page("work")
async def one_verb(visit: Visit) -> web.StreamResponse:
    """Do something about one item; the item is shown as it stands then."""
    found = await asked_item(visit)
    await allowed(visit, [found.item.id])
    try:
        (answer,) = await visit.server.write(do(visit, visit.request.match_info["verb"], [found.item.id]))
    except NotDone as error:
        return await _item_page(visit, found, trouble=str(error))
    back = visit.field("back", 100)
    if answer.done and re.fullmatch(r"/console/denials/\d{1,18}", back):
        return web.Response(status=303, headers={"Location": f"{back}?said=noted"} | HEADERS)
    again = await asked_item(visit)
    return await _item_page(visit, again, **({"said": answer.what} if answer.done else {"trouble": answer.what}))


@page("work")
async def many_verb(visit: Visit) -> web.StreamResponse:
    """Do something about the items that are ticked; says for how many it was done, and why not for the others."""
    name = visit.field("verb", 10)
    if name not in VERBS or name == "reopen":
        raise Refused(422, "What is to be done?", "Choose what is to be done with the items that you ticked.")
    typed = [one for one in visit.form.getall("ids", []) if isinstance(one, str) and one.isdecimal() and len(one) <= 18]
    ids = [int(one) for one in typed[: verbs.MOST]]
    if not ids:
        raise Refused(422, "Nothing is ticked", "Tick the items that it is for.")
    await allowed(visit, ids)
    try:
        answers = await visit.server.write(do(visit, name, ids))
    except NotDone as error:
        raise Refused(409, "That cannot be done", str(error)) from error
    done = sum(one.done for one in answers)
    refused = [one for one in answers if not one.done]
    return visit.page("many_done.html", done=done, refused=refused)


def routes() -> list[web.RouteDef]:
    """The routes."""
    every = "|".join(VERBS)
    return [
        web.get("/console/queue", listing),
        web.get("/console/queue.csv", as_csv),
        web.get("/console/queue/counted", how_many),
        web.post("/console/queue/many", many_verb),
        web.post("/console/queue/work-out", work_out),
        web.get(r"/console/items/{id:\d{1,18}}", item),
        web.post(rf"/console/items/{{id:\d{{1,18}}}}/{{verb:{every}}}", one_verb),
    ]
