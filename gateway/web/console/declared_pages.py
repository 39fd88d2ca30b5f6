"""Pages that plugins declare: a GET route with a title, its fields, and what it answers, laid out for people.

A plugin gives data and never a page's text: nothing that it says can become part of the page's own code.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from aiohttp import web

from ...core.flow.desk_calls import ask_and_take, call_of
from ...core.flow.desk_records import FAILED, NOT_TAKEN, RESTS
from ...plugins.declared import Route, RouteRequest
from ..operations import check_letters
from ..queue_bodies import NotUnderstood
from .csv_out import send_csv
from .guard import Refused, Visit, page

LONGEST = 200
MOST_ROWS = 1000


class Table(NamedTuple):
    """A table of a page, under its title; `more`: rows that are not shown."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: int


class Laid(NamedTuple):
    """What a page shows: single values by their names, tables, and text."""

    values: Sequence[tuple[str, Any]]
    tables: Sequence[Table]
    text: str


def lay(answer: Any) -> Laid:
    """An answer for people: what is a table as a table, what has names by its names, anything else as text."""
    whole = _table("", answer)
    if whole is not None:
        return Laid((), (whole,), "")
    if not isinstance(answer, Mapping):
        return Laid((), (), _cell(answer))
    values, tables = [], []
    for name, one in answer.items():
        table = _table(_words(str(name)), one)
        if table is not None:
            tables.append(table)
        else:
            values.append((_words(str(name)), _cell(one)))
    return Laid(values, tables, "")


def _table(title: str, value: Any) -> Table | None:
    if isinstance(value, Mapping) and set(value) == {"columns", "rows"}:
        columns, rows = [str(one) for one in value["columns"]], value["rows"]
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        columns = list(dict.fromkeys(str(name) for one in value for name in one))
        rows = [[one.get(name) for name in columns] for one in value]
    else:
        return None
    shown = [[_cell(one) for one in row] for row in rows]
    return Table(title, columns, shown, max(len(shown) - MOST_ROWS, 0))


def _words(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)


def _pages(visit: Visit) -> Iterator[tuple[str, Route]]:
    for one in visit.server.services.config.declared.values():
        for route in one.routes:
            if route.page:
                yield one.plugin.name, route


@page()
async def every(visit: Visit) -> web.StreamResponse:
    """The pages that plugins in use have."""
    return visit.page("plugin_pages.html", pages=sorted(_pages(visit), key=lambda pair: pair[1].page.lower()))


@page()
async def one(visit: Visit) -> web.StreamResponse:
    """A page of a plugin: its fields, and what it answers to them."""
    plugin, slug = visit.request.match_info["plugin"], visit.request.match_info["slug"]
    route = next((route for name, route in _pages(visit) if (name, route.slug) == (plugin, slug)), None)
    if route is None:
        raise Refused(404, "No such page", "No plugin in use has a page at this address.")
    query = {name: visit.request.query[name].strip() for name in visit.request.query}
    typed = {name: query.get(name, "") for name in route.names}
    if not all(typed.values()):
        return visit.page("plugin_page.html", plugin=plugin, route=route, typed=typed, laid=None, csv="")
    laid = lay(await _ask(visit, plugin, route, typed, query))
    if query.get("format") == "csv" and laid.tables:
        table = laid.tables[0]
        return await send_csv(visit.request, f"{slug}.csv", table.columns, _each(table.rows))
    shown = [table._replace(rows=table.rows[:MOST_ROWS]) for table in laid.tables]
    csv = visit.request.rel_url.update_query(format="csv").raw_path_qs if laid.tables else ""
    return visit.page(
        "plugin_page.html", plugin=plugin, route=route, typed=typed, laid=laid._replace(tables=shown), csv=csv
    )


async def _each(rows: Sequence[Sequence[Any]]) -> AsyncIterator[Sequence[Any]]:
    for row in rows:
        yield row


async def _ask(visit: Visit, plugin: str, route: Route, typed: Mapping[str, str], query: Mapping[str, str]) -> Any:
    """What the route answers. Raises Refused."""
    for name, value in query.items():
        if len(value) > LONGEST:
            raise Refused(422, "Too long", f"What was typed is longer than {LONGEST} characters. Shorten it.")
        try:
            check_letters(name + value, "what was typed")
        except NotUnderstood as error:
            words = str(error)
            raise Refused(422, "Not as it must be", f"{words[:1].upper()}{words[1:]}.") from None
    beside = {name: value for name, value in query.items() if name not in typed and name != "format"}
    request = RouteRequest("GET", typed, beside, None, visit.who)
    services = visit.server.services
    call = call_of(services.config, plugin, "plugin_routes", route.name)
    answer = await ask_and_take(services, visit.server.write, call, asdict(request))
    if answer.outcome == NOT_TAKEN:
        raise Refused(422, "Not as it must be", answer.why)
    if answer.outcome == RESTS:
        raise Refused(503, "It rests", f"The plugin {plugin} failed often, and is not called for a while.")
    if answer.outcome == FAILED:
        raise Refused(500, "A fault in a plugin", f"The plugin {plugin} failed here. A work item tells the EDI team.")
    told = answer.result
    if int(told["status"]) >= 400:
        raise Refused(int(told["status"]), route.page, told["detail"] or "The plugin does not say why.")
    return json.loads(told["text"]) if told["type"] == "application/json" else told["text"]


def routes() -> list[web.RouteDef]:
    """The pages of this module."""
    return [
        web.get("/console/pages", every),
        web.get("/console/pages/{plugin}/{slug}", one),
    ]
