"""Files and batches: what came and went, what became of it, its answers, its bytes; sending and replaying again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import NoResultFound

from ...core.flow import outgoing, replay
from ...core.flow.again import CannotBeDone
from ...core.flow.claim_check import codes_of
from ...core.model.money import to_dollars
from ...core.store.archive import ArchiveDamaged
from ...core.store.tables import batches, files
from ...operate.trace_file import trace_batch, trace_file
from .csv_out import send_csv
from .guard import Refused, Visit, page
from .laid_claim import Loop, of_file
from .papers import gone, safe_name
from .render import Typed
from .typed_words import TYPED

SHOWN = 50
CLAIMS = 200
MOST_CSV = 100_000
MOST_SEGMENTS = 1500
_FILTERS = ("direction", "party", "kind", "state")


def _typed(visit: Visit, names: Sequence[str]) -> dict[str, str]:
    query = visit.request.query
    return {name: query[name].strip()[:80] for name in names if query.get(name, "").strip()}


def _after(visit: Visit) -> int | None:
    typed = visit.request.query.get("before", "")
    return int(typed) if typed.isdecimal() and len(typed) <= 18 else None


def _files(typed: dict[str, str], before: int | None) -> Select[Any]:
    statement = select(files).order_by(files.c.id.desc())
    for name, value in typed.items():
        statement = statement.where(files.c[name] == value)
    return statement.where(files.c.id < before) if before is not None else statement


@page()
async def listing(visit: Visit) -> web.StreamResponse:
    """Files, the newest first."""
    typed, before = _typed(visit, _FILTERS), _after(visit)
    rows = await visit.server.read(lambda sql: sql.execute(_files(typed, before).limit(SHOWN + 1)).all())
    config = visit.server.services.config
    parties = sorted({*(one.name for one in config.partners), *(one.name for one in config.gateway.sources)})
    more = urlencode(typed | {"before": rows[SHOWN - 1].id}) if len(rows) > SHOWN else ""
    return visit.page(
        "file_rows.html" if visit.in_part and before else "files.html",
        rows=rows[:SHOWN],
        typed=Typed(typed),
        parties=parties,
        more=f"?{more}" if more else "",
        address=urlencode(typed),
        csv=f"/console/files.csv?{urlencode(typed)}",
    )


_COLUMNS = ("id", "direction", "party", "name", "kind", "state", "reason", "size", "sha256", "claims", "dollars")


@page()
async def as_csv(visit: Visit) -> web.StreamResponse:
    """Files as a list for a spreadsheet."""
    typed = _typed(visit, _FILTERS)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        before: int | None = None
        sent = 0
        while sent < MOST_CSV:
            found = await visit.server.read(
                lambda sql, start=before: sql.execute(_files(typed, start).limit(1000)).all()
            )
            for row in found:
                values = dict(row._mapping) | {"dollars": str(to_dollars(row.cents or 0))}
                yield [*(values[name] for name in _COLUMNS), row.received_at.isoformat()]
            sent += len(found)
            if len(found) < 1000:
                return
            before = found[-1].id

    return await send_csv(visit.request, "files.csv", (*_COLUMNS, "received_at"), rows())


def _number(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


async def _file(visit: Visit) -> Any:
    row = await visit.server.read(
        lambda sql: sql.execute(select(files).where(files.c.id == _number(visit))).one_or_none()
    )
    if row is None:
        raise Refused(404, "No such file", "No file has this number.")
    return row


@page()
async def file_page(visit: Visit) -> web.StreamResponse:
    """A file: what became of it, and what it speaks of."""
    return await _file_page(visit)


async def _file_page(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    row = await _file(visit)

    def look(connection: Connection) -> tuple[Any, Any]:
        batch = connection.execute(select(batches).where(batches.c.file_id == row.id)).one_or_none()
        return trace_file(connection, row.id, CLAIMS), batch

    report, batch = await visit.server.read(look)
    return visit.page("file.html", file=row, report=report, batch=batch, said=said, trouble=trouble)


@page()
async def laid(visit: Visit) -> web.StreamResponse:
    """A file laid out by the loops of its guide; `?find=` the key of words: only loops in which they stand."""
    row = await _file(visit)
    words = visit.request.app[TYPED].words(visit.session.hash, visit.request.query.get("find", "")).upper()
    services = visit.server.services

    def look() -> tuple[list[Loop], bool]:
        with services.archive.open(row.sha256) as stream:
            return of_file(stream, codes_of(services.config), MOST_SEGMENTS)

    try:
        loops, more = await asyncio.to_thread(look)
    except (ArchiveDamaged, FileNotFoundError):
        raise gone("this file") from None
    if words:
        loops = [one for one in loops if any(words in segment.text.upper() for segment in one.segments)]
    return visit.page("laid.html", file=row, loops=loops, more=more, words=words, most=MOST_SEGMENTS)


@page()
async def find_in(visit: Visit) -> web.StreamResponse:
    """Words to look for in a file; they may be a patient's, and stand in no address."""
    words, here = visit.field("find")[:80], f"/console/files/{_number(visit)}/laid"
    if not words:
        raise web.HTTPSeeOther(here)
    raise web.HTTPSeeOther(f"{here}?find={visit.request.app[TYPED].keep(visit.session.hash, words)}")


