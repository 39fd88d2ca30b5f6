"""Drop folders: a billing system puts a file down, the gateway takes it up.

A file is taken when its name is no partial one, its size and time stood still over some looks, and it is whole (X12
from ISA to IEA; JSON that parses). Its bytes go into the archive, the database learns of it, and only then is it moved
to `processed/` (or, with a reason beside it, to `failed/`). Whatever dies in between, the next look knows the file by
its name, size and time, and moves it without taking it twice.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, update

from ...plugins.pickup import PickupRules, RemoteFile, Sighting, look, wanted
from ..boundary import boundary, declare
from ..clock import Clock
from ..engine.port import Payload, Run, workflow
from ..store import drop_documents
from ..store.archive import Stored
from ..store.ids import allocate
from ..store.tables import remote_files
from ..x12.identify import looks_complete
from . import bank, plugin_drop
from .receive import register
from .services import Services

LOOKS_AT_A_PART = 5
"""How many looks a file that is not whole is given before it is set aside as failed."""
EMPTY_FOR = 3600.0
"""Seconds after which an empty file is set aside as failed."""
LIES_AFTER = 900.0
"""Seconds after which people are told of a file that is not taken up."""
MAX_FILES = 100
"""The most files taken at once; the rest waits for the next look."""
WHOLE_JSON = 64 << 20
"""A JSON file above this size (bytes) is not parsed to see whether it is whole; intake finds out."""

declare(
    drop_moved="a file that was taken has been moved out of the drop folder, which is not noted yet",
)


class Source(NamedTuple):
    """A billing system's drop folder: its name in the configuration, the folder, and which names are taken. With `drop`
    (`plugin/name`) its files are documents for that plugin, which know patients by the ids of `patients_of`; with
    `bank` they are those of this bank."""

    name: str
    folder: Path
    patterns: Sequence[str] = ("*",)
    stable_for: float = 5.0
    drop: str = ""
    patients_of: str = ""
    bank: str = ""

    @property
    def party(self) -> str:
        """How its files are noted; no partner's name looks like it."""
        return f"source:{self.name}"


class DropFolder:
    """Looks at one drop folder again and again; remembers what it saw."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self.source = source
        self._clock = clock
        self._seen: dict[str, Sighting] = {}
        self._partial: dict[str, int] = {}
        for folder in (source.folder, source.folder / "processed", source.folder / "failed"):
            folder.mkdir(parents=True, exist_ok=True)

    def ready(self) -> list[dict[str, Any]]:
        """The files to take up now: {path, name, size, mtime, refused}; blocking, so call it on a thread.

        `refused` is the reason why a file goes to `failed/` instead: cut short for too long, or empty.
        """
        now = self._clock.now()
        rules = PickupRules(masks=tuple(self.source.patterns), polls=2, seconds=self.source.stable_for)
        listing = _list(self.source.folder)
        found = look(self._seen, [file for file in listing if file.size], rules, now.timestamp())
        self._seen = found.sightings
        self._partial = {path: n for path, n in self._partial.items() if path in self._seen}
        taken = []
        for file in found.ready[:MAX_FILES]:
            whole, why = _whole(Path(file.path))
            if not whole:
                self._partial[file.path] = looks = self._partial.get(file.path, 0) + 1
                if looks < LOOKS_AT_A_PART:
                    continue
            taken.append(_entry(file, "" if whole else f"It is not whole: {why}. Ask the source to send it again."))
        for file in listing:
            if not file.size and now.timestamp() - file.mtime / 1e9 > EMPTY_FOR:
                taken.append(_entry(file, "It is empty. Ask the source to send it again."))
        return taken

    def due(self, now: dt.datetime) -> tuple[str, Payload] | None:
        """The workflow to start now, if there is anything to take; for `Engine.schedule`."""
        files = self.ready()
        if not files:
            return None
        key = f"{self.source.name}:{now.isoformat()}"
        payload = {"source": self.source.name, "party": self.source.party, "files": files}
        if self.source.drop:
            plugin, _, name = self.source.drop.partition("/")
            payload["drop"] = [plugin, name, self.source.patients_of or self.source.name]
        if self.source.bank:
            payload["bank"] = self.source.bank
        return key, payload


def not_taken(folder: Path, patterns: Sequence[str], now: dt.datetime) -> int:
    """How many files have lain in a drop folder for a while that no look takes up: their names fit no pattern, or are
    those of files that are still written, or nothing is in them. Hidden files are nobody's; of a folder that cannot be
    read none are."""
    rules = PickupRules(masks=tuple(patterns))
    try:
        seen = [file for file in _list(folder) if not file.name.startswith(".")]
    except OSError:
        return 0
    return sum(1 for file in seen if not wanted(file, rules) and _came(file, now) > LIES_AFTER)


def _came(file: RemoteFile, now: dt.datetime) -> float:
    """Seconds since a file was written or put here, whichever is later: a copy may keep the time of what it copies."""
    try:
        status = os.stat(file.path, follow_symlinks=False)
    except FileNotFoundError:
        return 0.0
    return now.timestamp() - max(status.st_mtime_ns, status.st_ctime_ns) / 1e9


def _entry(file: RemoteFile, refused: str) -> dict[str, Any]:
    return {
        "path": file.path,
        "name": file.name,
        "size": file.size,
        "mtime": file.mtime,
        "refused": refused,
    }


def _list(folder: Path) -> list[RemoteFile]:
    """The plain files of a folder, by name; links are not followed. Times are in nanoseconds here."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # Its owner, or an earlier look, has just taken it away.
                found.append(RemoteFile(entry.path, entry.name, status.st_size, status.st_mtime_ns))
    return sorted(found, key=lambda file: file.name)


