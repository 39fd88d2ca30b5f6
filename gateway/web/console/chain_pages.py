"""The chains as a picture, with what each step did, and the same as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from ...config.graph import match_words
from ...core.store import step_calls
from ...core.store.step_calls import StepCounted, StepKey
from ...plugins.chains import STATIONS, Chain
from .chain_picture import draw
from .csv_out import send_csv
from .guard import Refused, Visit, page

RIGHT = "administer"
DAYS = (1, 7, 30)


class Line(NamedTuple):
    """One step of a chain, for the table."""

    chain: str
    match: str
    station: str
    place: int
    plugin: str
    on_error: str
    timeout: float
    counted: StepCounted
    rests: bool


class _Asked(NamedTuple):
    chains: list[Chain]
    days: int
    chain: str
    counted: dict[StepKey, StepCounted]
    resting: frozenset[tuple[str, str, str]]


async def _asked(visit: Visit) -> _Asked:
    config = visit.server.services.config
    query = visit.request.query
    typed, chain = query.get("days", "7"), query.get("chain", "").strip()[:80]
    if typed not in map(str, DAYS):
        raise Refused(422, "Not so many days", f"Days are one of {', '.join(map(str, DAYS))}.")
    if chain and chain not in [one.name for one in config.chains]:
        raise Refused(404, "No such chain", "The configuration has no chain of this name.")
    since = visit.today - dt.timedelta(days=int(typed) - 1)
    counted = await visit.server.read(step_calls.since, since)
    resting = frozenset((one.chain, one.station, one.plugin) for one in visit.server.services.breakers.state(config))
    return _Asked([one for one in config.chains if chain in ("", one.name)], int(typed), chain, counted, resting)


def _lines(asked: _Asked) -> Iterator[Line]:
    for chain in asked.chains:
        for station in STATIONS:
            for place, step in enumerate(chain.steps(station)):
                name = step.plugin.name
                counted = asked.counted.get(StepKey(chain.name, station, place, name), StepCounted())
                rests = (chain.name, station, name) in asked.resting
                yield Line(
                    chain.name, match_words(chain.match), station, place + 1, name, step.on_error, step.timeout,
                    counted, rests,
                )  # fmt: skip


@page(RIGHT)
async def listing(visit: Visit) -> web.StreamResponse:
    """The picture, and the table beside it."""
    asked = await _asked(visit)
    picture = draw(asked.chains, asked.counted, asked.resting)
    names = [one.name for one in visit.server.services.config.chains]
    return visit.page(
        "chains_part.html" if visit.in_part else "chains.html",
        picture=picture, lines=list(_lines(asked)), days=asked.days, chain=asked.chain, names=names, every=DAYS,
    )  # fmt: skip


@page(RIGHT)
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The table as a file for a spreadsheet."""
    found = list(_lines(await _asked(visit)))

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            kept = (one.chain, one.match, one.station, one.place, one.plugin)
            yield [*kept, one.counted.calls, one.counted.holds, one.counted.failures, one.counted.each]

    columns = ("chain", "for", "station", "place", "plugin", "calls", "held", "failed", "microseconds_a_call")
    return await send_csv(visit.request, "chains.csv", columns, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get("/console/admin/chains", listing), web.get("/console/admin/chains.csv", as_csv)]