@page()
async def raw(visit: Visit) -> web.StreamResponse:
    """A file as it came, or went."""
    row = await _file(visit)
    path = visit.server.services.archive
    try:
        stream = await asyncio.to_thread(path.open, row.sha256)
    except (ArchiveDamaged, FileNotFoundError):
        raise gone("this file") from None
    answer = web.StreamResponse(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{safe_name(row.name, "file")}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
    )
    await answer.prepare(visit.request)
    with stream:
        while block := await asyncio.to_thread(stream.read, 1 << 18):
            await answer.write(block)
    await answer.write_eof()
    return answer


@page("manage")
async def replay_it(visit: Visit) -> web.StreamResponse:
    """Read a file again that could not be read."""
    row = await _file(visit)
    try:
        done = await visit.server.write(replay.replay_file, row.id, visit.who, visit.field("reason", 500), visit.now)
    except (CannotBeDone, NoResultFound) as error:
        return await _file_page(visit, trouble=str(error))
    return await _file_page(visit, said=done.what)


# --- batches ---------------------------------------------------------------------------------------


@page()
async def batch_list(visit: Visit) -> web.StreamResponse:
    """Batches, the newest first, with their answers."""
    typed, before = _typed(visit, ("partner", "state")), _after(visit)
    statement = select(batches).order_by(batches.c.id.desc())
    for name, value in typed.items():
        statement = statement.where(batches.c[name] == value)
    if before is not None:
        statement = statement.where(batches.c.id < before)
    rows = await visit.server.read(lambda sql: sql.execute(statement.limit(SHOWN + 1)).all())
    more = urlencode(typed | {"before": rows[SHOWN - 1].id}) if len(rows) > SHOWN else ""
    partners = sorted(one.name for one in visit.server.services.config.partners)
    return visit.page(
        "batches.html", rows=rows[:SHOWN], typed=Typed(typed), partners=partners, more=f"?{more}" if more else ""
    )


@page()
async def batch_page(visit: Visit) -> web.StreamResponse:
    """A batch: when it went, what answered it, and its claims."""
    return await _batch_page(visit)


async def _batch_page(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    number = _number(visit)

    def look(connection: Connection) -> tuple[Any, Any]:
        row = connection.execute(select(batches).where(batches.c.id == number)).one_or_none()
        return row, trace_batch(connection, number, CLAIMS) if row is not None else None

    row, report = await visit.server.read(look)
    if row is None:
        raise Refused(404, "No such batch", "No batch has this number.")
    return visit.page("batch.html", batch=row, report=report, said=said, trouble=trouble)


@page("manage")
async def retransmit_it(visit: Visit) -> web.StreamResponse:
    """Send a batch that the partner never received once more: the same bytes."""
    reason = visit.field("reason", 500)
    if not reason:
        return await _batch_page(visit, trouble="Say why it is sent again; it stands on the timeline of the batch.")
    try:
        await visit.server.write(outgoing.send_again, _number(visit), visit.who, reason, visit.now)
    except (NoResultFound, ValueError) as error:
        return await _batch_page(visit, trouble=f"It is not sent: {error}.")
    return await _batch_page(visit, said="It is sent again.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    number = r"{id:\d{1,18}}"
    return [
        web.get("/console/files", listing),
        web.get("/console/files.csv", as_csv),
        web.get(f"/console/files/{number}", file_page),
        web.get(f"/console/files/{number}/laid", laid),
        web.post(f"/console/files/{number}/laid", find_in),
        web.get(f"/console/files/{number}/raw", raw),
        web.post(f"/console/files/{number}/replay", replay_it),
        web.get("/console/batches", batch_list),
        web.get(f"/console/batches/{number}", batch_page),
        web.post(f"/console/batches/{number}/retransmit", retransmit_it),
    ]
