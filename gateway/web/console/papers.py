"""Papers and files of the archive as pages send them, and papers that pages take in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from ...core.flow.documents import Belongs, CannotBeAdded, NewDocument, add_document
from ...core.model.papers import KINDS, NoPaper, media_type
from ...core.store.archive import ArchiveDamaged
from ..bodies import file_name
from .guard import Refused, Visit
from .upload import read_upload


def safe_name(name: str, otherwise: str) -> str:
    """What a file may be called in a header."""
    named = file_name(name, otherwise)
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._- ") else "_" for letter in named)


async def bytes_of(visit: Visit, sha256: str, what: str) -> bytes:
    """The bytes of a paper. `what` it is called where they are not there. Raises Refused."""
    try:
        return await asyncio.to_thread(visit.server.services.archive.read, sha256)
    except (ArchiveDamaged, FileNotFoundError):
        raise gone(what) from None


def gone(what: str) -> Refused:
    """The archive has the bytes of this no more."""
    return Refused(410, "Not there any more", f"The bytes of {what} were removed, or cannot be read.")


def as_file(data: bytes, name: str, media: str, *, shown: bool = False) -> web.Response:
    """Bytes as a file to be saved; with `shown` in the window, by what the browser has for its kind."""
    headers = {
        "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    if not shown:
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return web.Response(body=data, content_type=media, headers=headers)


async def take_document(visit: Visit, claim_id: int, releases: Sequence[int] = ()) -> None:
    """Keep the document of a form with the fields `kind` and `file` as one of a claim; it releases these holds. Raises
    Refused."""
    services = visit.server.services
    fields, name, data = await read_upload(visit, services.config.gateway.documents.max_mb << 20)
    kind = fields.get("kind", "")
    if kind not in KINDS:
        raise Refused(422, "What is it?", "Choose what kind of document it is.")
    if not data:
        raise Refused(422, "No document", "Choose the file of the document: PDF, TIFF, JPEG or PNG.")
    try:
        media = media_type(data)
        stored = await asyncio.to_thread(services.archive.put, data)
        new = NewDocument(kind, name[:200], media, stored, Belongs(claim_id=claim_id), releases=tuple(releases))
        await visit.server.write(add_document, new, visit.who, visit.now, services.config.partner_for)
    except (NoPaper, CannotBeAdded) as error:
        raise Refused(422, "It was not taken", str(error)) from error
