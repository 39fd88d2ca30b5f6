"""Plugins: how each does, and one with its last errors, its calls day by day, and its settings."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from aiohttp import web
from sqlalchemy import Connection

from ...config.showing import path_text, settings_of
from ...core.store import plugin_calls, plugin_failures
from ...core.store.plugin_calls import Counted
from ...operate.plugins_command import declares_of, users_of
from ...plugins.host import Plugin
from .csv_out import send_csv
from .guard import Refused, Visit, page

RIGHT = "administer"
DAYS = 30
SHOWN = 50
MOST_CSV = 100_000


class How(NamedTuple):
    """How a plugin does: its calls of the last days, when it failed last, and which of its calls rest."""

    plugin: Plugin
    calls: Counted
    failed_at: dt.datetime | None
    resting: list[str]

    @property
    def each(self) -> int:
        """Microseconds of one call, on average."""
        return round(self.calls.seconds * 1e6 / self.calls.calls) if self.calls.calls else 0


def _resting(visit: Visit, name: str) -> list[str]:
    """The calls of a plugin that are left out for now, each in words."""
    services = visit.server.services
    until = "tried again after"
    chains = [
        (one.until, f"{one.station} of chain {one.chain}{' for one payer' if one.payer is not None else ''}: failed "
         f"{one.failures:,} times in a row, {until}")
        for one in services.breakers.state(services.config)
        if one.plugin == name
    ]  # fmt: skip
    desk = [(at, f"{call.words}, {until}") for call, at in services.desk_rests.state() if call.plugin == name]
    return [f"{words} {at:%m/%d/%Y %H:%M} UTC" for at, words in (*chains, *desk)]


async def how_they_do(visit: Visit) -> list[How]:
    """Every plugin in use."""
    since = visit.today - dt.timedelta(days=DAYS)

    def look(connection: Connection) -> tuple[dict[str, Counted], dict[str, dt.datetime]]:
        return plugin_calls.since(connection, since), plugin_failures.last_of_each(connection)

    calls, failed = await visit.server.read(look)
    return [
        How(one, calls.get(one.name) or Counted(one.name, 0, 0, 0.0), failed.get(one.name), _resting(visit, one.name))
        for one in visit.server.services.config.plugins
    ]


@page(RIGHT)
async def listing(visit: Visit) -> web.StreamResponse:
    """Every plugin in one look."""
    return visit.page("plugins.html", found=await how_they_do(visit), days=DAYS)


@page(RIGHT)
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    found = await how_they_do(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in found:
            at = one.failed_at.isoformat() if one.failed_at else ""
            name = one.plugin
            yield [name.name, name.version, name.origin, one.calls.calls, one.calls.failures, one.each, at]

    columns = ("plugin", "version", "origin", "calls", "failures", "microseconds_a_call", "failed_last")
    return await send_csv(visit.request, "plugins.csv", columns, rows())


class Day(NamedTuple):
    """The calls of a day; the two heights of its bar, of 60."""

    on: dt.date
    calls: int
    failures: int
    height: int
    bad: int


def _days(found: dict[dt.date, Counted], today: dt.date) -> list[Day]:
    days = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    most = max([one.calls for one in found.values()], default=0)
    made = []
    for on in days:
        one = found.get(on, Counted("", 0, 0, 0.0))
        # What is there is seen, however little it is.
        height = max(round(60 * one.calls / most), 2) if one.calls else 0
        bad = max(round(60 * one.failures / most), 2) if one.failures else 0
        made.append(Day(on, one.calls, one.failures, height, bad))
    return made


def _named(visit: Visit) -> Plugin:
    name = visit.request.match_info["name"]
    found = next((one for one in visit.server.services.config.plugins if one.name == name), None)
    if found is None:
        raise Refused(404, "No such plugin", "The configuration uses no plugin of this name.")
    return found


@page(RIGHT)
async def one(visit: Visit) -> web.StreamResponse:
    """One plugin."""
    plugin = _named(visit)
    config = visit.server.services.config
    typed = visit.request.query.get("page", "1")
    number = int(typed) if typed.isdigit() and 1 <= int(typed[:6]) <= 2000 and len(typed) <= 4 else 1
    since = visit.today - dt.timedelta(days=DAYS - 1)

    def look(connection: Connection) -> tuple[Any, ...]:
        failures = plugin_failures.of_plugin(connection, plugin.name, SHOWN + 1, SHOWN * (number - 1))
        return plugin_calls.by_day(connection, plugin.name, since), failures

    by_day, failures = await visit.server.read(look)
    settings = await asyncio.to_thread(lambda: list(settings_of(config, plugin.name)))
    return visit.page(
        "plugin.html",
        plugin=plugin,
        hooks=sorted(plugin.hooks),
        used_by=list(users_of(config, plugin.name)),
        declares=list(declares_of(config, plugin.name)),
        days=_days(by_day, visit.today),
        calls=sum(day.calls for day in by_day.values()),
        failed=sum(day.failures for day in by_day.values()),
        seconds=sum(day.seconds for day in by_day.values()),
        failures=failures[:SHOWN],
        number=number,
        more=len(failures) > SHOWN,
        resting=_resting(visit, plugin.name),
        settings=[(value.part, path_text(value.path), value.value, value.origin) for value in settings],
    )


@page(RIGHT)
async def failures_csv(visit: Visit) -> web.StreamResponse:
    """The errors of a plugin as a file for a spreadsheet."""
    plugin = _named(visit)
    found = await visit.server.read(plugin_failures.of_plugin, plugin.name, MOST_CSV)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in found:
            yield [row.place, row.what, row.times, row.first_at.isoformat(), row.last_at.isoformat(), row.version]

    columns = ("place", "what", "times", "first_at", "last_at", "version")
    return await send_csv(visit.request, f"errors-{plugin.name}.csv", columns, rows())


def routes() -> list[web.RouteDef]:
    """The routes."""
    place = "/console/admin/plugins"
    return [
        web.get(place, listing),
        web.get(f"{place}.csv", as_csv),
        web.get(f"{place}/{{name}}", one),
        web.get(f"{place}/{{name}}/errors.csv", failures_csv),
    ]
