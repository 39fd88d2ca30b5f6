"""Files that came in or went out: their rows, and how a second copy of the same content is recognised."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from .archive import Stored, record
from .ids import allocate
from .tables import files, interchanges


class NewFile(NamedTuple):
    """A file to be recorded; its bytes are in the archive already. `direction` is in or out, `origin` one of
    source, partner, upload, plugin, gateway, and `party` its name. `wire` is what travelled, where that is not what
    is read (PGP)."""

    direction: str
    origin: str
    party: str
    name: str
    stored: Stored
    kind: str
    state: str
    reason: str = ""
    wire: Stored | None = None
    parent_id: int | None = None
    duplicate_of: int | None = None
    claims: int = 0
    cents: int = 0


def add(connection: Connection, new: NewFile, now: dt.datetime, file_id: int = 0) -> int:
    """Write the rows of a file and of its bytes; returns the file's id (`file_id`, where one was allocated)."""
    purpose = "inbound" if new.direction == "in" else "outbound"
    record(connection, new.stored, purpose, now)
    if new.wire is not None:
        record(connection, new.wire, purpose, now)
    file_id = file_id or allocate(connection, "files", 1)
    connection.execute(
        insert(files).values(
            id=file_id,
            direction=new.direction,
            origin=new.origin,
            party=new.party,
            name=new.name[:255],
            sha256=new.stored.sha256,
            wire_sha256=None if new.wire is None else new.wire.sha256,
            size=new.stored.size,
            kind=new.kind,
            state=new.state,
            reason=new.reason[:1000],
            parent_id=new.parent_id,
            duplicate_of=new.duplicate_of,
            claims=new.claims,
            cents=new.cents,
            received_at=now,
        )
    )
    return file_id


def first_with(connection: Connection, party: str, sha256: str, *, taken_in: bool = False) -> int | None:
    """The first file with this content that this party sent us; names do not count. `taken_in`: not one of which
    nothing was taken in, so that it can be sent again when the cause is mended."""
    statement = select(files.c.id).where(
        files.c.sha256 == sha256,
        files.c.party == party,
        files.c.direction == "in",
        files.c.duplicate_of.is_(None),
    )
    if taken_in:
        statement = statement.where(files.c.state != "quarantined")
    return connection.execute(statement.order_by(files.c.id).limit(1)).scalar_one_or_none()


def get(connection: Connection, file_id: int) -> Row[Any]:
    """The row of a file. Raises NoResultFound."""
    return connection.execute(select(files).where(files.c.id == file_id)).one()


def set_state(
    connection: Connection,
    file_id: int,
    state: str,
    now: dt.datetime | None = None,
    *,
    reason: str = "",
    claims: int | None = None,
    cents: int | None = None,
) -> None:
    """Set where a file stands; `now` marks it finished. Counts that are None stay."""
    values: dict[str, Any] = {"state": state}
    if reason:
        values["reason"] = reason[:1000]
    if claims is not None:
        values["claims"] = claims
    if cents is not None:
        values["cents"] = cents
    if now is not None:
        values["finished_at"] = now
    connection.execute(update(files).where(files.c.id == file_id).values(**values))


def set_kind(connection: Connection, file_id: int, kind: str) -> None:
    """Note what a file is (837P, JSON, 835, 999 ...)."""
    connection.execute(update(files).where(files.c.id == file_id).values(kind=kind))


class NewInterchange(NamedTuple):
    """An ISA that was read or written. `sender` and `receiver` are ISA06 and ISA08 without padding."""

    direction: str
    partner: str
    sender: str
    receiver: str
    isa13: str
    usage: str


def add_interchanges(connection: Connection, file_id: int, found: list[NewInterchange], now: dt.datetime) -> None:
    """Write the interchanges of a file; the same ISA twice in one file is one row, and writing them again is none."""
    distinct = list(dict.fromkeys((n.direction, n.sender, n.receiver, n.isa13) for n in found))
    if not distinct:
        return
    by_key = {(n.direction, n.sender, n.receiver, n.isa13): n for n in reversed(found)}
    first = allocate(connection, "interchanges", len(distinct))
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(interchanges).on_conflict_do_nothing(),
        [
            by_key[key]._asdict() | {"id": first + index, "file_id": file_id, "at": now}
            for index, key in enumerate(distinct)
        ],
    )
