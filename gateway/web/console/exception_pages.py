"""Exceptions: what did not post and why; a payment as its payer sent it beside the claim as we sent it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection, select

from ...core.flow import exception_sides
from ...core.flow import exception_view as view
from ...core.flow.post_decide import habits_in
from ...core.store import claims as claim_store
from ...core.store.tables import files, remittances, timeline, work_items
from . import money_words
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .render import Typed

SHOWN = 50
MOST_CSV = 100_000
EVENTS = 200
_FILTERS = ("payer", "rule", "aside", "remittance")


class Filter(NamedTuple):
    """What is listed, as it was typed."""

    payer: str
    rule: str
    aside: bool
    remittance_id: int | None
    skip: int


def _filter(visit: Visit) -> tuple[dict[str, str], Filter]:
    query = visit.request.query
    typed = {name: query[name].strip()[:80] for name in _FILTERS if query.get(name, "").strip()}
    got = Typed(typed)
    skip, remittance = query.get("skip", ""), got["remittance"]
    return typed, Filter(
        got["payer"],
        got["rule"],
        bool(got["aside"]),
        int(remittance) if remittance.isdecimal() and len(remittance) <= 18 else None,
        min(int(skip), MOST_CSV) if skip.isdecimal() and len(skip) <= 9 else 0,
    )


def _waiting(connection: Connection, wanted: Filter, limit: int) -> list[view.Waiting]:
    return view.waiting(
        connection, payer=wanted.payer, rule=wanted.rule, aside=wanted.aside, remittance_id=wanted.remittance_id,
        limit=limit, skip=wanted.skip,
    )  # fmt: skip


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """What did not post, the most dollars first, and the dollars by reason."""
    typed, wanted = _filter(visit)
    rows, reasons = await visit.server.read(
        lambda sql: (_waiting(sql, wanted, SHOWN + 1), [] if wanted.skip else view.by_reason(sql))
    )
    more = urlencode(typed | {"skip": wanted.skip + SHOWN}) if len(rows) > SHOWN else ""
    return visit.page(
        "exception_rows.html" if visit.in_part and wanted.skip else "exceptions.html",
        rows=rows[:SHOWN],
        reasons=reasons,
        many=sum(one.many for one in reasons),
        cents=sum(one.cents for one in reasons),
        typed=Typed(typed),
        more=f"?{more}" if more else "",
        csv=f"/console/exceptions.csv?{urlencode(typed)}",
        why=money_words.why,
    )


_COLUMNS = (
    *("kind", "id", "remittance_id", "dollars", "payer_id", "payer_name", "trace_number", "claim_number", "rule"),
    *("reason", "team", "assignee", "work_by", "since", "state"),
)


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    _, wanted = _filter(visit)
    found = await visit.server.read(_waiting, wanted._replace(skip=0), MOST_CSV)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            data = view.data(one)
            yield [data[name] for name in _COLUMNS]

    return await send_csv(visit.request, "exceptions.csv", _COLUMNS, rows())


# --- one payment -----------------------------------------------------------------------------------


def number_of(visit: Visit) -> int:
    """The number in the address."""
    return int(visit.request.match_info["id"])


def claims_called(visit: Visit, connection: Connection, words: str) -> list[int]:
    """The claims that bear a number, ours or the billing system's; else the one with this id in our books."""
    sources = [one.name for one in visit.server.services.config.gateway.sources]
    found = claim_store.ids_with_number(connection, words, sources)
    if not found and words.isdecimal() and len(words) <= 18 and claim_store.exists(connection, int(words)):
        return [int(words)]
    return found


class Looked(NamedTuple):
    """A payment with all that is known of it. `item_id`: its work item (0: none)."""

    sides: exception_sides.Sides
    item_id: int
    file: str
    events: Sequence[Any]


def _look(connection: Connection, visit: Visit, payment_id: int, claim_id: int | None) -> Looked | None:
    config = visit.server.services.config
    habits = habits_in(config, visit.today)(view.payer_of(connection, payment_id))
    found = exception_sides.sides(connection, config.tables, payment_id, habits, visit.today, claim_id)
    if found is None:
        return None
    item = connection.execute(select(work_items.c.id).where(work_items.c.key == f"payment:{payment_id}")).scalar()
    name = connection.execute(select(files.c.name).where(files.c.id == found.remittance.file_id)).scalar()
    return Looked(found, int(item or 0), str(name or ""), events_of(connection, "claim_payment", payment_id))


