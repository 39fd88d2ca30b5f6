"""Claims arrive: the bytes of a source's file go into the archive, then the database learns of the file.

Drop folder, HTTP upload and JSON all come through `register`. The same content from the same source again is a
duplicate, whatever its name: it is recorded, shown to a person, and not worked again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import BinaryIO, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from ..boundary import boundary, declare
from ..store import files, timeline
from ..store.archive import Archive, Stored
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items

declare(
    intake_archived="the bytes of a source's file are in the archive, the database does not know of them",
    intake_committed="the database knows the file and that it is to be read; the source still has it",
)

MADE_HERE = "gateway"
"""The origin of a file with claims of a source that were made here (`replace`)."""

T = TypeVar("T")


class Write(Protocol):
    """One transaction of the business database: `await write(function, *args)` calls `function(connection,
    *args)` on a worker thread."""

    def __call__(self, function: Callable[..., T], *args: object) -> Awaitable[T]: ...


class Received(NamedTuple):
    """A file that was recorded. `duplicate_of` is the file that brought the same content before (0: none)."""

    file_id: int
    duplicate_of: int


def register(
    connection: Connection,
    source: str,
    name: str,
    stored: Stored,
    now: dt.datetime,
    origin: str = "source",
    refused: str = "",
) -> Received:
    """Record a file whose bytes are in the archive, and that it is to be read.

    `origin` is source (drop folder), upload or gateway (made here). `refused` says why it is not to be read (cut
    short, empty): then it is quarantined and waits for a person.
    """
    # The counter's row first: two arrivals of the same content come one after the other.
    file_id = allocate(connection, "files", 1)
    first = files.first_with(connection, source, stored.sha256, taken_in=True)
    if first is not None:
        state, reason = "duplicate", f"The same content came before, as file {first}; it is not worked again."
    elif refused:
        state, reason = "quarantined", refused
    else:
        state, reason = "received", ""
    files.add(
        connection,
        files.NewFile("in", origin, source, name, stored, "", state, reason, duplicate_of=first),
        now,
        file_id,
    )
    came = f"Made here for {source}" if origin == MADE_HERE else f"Received from {source}"
    what = f"{came}, {stored.size:,} bytes. {reason}".rstrip()
    timeline.add(connection, [timeline.Entry("file", file_id, "intake", what)], now)
    if reason:
        open_items(connection, [problem(file_id, source, f"File {name}: {reason}", now)], now)
    if state == "received":
        put_outbox(connection, "intake", str(file_id), {"file_id": file_id}, now)
    return Received(file_id, first or 0)


def problem(file_id: int, source: str, reason: str, now: dt.datetime) -> WorkItem:
    """The work item of a file that could not be taken in as it is."""
    return WorkItem(
        kind="file_problem",
        key=f"file:{file_id}",
        reason=f"{source}: {reason}"[:1000],
        team="edi",
        subject_kind="file",
        subject_id=file_id,
        work_by=add_business_days(now.date(), 1),
    )


async def receive(
    write: Write,
    archive: Archive,
    source: str,
    name: str,
    stream: BinaryIO,
    now: dt.datetime,
    origin: str = "upload",
) -> Received:
    """Keep a stream and record it as a file of this source; durable when it returns.

    Raises:
        OSError: the archive cannot take the bytes (disk full); nothing was recorded.
    """
    stored = await asyncio.to_thread(archive.put_stream, stream)
    boundary("intake.archived")
    received = await write(register, source, name, stored, now, origin)
    boundary("intake.committed")
    return received
