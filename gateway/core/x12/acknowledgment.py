"""Acknowledgments as views over their segments: TA1, 999 (and 997), 277CA.

Codes are given as received. `SegmentError.context` and `ElementError.value` may hold patient data: they are for the
screen of someone who may see it, never for a log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from .checks import STATUS_TYPED, segment_faults
from .fault import Fault
from .loop import Loop, amount_cents
from .party import Party
from .procedure import Procedure, procedure
from .segment import Delimiters, Segment
from .values import Period, dollars, parse_date


class InterchangeAcknowledgment(NamedTuple):
    """A TA1: the control number (ISA13), date and time of the interchange that it answers, its verdict (A, E, R) and
    note code. The date is None where it cannot be read; its century is taken as 2000."""

    control_number: str
    date: dt.date | None
    time: str
    code: str
    note: str


def interchange_acknowledgment(ta1: Segment) -> InterchangeAcknowledgment:
    """What a TA1 says."""
    date = parse_date("20" + ta1[2]) if len(ta1[2]) == 6 else None
    return InterchangeAcknowledgment(ta1[1].strip(), date, ta1[3], ta1[4], ta1[5])


class ElementError(NamedTuple):
    """An IK4 (AK4): element, component and repetition, the data element's number, the code, and the bad value."""

    element: int
    component: int
    repetition: int
    data_element: str
    code: str
    value: str


class Context(NamedTuple):
    """A CTX: what it names (`CLM01`, `SITUATIONAL TRIGGER`) and its value, and the segment, its position in the set,
    the loop and the element that it points to."""

    name: str
    value: str
    segment: str
    position: int
    loop: str
    element: int


class SegmentError(NamedTuple):
    """An IK3 (AK3) with what belongs to it: segment, its position in the set, loop, codes, elements, contexts."""

    segment: str
    position: int
    loop: str
    codes: tuple[str, ...]
    elements: tuple[ElementError, ...]
    contexts: tuple[Context, ...]


class SetAcknowledgment(NamedTuple):
    """What a 999 says of one transaction set (AK2 to IK5): its kind (837), ST02 and version; the verdict (IK501) and
    the codes beside it; what is wrong in its segments. `gs06` is AK102, the group that it answers."""

    gs06: str
    kind: str
    st02: str
    version: str
    code: str
    codes: tuple[str, ...]
    errors: tuple[SegmentError, ...]


class GroupAcknowledgment(NamedTuple):
    """What a 999 says of the group (AK1 and AK9): its kind (AK101: HC), GS06 and version; the verdict; how many sets
    it included, were received, were accepted; codes; and the ST02 of the sets that the 999 named."""

    kind: str
    gs06: str
    version: str
    code: str
    included: int
    received: int
    accepted: int
    codes: tuple[str, ...]
    named: tuple[str, ...]


