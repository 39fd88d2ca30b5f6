"""Analysis: denials and rejections by month, and by reason, payer or item; each point and bar leads to the list behind
it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from ...core.flow import trends
from ...core.flow.rejection_report import NOT_SAID
from ...core.model.money import to_dollars
from . import charts
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .kept import Kept
from .render import Typed

FIGURES: web.AppKey[Kept] = web.AppKey("analysis_figures", Kept)
FRESH_S = 60.0
MONTHS = 6
"""Months that are shown where nobody asks for others."""
SHOWN = 100
DENIALS, REJECTIONS = "denials", "rejections"
BY_WORDS = {
    "reason": "Reason",
    "category": "Category",
    "payer": "Payer",
    "code": "HCPCS",
    "edit": "Edit",
    "source": "Source",
    "cause": "Root cause",
}
_BY: dict[str, tuple[str, ...]] = {DENIALS: get_args(trends.DenialBy), REJECTIONS: trends.REJECTION_BY}
MOST_MONTHS = {DENIALS: trends.MOST_MONTHS, REJECTIONS: 12}
"""Months at once: every answer that refused something is read to know what for."""
_NARROW = ("payer", "reason", "category", "code")
_MONTH = re.compile(r"(\d{4})-(\d{2})")


class Asked(NamedTuple):
    """What an address asks for: of denials or rejections, by what, from one month to another (first days), and what it
    is narrowed down to."""

    of: str
    by: str
    first: dt.date
    last: dt.date
    narrow: tuple[tuple[str, str], ...]

    @property
    def until(self) -> dt.date:
        """The last day."""
        return trends.following(self.last) - dt.timedelta(days=1)

    def query(self, **more: str) -> str:
        """The same as an address."""
        months = {"first": f"{self.first:%Y-%m}", "last": f"{self.last:%Y-%m}"}
        return urlencode({"of": self.of, "by": self.by, **months, **dict(self.narrow), **more})


def _month(text: str, otherwise: dt.date) -> dt.date:
    match = _MONTH.fullmatch(text)
    try:
        if text and match is None:
            raise ValueError
        return dt.date(int(match[1]), int(match[2]), 1) if match is not None else otherwise
    except ValueError:
        raise Refused(422, "That is no month", "Choose a month, or type it like 2026-11.") from None


def _back(month: dt.date, by: int) -> dt.date:
    for _ in range(by):
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return month


def _asked(visit: Visit) -> Asked:
    query = {name: value.strip()[:80] for name, value in visit.request.query.items()}
    of = query.get("of") or DENIALS
    if of not in _BY:
        raise Refused(422, "Nothing of that name", "There are denials and rejections.")
    by = query.get("by") or _BY[of][0]
    if by not in _BY[of]:
        raise Refused(422, "Nothing of that name", f"They are seen by: {', '.join(_BY[of])}.")
    last = _month(query.get("last", ""), visit.today.replace(day=1))
    first = _month(query.get("first", ""), _back(last, MONTHS - 1))
    if first > last:
        raise Refused(422, "That is no span", "The first month comes after the last.")
    shown = trends.months(first, last)
    if shown[-1] != last or len(shown) > MOST_MONTHS[of]:
        raise Refused(422, "Too many months", f"At most {MOST_MONTHS[of]} months of {of} are shown at once.")
    narrow = tuple((name, query[name]) for name in _NARROW if query.get(name)) if of == DENIALS else ()
    return Asked(of, by, first, last, narrow)


class Found(NamedTuple):
    """The months and the groups of what was asked."""

    months: list[trends.Month]
    groups: list[trends.Group]


async def _figures(visit: Visit, asked: Asked) -> Found:
    kept, config = visit.request.app[FIGURES], visit.server.services.config
    if asked.of == REJECTIONS:

        async def look() -> trends.Rejections:
            return await visit.server.read(trends.rejected, config, asked.first, asked.until)

        found: trends.Rejections = await kept.get((asked.of, asked.first, asked.last), look)
        return Found(found.months, found.groups[asked.by])  # type: ignore[index]

    which = trends.Denied(asked.first, asked.until, **dict(asked.narrow))

    def read(connection: Connection) -> Found:
        by: Any = asked.by
        return Found(trends.denied_by_month(connection, which), trends.denied_by(connection, config, which, by))

    async def make() -> Found:
        return await visit.server.read(read)

    made: Found = await kept.get(asked, make)
    return made


def _behind(asked: Asked, first: dt.date, last: dt.date, key: str = "") -> str:
    """Where a point or a bar leads: the list of what it counts."""
    days = {"first": first.isoformat(), "last": last.isoformat()}
    if asked.of == REJECTIONS:
        return f"/console/analysis/rejections?{urlencode(days | {'by': asked.by, 'key': key})}"
    narrow = dict(asked.narrow) | ({asked.by: key} if key and key != NOT_SAID else {})
    return f"/console/denials?{urlencode(days | narrow | {'all': 'true', 'counted': 'true'})}"


@page()
async def analysis(visit: Visit) -> web.StreamResponse:
    """The charts, with a table beside each."""
    asked = _asked(visit)
    found = await _figures(visit, asked)
    month_links = [_behind(asked, one.first, one.last) for one in found.months]
    group_links = [_behind(asked, asked.first, asked.until, one.key) for one in found.groups[:SHOWN]]
    cents, number = sum(one.cents for one in found.months), sum(one.number for one in found.months)
    return visit.page(
        "analysis.html",
        asked=asked,
        bys=_BY[asked.of],
        by_words=BY_WORDS,
        narrow=Typed(asked.narrow),
        months=list(zip(found.months, month_links, strict=True)),
        groups=list(zip(found.groups, group_links, strict=False)),
        more=max(len(found.groups) - SHOWN, 0),
        trend=charts.trend(found.months, month_links),
        pareto=charts.pareto(found.groups, group_links),
        cents=cents,
        number=number,
        recovered=sum(one.recovered for one in found.months),
    )


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """One of the tables as a file: by month (`?table=months`), or by what it is about."""
    asked = _asked(visit)
    found = await _figures(visit, asked)
    by_month = visit.request.query.get("table") == "months"
    columns = ("month", "count", "dollars", "recovered") if by_month else (
        *(asked.by, "words", "count", "dollars", "recovered", "share", "cumulative"),
    )  # fmt: skip

    async def rows() -> AsyncIterator[Sequence[Any]]:
        if by_month:
            for month in found.months:
                yield f"{month.first:%Y-%m}", month.number, _plain(month.cents), _plain(month.recovered)
            return
        for one in found.groups:
            yield (
                *(one.key, one.words, one.number, _plain(one.cents), _plain(one.recovered)),
                *(f"{one.share:.1f}", f"{one.cumulative:.1f}"),
            )

    return await send_csv(visit.request, f"{asked.of}-{'months' if by_month else asked.by}.csv", columns, rows())


def _plain(cents: int) -> str:
    return str(to_dollars(cents))


# --- what was refused ------------------------------------------------------------------------------


class Refusals(NamedTuple):
    """What the list of refusals is asked for."""

    by: str
    key: str
    first: dt.date
    last: dt.date

    def query(self, **more: str) -> str:
        """The same as an address."""
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return urlencode({"by": self.by, "key": self.key, **days, **more})


def _day(text: str, otherwise: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise Refused(422, "That is no date", "Choose a day, or type it like 2026-11-30.") from None


def _refusals(visit: Visit) -> Refusals:
    query = visit.request.query
    by = query.get("by", "edit")
    if by not in trends.REJECTION_BY:
        raise Refused(422, "Nothing of that name", f"They are seen by: {', '.join(trends.REJECTION_BY)}.")
    last = _day(query.get("last", "").strip(), visit.today)
    first = _day(query.get("first", "").strip(), last - dt.timedelta(days=30))
    if first > last or (last - first).days > 31 * MOST_MONTHS[REJECTIONS]:
        raise Refused(
            422, "That is no span", f"The first day comes before the last, at most {MOST_MONTHS[REJECTIONS]} months."
        )
    return Refusals(by, query.get("key", "").strip()[:80], first, last)


async def _refused(visit: Visit, asked: Refusals) -> list[trends.Behind]:
    config = visit.server.services.config

    async def make() -> list[trends.Behind]:
        return await visit.server.read(trends.behind, config, asked.first, asked.last, asked.by, asked.key)

    found: list[trends.Behind] = await visit.request.app[FIGURES].get(asked, make)
    return found


@page()
async def refusals(visit: Visit) -> web.StreamResponse:
    """The refusals behind a bar, the newest first, a page at a time."""
    asked = _refusals(visit)
    found = await _refused(visit, asked)
    given = visit.request.query.get("page", "1")
    at = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 1
    at = min(max(at, 1), max((len(found) + SHOWN - 1) // SHOWN, 1))
    return visit.page(
        "refusals.html",
        asked=asked,
        by_words=BY_WORDS,
        bys=trends.REJECTION_BY,
        rows=found[(at - 1) * SHOWN : at * SHOWN],
        number=len(found),
        cents=sum(one.cents for one in found),
        at=at,
        more=at * SHOWN < len(found),
        csv=f"/console/analysis/rejections.csv?{asked.query()}",
    )


_COLUMNS = ("claim_id", "number", "on", "payer_id", "payer", "source", "edit", "words", "code", "dollars")


@page()
async def refusals_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    found = await _refused(visit, _refusals(visit))

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            data = one._asdict() | {"dollars": _plain(one.cents)}
            yield [data[name] for name in _COLUMNS]

    return await send_csv(visit.request, "refused.csv", _COLUMNS, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/console/analysis", analysis),
        web.get("/console/analysis.csv", as_csv),
        web.get("/console/analysis/rejections", refusals),
        web.get("/console/analysis/rejections.csv", refusals_csv),
    ]
