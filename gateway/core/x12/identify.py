"""What a file holds, and whether it is whole: asked of downloads and drops before they are taken."""

from __future__ import annotations

import io
import re
from typing import BinaryIO, NamedTuple

from .events import Finding, InterchangeAck, InterchangeEnd, InterchangeStart, SetStart
from .header import GAPS, LOOKAHEAD, parse_isa
from .reader import read

_BYTE_ORDER_MARK = "\xef\xbb\xbf"
_TAIL = 512
# Guides (the X-number in GS08 or ST03) that say more than ST01 does.
_GUIDES = (
    ("837", re.compile(r"X(?:098|222|291|298)"), "837P"),
    ("837", re.compile(r"X(?:096|223|292|299)"), "837I"),
    ("837", re.compile(r"X(?:097|224|300)"), "837D"),
    ("277", re.compile(r"X(?:167|214|364)"), "277CA"),
    ("277", re.compile(r"X212"), "277"),
    ("276", re.compile(r"X212"), "276"),
)
_KNOWN = frozenset({"835", "999", "997", "TA1"})


class Contents(NamedTuple):
    """What stands first in a file: `kind` is ST01 (837, 835, 277, 999), TA1, or empty; `version` the guide;
    `interchange` whether it stands under an ISA."""

    kind: str
    version: str
    interchange: bool

    @property
    def name(self) -> str:
        """As people call it: 837P, 837I, 837D, 835, 277CA, 277 and 276 (claim status), 999, 997, TA1; `other` for what
        the gateway does not work with, `unknown` where nothing was found."""
        for kind, guide, name in _GUIDES:
            if self.kind == kind and guide.search(self.version):
                return name
        if self.kind in _KNOWN:
            return self.kind
        return "other" if self.kind else "unknown"


def identify(source: BinaryIO | bytes) -> Contents:
    """What a file, or its first bytes, begins with. Reads only as far as the first transaction set (or TA1); never
    raises on the bytes."""
    interchange = False
    acknowledged = False
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    for event in read(stream, chunk_size=1 << 16):
        if isinstance(event, InterchangeStart):
            interchange = not event.inferred
        elif isinstance(event, SetStart):
            return Contents(event.kind, event.version, interchange)
        elif isinstance(event, InterchangeAck):
            # A 999 may follow in the same interchange, and says more.
            acknowledged = True
        elif isinstance(event, InterchangeEnd) and acknowledged:
            break
    return Contents("TA1" if acknowledged else "", "", interchange)


def looks_complete(stream: BinaryIO) -> tuple[bool, str]:
    """Whether all of a file has arrived, and if not, what is missing in one sentence. `stream` is at its start and can
    seek; where it stands afterwards is open.

    X12 that begins with ISA must end with IEA and its terminator. Wrong counts and a trailer missing on the way do not
    make it incomplete: nothing more would come by waiting, and reading it finds them. Anything else (plain text, a zip)
    cannot be told from here and counts as whole.
    """
    start = stream.read(LOOKAHEAD).decode("latin-1").removeprefix(_BYTE_ORDER_MARK).lstrip(GAPS)
    if not start:
        return False, "it is empty"
    if not start.startswith("ISA"):
        return True, ""
    isa = parse_isa(start)
    if isa is not None:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL))
        element, end = re.escape(isa.delimiters.element), re.escape(isa.delimiters.segment)
        tail = stream.read(_TAIL).decode("latin-1")
        if re.search(rf"{end}[{GAPS}]*IEA{element}[^{end}]*{end}[{GAPS}]*\Z", tail):
            return True, ""
    # It may end with another interchange, which has other separators.
    stream.seek(0)
    missing = "it does not end with an interchange trailer (IEA)"
    whole = cut_off = False
    for event in read(stream):
        if isinstance(event, InterchangeStart):
            whole = False
        elif isinstance(event, InterchangeEnd):
            whole = event.iea is not None and not cut_off
            cut_off = False
        elif isinstance(event, Finding) and event.fault.code == "terminator-missing":
            # Told before the segment itself is.
            cut_off = True
    return (True, "") if whole else (False, missing)
