"""What the commands that look into X12 files share: opening a file, progress while it is read, who may see patients."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from ..config.commands import NotAsked, require
from .looking import has_database, note_look

if TYPE_CHECKING:
    from ..core.x12.rules import CodeSets

BIG = 5_000_000
"""Bytes: a larger file shows on a terminal how far it is."""
_STEP = 1_000_000


class Unreadable(NotAsked):
    """The file cannot be read, or nothing in it is X12."""


class Progress:
    """A stream that says on the terminal how much of it has been read; silent where nobody looks.

    Its `read` raises Unreadable where the system does not give the next bytes.
    """

    def __init__(self, stream: BinaryIO, path: Path, *, quiet: bool) -> None:
        self._stream = stream
        self._path = path
        self._size = path.stat().st_size
        self._read = 0
        self._next = _STEP
        self._drawn = False
        self._shown = not quiet and self._size > BIG and sys.stderr.isatty()

    def read(self, size: int = -1) -> bytes:
        """As of any stream."""
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise _unreadable(self._path, error) from error
        self._read += len(data)
        if self._shown and self._read >= self._next:
            self._next = self._read + _STEP
            self._drawn = True
            sys.stderr.write(f"\r{self._path.name}: {100 * self._read // max(1, self._size)}% read")
            sys.stderr.flush()
        return data

    def clear(self) -> None:
        """Take the line away, before something else is shown."""
        if self._drawn:
            self._drawn = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def opened(path: Path, *, quiet: bool = False) -> Iterator[BinaryIO]:
    """A file to read; with progress, unless `quiet` (where what is read is shown on the same terminal).

    Raises:
        Unreadable: the system does not give it.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with stream:
        progress = Progress(stream, path, quiet=quiet)
        try:
            yield cast(BinaryIO, progress)
        finally:
            progress.clear()


def clear(stream: BinaryIO) -> None:
    """Take the progress of a file that is `opened` away, before something else is shown."""
    if isinstance(stream, Progress):
        stream.clear()


def _unreadable(path: Path, error: OSError) -> Unreadable:
    return Unreadable(f"{path} cannot be read: {error.strerror or type(error).__name__}.")


def nothing_in(path: Path) -> str:
    """What is said of a file without a transaction set."""
    return f"{path} holds no X12 that can be read. gateway x12 faults {path} says what stands in the way."


def may_see_patients(config_path: Path, what: str) -> None:
    """Somebody asks for patients' values: a line in the access log, where there is a gateway with a database.

    Raises:
        NotAsked: there is one, and it cannot be written.
    """
    if not (config_path / "gateway.yaml" if config_path.is_dir() else config_path).is_file():
        return
    config = require(config_path, secrets=False)
    if has_database(config):
        note_look(config, what)


def known_codes(config_path: Path) -> tuple[CodeSets, list[str]]:
    """The lists of codes that others keep, with those that were imported into this configuration (`gateway tables
    import`), and a sentence for each that is not here.

    Raises:
        Unreadable: an imported list cannot be read.
    """
    from ..config.codes import CodesError, load_codes

    root = config_path if config_path.is_dir() else config_path.parent
    try:
        codes = load_codes(root)
    except (CodesError, OSError) as error:
        why = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        raise Unreadable(f"An imported list of codes cannot be read: {why}") from error
    return codes, codes.unchecked()


@contextmanager
def writing(path: Path | None, *, force: bool) -> Iterator[BinaryIO]:
    """Where to write to: a file that is there only once it is whole, or standard output (None).

    Raises:
        click.ClickException: something is there already, and `force` was not said; or it cannot be written.
    """
    if path is None:
        yield sys.stdout.buffer
        return
    free(path, force=force)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as stream:
            yield stream
        partial.replace(path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror or type(error).__name__}.") from error
    finally:
        partial.unlink(missing_ok=True)


def free(path: Path, *, force: bool) -> None:
    """Make sure that nothing is replaced by accident.

    Raises:
        click.ClickException: something is there already, and `force` was not said.
    """
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already. Name another, or say --force to replace it.")
