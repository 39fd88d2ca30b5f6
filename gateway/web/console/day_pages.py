"""The day's close: what a day still waits for, the proof of the ledger, closing and reopening, and the closed days."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import structlog
from aiohttp import web
from sqlalchemy import Connection

from ...core.ledger import day_figures, day_rest, days
from ...core.ledger.day_figures import Figures
from ...core.ledger.days import NotDone
from ...core.ledger.proof import Proof, prove
from ...core.model.money import to_dollars
from ..admission import Server
from .csv_out import send_csv
from .guard import Refused, Visit, page

log = structlog.get_logger("gateway.web")
SHOWN = 30
OPEN_SHOWN = 10
MOST_CSV = 100_000
CENTS = (
    *("bank", "remitted", "posted", "provider_level", "waiting", "named", "differences", "unidentified", "variance"),
    "in_hand",
)
"""Figures of a closing that are money, in the order in which they are shown."""


# --- the proof -------------------------------------------------------------------------------------


class Proofs:
    """The last proof of the ledger that was asked for here. One runs at a time; it reads the whole ledger."""

    def __init__(self) -> None:
        self.at: dt.datetime | None = None
        self.who = ""
        self.proof: Proof | None = None
        self.failed = False
        self._running: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the ledger is being proved."""
        return self._running is not None and not self._running.done()

    def begin(self, server: Server, who: str) -> None:
        """Prove the ledger; where it is being proved already, wait for that."""
        if not self.running:
            self._running = asyncio.create_task(self._prove(server, who))

    async def _prove(self, server: Server, who: str) -> None:
        try:
            self.proof, self.failed = await server.read(prove), False
        except Exception as error:
            self.proof, self.failed = None, True
            log.error("proof_failed", error=type(error).__name__)
        self.at, self.who = server.services.clock.now(), who

    async def stop(self) -> None:
        """Wait for what runs."""
        if self._running is not None:
            await asyncio.wait([self._running])


PROOFS: web.AppKey[Proofs] = web.AppKey("proofs", Proofs)


async def _stop(app: web.Application) -> None:
    await app[PROOFS].stop()


def add_to(app: web.Application) -> None:
    """Put what the pages of the day's close keep into an application."""
    app[PROOFS] = Proofs()
    app.on_cleanup.append(_stop)


@page("post")
async def begin_proof(visit: Visit) -> web.StreamResponse:
    """Prove the ledger; the page waits for it."""
    proofs = visit.request.app[PROOFS]
    proofs.begin(visit.server, visit.who)
    return visit.page("proof_part.html", proofs=proofs)


@page()
async def proof_part(visit: Visit) -> web.StreamResponse:
    """How the proof went, or that it runs."""
    return visit.page("proof_part.html", proofs=visit.request.app[PROOFS])


# --- all days --------------------------------------------------------------------------------------


class Closing(NamedTuple):
    """A closing: its row, and its figures in cents."""

    row: Any
    figures: dict[str, int]


def _closing(row: Any) -> Closing:
    return Closing(row, {name: int(row.figures.get(name, 0)) for name in CENTS})


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """Days that can be closed, and those that are."""
    typed = visit.request.query.get("below", "")
    below = int(typed) if typed.isdecimal() and len(typed) <= 18 else 0

    def read(connection: Connection) -> tuple[list[Any], list[dt.date], list[Figures]]:
        rows = days.closings(connection, SHOWN + 1, below=below)
        before = [] if below else day_figures.open_days(connection, visit.today)
        if not below and not days.is_closed(connection, visit.today):
            before.append(visit.today)
        return rows, before, [day_figures.figures(connection, one, booked=False) for one in before[:OPEN_SHOWN]]

    rows, before, figures = await visit.server.read(read)
    return visit.page(
        "days.html",
        closings=[_closing(row) for row in rows[:SHOWN]],
        more=f"?below={rows[SHOWN - 1].id}" if len(rows) > SHOWN else "",
        first_page=not below,
        open_days=figures,
        open_more=len(before) - len(figures),
    )


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """Every closing with its figures, for a spreadsheet."""
    told = ("day", "closed_at", "who", "reason", "reopened_at", "reopened_by", "reopen_reason")

    async def rows() -> AsyncIterator[Sequence[Any]]:
        below, sent = 0, 0
        while sent < MOST_CSV:
            found = await visit.server.read(lambda sql, start=below: days.closings(sql, 500, below=start))
            for row in found:
                values = dict(row._mapping) | {"closed_at": row.closed_at.isoformat()}
                values["reopened_at"] = row.reopened_at.isoformat() if row.reopened_at else ""
                cents = _closing(row).figures
                yield [*(values[name] for name in told), *(str(to_dollars(cents[name])) for name in CENTS)]
            sent += len(found)
            if len(found) < 500:
                return
            below = found[-1].id

    return await send_csv(visit.request, "closed-days.csv", (*told, *CENTS), rows())


