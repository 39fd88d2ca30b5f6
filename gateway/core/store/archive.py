"""The archive of raw bytes: content-addressed, written and synced before anything else happens to them.

A blob is a file named after its SHA-256 below two levels of folders. It is written beside, synced, moved
into place and its folders synced; only then may a row mention it. Bytes are never changed; purging by policy
removes them and leaves the row. Storing the same bytes twice is once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from .tables import blobs

BLOCK = 1 << 20


class Stored(NamedTuple):
    """What is in the archive under `sha256` (hex); `size` in bytes."""

    sha256: str
    size: int

    @classmethod
    def of(cls, data: bytes) -> Stored:
        """What these bytes would be in the archive."""
        return cls(hashlib.sha256(data).hexdigest(), len(data))


class ArchiveDamaged(Exception):
    """Bytes that must be in the archive are missing, or are not what their hash says."""


class Archive:
    """The archive below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "incoming").mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a blob stands.

        Raises:
            ValueError: not a SHA-256 in lower-case hex.
        """
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise ValueError("not a SHA-256")
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def put(self, data: bytes) -> Stored:
        """Keep these bytes; durable when it returns."""
        return self.put_chunks((data,))

    def put_stream(self, stream: BinaryIO) -> Stored:
        """Keep a stream, read in blocks; durable when it returns."""
        return self.put_chunks(iter(lambda: stream.read(BLOCK), b""))

    def put_chunks(self, chunks: Iterable[bytes]) -> Stored:
        """Keep what the chunks make together, in bounded memory; durable when it returns.

        Raises:
            OSError: the disk is full or refuses; nothing is left behind under the final name.
        """
        digest = hashlib.sha256()
        size = 0
        beside = self.root / "incoming" / f"{os.getpid()}-{id(digest):x}-{os.urandom(6).hex()}"
        try:
            with beside.open("xb") as out:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            sha256 = digest.hexdigest()
            final = self.path(sha256)
            if not final.exists():
                final.parent.mkdir(parents=True, exist_ok=True)
                os.replace(beside, final)
                for folder in (final.parent, final.parent.parent, self.root):
                    _sync_folder(folder)
            else:
                os.utime(final)  # whoever removes what is old must see that it was put again
        finally:
            beside.unlink(missing_ok=True)
        return Stored(sha256, size)

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob for reading.

        Raises:
            ArchiveDamaged: it is not there.
        """
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise ArchiveDamaged(f"the archive has no bytes for {sha256[:12]}…") from error

    def read(self, sha256: str) -> bytes:
        """A whole blob (small ones: decisions, acknowledgments). Raises ArchiveDamaged."""
        with self.open(sha256) as stream:
            return stream.read()

    def verify(self, sha256: str) -> bool:
        """Whether the bytes are there and are what their name says."""
        try:
            digest = hashlib.sha256()
            with self.open(sha256) as stream:
                for block in iter(lambda: stream.read(BLOCK), b""):
                    digest.update(block)
            return digest.hexdigest() == sha256
        except ArchiveDamaged:
            return False

    def remove(self, sha256: str) -> None:
        """Take the bytes away (retention). The caller keeps the row and says when."""
        self.path(sha256).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what interrupted writers left beside; returns how many. Only while nothing writes."""
        count = 0
        for left in (self.root / "incoming").iterdir():
            left.unlink(missing_ok=True)
            count += 1
        return count

    def __iter__(self) -> Iterator[str]:
        """Every SHA-256 that has bytes."""
        for path in sorted(self.root.glob("??/??/*")):
            yield path.name


def record(connection: Connection, stored: Stored, purpose: str, now: dt.datetime) -> None:
    """Put the row of a blob beside its bytes; the same content twice is one row, and purged content is there again.

    `purpose` says how long it is kept: inbound, outbound, decision, configuration, document.
    """
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(blobs)
        .values(sha256=stored.sha256, size=stored.size, purpose=purpose, stored_at=now)
        .on_conflict_do_update(index_elements=["sha256"], set_={"purged_at": None})
    )


def known(connection: Connection, sha256: str) -> bool:
    """Whether a row for this content exists."""
    return connection.execute(select(blobs.c.sha256).where(blobs.c.sha256 == sha256)).first() is not None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
