"""The routes of documents: papers of patients are handed in, listed and fetched. Each look is in the access log.

A paper comes as the body, with what it is in the headers (`Document-Kind`, `Document-Claim` ...), or as a form
(multipart) with the same as its fields and the paper in the field `file`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import Field
from sqlalchemy import Connection, literal, select

from ..core.flow.documents import Added, Belongs, CannotBeAdded, NewDocument, add_document
from ..core.model.papers import NoPaper, media_type
from ..core.store.archive import ArchiveDamaged
from ..core.store.tables import documents
from . import claim_answers as told
from . import idempotent
from .admission import SERVER, WHO, admitted
from .again import ID
from .bodies import in_time, pieces
from .operations import PAPER, Raw, check_letters, get, post, query_of
from .paging import List, PageAsked
from .problems import problem
from .queue_bodies import Id, Name

TAG = "documents"
DOCUMENTS = List("documents", (int,))

FIELDS = (
    *("kind", "claim", "patient", "source", "claim_number", "patient_id", "order", "codes", "dated", "releases"),
    "name",
)
"""What may be said of a paper; as a header with `Document-` in front and `-` for `_`."""
MOST_LISTED = 500
_LONGEST_FIELD = 1000
_SHOWN = (
    *("id", "kind", "name", "media_type", "size", "sha256", "dated", "codes", "claim_id", "claim_number"),
    *("order_number", "patient_id", "source", "added_by", "created_at"),
)


class _NotTaken(Exception):
    """Why a request cannot be understood: status, title and detail of the answer."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title


class _Sent(NamedTuple):
    said: Mapping[str, str]
    data: bytes


async def _sent(request: web.Request, limit: int) -> _Sent:
    if (request.content_length or 0) > limit + (1 << 16):
        raise _too_large(limit)
    said: Mapping[str, str]
    if request.content_type == "multipart/form-data":
        said, data = await _from_form(request, limit)
    else:
        headers = {name: request.headers.get(f"Document-{name.replace('_', '-')}") for name in FIELDS}
        said = {name: value for name, value in headers.items() if value is not None}
        data = await _bytes(pieces(request.content, 1 << 16), limit)
    for name, value in said.items():
        check_letters(value, name)
        if len(value) > _LONGEST_FIELD:
            raise _NotTaken(422, "Not as it must be", f"{name} has at most {_LONGEST_FIELD} characters.")
    # A form has another boundary each time: what it says is what counts.
    asked = json.dumps([sorted(said.items()), hashlib.sha256(data).hexdigest()])
    await idempotent.begin(request, asked.encode())
    return _Sent(said, data)


async def _from_form(request: web.Request, limit: int) -> _Sent:
    said: dict[str, str] = {}
    data: bytes | None = None
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise _NotTaken(400, "Not understood", "A form within a form is not taken.")
            if part.name == "file" and data is None:
                data = await _bytes(_chunks(part), limit)
                said.setdefault("name", part.filename or "")
            elif part.name in FIELDS:
                value = await _bytes(_chunks(part), _LONGEST_FIELD)
                said[str(part.name)] = value.decode("utf-8", "replace")
            else:
                known = ", ".join(FIELDS)
                raise _NotTaken(400, "Not understood", f"A form has the field file once, and may have {known}.")
    except (ValueError, HttpProcessingError):
        raise _NotTaken(400, "Not understood", "The form cannot be read: it ends before its end.") from None
    if data is None:
        raise _NotTaken(400, "Not understood", "The form has no paper: put it into the field file.")
    return _Sent(said, data)


async def _chunks(part: BodyPartReader) -> Any:
    while block := await in_time(part.read_chunk(1 << 16)):
        yield block


async def _bytes(blocks: Any, limit: int) -> bytes:
    found = bytearray()
    async for block in blocks:
        found += block
        if len(found) > limit:
            raise _too_large(limit)
    return bytes(found)


def _too_large(limit: int) -> _NotTaken:
    size = f"{limit >> 20} MB (documents.max_mb in gateway.yaml)" if limit > _LONGEST_FIELD else f"{limit} bytes"
    return _NotTaken(413, "Too large", f"At most {size} are taken here.")


def _number(said: Mapping[str, str], name: str) -> int | None:
    value = said.get(name, "").strip()
    if not value:
        return None
    if not value.isascii() or not value.isdecimal() or len(value) > 18:
        raise _NotTaken(400, "Not understood", f"{name} is a number.")
    return int(value)


def _numbers(said: Mapping[str, str], name: str) -> tuple[int, ...]:
    found = [_number({name: one}, name) for one in said.get(name, "").replace(",", " ").split()]
    return tuple(one for one in found if one is not None)


def _day(said: Mapping[str, str], name: str) -> dt.date | None:
    value = said.get(name, "").strip()
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        raise _NotTaken(400, "Not understood", f"{name} is a date like 2026-03-31.") from None