def _whole(path: Path) -> tuple[bool, str]:
    """Whether a file is complete, and what is missing. What is neither X12 nor JSON is taken as it is: intake
    says what is wrong with it."""
    try:
        with path.open("rb") as stream:
            start = stream.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")
            if start[:1] in (b"{", b"["):
                if path.stat().st_size > WHOLE_JSON:
                    return True, ""
                stream.seek(0)
                try:
                    msgspec.json.decode(stream.read().removeprefix(b"\xef\xbb\xbf"))
                except msgspec.DecodeError:
                    return False, "the JSON in it does not end, or is broken"
                return True, ""
            if start[:3].upper() != b"ISA":
                return True, ""
            stream.seek(0)
            return looks_complete(stream)
    except OSError as error:
        return False, f"it cannot be read ({error.strerror})"


def _take(services: Services, party: str, files: list[dict[str, Any]]) -> dict[str, Any]:
    """The bytes of each file into the archive, except of those that the database knows already."""
    looked_at = services.clock.now()
    with services.reads.connect() as connection:
        known = {
            (row.path, row.size, row.mtime)
            for row in connection.execute(
                select(remote_files.c.path, remote_files.c.size, remote_files.c.mtime).where(
                    remote_files.c.partner == party,
                    remote_files.c.path.in_([file["path"] for file in files]),
                    remote_files.c.state == "fetched",
                )
            )
        }
    taken = []
    for file in files:
        if (file["path"], file["size"], file["mtime"]) in known:
            continue
        try:
            with open(file["path"], "rb") as stream:
                status = os.fstat(stream.fileno())
                if (status.st_size, status.st_mtime_ns) != (file["size"], file["mtime"]):
                    continue
                taken.append(file | {"stored": list(services.archive.put_stream(stream))})
        except FileNotFoundError:
            continue
        boundary("intake.archived")
    return {"taken": taken, "looked_at": looked_at.isoformat()}