def integer(text: str) -> int:
    """A count or position; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def set_acknowledgment(raw: Sequence[str], delimiters: Delimiters, gs06: str) -> SetAcknowledgment:
    """What the segments from an AK2 on say."""
    ak2 = Segment(raw[0], delimiters)
    code = ""
    codes: tuple[str, ...] = ()
    errors: list[SegmentError] = []
    for text in raw[1:]:
        segment = Segment(text, delimiters)
        tag = segment.tag
        if tag in ("IK3", "AK3"):
            found = tuple(value for value in segment.elements[4:] if value)
            errors.append(SegmentError(segment[1], integer(segment[2]), segment[3], found, (), ()))
        elif tag == "CTX" and errors:
            errors[-1] = errors[-1]._replace(contexts=(*errors[-1].contexts, _context(segment)))
        elif tag in ("IK4", "AK4") and errors:
            errors[-1] = errors[-1]._replace(elements=(*errors[-1].elements, _element(segment)))
        elif tag in ("IK5", "AK5"):
            code = segment[1]
            codes = tuple(value for value in segment.elements[2:] if value)
    return SetAcknowledgment(gs06, ak2[1], ak2[2], ak2[3], code, codes, tuple(errors))


def _element(segment: Segment) -> ElementError:
    position = [integer(part) for part in segment.components(1)] + [0, 0]
    return ElementError(position[0], position[1], position[2], segment[2], segment[3], segment[4])


def _context(segment: Segment) -> Context:
    names = [*segment.components(1), ""]
    return Context(
        names[0],
        names[1],
        segment[2],
        integer(segment[3]),
        segment[4],
        integer(segment.component(5, 1)),
    )


def group_acknowledgment(ak1: Segment | None, ak9: Segment, named: Sequence[str]) -> GroupAcknowledgment:
    """What AK1 (which may be missing) and AK9 say."""
    return GroupAcknowledgment(
        ak1[1] if ak1 else "",
        ak1[2] if ak1 else "",
        ak1[3] if ak1 else "",
        ak9[1],
        integer(ak9[2]),
        integer(ak9[3]),
        integer(ak9[4]),
        tuple(value for value in ak9.elements[5:] if value),
        tuple(named),
    )


class StatusCode(NamedTuple):
    """One composite of an STC: category (A7), status (562), entity (85)."""

    category: str
    status: str
    entity: str


class Status(NamedTuple):
    """An STC: its composites (STC01, STC10, STC11), date, action (WQ accept, U reject), cents, and free text."""

    codes: tuple[StatusCode, ...]
    date: dt.date | None
    action: str
    cents: int
    text: str

    @property
    def amount(self) -> Decimal:
        return dollars(self.cents)


def statuses_in(raw: Sequence[str], delimiters: Delimiters) -> tuple[Status, ...]:
    """Every STC among the segments."""
    found = []
    start = "STC" + delimiters.element
    for text in raw:
        if text.startswith(start):
            stc = Segment(text, delimiters)
            codes = tuple(
                StatusCode(stc.component(at, 1), stc.component(at, 2), stc.component(at, 3))
                for at in (1, 10, 11)
                if stc[at]
            )
            found.append(Status(codes, parse_date(stc[2]), stc[3], amount_cents(stc[4]), stc[12]))
    return tuple(found)


class LineStatus(Loop):
    """2220D: what is said of one service line."""

    __slots__ = ()

    @property
    def procedure(self) -> Procedure:
        """SVC01."""
        return procedure(self._element("SVC", 1), self.delimiters.component)

    @property
    def charge_cents(self) -> int:
        """SVC02, in cents."""
        return amount_cents(self._element("SVC", 2))

    @property
    def statuses(self) -> tuple[Status, ...]:
        return statuses_in(self._raw, self.delimiters)

    @property
    def control_number(self) -> str:
        """REF*FJ: our number of the line (REF*6R)."""
        return self.reference("FJ")

    @property
    def dates(self) -> Period:
        """DTP*472."""
        return self.date("472")


class StatusLevel(Loop):
    """One level of a 277CA: the source (20), the receiver (21), the billing provider (19), or a claim (PT).

    `above` are the levels over it, from the top.
    """

    __slots__ = ("_first_number", "_segments_of_level", "above", "level")

    def __init__(
        self,
        level: str,
        raw: Sequence[str],
        delimiters: Delimiters,
        above: tuple[StatusLevel, ...] = (),
        first_number: int = 0,
    ) -> None:
        """`level`: HL03; `raw`: the segments after the HL; `first_number`: the number in the file of the first."""
        self._raw = raw
        self.delimiters = delimiters
        self.level = level
        self.above = above
        self._first_number = first_number
        start = "SVC" + delimiters.element
        end = next((at for at, text in enumerate(raw) if text.startswith(start)), len(raw))
        self._segments_of_level = raw[:end]

    def _own(self) -> Sequence[str]:
        return self._segments_of_level

    def _above(self, level: str) -> StatusLevel | None:
        return self if self.level == level else next((over for over in self.above if over.level == level), None)

    @property
    def source(self) -> StatusLevel | None:
        """The level of who speaks: a payer or a clearinghouse."""
        return self._above("20")

    @property
    def receiver(self) -> StatusLevel | None:
        """The level of who sent the claims."""
        return self._above("21")

    @property
    def billing_provider(self) -> StatusLevel | None:
        return self._above("19")

    @property
    def party(self) -> Party:
        """The NM1 of this level."""
        return Party(self._segments_of_level, self.delimiters)

    @property
    def trace(self) -> str:
        """TRN02."""
        return self._element("TRN", 2)

    @property
    def batch_reference(self) -> str:
        """TRN02 of the receiver's level: BHT03 of the 837 that is answered."""
        receiver = self.receiver
        return receiver.trace if receiver else ""

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Every STC of this level; those of the lines stand with the lines."""
        return statuses_in(self._segments_of_level, self.delimiters)

    @property
    def accepted_count(self) -> int:
        """QTY*90 (receiver) or QTY*QA (provider): claims accepted."""
        return self._count("90", "QA")

    @property
    def rejected_count(self) -> int:
        """QTY*AA (receiver) or QTY*QC (provider): claims rejected."""
        return self._count("AA", "QC")

    def _count(self, *qualifiers: str) -> int:
        return next((integer(qty[2]) for qty in self.find_all("QTY") if qty[1] in qualifiers), 0)

    @property
    def accepted_cents(self) -> int:
        """AMT*YU: charges accepted, in cents."""
        return self.amount_cents("YU") or 0

    @property
    def rejected_cents(self) -> int:
        """AMT*YY: charges rejected, in cents."""
        return self.amount_cents("YY") or 0

    def faults(self) -> list[Fault]:
        """Every typed value of this level that cannot be read; empty where it is sound."""
        return segment_faults(self._raw, self.delimiters, self._first_number, STATUS_TYPED)


class ClaimStatus(StatusLevel):
    """2000D to 2220D: what is said of one claim."""

    __slots__ = ()

    @property
    def claim_number(self) -> str:
        """TRN02: our CLM01."""
        return self.trace

    @property
    def patient(self) -> Party:
        """2100D."""
        return self.party

    @property
    def payer_claim_number(self) -> str:
        """REF*1K."""
        return self.reference("1K")

    @property
    def clearinghouse_number(self) -> str:
        """REF*D9."""
        return self.reference("D9")

    @property
    def dates(self) -> Period:
        """DTP*472."""
        return self.date("472")

    @property
    def lines(self) -> tuple[LineStatus, ...]:
        """2220D."""
        start = "SVC" + self.delimiters.element
        starts = [at for at, text in enumerate(self._raw) if text.startswith(start)]
        ends = [*starts[1:], len(self._raw)] if starts else []
        return tuple(LineStatus(self._raw[begin:end], self.delimiters) for begin, end in zip(starts, ends, strict=True))


CLAIM_LEVELS = frozenset({"PT", "22", "23"})
"""HL03 of the levels that speak of claims: PT in a 277CA; 22 and 23 in a status response (X212)."""


def status_levels(
    level: str, raw: Sequence[str], delimiters: Delimiters, above: tuple[StatusLevel, ...], first_number: int
) -> list[StatusLevel]:
    """The views of one hierarchical level: one, or one for each claim (TRN) where it speaks of several."""
    if level not in CLAIM_LEVELS:
        return [StatusLevel(level, raw, delimiters, above, first_number)]
    start = "TRN" + delimiters.element
    starts = [at for at, text in enumerate(raw) if text.startswith(start)]
    if len(starts) < 2:
        return [ClaimStatus(level, raw, delimiters, above, first_number)]
    ends = [*starts[1:], len(raw)]
    head = list(raw[: starts[0]])
    found: list[StatusLevel] = []
    for begin, end in zip(starts, ends, strict=True):
        # The numbers of the segments are those of the first claim only: the head stands once in the file.
        number = first_number if begin == starts[0] else 0
        found.append(ClaimStatus(level, head + list(raw[begin:end]), delimiters, above, number))
    return found
