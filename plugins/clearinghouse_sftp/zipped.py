"""Zip files from a partner, unpacked without trusting them.

No name of theirs becomes a path here, so nothing can be written beside; what comes out is counted while it comes out,
not read from the headers, so a bomb ends at the limit.
"""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from gateway.plugins.transport import ContentRefused, Member

from .settings import Zip

BLOCK = 1 << 16
SLACK = 1 << 20
"""Bytes that may come out of any archive whatever its ratio: short files of one repeated letter are harmless."""

DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, OverflowError, OSError)
"""What a damaged archive makes the library raise. NotImplementedError is a RuntimeError; an OSError counts only as
EINVAL, which a header gives that points before the file's beginning."""


def is_zip(start: bytes) -> bool:
    """Whether bytes begin a zip file (also an empty one)."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def members(partner: str, source: Member, limits: Zip, into: Path, made: list[Path]) -> list[Member]:
    """Unpack every file of a zip into `into`, under names of our own; `made` learns of each before it is written.

    Two members of one name are both kept, the second as `name (2)`.

    Raises:
        ContentRefused: encrypted, damaged, too large, too many, or with a name that leads out of its folder.
    """

    def refuse(what: str, advice: str = "Ask the partner to send it again.") -> ContentRefused:
        return ContentRefused(what, partner=partner, path=source.name, advice=advice)

    try:
        with zipfile.ZipFile(source.path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > limits.members:
                raise refuse(
                    f"the zip file holds {len(infos)} files, more than {limits.members}.", "Raise zip.members."
                )
            if not infos:
                raise refuse("the zip file is empty.")
            allowed = min(limits.bytes, source.size * limits.ratio + SLACK)
            names: dict[str, int] = {}
            found: list[Member] = []
            for info in infos:
                if info.flag_bits & 0x1:
                    raise refuse("the zip file has a password.", "Ask the partner to send it without, or with PGP.")
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise NotImplementedError
                if not _is_plain(info.filename):
                    raise refuse("a name inside the zip file leads out of its folder or holds control characters.")
                target = into / f"{len(made):04d}.member"
                made.append(target)
                size = _extract(archive, info, target, allowed)
                if size is None:
                    raise refuse(
                        f"the zip file holds more than {allowed} bytes, far more than its size suggests.",
                        "If it is right, raise zip.bytes or zip.ratio.",
                    )
                allowed -= size
                found.append(Member(_unique(info.filename, names), target, size, source.decrypted, unzipped=True))
            return found
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise refuse("the zip file is damaged, or of a kind that is not read here.") from None


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    drive = len(name) > 1 and name[1] == ":"
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or drive
    return bool(path.name) and name.isprintable() and not outside


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, allowed: int) -> int | None:
    """Write one member; returns its size, or None when it exceeds `allowed`."""
    size = 0
    with archive.open(info) as stream, target.open("wb") as out:
        while block := stream.read(BLOCK):
            size += len(block)
            if size > allowed:
                return None
            out.write(block)
    return size


def _unique(name: str, names: dict[str, int]) -> str:
    count = names[name.casefold()] = names.get(name.casefold(), 0) + 1
    return name if count == 1 else f"{name} ({count})"
