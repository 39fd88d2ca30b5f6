"""Bodies that senders hand in: taken in bounded memory, named in one line, refused where they are too large."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable
from typing import BinaryIO, TypeVar, cast

from aiohttp import StreamReader, web

from . import idempotent
from .admission import SERVER
from .problems import problem

T = TypeVar("T")
SLOW_BODY_S = 30.0
"""A body, or the next piece of a large one, that takes longer has stopped coming."""


async def in_time(coming: Awaitable[T]) -> T:
    """What comes of a body. Raises HTTPRequestTimeout where it has stopped coming: nobody holds a request open."""
    try:
        async with asyncio.timeout(SLOW_BODY_S):
            return await coming
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def pieces(stream: StreamReader, size: int) -> AsyncIterator[bytes]:
    """A body in pieces, each in time."""
    while block := await in_time(stream.readany()):
        for at in range(0, len(block), size):
            yield block[at : at + size]


async def read_bounded(request: web.Request, limit: int) -> bytes | None:
    """The body, in memory; None where it is larger than allowed."""
    if (request.content_length or 0) > limit:
        return None
    found = bytearray()
    async for block in pieces(request.content, 1 << 16):
        found += block
        if len(found) > limit:
            return None
    return bytes(found)


async def spooled(request: web.Request, limit: int) -> BinaryIO | None:
    """The body, in memory or (above a megabyte) on the archive's disk; None where it is larger than allowed. A request
    that names an idempotency key, and was asked before, ends here."""
    if (request.content_length or 0) > limit:
        return None
    incoming = request.app[SERVER].services.archive.root / "incoming"
    spool = tempfile.SpooledTemporaryFile(max_size=1 << 20, dir=str(incoming))  # noqa: SIM115
    size, digest = 0, hashlib.sha256()
    try:
        async for block in pieces(request.content, 1 << 18):
            size += len(block)
            if size > limit:
                break
            digest.update(block)
            await asyncio.to_thread(spool.write, block)
        spool.seek(0)
        if size <= limit:
            await idempotent.begin_hashed(request, digest.hexdigest())
    except BaseException:
        spool.close()
        raise
    if size > limit:
        spool.close()
        return None
    return cast(BinaryIO, spool)


def file_name(given: str, otherwise: str) -> str:
    """What a file is called: the last part of what its sender says, in one line."""
    last = re.split(r"[/\\]", given)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "_", last).strip()[:200] or otherwise


def too_large(limit: int) -> web.Response:
    """The answer to a body that is larger than allowed."""
    return problem(413, "Too large", f"At most {limit >> 20} MB are taken here; split it, or use the drop folder.")
