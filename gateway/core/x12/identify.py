"""What a file holds, and whether it is whole: asked of downloads and drops before they are taken."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from .events import Finding, InterchangeAck, InterchangeEnd, InterchangeStart, SetStart
from .reader import read

# Faults that say that bytes are missing, not that they are wrong.
_CUT = frozenset({"iea-missing", "ge-missing", "se-missing", "terminator-missing"})


class Contents(NamedTuple):
    """What stands first in a file: `kind` is ST01 (837, 835, 277, 999), TA1, or empty; `version` the guide."""

    kind: str
    version: str
    interchange: bool


def identify(stream: BinaryIO) -> Contents:
    """Read only as far as the first transaction set (or TA1). Never raises on the bytes."""
    interchange = False
    for event in read(stream, chunk_size=1 << 16):
        if isinstance(event, InterchangeStart):
            interchange = not event.inferred
        elif isinstance(event, SetStart):
            return Contents(event.kind, event.version, interchange)
        elif isinstance(event, InterchangeAck):
            return Contents("TA1", "", interchange)
    return Contents("", "", interchange)


def looks_complete(stream: BinaryIO) -> tuple[bool, str]:
    """Whether a file is whole, and if not, what is missing in one sentence.

    X12 that begins with ISA must end with IEA and its terminator, with no trailer missing on the way. Anything else
    (plain text, a zip) cannot be told from here and counts as whole.
    """
    first = stream.read(512)
    stream.seek(0)
    if not first:
        return False, "it is empty"
    if first.lstrip(b"\xef\xbb\xbf \t\r\n")[:3] != b"ISA":
        return True, ""
    ended = False
    for event in read(stream):
        if isinstance(event, InterchangeEnd):
            ended = event.iea is not None
        elif isinstance(event, InterchangeStart):
            ended = False
        elif isinstance(event, Finding) and event.fault.code in _CUT:
            return False, event.fault.message
    return (True, "") if ended else (False, "it does not end with an interchange trailer (IEA)")
