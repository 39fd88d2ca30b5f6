"""The `Transport` of `gateway.plugins.transport`, over SFTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import stat as modes
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

from gateway.plugins import pickup as pickup_rules
from gateway.plugins.pickup import PickupRules
from gateway.plugins.transport import (
    AfterFetch,
    AlreadyThere,
    Member,
    OutgoingFacts,
    Probe,
    Refused,
    RemoteFile,
    TooLarge,
    TransferFailed,
    Uploaded,
)

from . import names, schedule, wrapping
from .calls import Calls
from .pool import Pool
from .session import NO_SUCH_FILE, Attributes, Session, Status
from .settings import SftpSettings
from .upload import Upload


class SftpTransport:
    """One partner's line; see the protocol for what each call promises."""

    def __init__(self, partner: str, settings: SftpSettings, pool: Pool, now: Callable[[], dt.datetime]) -> None:
        self.partner = partner
        self._settings = settings
        self._now = now
        self._calls = Calls(partner, settings, pool)

    # -- what the settings say -------------------------------------------------------------------------------------

    @property
    def receive_folders(self) -> Sequence[str]:
        return [self._folder(folder) for folder in self._settings.folders.receive]

    @property
    def after_fetch(self) -> AfterFetch:
        return self._settings.after_fetch

    @property
    def pickup(self) -> PickupRules:
        chosen = self._settings.pickup
        return PickupRules(
            masks=chosen.masks, ignore=chosen.ignore, polls=chosen.polls, seconds=chosen.stable, marker=chosen.marker
        )

    @property
    def limit(self) -> int:
        return self._settings.pickup.limit

    def wanted(self, file: RemoteFile) -> bool:
        return pickup_rules.wanted(file, self.pickup)

    def pause(self, at: dt.datetime, failures: int, chance: float) -> float:
        return schedule.pause(self._settings.poll, at, failures, chance)

    def final_path(self, facts: OutgoingFacts) -> str:
        """Raises NotAllowed if the name does not suit the partner."""
        chosen = self._settings.outgoing
        name = names.outgoing_name(
            chosen.name,
            facts,
            self._settings.variables,
            zone=chosen.zone,
            test_mark=chosen.test_mark,
            allowed=chosen.allowed,
            max_name=chosen.max_name,
        )
        return names.join(self._folder(self._settings.folders.send), name)

    def _folder(self, template: str) -> str:
        return names.folder_path(template, self._settings.variables)

    def wrap(self, name: str, source: Path, into: Path) -> Path:
        return wrapping.wrap(self.partner, self._settings.pgp.send, name, source, into, self._now())

    def unwrap(self, name: str, source: Path, into: Path) -> list[Member]:
        return wrapping.unwrap(self.partner, self._settings.pgp.receive, self._settings.zip, name, source, into)

    # -- the line --------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        self._calls.connect(self._now())

    def close(self) -> None:
        self._calls.close()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def probe(self) -> Probe:
        began = time.monotonic()
        line = self._calls.connect(self._now())
        folders = self._settings.folders
        wanted = [folders.send, *folders.receive, *(f for f in (folders.archive, folders.temporary) if f)]
        states: dict[str, str] = {}
        for folder in map(self._folder, wanted):
            try:
                self.list(folder)
                states[folder] = "ok"
            except Refused as error:
                states[folder] = error.what
        server = f"{self._settings.username}@{self._settings.host}:{self._settings.port}"
        return Probe(server, line.host_key, time.monotonic() - began, states)

    # -- files -----------------------------------------------------------------------------------------------------

    def list(self, folder: str) -> list[RemoteFile]:
        found = []
        with self._calls.call(folder, total=self._settings.timeouts.transfer) as (session, moved):
            for entry in session.entries(folder, moved):
                path = names.join(folder, entry.name)
                if not _plain_name(entry.name):
                    continue
                attributes = entry.attributes
                if attributes.mode is not None and modes.S_ISLNK(attributes.mode):
                    attributes = _target(session, path) or attributes
                    moved()
                if _is_file(attributes, entry.long):
                    found.append(RemoteFile(path, entry.name, attributes.size or 0, attributes.mtime or 0))
        return sorted(found, key=lambda file: file.name)

    def stat(self, path: str) -> RemoteFile | None:
        return self._calls.stat(path)

    def get(self, path: str, out: BinaryIO, *, limit: int) -> int:
        with self._calls.call(path, total=self._settings.timeouts.transfer) as (session, moved):
            count, before = session.read_to(path, out, limit, moved)
        if count > limit:
            raise TooLarge(
                f"the file has more than {limit} bytes.",
                partner=self.partner,
                path=path,
                advice="If it is right, raise pickup.limit; else ask the partner.",
            )
        if before.size is not None and count != before.size:
            raise self._calls.error(TransferFailed, "the file changed while it was read.", path)
        return count

    def put(self, data: BinaryIO, path: str) -> Uploaded:
        return Upload(self._calls).put(data, path)

    def delete(self, path: str) -> None:
        self._calls.delete(path)

    def move(self, path: str, to: str) -> None:
        self._calls.must_be_free(to)
        with self._calls.call(path, unknown=lambda: True) as (session, _):
            try:
                session.rename_plain(path, to)
            except Status as status:
                if status.code == NO_SUCH_FILE:
                    raise
                session.rename_over(path, to)

    def settle(self, file: RemoteFile) -> str:
        """A file that has changed since it was fetched is another one (names recur): it is left for the next poll."""
        if self.after_fetch is AfterFetch.LEAVE:
            return file.path
        there = self.stat(file.path)
        if there is None:
            return ""
        if (there.size, there.mtime) != (file.size, file.mtime):
            return file.path
        if self.after_fetch is AfterFetch.DELETE:
            self.delete(file.path)
            return ""
        archive = self._folder(self._settings.folders.archive)
        for name in (file.name, f"{file.name}.{file.mtime}", f"{file.name}.{file.mtime}.{file.size}"):
            with contextlib.suppress(AlreadyThere):
                self.move(file.path, names.join(archive, name))
                return names.join(archive, name)
        self._taken(file, archive)

    def _taken(self, file: RemoteFile, archive: str) -> NoReturn:
        raise AlreadyThere(
            f"the archive folder {archive} has files of this name, time and size already.",
            partner=self.partner,
            path=file.path,
            advice="Clear the archive folder at the partner.",
            size=file.size,
        )


def _plain_name(name: str) -> bool:
    """Whether a listed name is one: a hostile server could send a path or control characters."""
    return bool(name) and "/" not in name and name.isprintable()


def _is_file(attributes: Attributes, long: str) -> bool:
    if attributes.mode is not None and modes.S_IFMT(attributes.mode):
        return modes.S_ISREG(attributes.mode)
    return not long.startswith(("d", "l"))


def _target(session: Session, path: str) -> Attributes | None:
    try:
        return session.look_at(path)
    except Status:
        return None
