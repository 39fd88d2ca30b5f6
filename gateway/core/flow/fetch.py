"""The station that fetches what partners have put out for us.

A file is taken when it is ours by name, has not changed over several looks, and (X12) is whole from ISA to IEA. It is
downloaded into the archive, then the database learns of it, and only then is it deleted, moved or left at the partner.
Whatever dies in between, the next poll finds out where it was: the same bytes are one file, whatever their name.
"""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ...plugins.transport import ContentRefused, NotFound, RemoteFile, Transport, TransportError
from ..boundary import boundary, declare
from ..engine.port import Payload, Run, workflow
from ..store import files as file_rows
from ..store import partners, timeline
from ..store.archive import Stored
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.tables import remote_files
from ..work.items import WorkItem, open_items
from ..x12.identify import looks_complete
from . import lines
from .services import Services

MAX_FILES = 200
"""The most files fetched in one poll; the rest waits for the next."""

LOOKS_AT_A_PART = 5
"""How many polls a file that does not end in IEA is given before it is taken as it is."""

declare(
    fetch_archived="the bytes are in the archive, the database does not know of them",
    fetch_committed="the database knows the file, the partner still has it",
    fetch_settled="the file is deleted, moved or left at the partner, which is not noted yet",
)


def _known(services: Services, partner: str, found: list[RemoteFile]) -> dict[tuple[str, int, int], str]:
    """What the database knows of these remote files: fetched or settled, by path, size and time."""
    with services.reads.connect() as connection:
        rows = connection.execute(
            select(remote_files.c.path, remote_files.c.size, remote_files.c.mtime, remote_files.c.state).where(
                remote_files.c.partner == partner,
                remote_files.c.path.in_([file.path for file in found]),
            )
        ).all()
    return {(row.path, row.size, row.mtime): row.state for row in rows}


def _look(services: Services, partner: str) -> dict[str, Any]:
    """One poll: list, choose, download, archive. Returns what was fetched and what is left to settle."""
    try:
        with services.transports.open(partner) as transport:
            return _collect(services, partner, transport)
    except TransportError as error:
        return {"error": lines.problem(error)}


def _collect(services: Services, partner: str, transport: Transport) -> dict[str, Any]:
    # Oldest first: what came earlier is read, and posted, earlier.
    listed = sorted(
        (file for folder in transport.receive_folders for file in transport.list(folder)),
        key=lambda file: (file.mtime, file.path),
    )
    wanted = [file for file in listed if transport.wanted(file)]
    known = _known(services, partner, wanted)
    unsettled = [file for file in wanted if known.get((file.path, file.size, file.mtime)) == "fetched"]
    fresh = [file for file in wanted if (file.path, file.size, file.mtime) not in known]
    fetched: list[dict[str, Any]] = []
    for file in services.sightings.ready(partner, fresh, transport.pickup)[:MAX_FILES]:
        try:
            got = _download(services, partner, transport, file)
        except NotFound:
            # Gone since it was listed: the partner took it away, or another worker has fetched it.
            continue
        if got is not None:
            fetched.append(got)
    return {
        "fetched": fetched,
        "unsettled": [[file.path, file.name, file.size, file.mtime] for file in unsettled],
    }


def _download(services: Services, partner: str, transport: Transport, file: RemoteFile) -> dict[str, Any] | None:
    """One file into the archive: as it travelled, and what is inside. None while it is not whole yet."""
    with tempfile.TemporaryDirectory(dir=services.archive.root / "incoming") as folder:
        wire = Path(folder) / "wire"
        with wire.open("wb") as out:
            transport.get(file.path, out, limit=transport.limit)
        with wire.open("rb") as stream:
            stored = services.archive.put_stream(stream)
        result: dict[str, Any] = {
            "file": [file.path, file.name, file.size, file.mtime],
            "wire": list(stored),
            "members": [],
        }
        inside = Path(folder) / "inside"
        inside.mkdir()
        try:
            members = transport.unwrap(file.name, wire, inside)
        except ContentRefused as error:
            result["refused"] = str(error)
            return result
        for member in members:
            with member.path.open("rb") as stream:
                whole, why = looks_complete(stream)
            if not whole and not services.sightings.enough(partner, file, LOOKS_AT_A_PART):
                return None
            with member.path.open("rb") as stream:
                inner = stored if member.path == wire else services.archive.put_stream(stream)
            result["members"].append({"name": member.name, "stored": list(inner), "why": "" if whole else why})
    boundary("fetch.archived")
    return result


