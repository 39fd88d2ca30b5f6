"""Reports: every figure with its formula and its period, by its groups, and the claims behind a number."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Coroutine, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.reports import catalogue, showing
from ...core.reports.measure import ALL, Figure, Found, Report, Scope, Unit, told
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .kept import Kept
from .render import Typed

T = TypeVar("T")
FIGURES: web.AppKey[Kept] = web.AppKey("figures", Kept)
"""Many look at the same ones, and each may take seconds."""
BEHIND: web.AppKey[Kept] = web.AppKey("behind", Kept)
"""The first pages of the claims behind a number, in a house so large that they take long."""
KEPT_S = 60.0
SLOW_S = 0.5
MOST_KEPT = 400
AT_ONCE = 2
PATIENCE_S = 0.15
"""So long a page waits for what it shows; then it says that it is worked out, and asks for it itself."""
SHOWN = 100
MOST_SHOWN = 5_000
NAME = r"{name:[a-z0-9-]{1,40}}"
_FILTERS = ("from", "to", "payer", "source", "by")
JUDGED = {"great": ("good", "Great"), "attention": ("wait", "Needs attention"), "act": ("bad", "Act")}
_UNITS = {Unit.PERCENT: " %", Unit.DAYS: " days", Unit.HOURS: " h"}


class Row(NamedTuple):
    """A group of a figure as it is shown. `bar`: how long its bar is, of 100; `address`: the claims behind it."""

    group: str
    value: str
    tone: str
    judged: str
    above: str
    below: str
    words: str
    bar: int
    address: str


def in_unit(value: Decimal | None, unit: Unit) -> str:
    """A value with its unit, for people."""
    if value is None:
        return "nothing to tell"
    if unit is Unit.DOLLARS:
        return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
    return f"{value:,}{_UNITS[unit]}"


def rows_of(found: Found, typed: dict[str, str]) -> list[Row]:
    """The groups of a figure."""
    definition = found.definition
    most = max((abs(one.value) for one in found.figures if one.value is not None), default=Decimal(0))
    return [_row(found, one, most, f"/console/reports/{definition.name}/claims?", typed) for one in found.figures]


def _row(found: Found, one: Figure, most: Decimal, behind: str, typed: dict[str, str]) -> Row:
    definition = found.definition
    judged = found.judged(one)
    tone, words = JUDGED[judged.value] if judged is not None else ("", "")
    above, below = definition.cents
    # Percentiles have no claims of their own: those behind the whole figure are shown.
    whole = one.group == ALL or definition.unit is Unit.HOURS
    return Row(
        one.group,
        in_unit(one.value, definition.unit),
        tone,
        words,
        f"{'$' if above else ''}{told(one.numerator, above)}",
        f"{'$' if below and one.denominator is not None else ''}{told(one.denominator, below)}",
        one.words,
        int(100 * abs(one.value) / most) if most and one.value is not None else 0,
        behind + urlencode(typed if whole else typed | {"group": one.group}),
    )


class _Asked(NamedTuple):
    typed: Typed
    scope: Scope


def _asked(visit: Visit) -> _Asked:
    """The period and the filters of the address. Raises Refused where they cannot be used."""
    query = visit.request.query
    typed = Typed({name: query[name].strip()[:80] for name in _FILTERS if query.get(name, "").strip()})
    try:
        first, last = (dt.date.fromisoformat(typed[name]) if typed[name] else None for name in ("from", "to"))
    except ValueError:
        raise Refused(422, "That is no date", "Choose a day, or type it like 2026-11-30.") from None
    zone = visit.server.services.config.gateway.organisation.time_zone
    try:
        scope = catalogue.scope_of(
            visit.today, zone, first=first, last=last, payer=typed["payer"], source=typed["source"], by=typed["by"]
        )
    except catalogue.NotAsked as error:
        raise Refused(422, "That cannot be told", str(error)) from error
    return _Asked(typed, scope)


def _named(visit: Visit) -> Report:
    try:
        return catalogue.named(visit.request.match_info["name"])
    except catalogue.NotAsked as error:
        raise Refused(404, "No such figure", "Reports has all that there are.") from error


async def _found(visit: Visit, report: Report, scope: Scope) -> Found:
    try:
        found: Found = await visit.request.app[FIGURES].get(
            (report.definition.name, scope), lambda: visit.server.read(catalogue.work_out, report, scope)
        )
        return found
    except catalogue.NotAsked as error:
        raise Refused(422, "That cannot be told", str(error)) from error


async def _soon(visit: Visit, working: Coroutine[Any, Any, T]) -> T | None:
    """What is worked out; None where a whole page is asked for and it takes long: the page can say so meanwhile."""
    task = asyncio.ensure_future(working)
    if visit.in_part:
        return await task
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
    if done:
        return task.result()
    # It goes on, for when the page asks again; what goes wrong is told then.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return None


def _working(visit: Visit, report: Report) -> web.Response:
    return visit.page("report_working.html", definition=report.definition, address=str(visit.request.rel_url))


def periods(today: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """Periods that people ask for, with their days."""
    month = today.replace(day=1)
    before = month - dt.timedelta(days=1)
    return [
        ("Last 30 days", today - dt.timedelta(days=29), today),
        ("Last 90 days", today - dt.timedelta(days=89), today),
        ("This month", month, today),
        ("Last month", before.replace(day=1), before),
        ("This year", today.replace(month=1, day=1), today),
    ]


def _choices(visit: Visit, want: _Asked) -> dict[str, Any]:
    """What the form above every report offers."""
    rest = {name: value for name, value in want.typed.items() if name not in ("from", "to")}
    return {
        "typed": want.typed,
        "scope": want.scope,
        "address": urlencode(want.typed),
        "sources": sorted(one.name for one in visit.server.services.config.gateway.sources),
        "periods": [
            (words, urlencode(rest | {"from": first.isoformat(), "to": last.isoformat()}),
             (first, last) == (want.scope.first, want.scope.last))
            for words, first, last in periods(visit.today)
        ],
    }  # fmt: skip


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """Every figure with what it is; its number comes as soon as it is worked out."""
    want = _asked(visit)
    figures = [one.definition for one in catalogue.REPORTS.values()]
    return visit.page("reports.html", figures=figures, **_choices(visit, want))


@page()
async def listing_csv(visit: Visit) -> web.StreamResponse:
    """Every figure that can be told, as a file for a spreadsheet."""
    scope = _asked(visit).scope._replace(by="")
    several = [one for one in catalogue.REPORTS.values() if one.definition.can_tell(scope)]
    found = [await _found(visit, one, scope) for one in several]

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in showing.page(found):
            yield row

    return await send_csv(visit.request, "figures.csv", showing.PAGE_COLUMNS, rows())


@page()
async def headline(visit: Visit) -> web.StreamResponse:
    """The number of one figure, for its card."""
    want = _asked(visit)
    report = _named(visit)
    scope = want.scope._replace(by="")
    if not report.definition.can_tell(scope):
        return visit.page("report_headline.html", row=None, rows=[], name=report.definition.name, address="")
    found = await _found(visit, report, scope)
    rows = rows_of(found, want.typed)
    one = showing.headline(found)
    shown = next((row for row in rows if one is not None and row.group == one.group), None)
    only_shares = shown is not None and len(rows) > 1 and shown.value == "100.00 %"
    return visit.page(
        "report_headline.html",
        row=None if only_shares else shown,
        rows=[row for row in rows if row.group != ALL][:6] if shown is None or only_shares else [],
        name=report.definition.name,
        address=urlencode(want.typed),
    )


@page()
async def figure(visit: Visit) -> web.StreamResponse:
    """One figure: what it is, and its groups, each with the claims behind it."""
    want, report = _asked(visit), _named(visit)
    found = await _soon(visit, _found(visit, report, want.scope))
    if found is None:
        return _working(visit, report)
    return visit.page(
        "report_figure.html",
        definition=report.definition,
        rows=rows_of(found, want.typed),
        threshold=report.definition.threshold.in_words if report.definition.threshold is not None else "",
        **_choices(visit, want),
    )


@page()
async def figure_csv(visit: Visit) -> web.StreamResponse:
    """The groups of a figure as a file for a spreadsheet."""
    want, report = _asked(visit), _named(visit)
    found = await _found(visit, report, want.scope)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in showing.as_rows(found):
            yield row

    return await send_csv(visit.request, f"{report.definition.name}.csv", showing.COLUMNS, rows())


async def _behind(visit: Visit, report: Report, scope: Scope, limit: int, skip: int) -> catalogue.Behind:
    group = visit.request.query.get("group", "").strip()[:200]
    await _found(visit, report, scope)

    def read(connection: Connection) -> catalogue.Behind:
        return catalogue.behind(connection, report, scope, group=group, limit=limit, skip=skip)

    if limit > SHOWN:
        return await visit.server.read(read)
    key = (report.definition.name, scope, group, skip)
    found: catalogue.Behind = await visit.request.app[BEHIND].get(key, lambda: visit.server.read(read))
    return found


@page()
async def behind(visit: Visit) -> web.StreamResponse:
    """The claims behind a number, the most dollars first."""
    want, report = _asked(visit), _named(visit)
    group = visit.request.query.get("group", "").strip()[:200]
    typed_skip = visit.request.query.get("skip", "")
    skip = min(int(typed_skip), MOST_SHOWN) if typed_skip.isdigit() and len(typed_skip) < 7 else 0
    found = await _soon(visit, _behind(visit, report, want.scope, SHOWN, skip))
    if found is None:
        return _working(visit, report)
    address = urlencode(want.typed | ({"group": group} if group else {}))
    more = found.more and skip + SHOWN < MOST_SHOWN
    return visit.page(
        "report_claim_rows.html" if visit.in_part and skip else "report_claims.html",
        definition=report.definition,
        rows=[dict(zip(catalogue.CLAIM_COLUMNS, row, strict=True)) for row in found.rows],
        group=group,
        more=f"/console/reports/{report.definition.name}/claims?{address}&skip={skip + SHOWN}" if more else "",
        address=address,
        whole=urlencode(want.typed),
        scope=want.scope,
    )


@page()
async def behind_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    want, report = _asked(visit), _named(visit)
    found = await _behind(visit, report, want.scope, catalogue.MOST_CLAIMS, 0)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in found.rows:
            yield row

    return await send_csv(visit.request, f"{report.definition.name}-claims.csv", catalogue.CLAIM_COLUMNS, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    one = f"/console/reports/{NAME}"
    return [
        web.get("/console/reports", listing),
        web.get("/console/reports.csv", listing_csv),
        web.get(one, figure),
        web.get(f"{one}.csv", figure_csv),
        web.get(f"{one}/headline", headline),
        web.get(f"{one}/claims", behind),
        web.get(f"{one}/claims.csv", behind_csv),
    ]
