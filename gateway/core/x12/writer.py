"""The writer: stored claims become one interchange, with envelope, hierarchy and counts made afresh.

A claim is written with every segment it had. Claims whose ancestors are the same share them: the caller brings the
claims in the order in which equal ancestors stand together (`ancestors`). Control numbers come from outside; the
writer allocates nothing, looks at no clock, and gives the same bytes for the same input.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .delimit import WriterFault, translated
from .header import ISA_WIDTHS
from .segment import Delimiters
from .stored import StoredClaim

MAX_CLAIMS_PER_SET = 5000
"""Claims in a transaction set, at most (837P TR3)."""

_WIDTHS = tuple(enumerate(ISA_WIDTHS[:-1], 1))
_FLUSH = 2000
_MOST_TOGETHER = 500


class InterchangeHead(NamedTuple):
    """Everything that stands in ISA and GS. `at` is the moment shown, in the zone in which it is to be shown."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    group_sender: str
    group_receiver: str
    isa13: str
    gs06: str
    usage: str
    at: dt.datetime
    version: str = "005010X222A1"
    function: str = "HC"
    acknowledgment_requested: bool = False


class ClaimHead(NamedTuple):
    """What stands before the claims of an 837P: BHT03, BHT06 (CH chargeable) and the loops 1000A and 1000B as segments
    of elements, such as `("NM1", "41", "2", "SUPPLIER", ...)`."""

    reference: str
    submitter: tuple[tuple[str, ...], ...]
    receiver: tuple[tuple[str, ...], ...]
    kind: str = "CH"


def element_text(value: str, delimiters: Delimiters) -> str:
    """A value as an element; characters that Latin-1 has not go as the bytes of UTF-8 (see `segment.display`).

    Raises:
        WriterFault: it holds a separator of the interchange.
    """
    if any(mark and mark in value for mark in delimiters):
        raise WriterFault("a value holds a separator of the interchange; choose other separators or change the value")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8").decode("latin-1")
    return value


def segment_text(elements: Sequence[str], delimiters: Delimiters) -> str:
    """Elements as one segment without its terminator; empty ones at the end are left out.

    Raises:
        WriterFault: a value holds a separator.
    """
    end = len(elements)
    while end > 1 and not elements[end - 1]:
        end -= 1
    return delimiters.element.join(element_text(value, delimiters) for value in elements[:end])


def isa_text(head: InterchangeHead, delimiters: Delimiters) -> str:
    """The ISA without its terminator, 105 characters.

    Raises:
        WriterFault: an id is too long for its place, or a number is not one.
    """
    if not (len(head.isa13) == 9 and head.isa13.isascii() and head.isa13.isdigit()):
        raise WriterFault("ISA13 has nine digits")
    if head.usage not in ("P", "T"):
        raise WriterFault("ISA15 is P or T")
    values = [
        "ISA",
        "00",
        "",
        "00",
        "",
        head.sender_qualifier,
        head.sender,
        head.receiver_qualifier,
        head.receiver,
        f"{head.at:%y%m%d}",
        f"{head.at:%H%M}",
        delimiters.repetition or "U",
        "00501" if head.version.startswith("005") else "00401",
        head.isa13,
        "1" if head.acknowledgment_requested else "0",
        head.usage,
    ]
    for position, width in _WIDTHS:
        text = values[position] if position == 11 else element_text(values[position], delimiters)
        if len(text) > width:
            raise WriterFault(f"ISA{position:02d} has room for {width} characters")
        values[position] = text.ljust(width)
    return delimiters.element.join(values) + delimiters.element + delimiters.component


def gs_elements(head: InterchangeHead) -> tuple[str, ...]:
    """The GS."""
    return (
        "GS",
        head.function,
        head.group_sender,
        head.group_receiver,
        f"{head.at:%Y%m%d}",
        f"{head.at:%H%M}",
        head.gs06,
        "X",
        head.version,
    )


def write_sets(
    head: InterchangeHead,
    sets: Iterable[tuple[str, str, Iterable[str]]],
    delimiters: Delimiters | None = None,
    *,
    line_ending: str = "",
) -> Iterator[bytes]:
    """One interchange with one group: each set is (ST01, ST02, its segments between ST and SE as text).

    Yields the bytes in pieces. `line_ending` stands after each terminator, unless that is itself a part of it.

    Raises:
        WriterFault: something cannot be written; what was yielded before is of no use.
    """
    marks = delimiters or Delimiters()
    end = marks.segment + ("" if marks.segment in line_ending else line_ending)
    yield (isa_text(head, marks) + end + segment_text(gs_elements(head), marks) + end).encode("latin-1")
    count = 0
    numbers: set[str] = set()
    for kind, number, body in sets:
        if number in numbers:
            raise WriterFault(f"ST02 {number} is used twice in the group")
        numbers.add(number)
        count += 1
        yield from _one_set(head, kind, number, body, marks, end)
    if not count:
        raise WriterFault("a group needs a transaction set")
    trailer = segment_text(("GE", str(count), head.gs06), marks) + end
    yield (trailer + segment_text(("IEA", "1", head.isa13), marks) + end).encode("latin-1")