def events_of(connection: Connection, kind: str, number: int) -> Sequence[Any]:
    """The timeline of a payment, a remittance or a deposit, the latest first."""
    t = timeline.c
    return connection.execute(
        select(timeline).where(t.subject_kind == kind, t.subject_id == number).order_by(t.id.desc()).limit(EVENTS)
    ).all()


async def look(visit: Visit, claim_id: int | None = None) -> Looked:
    """The payment of the address. Raises Refused where there is none."""
    found = await visit.server.read(_look, visit, number_of(visit), claim_id)
    if found is None:
        raise Refused(404, "No such payment", "No payment of a remittance has this number, or no claim of ours has it.")
    return found


@page()
async def one(visit: Visit) -> web.StreamResponse:
    """One payment; `?claim=` (a number) or `?id=` (in our books) holds it beside another claim than the one found."""
    chosen = visit.request.query.get("id", "")
    if chosen.isdecimal() and len(chosen) <= 18:
        return await shown(visit, claim_id=int(chosen))
    words = visit.request.query.get("claim", "").strip()[:40]
    if not words:
        return await shown(visit)
    ids = await visit.server.read(lambda sql: claims_called(visit, sql, words))
    if len(ids) == 1:
        return await shown(visit, claim_id=ids[0], words=words)
    trouble = "No claim has that number." if not ids else f"{len(ids)} claims have that number. Choose one of them."
    return await shown(visit, words=words, trouble=trouble, also=ids[:20])


async def shown(
    visit: Visit,
    *,
    claim_id: int | None = None,
    words: str = "",
    said: str = "",
    trouble: str = "",
    also: Sequence[int] = (),
) -> web.StreamResponse:
    """The page of a payment as it stands."""
    found = await look(visit, claim_id)
    waits = found.sides.shown.waits
    return visit.page(
        "exception.html",
        found=found,
        sides=found.sides,
        waits=waits,
        ours=found.sides.ours,
        lines={line.number: line for line in found.sides.ours.lines} if found.sides.ours is not None else {},
        mine=visit.user.may("post") and visit.user.may_work_for(waits.team or "posting"),
        why=money_words.why,
        words=words,
        also=also,
        said=said,
        trouble=trouble,
    )


# --- one remittance --------------------------------------------------------------------------------


def _remittance(connection: Connection, remittance_id: int) -> tuple[Any, list[Any], Any, Sequence[Any]] | None:
    """A remittance, those that pay the same money, its work item, and its timeline."""
    r = remittances.c
    columns = (remittances, files.c.name.label("file_name"))
    joined = select(*columns).join(files, files.c.id == r.file_id)
    row = connection.execute(joined.where(r.id == remittance_id)).one_or_none()
    if row is None:
        return None
    same: list[Any] = []
    if row.money_key:
        same = [
            *connection.execute(
                joined.where(r.money_key == row.money_key, r.id != remittance_id).order_by(r.id.desc()).limit(20)
            )
        ]
    item = connection.execute(select(work_items).where(work_items.c.key == f"remittance:{remittance_id}")).one_or_none()
    return row, same, item, events_of(connection, "remittance", remittance_id)


@page()
async def remittance(visit: Visit) -> web.StreamResponse:
    """A remittance of which nothing is posted, beside those that pay the same money."""
    return await shown_remittance(visit)


async def shown_remittance(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    """The page of a remittance as it stands."""
    found = await visit.server.read(_remittance, number_of(visit))
    if found is None:
        raise Refused(404, "No such remittance", "No remittance has this number.")
    row, same, item, events = found
    return visit.page(
        "exception_remittance.html",
        row=row,
        same=same,
        item=item,
        events=events,
        mine=visit.user.may("post") and visit.user.may_work_for(item.team if item is not None else "posting"),
        said=said,
        trouble=trouble,
    )


def routes() -> list[web.RouteDef]:
    """The routes."""
    number = r"{id:\d{1,18}}"
    return [
        web.get("/console/exceptions", listing),
        web.get("/console/exceptions.csv", as_csv),
        web.get(f"/console/exceptions/{number}", one),
        web.get(f"/console/exceptions/remittances/{number}", remittance),
    ]
