"""The stream of a tab: what has changed, as server-sent events, until its session ends."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from ...core.engine.faults import passing
from ...core.store.users import Session
from .guard import HEADERS, Visit, page, session_of
from .live import LIVE, Live, Seen, as_marks, as_word, file_data

BEAT_S = 5.0
"""How often a stream looks whether its session goes on, and says that it is there."""
SEND_S = 20.0
"""A browser that takes nothing for so long is given up."""
AGAIN_MS = 2_000
_STREAM = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",
} | HEADERS


@page(noted=False)
async def _once(visit: Visit) -> web.StreamResponse:
    """How things stand, for who asks for no stream."""
    found = await visit.request.app[LIVE].now()
    return web.json_response(found.figures | found.mine(visit.who), headers=HEADERS)


async def stream(request: web.Request) -> web.StreamResponse:
    """The stream. It has no line in the access log: nothing of a patient is in it."""
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return await _once(request)
    live = request.app[LIVE]
    found = await session_of(request)
    if found is None:
        return web.Response(body=_event("ended", True), headers=_STREAM)
    if not live.enter(found.hash):
        return web.Response(status=503, headers={"Retry-After": "5"} | HEADERS)
    answer = web.StreamResponse(headers=_STREAM)
    try:
        await answer.prepare(request)
        await _tell(request, answer, live, found)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except Exception as error:
        # A reader that went away, or a database that is away for a moment: the tab comes again.
        if not isinstance(error, ConnectionError) and not passing(error):
            raise
    finally:
        live.leave(found.hash)
    return answer


async def _tell(request: web.Request, answer: web.StreamResponse, live: Live, session: Session) -> None:
    who = session.user.name
    teller = _Teller(who, request.query.get("seen", request.headers.get("Last-Event-ID", "")))
    known = await live.now()
    await _send(answer, f"retry: {AGAIN_MS}\n\n".encode() + teller.news(known))
    looked = time.monotonic()
    while not live.closed:
        fresh = await live.wait(known, BEAT_S)
        if time.monotonic() - looked >= BEAT_S:
            looked = time.monotonic()
            if await session_of(request) is None:
                await _send(answer, _event("ended", True))
                return
        await _send(answer, teller.news(fresh) if fresh is not known else b": there\n\n")
        known = fresh


async def _send(answer: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(SEND_S):
        await answer.write(data)


class _Teller:
    """What one tab has been told, and what is new to it. `last`: what the page had been told before it came again."""

    def __init__(self, who: str, last: str) -> None:
        self._who = who
        self._figures: dict[str, str] = {}
        self._files: dict[int, dict[str, Any]] = {}
        self._marks = as_marks(last)

    def news(self, found: Seen) -> bytes:
        """The events that tell it; a sign of life where nothing is new."""
        figures = found.figures | found.mine(self._who)
        for gone in self._figures.keys() - figures.keys():
            # A kind of work of which none is left.
            figures[gone] = "$0.00" if gone.endswith(".cents") else "0"
        new = {name: text for name, text in figures.items() if self._figures.get(name) != text}
        files = {one.id: file_data(one) for one in found.standing.files}
        moved = [data for number, data in files.items() if self._files.get(number) != data]
        marks = found.marks_for(self._who)
        changed = [name for name, mark in marks.items() if self._marks.get(name, mark) != mark]
        self._figures, self._files, self._marks = figures, files, marks
        told = as_word(marks)
        events = [_event(name, data, told) for name, data in
                  (("figures", new), ("files", moved), ("changed", changed)) if data]  # fmt: skip
        return b"".join(events) or b": there\n\n"


def _event(name: str, data: Any, number: str = "") -> bytes:
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get("/console/live", stream)]