# --- one day ---------------------------------------------------------------------------------------


def _day(visit: Visit) -> dt.date:
    try:
        return dt.date.fromisoformat(visit.request.match_info["date"])
    except ValueError:
        raise Refused(404, "No such day", "A day is written like 2026-11-30.") from None


@page()
async def go(visit: Visit) -> web.StreamResponse:
    """The day that was chosen."""
    typed = visit.request.query.get("date", "")
    try:
        day = dt.date.fromisoformat(typed)
    except ValueError:
        raise Refused(404, "No such day", "Choose a day, or type it like 2026-11-30.") from None
    raise web.HTTPSeeOther(f"/console/days/{day.isoformat()}")


@page()
async def one(visit: Visit) -> web.StreamResponse:
    """One day: its figures, what it waits for, its closings."""
    return await _shown(visit, _day(visit))


async def _shown(visit: Visit, day: dt.date, said: str = "", trouble: str = "") -> web.StreamResponse:
    def read(connection: Connection) -> dict[str, Any]:
        history = days.history(connection, day)
        return {
            "figures": day_figures.figures(connection, day, booked=False),
            "history": [_closing(row) for row in history],
            "closed": bool(history) and history[-1].reopened_at is None,
            "unknown": day_rest.unknown(connection, day),
            "unposted": day_rest.unposted(connection, day),
            "earlier": day_figures.open_days(connection, min(day, visit.today)),
        }

    found = await visit.server.read(read)
    return visit.page(
        "day.html",
        day=day,
        before=day - dt.timedelta(days=1),
        after=day + dt.timedelta(days=1) if day < visit.today else None,
        proofs=visit.request.app[PROOFS],
        most=day_rest.MOST,
        said=said,
        trouble=trouble,
        **found,
    )


def _for_posting(visit: Visit) -> None:
    if not visit.user.may_work_for("posting"):
        raise Refused(403, "Another team's work", "Closing a day is work of the team posting. Ask a manager.")


@page("post")
async def close(visit: Visit) -> web.StreamResponse:
    """Close a day: at 0.00, or with a reason."""
    _for_posting(visit)
    day, reason = _day(visit), visit.field("reason", 500)
    zone = visit.server.services.config.gateway.organisation.time_zone
    try:
        done = await visit.server.write(day_figures.close, day, zone, visit.who, reason, visit.now)
    except NotDone as error:
        return await _shown(visit, day, trouble=str(error))
    return await _shown(visit, day, said=f"{day:%m/%d/%Y} is closed at ${to_dollars(done.variance):,}.")


@page("manage")
async def reopen(visit: Visit) -> web.StreamResponse:
    """Let entries into a closed day again."""
    day = _day(visit)
    try:
        await visit.server.write(days.reopen, day, visit.who, visit.field("reason", 500), visit.now)
    except NotDone as error:
        return await _shown(visit, day, trouble=str(error))
    return await _shown(visit, day, said=f"{day:%m/%d/%Y} is open again.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    day = r"/console/days/{date:\d[\d-]{0,9}}"
    return [
        web.get("/console/days", listing),
        web.get("/console/days.csv", as_csv),
        web.get("/console/days/go", go),
        web.get("/console/days/proof", proof_part),
        web.post("/console/days/proof", begin_proof),
        web.get(day, one),
        web.post(f"{day}/close", close),
        web.post(f"{day}/reopen", reopen),
    ]
