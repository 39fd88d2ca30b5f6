"""Forms that carry a file, and what was asked for that is done a moment later."""

from __future__ import annotations

import asyncio

from aiohttp import BodyPartReader
from sqlalchemy import select

from ...core.store.tables import requests
from .guard import Refused, Visit, check_mark

LONGEST_FIELD = 4000


async def with_file(visit: Visit, limit: int, what: str) -> tuple[dict[str, str], str, bytes]:
    """The fields of a form with a file, the file's name, and the file. The form's own mark is checked here: a form with
    a file is read as it comes. `what` is the file called where it is too large ("A document").

    Raises:
        Refused: it is too large, or no form of ours.
    """
    fields: dict[str, str] = {}
    name, data = "", b""
    async for part in await visit.request.multipart():
        if not isinstance(part, BodyPartReader):
            raise Refused(400, "Not understood", "A form within a form is not taken.")
        kept = bytearray()
        most = limit if part.name == "file" else LONGEST_FIELD
        while block := await part.read_chunk(1 << 16):
            kept += block
            if len(kept) > most:
                raise Refused(413, "Too large", f"{what} has at most {limit >> 20} MB.")
        if part.name == "file":
            check_mark(visit.session, fields.get("csrf", ""))
            name, data = part.filename or "file", bytes(kept)
        else:
            fields[str(part.name)] = kept.decode("utf-8", "replace").strip()
    check_mark(visit.session, fields.get("csrf", ""))
    return fields, name, data


async def came_of(visit: Visit, request_id: int) -> str:
    """What came of something that was asked for, where it is done within a moment; empty where it is under way."""
    for _ in range(30):
        row = await visit.server.read(
            lambda sql: sql.execute(
                select(requests.c.done_at, requests.c.outcome).where(requests.c.id == request_id)
            ).one_or_none()
        )
        if row is not None and row.done_at is not None:
            return str(row.outcome)
        await asyncio.sleep(0.1)
    return ""
