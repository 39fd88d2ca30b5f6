"""What the reader hands on, in file order: the envelope opening and closing, bodies in pieces, faults.

A file is a flat stream of these. Bodies come cut at the loops of their transaction set (see `CUT_AT`), so that
no more than one claim, claim payment or hierarchical level is in memory, however long the set.
"""

from __future__ import annotations

from typing import NamedTuple

from .fault import Fault
from .segment import Delimiters, Segment

# Where a body is cut: a piece starts at each of these tags. Sets not named here come in pieces of a
# bounded number of segments.
CUT_AT: dict[str, frozenset[str]] = {
    "837": frozenset({"HL", "CLM"}),
    "835": frozenset({"LX", "CLP", "PLB"}),
    "277": frozenset({"HL"}),
    "999": frozenset({"AK2", "AK9"}),
    "997": frozenset({"AK2", "AK9"}),
}


class InterchangeStart(NamedTuple):
    """An ISA. `isa` holds its 16 elements as they stand (padded); `sound` is False where the header was
    repaired (padding lost) or inferred (no envelope at all: `inferred`)."""

    isa: Segment
    delimiters: Delimiters
    offset: int
    segment_number: int
    inferred: bool = False

    @property
    def names(self) -> tuple[str, str, str, str]:
        """Sender, receiver, ISA13 and ISA15, without padding."""
        isa = self.isa
        return isa[6].strip()[:20], isa[8].strip()[:20], isa[13].strip()[:9], isa[15][:1]


class InterchangeEnd(NamedTuple):
    """The end of an interchange; `iea` is None where the trailer is missing."""

    iea: Segment | None
    groups: int
    offset: int
    segment_number: int


class InterchangeAck(NamedTuple):
    """A TA1 between ISA and GS (or IEA)."""

    ta1: Segment
    offset: int
    segment_number: int


class GroupStart(NamedTuple):
    gs: Segment
    offset: int
    segment_number: int
    inferred: bool = False


class GroupEnd(NamedTuple):
    ge: Segment | None
    sets: int
    offset: int
    segment_number: int


class SetStart(NamedTuple):
    """An ST. `kind` is ST01 (`837`), `version` the guide: ST03, else GS08 (`005010X222A1`)."""

    st: Segment
    kind: str
    version: str
    offset: int
    segment_number: int


class Piece(NamedTuple):
    """Segments of a body, in order, as text without terminators and without what stood between them.

    The first one is at `offset` and is number `segment_number` of the file; `set_position` is its number in
    the set (ST is 1). `tag` is the id of the first segment.
    """

    tag: str
    segments: list[str]
    delimiters: Delimiters
    offset: int
    segment_number: int
    set_position: int


class SetEnd(NamedTuple):
    """The end of a transaction set; `se` is None where the trailer is missing. `segments` counts ST..SE.
    `sound` is False where a fault in it says that the set cannot be trusted (trailer missing, counts or
    control numbers that differ)."""

    se: Segment | None
    segments: int
    sound: bool
    offset: int
    segment_number: int


class Finding(NamedTuple):
    """A structural fault, at the place in the stream where it was noticed."""

    fault: Fault


Event = InterchangeStart | InterchangeEnd | InterchangeAck | GroupStart | GroupEnd | SetStart | Piece | SetEnd | Finding
