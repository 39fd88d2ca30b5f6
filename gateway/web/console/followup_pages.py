"""Follow-up: balances whose payer has not spoken or that wait for the next step, by payer and age; noting what was done
and when somebody looks again; asking the payer (276)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.flow.inquire import ask
from ...core.flow.inquiry_list import asked_and_silent
from ...core.model.money import to_dollars
from ...core.store.keyset import BadCursor
from ...core.work import receivables
from ...core.work.actions import Actions
from ...core.work.priority import Bucket
from ...core.work.verbs import TEAMS
from .. import queue_bodies as bodies
from ..queue_bodies import NotUnderstood, understood
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .kept import Kept
from .render import Typed

SHOWN = 50
MOST_CSV = 100_000
MOST_ASKED = 1_000
PAYERS = 12
"""Payers in the table of ages; the others are one row."""
TOTALS: web.AppKey[Kept] = web.AppKey("follow_up_totals", Kept)
FRESH_S = 20.0
NEXT_WORDS = {"due": "Has come", "later": "Still to come", "none": "Not set"}


class Filter(bodies.Asked):
    """The filters, as they are typed."""

    kind: bodies.Name = ""
    team: bodies.Name = ""
    payer: bodies.Name = ""
    age: bodies.Name = ""
    next_date: bodies.Name = ""
    assignee: bodies.Name = ""
    bucket: Bucket | None = None
    mine: bool = False
    unassigned: bool = False
    snoozed: bool = False


def _wanted(visit: Visit) -> tuple[dict[str, str], receivables.Wanted]:
    query = visit.request.query
    typed = {name: query[name].strip() for name in Filter.model_fields if query.get(name, "").strip()}
    try:
        asked = understood(Filter, typed)
    except NotUnderstood as error:
        raise Refused(422, "That filter cannot be used", f"{error}.") from error
    for value, known in (
        (asked.kind, receivables.KINDS),
        (asked.age, receivables.EVERY_AGE),
        (asked.next_date, tuple(NEXT_WORDS)),
    ):
        if value and value not in known:
            raise Refused(422, "That filter cannot be used", f"Choose one of: {', '.join(known)}.")
    return typed, receivables.Wanted(
        asked.kind,
        asked.team,
        asked.payer,
        asked.age,
        asked.next_date,
        visit.who if asked.mine else asked.assignee,
        asked.unassigned,
        asked.bucket,
        asked.snoozed,
    )


class Aged(NamedTuple):
    """A payer's row of the table of ages: cents by age, and in all."""

    payer: str
    ages: dict[str, int]
    items: int
    cents: int


def _aged(totals: list[receivables.Total]) -> list[Aged]:
    """By payer, the most dollars first; beyond PAYERS together, without a payer's id."""
    sums: dict[str, Aged] = {}
    for one in totals:
        row = sums.setdefault(one.payer_id, Aged(one.payer_id, {}, 0, 0))
        row.ages[one.age] = row.ages.get(one.age, 0) + one.cents
        sums[one.payer_id] = row._replace(items=row.items + one.items, cents=row.cents + one.cents)
    return sorted(sums.values(), key=lambda row: (-row.cents, row.payer))


def _together(rows: list[Aged], name: str) -> Aged:
    ages: dict[str, int] = {}
    for row in rows:
        for age, cents in row.ages.items():
            ages[age] = ages.get(age, 0) + cents
    return Aged(name, ages, sum(row.items for row in rows), sum(row.cents for row in rows))


async def _totals(visit: Visit) -> list[Aged]:
    async def make() -> list[Aged]:
        return _aged(await visit.server.read(receivables.totals, visit.today))

    found: list[Aged] = await visit.request.app[TOTALS].get(visit.today, make)
    return found


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """A page of the follow-up, and above it what is open by payer and age."""
    typed, wanted = _wanted(visit)
    after = visit.request.query.get("after", "")[:400]
    try:
        found = await visit.server.read(
            lambda sql: receivables.page(sql, wanted, visit.today, limit=SHOWN, after=after)
        )
    except BadCursor as error:
        raise Refused(422, "No such page", str(error)) from error
    more = f"?{urlencode(typed | {'after': found.after})}" if found.after else ""
    if visit.in_part and after:
        return visit.page("followup_rows.html", items=found.items, more=more)
    aged = await _totals(visit)
    actions = Actions.of(visit.server.services.config.tables, visit.today)
    return visit.page(
        "followup.html",
        items=found.items,
        more=more,
        typed=Typed(typed),
        aged=aged[:PAYERS],
        others=_together(aged[PAYERS:], "") if aged[PAYERS:] else None,
        total=_together(aged, ""),
        ages=[
            one for one in receivables.EVERY_AGE if one != receivables.NO_DATE or any(one in row.ages for row in aged)
        ],
        every_age=receivables.EVERY_AGE,
        kinds=receivables.KINDS,
        next_words=NEXT_WORDS,
        csv=f"/console/follow-up.csv?{urlencode(typed)}",
        actions=[one for one in actions.on() if not one.closes],
        all_teams=TEAMS,
    )


_COLUMNS = (
    *("id", "kind", "claim_id", "claim", "payer_id", "payer", "dollars", "age", "days", "bucket", "file_by"),
    *("follow_up", "late", "team", "assignee", "reason", "asked_on", "answer"),
)


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """All that the filters take, as a file for a spreadsheet."""
    _, wanted = _wanted(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        after, sent = "", 0
        while sent < MOST_CSV:
            found = await visit.server.read(
                lambda sql, start=after: receivables.page(sql, wanted, visit.today, limit=receivables.MOST, after=start)
            )
            for one in found.items:
                data = one._asdict() | {"dollars": str(to_dollars(one.cents)), "bucket": one.bucket.value}
                yield [data[name] for name in _COLUMNS]
            sent += len(found.items)
            after = found.after
            if not after:
                return

    return await send_csv(visit.request, "follow-up.csv", _COLUMNS, rows())


@page("work")
async def ask_payers(visit: Visit) -> web.StreamResponse:
    """Ask the payers of the ticked items how their claims stand (276), where their partner answers that."""
    given = [one for one in visit.form.getall("ids", []) if isinstance(one, str)]
    ids = [int(one) for one in given if one.isascii() and one.isdigit() and len(one) <= 18][:MOST_ASKED]
    if not ids:
        raise Refused(422, "Nothing is ticked", "Tick the claims that the payers should be asked about.")
    items = await visit.server.read(receivables.claims_of, ids)
    for _, team in items.values():
        if not visit.user.may_work_for(team):
            raise Refused(
                403, "Another team's work", f"This is work of the team {team}. A manager can give it to yours."
            )
    config = visit.server.services.config

    def begin(connection: Connection) -> tuple[list[int], list[str]]:
        wanted, silent = asked_and_silent(connection, config, {claim_id for claim_id, _ in items.values()})
        ask(connection, wanted, visit.who, visit.now)
        return wanted, silent

    wanted, silent = await visit.server.write(begin)
    return visit.page("asked_part.html", asked=len(wanted), silent=silent)


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/console/follow-up", listing),
        web.get("/console/follow-up.csv", as_csv),
        web.post("/console/follow-up/ask", ask_payers),
    ]
