"""The configuration in force: every value with where it comes from, why the last one was refused, reading it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from ...config.showing import Shown, path_text, shown
from .csv_out import send_csv
from .guard import Visit, page
from .render import Typed

RIGHT = "administer"
SHOWN = 200


async def _values(visit: Visit) -> tuple[Typed, list[tuple[str, str, str, str]]]:
    query = visit.request.query
    typed = Typed({name: query[name].strip()[:120] for name in ("part", "find") if query.get(name, "").strip()})
    config = visit.server.services.config

    def look() -> list[tuple[str, str, str, str]]:
        rows = ((one.part, path_text(one.path), _text(one), one.origin) for one in shown(config, effective=True))
        wanted = typed["find"].lower()
        return [
            row
            for row in rows
            if row[0].startswith(typed["part"]) and (not wanted or wanted in row[1].lower() or wanted in row[2].lower())
        ]

    return typed, await asyncio.to_thread(look)


def _text(one: Shown) -> str:
    return one.value if isinstance(one.value, str) else json.dumps(one.value)


@page(RIGHT)
async def configuration(visit: Visit) -> web.StreamResponse:
    """Every value in force, and where it comes from."""
    return await _configuration(visit)


async def _configuration(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    typed, values = await _values(visit)
    asked = visit.request.query.get("page", "1")
    number = int(asked) if asked.isdigit() and len(asked) <= 4 and int(asked) else 1
    config = visit.server.services.config
    parts = ["gateway", "tables", *(f"partners/{one.name}" for one in config.partners)]
    return visit.page(
        "configuration.html",
        values=values[SHOWN * (number - 1) : SHOWN * number],
        found=len(values),
        typed=typed,
        query=urlencode(typed),
        number=number,
        more=len(values) > SHOWN * number,
        parts=[*parts, *(f"chains/{one.name}" for one in config.chains)],
        state=visit.server.reloads.as_data(),
        said=said,
        trouble=trouble,
    )


@page(RIGHT)
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    _, values = await _values(visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for row in values:
            yield row

    return await send_csv(visit.request, "configuration.csv", ("part", "setting", "value", "from"), rows())


@page(RIGHT)
async def reload(visit: Visit) -> web.StreamResponse:
    """Read the configuration again."""
    before = visit.server.services.config.hash
    state = await visit.server.reload()
    if state.faults:
        return await _configuration(visit, trouble="The configuration is refused; the one before stays in force.")
    if visit.server.services.config.hash == before:
        return await _configuration(visit, said="The files say what is in force already.")
    return await _configuration(visit, said="The configuration is read; it is in force.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/console/admin/configuration", configuration),
        web.get("/console/admin/configuration.csv", as_csv),
        web.post("/console/admin/reload", reload),
    ]