def _register(connection: Connection, services: Services, partner: str, fetched: list[dict[str, Any]]) -> list[int]:
    """Rows for everything fetched, and the reading of what is new. Returns the ids of the files."""
    now = services.clock.now()
    ids: list[int] = []
    # Takes the counter's row first: two polls of one partner cannot both believe that a content is new.
    allocate(connection, "files", 1)
    for got in fetched:
        if not _noted(connection, partner, got["file"]):
            ids += _register_one(connection, partner, got, now)
    lines.went_well(connection, partner, now)
    return ids


def _noted(connection: Connection, partner: str, file: list[Any]) -> bool:
    path, _, size, mtime = file
    return (
        connection.execute(
            select(remote_files.c.id).where(
                remote_files.c.partner == partner,
                remote_files.c.path == path,
                remote_files.c.size == size,
                remote_files.c.mtime == mtime,
            )
        ).first()
        is not None
    )


def _register_one(connection: Connection, partner: str, got: dict[str, Any], now: dt.datetime) -> list[int]:
    path, name, size, mtime = got["file"]
    wire = Stored(*got["wire"])
    members = got["members"]
    plain = len(members) == 1 and members[0]["stored"] == got["wire"]
    parent: int | None = None
    ids: list[int] = []
    if not plain:
        state, reason = ("quarantined", got["refused"]) if got.get("refused") else ("read", "")
        parent = file_rows.add(
            connection,
            file_rows.NewFile(
                "in",
                "partner",
                partner,
                name,
                wire,
                "package",
                state,
                reason,
                duplicate_of=file_rows.first_with(connection, partner, wire.sha256),
            ),
            now,
        )
        timeline.add(
            connection,
            [timeline.Entry("file", parent, "fetch", reason or f"Fetched; {len(members)} file(s) inside.")],
            now,
        )
        if reason:
            open_items(connection, [_problem(partner, parent, f"File {name} from {partner}: {reason}")], now)
        ids.append(parent)
    for member in members:
        ids.append(_register_member(connection, partner, member, parent, wire, now))
    _note_remote(connection, partner, (path, size, mtime), ids[0] if ids else None, now)
    return ids


def _register_member(
    connection: Connection,
    partner: str,
    member: dict[str, Any],
    parent: int | None,
    wire: Stored,
    now: dt.datetime,
) -> int:
    stored = Stored(*member["stored"])
    first = file_rows.first_with(connection, partner, stored.sha256)
    duplicate = first is not None
    reason = f"The same content came before, as file {first}; it is not worked again." if duplicate else ""
    file_id = file_rows.add(
        connection,
        file_rows.NewFile(
            "in",
            "partner",
            partner,
            member["name"],
            stored,
            "",
            "duplicate" if duplicate else "received",
            reason,
            wire=None if wire.sha256 == stored.sha256 else wire,
            parent_id=parent,
            duplicate_of=first,
        ),
        now,
    )
    what = reason or f"Fetched from {partner}, {stored.size:,} bytes."
    if member["why"]:
        what += f" It looks cut short: {member['why']}"
    timeline.add(connection, [timeline.Entry("file", file_id, "fetch", what)], now)
    if not duplicate:
        put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
    return file_id


def _problem(partner: str, file_id: int, reason: str) -> WorkItem:
    return WorkItem(
        kind="file_problem",
        key=f"file:{file_id}",
        reason=reason[:1000],
        team="edi",
        subject_kind="file",
        subject_id=file_id,
        partner=partner,
    )


