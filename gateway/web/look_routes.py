"""What there is over HTTP: files and their bytes, batches, claims by what is known of them, and one claim."""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from urllib.parse import quote

from aiohttp import web
from sqlalchemy import Connection, select

from ..core.flow import lists
from ..core.store.archive import ArchiveDamaged
from ..core.store.tables import files
from .admission import SERVER
from .answers import Day, Moment, Page, Text, Told
from .operations import Raw, get, query_of
from .paging import List, PageAsked
from .problems import problem
from .queue_bodies import Id, Name, NotUnderstood
from .queue_routes import ID

FILES, BATCHES, CLAIMS = (List(name, (int,)) for name in ("files", "batches", "claims"))
BYTES = Raw(("application/octet-stream",), "The file, as it came or went.")


class FilesAsked(PageAsked):
    """Which files: those that came in or went out, of a party, of a kind, that stand so."""

    direction: Literal["", "in", "out"] = ""
    party: Name = ""
    kind: Name = ""
    state: Name = ""


class BatchesAsked(PageAsked):
    """Which batches: of a partner, that stand so."""

    partner: Name = ""
    state: Name = ""


class ClaimsAsked(PageAsked):
    """Which claims. `number`: the billing system's or ours; one of `number`, `payer_claim_number`, `member_id` and
    `file_id` is named."""

    number: Name = ""
    payer_claim_number: Name = ""
    member_id: Name = ""
    file_id: Id | None = None


class FileListed(Told):
    """A file that came or went."""

    file_id: int
    direction: str
    origin: str
    party: str
    name: str
    kind: str
    state: str
    reason: str
    size: int
    sha256: str
    claims: int
    dollars: Text
    received_at: Moment


class Files(Page):
    """Files, the newest first."""

    files: list[FileListed]


class Batch(Told):
    """An interchange made of claims. `ta1` and `group_ack`: how it was acknowledged."""

    batch_id: int
    partner: str
    state: str
    reason: str
    isa13: str
    gs06: str
    claims: int
    dollars: Text
    ta1: str
    group_ack: str
    file_id: int | None
    created_at: Moment
    sent_at: Moment | None


class Batches(Page):
    """Batches, the newest first."""

    batches: list[Batch]


class ClaimListed(Told):
    """A claim, without its patient."""

    claim_id: int
    number: str
    our_number: str
    payer_claim_number: str
    state: str
    source: str
    partner: str
    payer_id: str
    payer_name: str
    filing_code: str
    frequency: str
    dollars: Text
    from_date: Day | None
    thru_date: Day | None
    file_id: int
    patient_id: int | None
    version: int
    created_at: Moment
    updated_at: Moment


class Claims(Page):
    """Claims, the newest first."""

    claims: list[ClaimListed]


class LineOfClaim(Told):
    """A service line."""

    number: int
    code: str
    modifiers: list[str]
    units: str
    dollars: Text
    from_date: Day | None
    thru_date: Day | None


class HoldOfClaim(Told):
    """A hold, standing or released."""

    hold_id: int
    type: str
    rule: str
    plugin: str
    reason: str
    team: str
    line: int
    due: Day | None
    opened_at: Moment
    released_at: Moment | None
    released_by: str


class EventOfClaim(Told):
    """Something that happened to a claim."""

    at: Moment
    station: str
    what: str
    who: str


class OneClaim(ClaimListed):
    """A claim as it stands. `owed`: what is owed, by whom it is in words; `events`: what happened, oldest first."""

    balance: Text
    owed: dict[str, Text]
    lines: list[LineOfClaim]
    holds: list[HoldOfClaim]
    events: list[EventOfClaim]


async def _files(request: web.Request) -> web.StreamResponse:
    """Files that came and went, the newest first."""
    asked = query_of(request, FilesAsked)
    (below,) = FILES.place(asked.after) or (0,)

    def read(connection: Connection) -> list[dict[str, Any]]:
        return lists.files_listed(
            connection, direction=asked.direction, party=asked.party, kind=asked.kind, state=asked.state,
            below=below or 0, limit=asked.limit + 1,
        )  # fmt: skip

    rows, after = FILES.page(await request.app[SERVER].read(read), asked.limit, lambda row: (row["file_id"],))
    return web.json_response({"files": rows, "after": after})


async def _batches(request: web.Request) -> web.StreamResponse:
    """Interchanges made of claims, the newest first."""
    asked = query_of(request, BatchesAsked)
    (below,) = BATCHES.place(asked.after) or (0,)

    def read(connection: Connection) -> list[dict[str, Any]]:
        return lists.batches_listed(
            connection, partner=asked.partner, state=asked.state, below=below or 0, limit=asked.limit + 1
        )

    rows, after = BATCHES.page(await request.app[SERVER].read(read), asked.limit, lambda row: (row["batch_id"],))
    return web.json_response({"batches": rows, "after": after})


async def _claims(request: web.Request) -> web.StreamResponse:
    """Claims by what is known of them, the newest first."""
    asked = query_of(request, ClaimsAsked)
    wanted = lists.Wanted(asked.number, asked.payer_claim_number, asked.member_id, asked.file_id)
    if wanted.nothing:
        raise NotUnderstood("name one of number, payer_claim_number, member_id and file_id")
    (below,) = CLAIMS.place(asked.after) or (0,)

    def read(connection: Connection) -> list[dict[str, Any]]:
        return lists.claims_listed(connection, wanted, below=below or 0, limit=asked.limit + 1)

    rows, after = CLAIMS.page(await request.app[SERVER].read(read), asked.limit, lambda row: (row["claim_id"],))
    return web.json_response({"claims": rows, "after": after})


async def _claim(request: web.Request) -> web.StreamResponse:
    """A claim as it stands: its lines, what is owed and by whom, its holds, and what happened to it."""
    found = await request.app[SERVER].read(lists.claim_told, int(request.match_info["id"]))
    if found is None:
        return problem(404, "No such claim", "No claim has this id. GET /api/v1/claims finds one by its number.")
    return web.json_response(found)


async def _content(request: web.Request) -> web.StreamResponse:
    """The bytes of a file, as it came or went: claims and payments of patients."""
    server, file_id = request.app[SERVER], int(request.match_info["id"])
    wanted = select(files.c.name, files.c.sha256).where(files.c.id == file_id)
    row = await server.read(lambda sql: sql.execute(wanted).one_or_none())
    if row is None:
        return problem(404, "No such file", "No file has this id.")
    try:
        data = await asyncio.to_thread(server.services.archive.read, row.sha256)
    except ArchiveDamaged:
        return problem(500, "The archive is damaged", "The bytes of this file are not there. Run: gateway doctor")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return web.Response(body=data, content_type="application/octet-stream", headers=headers)


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    return [
        get("/api/v1/files", _files, tag="files", query=FilesAsked, answers=Files),
        get(f"/api/v1/files/{ID}/content", _content, tag="files", scope="work", answers=BYTES, also=(500,)),
        get("/api/v1/batches", _batches, tag="files", query=BatchesAsked, answers=Batches),
        get("/api/v1/claims", _claims, tag="claims", query=ClaimsAsked, answers=Claims),
        get(f"/api/v1/claims/{ID}", _claim, tag="claims", answers=OneClaim),
    ]
