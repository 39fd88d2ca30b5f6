"""The access log of the console and the API: who looked at what, written before the answer is sent.

Looks that come together are written in one transaction, so that many readers cost one commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from aiohttp import web
from sqlalchemy import Connection, insert

from ..core.store import tokens
from ..core.store.tables import access_log

T = TypeVar("T")
MOST = 500


class Writes(Protocol):
    """What writes in one transaction."""

    async def write(self, function: Callable[..., T], *args: object) -> T: ...


class AccessLog:
    """Takes looks and writes them in groups."""

    def __init__(self, server: Writes) -> None:
        self._server = server
        self._waiting: list[tuple[dict[str, Any], str, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def note(self, line: dict[str, Any], token: str = "") -> None:
        """Returns when the line (a row of the access log) is written; raises what kept it from being written. `token`:
        the name of the token by which it was looked, if it was."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((line, token, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        # Whoever goes away meanwhile has looked all the same.
        await asyncio.shield(done)

    async def _write(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._server.write(_put, [line for line, _, _ in some], {token for _, token, _ in some} - {""})
            except BaseException as error:
                for *_, done in some:
                    if not done.done():
                        done.set_exception(error if isinstance(error, Exception) else ConnectionError("it stops"))
                        done.exception()
                if not isinstance(error, Exception):
                    raise
            else:
                for *_, done in some:
                    if not done.done():
                        done.set_result(None)


def _put(connection: Connection, lines: list[dict[str, Any]], used: set[str]) -> None:
    connection.execute(insert(access_log), lines)
    if used:
        tokens.used(connection, used, lines[-1]["at"])


def asked_for(request: web.Request) -> str:
    """What a request asks for, as the access log has it: without what was typed behind the question mark, and in
    letters that every database takes."""
    path = "".join(letter if letter.isprintable() else "?" for letter in request.path)
    return f"{request.method} {path}"[:200]


ACCESS: web.AppKey[AccessLog] = web.AppKey("access", AccessLog)
