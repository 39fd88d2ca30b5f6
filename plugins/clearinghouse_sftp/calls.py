"""One call to a partner: within its time limits, and with what breaks told in our words."""

from __future__ import annotations

import contextlib
import datetime as dt
import posixpath
from collections.abc import Callable, Iterator

import paramiko

from gateway.plugins.transport import (
    AlreadyThere,
    ConnectionLost,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RemoteFile,
    TimedOut,
    TransferFailed,
    TransportError,
)

from .line import Line
from .pool import Pool
from .session import NO_SUCH_FILE, PERMISSION_DENIED, UNSUPPORTED, LocalFault, Session, Status
from .settings import SftpSettings
from .watch import Watch

LINE_BROKEN = (EOFError, OSError, paramiko.SSHException)
"""What paramiko raises when the line breaks, stands still (TimeoutError is an OSError) or talks nonsense."""


class Calls:
    """The line of one partner, and the calls made on it. `line` is None before `connect` and once it broke."""

    def __init__(self, partner: str, settings: SftpSettings, pool: Pool) -> None:
        self.partner = partner
        self.settings = settings
        self.line: Line | None = None
        self._pool = pool

    def connect(self, now: dt.datetime) -> Line:
        """An open line: an unused one that still answers, or a new one. Raises what `Line` raises."""
        while self.line is None:
            line, used = self._pool.take(now)
            if used and not self._answers(line):
                line.close()
                continue
            self.line = line
        return self.line

    def _answers(self, line: Line) -> bool:
        limit = self.settings.timeouts.channel
        try:
            with Watch(line.cut, still=limit, total=limit):
                line.session.look_at(".")
        except Status:
            return True
        except LINE_BROKEN:
            return False
        return True

    def close(self) -> None:
        """Give the line back."""
        line, self.line = self.line, None
        if line is not None:
            self._pool.give(line)

    @contextlib.contextmanager
    def call(
        self, path: str, *, total: float | None = None, unknown: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Session, Callable[[], None]]]:
        """The session, within the time limits; what breaks is told in our words. `unknown` says, when the line
        breaks, whether something may have happened by then. A broken line is closed and not used again."""
        line = self.line
        if line is None:
            raise self.error(ConnectionLost, "there is no open line.", path)
        still = self.settings.timeouts.channel
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
                raise self.error(OutcomeUnknown, f"{what} It may have happened by then.", path) from None
            raise self.error(TimedOut if late else ConnectionLost, what, path) from None
        except LocalFault as fault:
            self._drop()
            raise fault.error from None
        except BaseException:
            # Answers are still under way: the line cannot be used again.
            self._drop()
            raise

    def _drop(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.cut()
            line.close()

    def error(self, kind: type[TransportError], what: str, path: str) -> TransportError:
        """An error about a path at this partner."""
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

    def stat(self, path: str) -> RemoteFile | None:
        """One file, or None if there is none."""
        try:
            with self.call(path) as (session, _):
                seen = session.look_at(path)
        except NotFound:
            return None
        return RemoteFile(path, posixpath.basename(path), seen.size or 0, seen.mtime or 0)

    def delete(self, path: str) -> None:
        """Remove a file; one that is not there counts as removed."""
        try:
            with self.call(path, unknown=lambda: True) as (session, _):
                session.remove_file(path)
        except NotFound:
            return

    def must_be_free(self, path: str) -> None:
        """Raises AlreadyThere if something has that name, as far as the partner lets us look."""
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