def _register(
    connection: Connection,
    services: Services,
    source: str,
    party: str,
    found: dict[str, Any],
    drop: Sequence[str] = (),
    of_bank: str = "",
) -> list[int]:
    """The rows of what was taken; returns the ids of the new files. `drop`: they are documents for this one;
    `of_bank`: they are files of this bank."""
    now = services.clock.now()
    looked_at = dt.datetime.fromisoformat(found["looked_at"])
    ids = []
    # Two looks may have found the same file: the second waits here, and then sees what the first has noted.
    allocate(connection, f"drop:{party}", 1)
    for file in found["taken"]:
        row = connection.execute(
            select(remote_files).where(
                remote_files.c.partner == party,
                remote_files.c.path == file["path"],
                remote_files.c.size == file["size"],
                remote_files.c.mtime == file["mtime"],
            )
        ).one_or_none()
        if row is not None and (row.settled_at is None or row.settled_at >= looked_at):
            continue  # Taken by an earlier look, and moved or about to be.
        stored, refused = Stored(*file["stored"]), file["refused"]
        if drop:
            sent = plugin_drop.Sent(drop_documents.Dropped(*drop), source, "source", file["name"])
            received = plugin_drop.register(connection, sent, stored, now, refused)
        elif of_bank:
            received = bank.register(connection, of_bank, file["name"], stored, now, "source", refused=refused)
        else:
            received = register(connection, source, file["name"], stored, now, refused=refused)
        ids.append(received.file_id)
        values = {"state": "fetched", "file_id": received.file_id, "settled_at": None}
        if row is not None:
            connection.execute(update(remote_files).where(remote_files.c.id == row.id).values(**values))
            continue
        connection.execute(
            insert(remote_files).values(
                id=allocate(connection, "remote_files", 1),
                partner=party,
                path=file["path"],
                size=file["size"],
                mtime=file["mtime"],
                first_seen_at=now,
                **values,
            )
        )
    return ids


def _move(services: Services, party: str, files: list[dict[str, Any]]) -> list[list[Any]]:
    """Move what the database knows out of the drop folder; returns what is gone from it. A plugin's document is moved
    when it is decided whether it is taken."""
    with services.reads.connect() as connection:
        known = {
            (row.path, row.size, row.mtime): row.file_id
            for row in connection.execute(
                select(remote_files).where(
                    remote_files.c.partner == party,
                    remote_files.c.path.in_([file["path"] for file in files]),
                    remote_files.c.state == "fetched",
                )
            )
        }
        ids = list(known.values())
        undecided = drop_documents.waiting(connection, ids)
        refused = drop_documents.refusals(connection, ids)
    moved = []
    for file in files:
        identity = (file["path"], file["size"], file["mtime"])
        if identity not in known or known[identity] in undecided:
            continue
        path = Path(file["path"])
        try:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) != identity[1:]:
                continue  # Another file of that name came meanwhile: it is not touched.
            _put_away(path, known[identity], file["refused"] or refused.get(known[identity], ""))
            boundary("drop.moved")
        except FileNotFoundError:
            pass  # Moved before a crash, or this moment by another look, or taken back by its owner.
        moved.append(list(identity))
    return moved


def _put_away(path: Path, file_id: int, refused: str) -> None:
    folder = path.parent / ("failed" if refused else "processed")
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        target = folder / f"{file_id}-{path.name}"
    if refused:
        target.with_name(target.name + ".reason.txt").write_text(f"{refused}\n", encoding="utf-8")
    path.rename(target)


def _settled(connection: Connection, services: Services, party: str, moved: list[list[Any]]) -> int:
    now = services.clock.now()
    for path, size, mtime in moved:
        connection.execute(
            update(remote_files)
            .where(
                remote_files.c.partner == party,
                remote_files.c.path == path,
                remote_files.c.size == size,
                remote_files.c.mtime == mtime,
                remote_files.c.state == "fetched",
            )
            .values(state="settled", settled_at=now)
        )
    return len(moved)


@workflow("drop")
async def take_up(run: Run, payload: Payload) -> list[int]:
    """Take up files of a drop folder. `payload`: {source, party, files}, as `DropFolder.due` gives it. Returns the
    ids of new files."""
    services: Services = run.services
    party, files = str(payload["party"]), list(payload["files"])
    found = await run.step("take", _take, services, party, files)
    ids: list[int] = []
    if found["taken"]:
        drop = tuple(payload.get("drop", ()))
        to = drop, str(payload.get("bank", ""))
        ids = await run.transact("register", _register, services, str(payload["source"]), party, found, *to)
    boundary("intake.committed")
    moved = await run.step("move", _move, services, party, files)
    if moved:
        await run.transact("settled", _settled, services, party, moved)
    return ids
