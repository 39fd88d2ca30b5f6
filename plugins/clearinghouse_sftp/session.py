"""The SFTP requests we make, on paramiko's client: every answer looked at, many requests under way at once.

paramiko's own file object throws away what the server answers to writes that are pipelined and to a close, so an
upload into a full disk can look like a success; and one file name that is not UTF-8 makes a whole folder unreadable.
Here each request's status is read, and a name keeps its bytes.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

import paramiko
from paramiko.message import Message
from paramiko.sftp import (
    CMD_ATTRS,
    CMD_CLOSE,
    CMD_DATA,
    CMD_EXTENDED,
    CMD_FSTAT,
    CMD_HANDLE,
    CMD_NAME,
    CMD_OPEN,
    CMD_OPENDIR,
    CMD_READ,
    CMD_READDIR,
    CMD_REMOVE,
    CMD_RENAME,
    CMD_STAT,
    CMD_STATUS,
    CMD_WRITE,
    SFTP_FLAG_CREATE,
    SFTP_FLAG_READ,
    SFTP_FLAG_TRUNC,
    SFTP_FLAG_WRITE,
    int64,
)
from paramiko.sftp_attr import SFTPAttributes

BLOCK = 32_768
"""Bytes in a read or write; every server takes this many."""
UNDER_WAY = 64
"""Requests sent before the first answer is awaited: 2 MB, so that distance costs little."""

OK, END_OF_FILE, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, UNSUPPORTED = 0, 1, 2, 3, 4, 8


class Status(Exception):
    """The server answered that a request failed: `code` as in the SFTP draft (2 no such file, 3 permission denied,
    4 failure, 8 not supported), `text` its own words."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code
        self.text = text


class LocalFault(Exception):
    """Our own side failed: `error` came from the file that is read or written here."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class Attributes(NamedTuple):
    """What the server says of a file; None where it does not say. `mode` as in Unix."""

    size: int | None
    mtime: int | None
    mode: int | None


class Entry(NamedTuple):
    """A line of a folder. `long` is the server's own wording, as `ls -l` prints it."""

    name: str
    attributes: Attributes
    long: str


class _Answers:
    """Takes the answers in whatever order they come; paramiko calls it for each."""

    def __init__(self) -> None:
        self.got: dict[int, tuple[int, Message]] = {}

    def _async_response(self, kind: int, message: Message, number: int) -> None:
        self.got[number] = (kind, message)


def to_wire(path: str) -> bytes:
    """A path as the server's bytes; `from_wire` backwards."""
    return re.sub(rb"\\x([89a-f][0-9a-f])", lambda found: bytes.fromhex(found[1].decode()), path.encode())


def from_wire(name: bytes) -> str:
    """A name as text; bytes that are no UTF-8 are shown as `\\xe9`, so that it can be stored and asked for again."""
    return name.decode("utf-8", errors="backslashreplace")