def _one_set(
    head: InterchangeHead, kind: str, number: str, body: Iterable[str], marks: Delimiters, end: str
) -> Iterator[bytes]:
    # The guide of the 835 does not use ST03 (005010X221A1).
    waiting = [segment_text(("ST", kind, number, "" if kind == "835" else head.version), marks)]
    count = 1
    for raw in body:
        waiting.append(raw)
        count += 1
        if len(waiting) >= _FLUSH:
            yield _bytes(waiting, marks, end)
            waiting = []
    waiting.append(segment_text(("SE", str(count + 1), number), marks))
    yield _bytes(waiting, marks, end)


def _bytes(segments: list[str], marks: Delimiters, end: str) -> bytes:
    """Segments with their terminators; the last line of defence against a terminator inside data."""
    text = end.join(segments) + end
    if text.count(marks.segment) != len(segments):
        raise WriterFault("a segment holds the terminator of the interchange; choose another one")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise WriterFault("a segment holds a character that is no byte; write it as UTF-8 bytes in Latin-1") from None


def ancestors(claim: StoredClaim) -> tuple[list[str], list[str], list[str]]:
    """What claims must have in common to stand under the same levels; sort by it before writing."""
    return claim.billing, claim.subscriber, claim.patient


class ClaimSet(NamedTuple):
    """The claims of one transaction set, in their order; `number` is its ST02."""

    number: str
    claims: Iterable[StoredClaim]


def write_claims(
    head: InterchangeHead,
    start: ClaimHead,
    sets: Iterable[ClaimSet],
    delimiters: Delimiters | None = None,
    *,
    line_ending: str = "",
    max_claims: int = MAX_CLAIMS_PER_SET,
) -> Iterator[bytes]:
    """An 837P interchange, in pieces of bytes; bounded memory for any number of claims.

    Claims keep every segment. Where their source had other separators they are translated; choose separators that
    no value holds with `delimit.choose`.

    Raises:
        WriterFault: a claim holds a separator of the interchange, a set has no claim or more than `max_claims`.
    """
    marks = delimiters or Delimiters()
    bodies = (("837", one.number, _claims_body(head, start, one, marks, max_claims)) for one in sets)
    yield from write_sets(head, bodies, marks, line_ending=line_ending)


def _claims_body(
    head: InterchangeHead, start: ClaimHead, one: ClaimSet, marks: Delimiters, max_claims: int
) -> Iterator[str]:
    yield segment_text(
        ("BHT", "0019", "00", start.reference, f"{head.at:%Y%m%d}", f"{head.at:%H%M}", start.kind), marks
    )
    for elements in (*start.submitter, *start.receiver):
        yield segment_text(elements, marks)
    count = 0
    for level in _levels(one.claims, marks):
        if isinstance(level, str):
            yield level
        else:
            count += 1
            if count > max_claims:
                raise WriterFault(f"transaction set {one.number} has more than {max_claims} claims")
            yield from level
    if not count:
        raise WriterFault(f"transaction set {one.number} has no claim")


def _levels(claims: Iterable[StoredClaim], marks: Delimiters) -> Iterator[str | list[str]]:
    """HL segments and the content of levels as text, claims as lists, in the order of an 837P."""
    number = billing_id = 0
    billing: tuple[Delimiters, list[str]] | None = None
    for group in _same_subscriber(claims):
        first = group[0]
        if (first.delimiters, first.billing) != billing:
            number += 1
            billing, billing_id = (first.delimiters, first.billing), number
            yield segment_text(("HL", str(number), "", "20", "1"), marks)
            yield from translated(first.billing, first.delimiters, marks)
        number += 1
        subscriber_id = number
        # The group is sorted: if any of its claims is a dependent's, the last one is.
        yield segment_text(("HL", str(number), str(billing_id), "22", "1" if group[-1].patient else "0"), marks)
        yield from translated(first.subscriber, first.delimiters, marks)
        patient: list[str] = []
        for claim in group:
            if claim.patient != patient:
                number += 1
                patient = claim.patient
                yield segment_text(("HL", str(number), str(subscriber_id), "23", "0"), marks)
                yield from translated(patient, claim.delimiters, marks)
            yield translated(claim.claim, claim.delimiters, marks)


def _same_subscriber(claims: Iterable[StoredClaim]) -> Iterator[list[StoredClaim]]:
    """Neighbours with the same billing provider and subscriber, the subscriber's own claims before the dependents'.

    HL04 of a subscriber says whether a patient follows, so the claims have to be known first. At most a few hundred
    at once: a longer run begins the level anew, which changes nothing about the claims.
    """
    group: list[StoredClaim] = []
    for claim in claims:
        if group and (
            claim.billing != group[0].billing
            or claim.subscriber != group[0].subscriber
            or claim.delimiters != group[0].delimiters
            or len(group) >= _MOST_TOGETHER
        ):
            yield sorted(group, key=_patient)
            group = []
        group.append(claim)
    if group:
        yield sorted(group, key=_patient)


def _patient(claim: StoredClaim) -> list[str]:
    return claim.patient
