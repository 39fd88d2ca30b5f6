"""The `Transport` of `gateway.plugins.transport`, over SFTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import posixpath
import stat as modes
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

import paramiko

from gateway.plugins import pickup as pickup_rules
from gateway.plugins.pickup import PickupRules
from gateway.plugins.transport import (
    AfterFetch,
    AlreadyThere,
    ConnectionLost,
    Member,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    OutgoingFacts,
    Probe,
    Refused,
    RemoteFile,
    TimedOut,
    TooLarge,
    TransferFailed,
    TransportError,
    Uploaded,
)

from . import names, schedule, wrapping
from .line import Line
from .pool import Pool
from .session import FAILURE, NO_SUCH_FILE, PERMISSION_DENIED, UNSUPPORTED, Attributes, LocalFault, Session, Status
from .settings import SftpSettings
from .watch import Watch

LINE_BROKEN = (EOFError, OSError, paramiko.SSHException)
"""What paramiko raises when the line breaks, stands still (TimeoutError is an OSError) or talks nonsense."""


class SftpTransport:
    """One partner's line; see the protocol for what each call promises."""

    def __init__(self, partner: str, settings: SftpSettings, pool: Pool, now: Callable[[], dt.datetime]) -> None:
        self.partner = partner
        self._settings = settings
        self._pool = pool
        self._now = now
        self._line: Line | None = None

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
        while self._line is None:
            line, used = self._pool.take(self._now())
            if used and not self._answers(line):
                line.close()
                continue
            self._line = line

    def _answers(self, line: Line) -> bool:
        limit = self._settings.timeouts.channel
        try:
            with Watch(line.cut, still=limit, total=limit):
                line.session.look_at(".")
        except Status:
            return True
        except LINE_BROKEN:
            return False
        return True

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._pool.give(line)

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def probe(self) -> Probe:
        began = time.monotonic()
        self.connect()
        assert self._line is not None
        mark = self._line.host_key
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
        return Probe(server, mark, time.monotonic() - began, states)

    @contextlib.contextmanager
    def _call(
        self, path: str, *, total: float | None = None, unknown: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Session, Callable[[], None]]]:
        """The session, within the time limits; what breaks is told in our words. `unknown` says, when the line
        breaks, whether something may have happened by then. A broken line is closed and not used again."""
        line = self._line
        if line is None:
            raise self._error(ConnectionLost, "there is no open line.", path)
        still = self._settings.timeouts.channel
        watch = Watch(line.cut, still=still, total=still if total is None else total)
        try:
            with watch:
                yield line.session, watch.moved
        except Status as status:
            raise self._refused(status, path) from None
        except LINE_BROKEN as error:
            self._drop()
            late = watch.expired or isinstance(error, TimeoutError)
            what = "the partner did not answer in time." if late else "the line went away."
            if unknown():
                raise self._error(OutcomeUnknown, f"{what} It may have happened by then.", path) from None
            raise self._error(TimedOut if late else ConnectionLost, what, path) from None
        except LocalFault as fault:
            self._drop()
            raise fault.error from None
        except BaseException:
            # Answers are still under way: the line cannot be used again.
            self._drop()
            raise

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.cut()
            line.close()

    def _error(self, kind: type[TransportError], what: str, path: str) -> TransportError:
        return kind(what, partner=self.partner, path=path)

    def _refused(self, status: Status, path: str) -> TransportError:
        if status.code == NO_SUCH_FILE:
            return NotFound(
                "there is no such file or folder.",
                partner=self.partner,
                path=path,
                advice="Compare the folder names in the partner's settings with what the partner says.",
            )
        if status.code == PERMISSION_DENIED:
            return NotAllowed(
                "the partner's server does not allow it.",
                partner=self.partner,
                path=path,
                advice="Ask the partner for the right to it, or correct the folder in the settings.",
            )
        if status.code == UNSUPPORTED:
            return NotAllowed("the partner's server cannot do this.", partner=self.partner, path=path)
        words = " ".join(status.text.split())[:200] or "no reason given"
        return TransferFailed(f"the partner's server failed: {words}.", partner=self.partner, path=path)

    # -- files -----------------------------------------------------------------------------------------------------

    def list(self, folder: str) -> list[RemoteFile]:
        found = []
        with self._call(folder, total=self._settings.timeouts.transfer) as (session, moved):
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
        try:
            with self._call(path) as (session, _):
                seen = session.look_at(path)
        except NotFound:
            return None
        return RemoteFile(path, posixpath.basename(path), seen.size or 0, seen.mtime or 0)

    def get(self, path: str, out: BinaryIO, *, limit: int) -> int:
        with self._call(path, total=self._settings.timeouts.transfer) as (session, moved):
            count, before = session.read_to(path, out, limit, moved)
        if count > limit:
            raise TooLarge(
                f"the file has more than {limit} bytes.",
                partner=self.partner,
                path=path,
                advice="If it is right, raise pickup.limit; else ask the partner.",
            )
        if before.size is not None and count != before.size:
            raise self._error(TransferFailed, "the file changed while it was read.", path)
        return count

    def put(self, data: BinaryIO, path: str) -> Uploaded:
        size = _size(data)
        limit = self._settings.outgoing.limit
        if size is not None and size > limit:
            raise TooLarge(
                f"{size} bytes are more than the {limit} that this partner takes.",
                partner=self.partner,
                path=path,
                advice="Make smaller batches.",
            )
        self._must_be_free(path)
        return self._put_renamed(data, path) if self._settings.outgoing.rename else self._put_direct(data, path)

    def _must_be_free(self, path: str) -> None:
        try:
            there = self.stat(path)
        except NotAllowed:
            return  # A drop box that lets nobody look.
        if there is not None:
            raise AlreadyThere(
                f"a file of that name is there, {there.size} bytes.",
                partner=self.partner,
                path=path,
                advice="Nothing was sent. Look whether it is this very file.",
                size=there.size,
            )

    def _put_renamed(self, data: BinaryIO, path: str) -> Uploaded:
        chosen = self._settings.outgoing
        temporary = names.temporary_path(
            path,
            prefix=chosen.temporary_prefix,
            suffix=chosen.temporary_suffix,
            folder=self._folder(self._settings.folders.temporary),
        )
        with self._call(temporary, total=self._settings.timeouts.transfer) as (session, moved):
            size = session.write_from(temporary, data, moved)
        seen = self._seen_size(temporary)
        if seen is not None and seen != size:
            self._tidy(temporary)
            raise self._error(TransferFailed, f"{seen} of {size} bytes arrived at the partner.", temporary)
        self._rename(temporary, path, size)
        return Uploaded(path, size, True, seen is not None)

    def _rename(self, temporary: str, path: str, size: int) -> None:
        """The moment at which the final name appears."""
        try:
            with self._call(path, unknown=lambda: True) as (session, _):
                try:
                    session.rename_over(temporary, path)
                except Status as status:
                    if status.code not in (UNSUPPORTED, PERMISSION_DENIED, FAILURE):
                        raise
                    session.rename_plain(temporary, path)
        except NotFound:
            self._after_failed_rename(temporary, path, size, "the temporary file is gone.")
        except (NotAllowed, TransferFailed) as error:
            self._after_failed_rename(temporary, path, size, error.what)

    def _after_failed_rename(self, temporary: str, path: str, size: int, why: str) -> None:
        """The server says that it did not rename. Believe it only after a look."""
        try:
            final = self.stat(path)
        except TransferFailed as error:
            raise self._error(OutcomeUnknown, f"the server did not rename: {why} Then {error.what}", path) from None
        except NotAllowed:
            final = None
        if final is not None and final.size == size:
            return
        self._tidy(temporary)
        raise NotAllowed(
            f"the file was uploaded, but the server did not give it its final name: {why}",
            partner=self.partner,
            path=path,
            advice="If the partner forbids renaming, set outgoing.rename: false. No file of that name is there.",
        )

    def _put_direct(self, data: BinaryIO, path: str) -> Uploaded:
        may_exist = False

        def opened() -> None:
            nonlocal may_exist
            may_exist = True

        try:
            with self._call(path, total=self._settings.timeouts.transfer, unknown=lambda: may_exist) as (
                session,
                moved,
            ):
                size = session.write_from(path, data, moved, opened)
        except OutcomeUnknown:
            raise
        except TransportError as error:
            if may_exist:
                raise self._error(OutcomeUnknown, f"{error.what} A part of the file may be there.", path) from None
            raise
        try:
            seen = self._seen_size(path)
        except TransferFailed:
            return Uploaded(path, size, False, False)  # Every block and the close were answered with yes.
        if seen is not None and seen != size:
            raise self._error(OutcomeUnknown, f"{seen} of {size} bytes are there under the final name.", path)
        return Uploaded(path, size, False, seen is not None)

    def _seen_size(self, path: str) -> int | None:
        """How many bytes the partner shows; None where it shows nothing (taken away already, or not to be seen)."""
        try:
            there = self.stat(path)
        except NotAllowed:
            return None
        return there.size if there is not None else None

    def _tidy(self, temporary: str) -> None:
        with contextlib.suppress(TransportError):
            self.delete(temporary)

    def delete(self, path: str) -> None:
        try:
            with self._call(path, unknown=lambda: True) as (session, _):
                session.remove_file(path)
        except NotFound:
            return

    def move(self, path: str, to: str) -> None:
        self._must_be_free(to)
        with self._call(path, unknown=lambda: True) as (session, _):
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


def _size(data: BinaryIO) -> int | None:
    if not data.seekable():
        return None
    here = data.tell()
    end = data.seek(0, os.SEEK_END)
    data.seek(here)
    return end - here
