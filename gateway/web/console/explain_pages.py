"""Explaining a file that somebody drops: what would happen to each claim and payment in it, and why. Nothing of it is
kept."""

from __future__ import annotations

import asyncio
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from aiohttp import web

from ...config import Config
from ...config.commands import NotAsked
from ...operate.explain_report import Explained
from ...operate.explain_whole import Asked, Wanted, explained
from ..bodies import file_name
from .guard import Refused, Visit, page
from .upload import read_upload

RIGHT = "administer"
LARGEST = 20 << 20
SHOWN = 100
LONGEST_S = 60.0
"""After so long what was found is told, and the rest is left to the command line."""
BUSY: web.AppKey[asyncio.Semaphore] = web.AppKey("explaining", asyncio.Semaphore)
"""One file at a time: each takes a process of its own."""


class Told(NamedTuple):
    """What is shown of a file: its lines, its claims and payments as far as they are shown, the last word."""

    name: str
    lines: list[str]
    found: list[Explained]
    said: str
    more: bool


@page(RIGHT)
async def form(visit: Visit) -> web.StreamResponse:
    """Where a file is dropped."""
    return _page(visit)


def _page(visit: Visit, told: Told | None = None, typed: dict[str, str] | None = None) -> web.Response:
    config = visit.server.services.config
    given = {"claim": "", "source": "", "partner": ""} | (typed or {})
    return visit.page(
        "explain.html",
        told=told,
        typed=given,
        sources=[one.name for one in config.gateway.sources],
        partners=[one.name for one in config.partners],
        megabytes=LARGEST >> 20,
        shown=SHOWN,
    )


@page(RIGHT, file=True)
async def explain(visit: Visit) -> web.StreamResponse:
    """Explain the file that came."""
    busy = visit.request.app[BUSY]
    spool = await asyncio.to_thread(_spool, visit.server.services.archive.root)
    with spool:
        name, fields = await _taken(visit, spool)
        if busy.locked():
            raise Refused(503, "Not now", "Another file is being explained. Try again in a minute.")
        asked = Asked(Path(name), Wanted(fields.get("claim", "")), fields.get("source", ""), fields.get("partner", ""))
        async with busy:
            try:
                told = await asyncio.to_thread(_told, visit.server.services.config, asked, spool)
            except NotAsked as error:
                raise Refused(409, "It cannot be told", str(error)) from error
    return _page(visit, told, fields)


def _spool(archive: Path) -> BinaryIO:
    """Where the file lies meanwhile: it has no name on the disk, so nothing of it is left when it is closed, or when
    the process dies."""
    return cast(BinaryIO, tempfile.TemporaryFile(dir=archive / "incoming"))


async def _taken(visit: Visit, spool: BinaryIO) -> tuple[str, dict[str, str]]:
    """The name of the file, whose bytes are in `spool` then, and the other fields. The form's own mark is checked
    before the file is read."""
    if visit.request.content_type != "multipart/form-data":
        raise Refused(422, "No file", "Choose a file, or drop one.")
    sent = await read_upload(visit, LARGEST, into=spool)
    name, fields = file_name(sent.name, "file") if sent.name else "", sent.fields
    if not name or not spool.tell():
        raise Refused(422, "No file", "Choose a file, or drop one.")
    spool.seek(0)
    return name, fields


def _told(config: Config, asked: Asked, stream: BinaryIO) -> Told:
    until = time.monotonic() + LONGEST_S
    with explained(config, asked, stream) as whole:
        found: list[Explained] = []
        more = False
        for one in islice(whole.found, SHOWN + 1):
            if len(found) == SHOWN or time.monotonic() > until:
                more = True
                break
            found.append(one)
        said = whole.found.in_words()
        if more:
            said = f"The first {len(found):,} are shown. Ask for one by its number, or for all: gateway explain FILE."
        return Told(asked.path.name, list(whole.head.lines), found, said, more)


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get("/console/admin/explain", form), web.post("/console/admin/explain", explain)]
