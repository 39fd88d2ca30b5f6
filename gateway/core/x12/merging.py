"""Files of claims put together into one interchange: whether they can be, and the claims in their order.

What stands in every envelope and header is the same for all claims of an interchange, so that the files must agree on
it; the numbers, counts and levels are made anew by the writer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import BinaryIO, NamedTuple

from .delimit import choose
from .events import Event, Finding, InterchangeEnd
from .guides.known import guide_for
from .items import ClaimSetEnd, FileFault, ReadClaim, ReadInterchangeAcknowledgment
from .reader import read
from .segment import Delimiters, display
from .sets import SetInfo
from .stored import StoredClaim
from .transactions import transactions
from .writer import MAX_CLAIMS_PER_SET, ClaimHead, ClaimSet, InterchangeHead, write_claims

_KEPT_NUMBERS = 2_000_000
_ADVICE = "gateway x12 check says more."


class MergeFault(Exception):
    """The files cannot be merged; says which, and why."""


class File(NamedTuple):
    """A file to merge: its name for people, and how to open it; it is read twice."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


class _Common(NamedTuple):
    """What all claims of an interchange share."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    group_sender: str
    group_receiver: str
    version: str
    usage: str
    acknowledgment: str
    purpose: str
    kind: str
    submitter: tuple[tuple[str, ...], ...]
    to: tuple[tuple[str, ...], ...]


_NAMES = {
    "sender": "the sender (ISA05, ISA06)",
    "receiver": "the receiver (ISA07, ISA08)",
    "group_sender": "the sender of the group (GS02)",
    "group_receiver": "the receiver of the group (GS03)",
    "version": "the guide's version (GS08)",
    "usage": "test or production (ISA15)",
    "acknowledgment": "whether a TA1 is asked for (ISA14)",
    "purpose": "original or reissue (BHT02)",
    "kind": "claims or encounters (BHT06)",
    "submitter": "the submitter (loop 1000A)",
    "to": "the receiver (loop 1000B)",
}


class Plan(NamedTuple):
    """What was found out before anything is written."""

    common: _Common
    reference: str
    delimiters: Delimiters
    claims: int


def plan(files: Iterable[File]) -> Plan:
    """Read every file once, and find out whether their claims can stand in one interchange.

    Raises:
        MergeFault: they cannot.
        OSError: a file cannot be read.
    """
    seen = _Seen()
    delimiters = choose(_watched(files, seen), None)
    if seen.common is None or not seen.claims:
        raise MergeFault("There is no claim in these files.")
    own = seen.delimiters
    # Where no value forbids it, the separators stay those of the first file.
    if seen.one_kind and own is not None:
        delimiters = own
    if delimiters is None:
        raise MergeFault("There are not enough separators that stand in no value. Merge fewer files at a time.")
    return Plan(seen.common, seen.reference, delimiters, seen.claims)


class _Seen:
    def __init__(self) -> None:
        self.common: _Common | None = None
        self.first = ""
        self.reference = ""
        self.delimiters: Delimiters | None = None
        self.one_kind = True
        self.claims = 0
        self.numbers: dict[str, int] = {}


def _watched(files: Iterable[File], seen: _Seen) -> Iterator[StoredClaim]:
    for at, file in enumerate(files):
        info: SetInfo | None = None
        with file.open() as stream:
            for item in transactions(_whole(file.name, stream)):
                if isinstance(item, ReadClaim):
                    if item.set is not info:
                        info = item.set
                        _agree(file.name, info, seen)
                    if item.faults:
                        raise MergeFault(f"{file.name}: {item.faults[0].message} {_ADVICE}")
                    _once(file.name, at, item, seen)
                    seen.one_kind = seen.one_kind and item.stored.delimiters == seen.delimiters
                    yield item.stored
                elif isinstance(item, ClaimSetEnd):
                    if not item.sound:
                        raise MergeFault(f"{file.name} holds a set of claims that is not whole. {_ADVICE}")
                elif isinstance(item, ReadInterchangeAcknowledgment):
                    raise MergeFault(f"{file.name} holds a TA1, which would be lost.")
                elif not isinstance(item, FileFault):
                    raise MergeFault(f"{file.name} holds more than claims. Split it by set, and take the claims.")


def _whole(name: str, stream: BinaryIO) -> Iterator[Event]:
    ends = 0
    for event in read(stream):
        if isinstance(event, InterchangeEnd):
            ends += 1
            if event.iea is None:
                raise MergeFault(f"{name} is cut off: it has no IEA. Ask for it again.")
        if isinstance(event, Finding) and event.fault.code in ("isa-missing", "gs-missing", "segment-outside-set"):
            raise MergeFault(f"{name}: {event.fault.message}")
        yield event
    if not ends:
        raise MergeFault(f"{name} holds no X12 that can be read.")


def _once(name: str, file: int, item: ReadClaim, seen: _Seen) -> None:
    number = item.claim.id
    before = seen.numbers.get(number)
    if before is not None and before != file:
        raise MergeFault(f"Claim {display(number)[:38]} of {name} stands in another of the files too. Take one out.")
    if len(seen.numbers) < _KEPT_NUMBERS:
        seen.numbers[number] = file
    seen.claims += 1


def _agree(name: str, info: SetInfo, seen: _Seen) -> None:
    """What the header of a set says, held against that of the first."""
    if guide_for("837", info.version) is None or info.kind != "837":
        raise MergeFault(f"{name} holds claims of another guide than the 837P. Only those of the 837P can be merged.")
    common = _common(name, info)
    if seen.common is None:
        seen.common, seen.first = common, name
        seen.reference, seen.delimiters = info.bht03, info.envelope.delimiters
        return
    for field, one, other in zip(_Common._fields, seen.common, common, strict=True):
        if one != other:
            raise MergeFault(
                f"{seen.first} and {name} do not agree on {_NAMES[field]}, so they cannot be one interchange."
            )


def _common(name: str, info: SetInfo) -> _Common:
    envelope = info.envelope
    isa = envelope.isa
    if isa is None or isa[2].strip() or isa[4].strip():
        raise MergeFault(f"{name} has authorization or security information in its ISA, which would be lost.")
    rows = [tuple(raw.split(envelope.delimiters.element)) for raw in info.header]
    bht = (*rows[0], *[""] * 7) if rows and rows[0][0] == "BHT" else ("",) * 7
    at = next((at for at, row in enumerate(rows) if row[:2] == ("NM1", "40")), len(rows))
    if bht[2] != "00":
        raise MergeFault(f"{name} says that it is a reissue (BHT02), and would become an original.")
    return _Common(
        (envelope.sender_qualifier, envelope.sender),
        (envelope.receiver_qualifier, envelope.receiver),
        envelope.gs02,
        envelope.gs03,
        envelope.version,
        envelope.usage,
        isa[14].strip(),
        bht[2],
        bht[6],
        tuple(rows[1:at]),
        tuple(rows[at:]),
    )


def merged(files: Iterable[File], made: Plan, first: int, at: dt.datetime, *, line_ending: str = "") -> Iterator[bytes]:
    """The interchange, in pieces: claims in the order of the files, `writer.MAX_CLAIMS_PER_SET` to a set.

    Args:
        made: what `plan` said of the same files.
        first: ISA13 and GS06.
        at: the moment shown in ISA, GS and BHT.

    Raises:
        WriterFault: something cannot be written.
        OSError: a file cannot be read.
    """
    common = made.common
    head = InterchangeHead(
        common.sender[0],
        common.sender[1],
        common.receiver[0],
        common.receiver[1],
        common.group_sender,
        common.group_receiver,
        f"{first:09d}",
        str(first),
        common.usage,
        at,
        version=common.version,
        acknowledgment_requested=common.acknowledgment == "1",
    )
    start = ClaimHead(made.reference, common.submitter, common.to, common.kind)
    every = _claims(files)
    sets = (
        ClaimSet(f"{number:04d}", islice(every, MAX_CLAIMS_PER_SET))
        for number in range(1, -(-made.claims // MAX_CLAIMS_PER_SET) + 1)
    )
    yield from write_claims(head, start, sets, made.delimiters, line_ending=line_ending)


def _claims(files: Iterable[File]) -> Iterator[StoredClaim]:
    for file in files:
        with file.open() as stream:
            for item in transactions(read(stream)):
                if isinstance(item, ReadClaim):
                    yield item.stored