def _note_remote(
    connection: Connection, partner: str, key: tuple[str, int, int], file_id: int | None, now: dt.datetime
) -> None:
    path, size, mtime = key
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(remote_files)
        .values(
            id=allocate(connection, "remote_files", 1),
            partner=partner,
            path=path,
            size=size,
            mtime=mtime,
            state="fetched",
            file_id=file_id,
            first_seen_at=now,
        )
        .on_conflict_do_nothing(index_elements=["partner", "path", "size", "mtime"])
    )


def _settle(services: Services, partner: str, files: list[list[Any]]) -> dict[str, Any]:
    """Delete, move or leave at the partner what the database knows. One that resists is tried at the next poll."""
    done: list[list[Any]] = []
    try:
        with services.transports.open(partner) as transport:
            for path, name, size, mtime in files:
                transport.settle(RemoteFile(path, name, size, mtime))
                done.append([path, size, mtime])
                boundary("fetch.settled")
    except TransportError as error:
        return {"done": done, "error": lines.problem(error)}
    return {"done": done}


def _settled(connection: Connection, services: Services, partner: str, outcome: dict[str, Any]) -> None:
    now = services.clock.now()
    for path, size, mtime in outcome["done"]:
        connection.execute(
            update(remote_files)
            .where(
                remote_files.c.partner == partner,
                remote_files.c.path == path,
                remote_files.c.size == size,
                remote_files.c.mtime == mtime,
            )
            .values(state="settled", settled_at=now)
        )
    if "error" in outcome:
        _went_wrong(connection, services, partner, outcome["error"])


def _stopped(services: Services, partner: str) -> str:
    with services.reads.connect() as connection:
        return lines.stopped(connection, partner)


def _went_wrong(connection: Connection, services: Services, partner: str, error: dict[str, str]) -> str:
    settings = services.partner(partner)
    limit = settings.stop_after_auth_failures if settings else lines.SIGN_INS_BEFORE_STOP
    return lines.went_wrong(connection, partner, error, services.clock.now(), limit)


class PollClock:
    """When a partner is polled next: by its settings, from the last poll that the database knows of."""

    def __init__(self, services: Services, partner: str, rng: random.Random) -> None:
        self._services = services
        self._partner = partner
        self._rng = rng
        self._chance = rng.random()

    def due(self, now: dt.datetime) -> tuple[str, Payload] | None:
        """The poll to start now, if one is due and none is under way here; for `Engine.schedule`."""
        if self._partner in self._services.polling:
            return None
        with self._services.reads.connect() as connection:
            line = partners.line(connection, self._partner)
        if line.stopped:
            return None
        if line.last_poll_at is not None:
            pause = self._services.transports.describe(self._partner).pause(now, line.failures, self._chance)
            if (now - line.last_poll_at).total_seconds() < pause:
                return None
        self._chance = self._rng.random()
        return f"{self._partner}:{now.isoformat()}", {"partner": self._partner}


@workflow("poll", waits=True)
async def poll(run: Run, payload: Payload) -> dict[str, Any]:
    """Fetch what a partner has for us, once. `payload`: {partner}. Returns the ids of new files."""
    services: Services = run.services
    partner = str(payload["partner"])
    if partner in services.polling:
        return {"files": []}
    services.polling.add(partner)
    try:
        return await _poll(run, services, partner)
    finally:
        services.polling.discard(partner)


async def _poll(run: Run, services: Services, partner: str) -> dict[str, Any]:
    if await run.step("stopped", _stopped, services, partner):
        return {"files": []}
    found = await run.step("look", _look, services, partner)
    if "error" in found:
        await run.transact("failed", _went_wrong, services, partner, found["error"])
        return {"files": [], "error": found["error"]["what"]}
    ids = await run.transact("register", _register, services, partner, found["fetched"])
    boundary("fetch.committed")
    to_settle = [got["file"] for got in found["fetched"]] + found["unsettled"]
    if to_settle:
        outcome = await run.step("settle", _settle, services, partner, to_settle)
        await run.transact("settled", _settled, services, partner, outcome)
    return {"files": ids}
