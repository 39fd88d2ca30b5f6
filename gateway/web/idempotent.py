"""`Idempotency-Key`: a write that names one is done once, and whoever sends it again gets the same answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from ..core.store import idempotency
from ..core.store.idempotency import UNDER, Answer, Refused
from .admission import SERVER, WHO
from .problems import problem

HEADER = "Idempotency-Key"
AGAIN = "Idempotency-Replayed"
FORM = r"[!-~]{1,200}"
_FORM = re.compile(FORM)
_WHY_NOT = {
    "other": (409, "Another request", "This key stood for another request. Take a new key for each request."),
    "runs": (409, "It is under way", "The same request is being done. Ask again in a while."),
    "done": (
        409,
        "It was done",
        "This was done before the gateway stopped, and its answer is lost. Look at what it was about; to do it once "
        "more, take a new key.",
    ),
}


class _Key(NamedTuple):
    who: str
    key: str


class _Before(Exception):
    """It was asked before; this is the answer."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__()
        self.answer = answer


KEY: web.RequestKey[_Key] = web.RequestKey("idempotency", _Key)
BEGUN: web.RequestKey[bool] = web.RequestKey("begun", bool)


async def once(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The answer of a handler, which calls `begin` when it has read the body; or the one that was given before."""
    given = request.headers.getall(HEADER, [])
    if not given:
        return await handler(request)
    if len(given) > 1 or not _FORM.fullmatch(given[0]):
        return problem(422, "Not as it must be", f"{HEADER} is one key of 1 to 200 visible ASCII characters.")
    request[KEY] = _Key(request[WHO], given[0])
    server, answer = request.app[SERVER], None
    try:
        answer = await handler(request)
        return answer
    except _Before as before:
        return before.answer
    finally:
        UNDER.set(None)
        if request.get(BEGUN):
            await server.write(idempotency.end, *request[KEY], _kept(answer))


def _kept(answer: web.StreamResponse | None) -> Answer | None:
    if not isinstance(answer, web.Response):
        return None
    body = answer.body if isinstance(answer.body, bytes) else b""
    return Answer(answer.status, answer.content_type, body)


async def begin(request: web.Request, body: bytes) -> None:
    """The body is known: see whether the same was asked before. Without a key, or after the first call, nothing."""
    await begin_hashed(request, hashlib.sha256(body).hexdigest())


async def begin_hashed(request: web.Request, body_hash: str) -> None:
    """The same, for a body of which only the hash is in memory."""
    if KEY not in request or request.get(BEGUN):
        return
    mine, server = request[KEY], request.app[SERVER]
    what = hashlib.sha256(f"{request.method} {request.rel_url.raw_path_qs} {body_hash}".encode()).hexdigest()
    try:
        kept = await server.write(idempotency.begin, mine.who, mine.key, what, server.services.clock.now())
    except Refused as refused:
        wait = {"Retry-After": "5"} if refused.why == "runs" else None
        raise _Before(problem(*_WHY_NOT[refused.why], wait)) from None
    if kept is not None:
        headers = {AGAIN: "true", "Content-Type": _typed(kept.content_type)}
        raise _Before(web.Response(status=kept.status, body=kept.body, headers=headers))
    request[BEGUN] = True
    UNDER.set((mine.who, mine.key))


def _typed(content_type: str) -> str:
    return f"{content_type}; charset=utf-8" if content_type.startswith(("text/", "application/json")) else content_type