class Session(paramiko.SFTPClient):
    """One SFTP channel. Not for two threads at once. Everything may raise Status, or what paramiko raises when the
    line breaks (EOFError, SSHException, OSError) or stands still (TimeoutError)."""

    def __init__(self, channel: paramiko.Channel) -> None:
        super().__init__(channel)
        self._answers = _Answers()

    # paramiko's stubs do not show what its own file objects use; `paramiko<6` is pinned and tests/sftp hold it.
    def _send(self, kind: int, *args: Any) -> int:
        number: int = self._async_request(self._answers, kind, *args)  # type: ignore[attr-defined]
        return number

    def _answer(self, number: int) -> tuple[int, Message]:
        while number not in self._answers.got:
            self._read_response()  # type: ignore[attr-defined]
        kind, message = self._answers.got.pop(number)
        if kind == CMD_STATUS:
            code = message.get_int()
            if code != OK:
                raise Status(code, message.get_string().decode("utf-8", errors="replace"))
        return kind, message

    def _ask(self, expected: int, kind: int, *args: Any) -> Message:
        got, message = self._answer(self._send(kind, *args))
        if got != expected:
            raise paramiko.SFTPError(f"the server answered {got} instead of {expected}")
        return message

    # -- folders -------------------------------------------------------------------------------------------------

    def entries(self, folder: str, moved: Callable[[], None]) -> list[Entry]:
        """Everything in a folder but `.` and `..`. `moved` is called for every part of the list that came."""
        handle = self._ask(CMD_HANDLE, CMD_OPENDIR, to_wire(folder or ".")).get_string()
        found: list[Entry] = []
        try:
            while True:
                moved()
                try:
                    message = self._ask(CMD_NAME, CMD_READDIR, handle)
                except Status as status:
                    if status.code != END_OF_FILE:
                        raise
                    return found
                for _ in range(message.get_int()):
                    name = from_wire(message.get_string())
                    long = from_wire(message.get_string())
                    attributes = _attributes(message)
                    if name not in (".", ".."):
                        found.append(Entry(name, attributes, long))
        finally:
            self._close_quietly(handle)

    def look_at(self, path: str) -> Attributes:
        """The attributes of a file or folder, links followed."""
        return _attributes(self._ask(CMD_ATTRS, CMD_STAT, to_wire(path)))

    def remove_file(self, path: str) -> None:
        """Remove a file."""
        self._ask(CMD_STATUS, CMD_REMOVE, to_wire(path))

    def rename_plain(self, path: str, to: str) -> None:
        """Rename; most servers refuse if `to` is there."""
        self._ask(CMD_STATUS, CMD_RENAME, to_wire(path), to_wire(to))

    def rename_over(self, path: str, to: str) -> None:
        """OpenSSH's posix-rename: in one step, also over what is there. Code 8 where the server lacks it."""
        self._ask(CMD_STATUS, CMD_EXTENDED, b"posix-rename@openssh.com", to_wire(path), to_wire(to))

    # -- contents ------------------------------------------------------------------------------------------------

    def read_to(self, path: str, out: BinaryIO, limit: int, moved: Callable[[], None]) -> tuple[int, Attributes]:
        """Copy a file to `out`, at most `limit` + 1 bytes; returns how many, and what the server said of the open
        file beforehand. `moved` is called for every block that came."""
        handle = self._ask(CMD_HANDLE, CMD_OPEN, to_wire(path), SFTP_FLAG_READ, SFTPAttributes()).get_string()
        try:
            before = _attributes(self._ask(CMD_ATTRS, CMD_FSTAT, handle))
            if before.size is not None and before.size > limit:
                return before.size, before
            total = 0
            for data in self._blocks(handle, before.size, limit + 1):
                try:
                    out.write(data)
                except OSError as error:
                    raise LocalFault(error) from None
                total += len(data)
                moved()
            return total, before
        finally:
            self._close_quietly(handle)

    def _blocks(self, handle: bytes, size: int | None, stop: int) -> Iterator[bytes]:
        """The file's blocks in order, to its end or to `stop`. Asks one byte past `size`, to see whether it grew."""
        ends = stop if size is None else min(size + 1, stop)
        offset = 0
        asked: deque[tuple[int, int, int]] = deque()
        while True:
            while offset < ends and len(asked) < UNDER_WAY:
                length = min(BLOCK, ends - offset)
                asked.append((self._send(CMD_READ, handle, int64(offset), length), offset, length))
                offset += length
            if not asked:
                return
            number, start, length = asked.popleft()
            while length:
                try:
                    kind, message = self._answer(number)
                except Status as status:
                    self._forget(number for number, _, _ in asked)
                    if status.code != END_OF_FILE:
                        raise
                    return
                if kind != CMD_DATA:
                    raise paramiko.SFTPError(f"the server answered {kind} instead of data")
                data = message.get_string()
                if not data:
                    raise paramiko.SFTPError("the server answered a read with nothing")
                yield data
                start, length = start + len(data), length - len(data)
                if length:
                    number = self._send(CMD_READ, handle, int64(start), length)

    def _forget(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            with contextlib.suppress(Status):
                self._answer(number)

    def write_from(
        self, path: str, data: BinaryIO, moved: Callable[[], None], opened: Callable[[], None] = lambda: None
    ) -> int:
        """Create or empty the file and write all of `data` into it; returns how many bytes. `opened` is called when
        the file may exist from now on. Raises Status for any block or for the close."""
        flags = SFTP_FLAG_WRITE | SFTP_FLAG_CREATE | SFTP_FLAG_TRUNC
        number = self._send(CMD_OPEN, to_wire(path), flags, SFTPAttributes())
        try:
            kind, message = self._answer(number)
        except Status:
            raise
        except BaseException:
            opened()  # The answer was lost: it may have been yes.
            raise
        if kind != CMD_HANDLE:
            raise paramiko.SFTPError(f"the server answered {kind} instead of a handle")
        opened()
        handle = message.get_string()
        offset = 0
        asked: deque[int] = deque()
        try:
            while block := _read(data):
                asked.append(self._send(CMD_WRITE, handle, int64(offset), block))
                offset += len(block)
                if len(asked) >= UNDER_WAY:
                    self._answer(asked.popleft())
                moved()
            while asked:
                self._answer(asked.popleft())
                moved()
        except Status:
            self._forget(asked)
            self._close_quietly(handle)
            raise
        self._ask(CMD_STATUS, CMD_CLOSE, handle)
        return offset

    def _close_quietly(self, handle: bytes) -> None:
        with contextlib.suppress(Status, EOFError, OSError, paramiko.SSHException):
            self._ask(CMD_STATUS, CMD_CLOSE, handle)


def _read(data: BinaryIO) -> bytes:
    try:
        return data.read(BLOCK)
    except OSError as error:
        raise LocalFault(error) from None


def _attributes(message: Message) -> Attributes:
    read: Any = SFTPAttributes._from_msg(message)  # type: ignore[attr-defined]
    return Attributes(read.st_size, read.st_mtime, read.st_mode)
