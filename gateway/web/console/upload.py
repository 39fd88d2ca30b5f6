"""A form with a file in it: read as it comes, bounded in size, parts and time, and only where its mark is right."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, BinaryIO, NamedTuple, TypeVar

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ..bodies import in_time
from .guard import NO_FORM, SLOW, Refused, Visit, check_mark

T = TypeVar("T")
MOST_PARTS = 40
LONGEST_FIELD = 4_000


class Upload(NamedTuple):
    """The fields of a form, the file's name, and the file (empty where none was chosen)."""

    fields: dict[str, str]
    name: str
    data: bytes


async def read_upload(visit: Visit, limit: int, *, into: BinaryIO | None = None) -> Upload:
    """The form of a page that takes a file (`page(..., file=True)`). The mark of the session stands before the file.
    `into`: where the file's bytes are put as they come, instead of into memory.

    Raises Refused where the form is not one of ours, too large, or stops coming.
    """
    try:
        return await _read(visit, limit, into)
    except (ValueError, LookupError, HttpProcessingError):
        raise Refused(400, "Not understood", NO_FORM) from None


async def _read(visit: Visit, limit: int, into: BinaryIO | None) -> Upload:
    if visit.form is not None:
        raise Refused(400, "Not understood", NO_FORM)
    fields: dict[str, str] = {}
    name, data = "", b""
    parts = 0
    reader = await visit.request.multipart()
    while (part := await _coming(reader.next())) is not None:
        parts += 1
        if not isinstance(part, BodyPartReader) or parts > MOST_PARTS:
            raise Refused(400, "Not understood", NO_FORM)
        if part.name == "file":
            check_mark(visit.session, fields.get("csrf", ""))
            name, data = part.filename or "document", await _whole(part, limit, "A file", into)
        else:
            value = await _whole(part, LONGEST_FIELD, "A field")
            fields[str(part.name)] = value.decode("utf-8", "replace").strip()
    check_mark(visit.session, fields.get("csrf", ""))
    return Upload(fields, name, data)


async def _whole(part: BodyPartReader, most: int, what: str, into: BinaryIO | None = None) -> bytes:
    kept, many = bytearray(), 0
    while block := await _coming(part.read_chunk(1 << 16)):
        many += len(block)
        if into is None:
            kept += block
        elif many <= most:
            await asyncio.to_thread(into.write, block)
        if many > most:
            size = f"{most >> 20} MB" if most >= 1 << 20 else f"{most:,} bytes"
            raise Refused(413, "Too large", f"{what} has at most {size}.")
    return bytes(kept)


async def _coming(what: Coroutine[Any, Any, T]) -> T:
    try:
        return await in_time(what)
    except web.HTTPRequestTimeout:
        raise Refused(408, "It took too long", SLOW) from None