def _belongs(said: Mapping[str, str], known: Callable[[str], object | None]) -> Belongs:
    source = said.get("source", "").strip()
    if source and known(source) is None:
        raise _NotTaken(404, "No such source", f"No source is called {source!r}.")
    number, patient_id = said.get("claim_number", "").strip(), said.get("patient_id", "").strip()
    if (number or patient_id) and not source:
        raise _NotTaken(400, "Not understood", "claim_number and patient_id are a source's own: name the source.")
    return Belongs(_number(said, "claim"), _number(said, "patient"), source, number, patient_id)


async def post_document(request: web.Request) -> web.StreamResponse:
    """Take a paper. With `releases`, holds that wait for it: that asks for a token of the scope work as well. It comes
    as the body, with what it is in the headers `Document-Kind`, `Document-Claim` and so on; or as a form (multipart)
    with the same as its fields and the paper in the field `file`."""
    server = request.app[SERVER]
    services = server.services
    config = services.config
    try:
        said, data = await _sent(request, config.gateway.documents.max_mb << 20)
        belongs, releases = _belongs(said, config.source), _numbers(said, "releases")
        codes, dated = said.get("codes", "").upper().replace(",", " ").split(), _day(said, "dated")
        found = media_type(data)
    except _NotTaken as why:
        return problem(why.status, why.title, str(why))
    except NoPaper as error:
        return problem(415, "Nothing was added", str(error))
    if releases:
        refused = await admitted(request, "work", noted=False)
        if isinstance(refused, web.Response):
            return refused
    stored = await asyncio.to_thread(services.archive.put, data)
    name = "".join(letter for letter in said.get("name", "") if letter.isprintable())[:255]
    new = NewDocument(
        said.get("kind", "").strip(),
        name or f"document{found.ending}",
        found,
        stored,
        belongs,
        dated,
        tuple(codes),
        said.get("order", "").strip(),
        releases,
    )
    who, now = request[WHO], services.clock.now()

    def add(connection: Connection) -> Added:
        return add_document(connection, new, who, now, config.partner_for)

    try:
        done = await server.write(add)
    except CannotBeAdded as error:
        return problem(422, "Nothing was added", str(error))
    return web.json_response(done._asdict(), status=201 if done.new else 200)


class DocumentsAsked(PageAsked):
    """Which papers: of a claim, a patient, an order, of a kind, with a HCPCS code."""

    claim: Id | None = None
    patient: Id | None = None
    order: Name = ""
    kind: Name = ""
    code: Name = ""
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = MOST_LISTED


def _listed(connection: Connection, asked: DocumentsAsked, after: int) -> list[dict[str, Any]]:
    d = documents.c
    statement = select(documents).where(d.id > after).order_by(d.id).limit(asked.limit + 1)
    for column, value in (
        (d.claim_id, asked.claim),
        (d.patient_id, asked.patient),
        (d.kind, asked.kind),
        (d.order_number, asked.order),
    ):
        if value:
            statement = statement.where(column == value)
    if asked.code:
        padded = literal(" ") + d.codes + " "
        statement = statement.where(padded.contains(f" {asked.code.upper()} ", autoescape=True))
    return [_shown(row) for row in connection.execute(statement)]


def _shown(row: Any) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in _SHOWN}
    found["dated"] = row.dated.isoformat() if row.dated is not None else None
    return found | {"codes": row.codes.split(), "created_at": row.created_at.isoformat()}


async def get_documents(request: web.Request) -> web.StreamResponse:
    """Papers, the oldest first."""
    asked = query_of(request, DocumentsAsked)
    (place,) = DOCUMENTS.place(asked.after) or (0,)
    rows = await request.app[SERVER].read(_listed, asked, place or 0)
    page, after = DOCUMENTS.page(rows, asked.limit, lambda one: (one["id"],))
    return web.json_response({"documents": page, "after": after})


def _one(connection: Connection, document_id: int) -> Any:
    return connection.execute(select(documents).where(documents.c.id == document_id)).one_or_none()


async def get_document(request: web.Request) -> web.StreamResponse:
    """The paper itself, as it was handed in."""
    server = request.app[SERVER]
    row = await server.read(_one, int(request.match_info["id"]))
    if row is None:
        return problem(404, "No such document", "No document has this id.")
    try:
        data = await asyncio.to_thread(server.services.archive.read, row.sha256)
    except ArchiveDamaged:
        return problem(500, "The archive is damaged", "The bytes of this document are not there. Run: gateway doctor")
    return web.Response(
        body=data,
        content_type=row.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


PAPERS = Raw(
    (*PAPER.types, "multipart/form-data"),
    "The paper (PDF, TIFF, JPEG or PNG): the bytes of the file, or a form with the field `file`.",
)
ROUTES = [
    post(
        "/api/v1/documents",
        post_document,
        tag=TAG,
        scope="submit",
        body=PAPERS,
        answers={201: told.DocumentAdded, 200: told.DocumentAdded},
        also=(404, 415),
    ),
    get("/api/v1/documents", get_documents, tag=TAG, query=DocumentsAsked, answers=told.Documents),
    get(f"/api/v1/documents/{ID}", get_document, tag=TAG, answers=PAPER, also=(500,)),
]
