"""From the reader's events to typed transactions: claims, payments and acknowledgments, in file order, lazily.

`transactions(read(stream))` yields everything that can be worked on; what it does not know is an `UnknownSet`.
No more than one claim or payment is held at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .acknowledgment import interchange_acknowledgment
from .assemble import Assembler, ClaimAssembler, open_set
from .events import Event, Finding, GroupEnd, GroupStart, InterchangeAck, InterchangeStart, Piece, SetEnd, SetStart
from .items import (
    AcknowledgmentEnd,
    ClaimSetEnd,
    FileFault,
    ReadClaim,
    ReadGroupAcknowledgment,
    ReadInterchangeAcknowledgment,
    ReadPayment,
    ReadSetAcknowledgment,
    ReadStatus,
    RemittanceEnd,
    RemittanceStart,
    Transaction,
    UnknownSet,
)
from .segment import Delimiters
from .sets import Envelope, SetInfo

__all__ = [
    "AcknowledgmentEnd",
    "ClaimSetEnd",
    "Envelope",
    "FileFault",
    "ReadClaim",
    "ReadGroupAcknowledgment",
    "ReadInterchangeAcknowledgment",
    "ReadPayment",
    "ReadSetAcknowledgment",
    "ReadStatus",
    "RemittanceEnd",
    "RemittanceStart",
    "SetInfo",
    "Transaction",
    "UnknownSet",
    "claims",
    "payments",
    "transactions",
]


def transactions(events: Iterable[Event]) -> Iterator[Transaction]:
    """Everything that the events of one file hold, in order.

    A set that never ends (cut file) still yields its end, with `sound` False.
    """
    nothing = Delimiters()
    envelope = Envelope(None, None, nothing)
    current: Assembler | None = None
    claims = sets = 0
    for event in events:
        kind = type(event)
        if kind is Piece:
            if current is not None:
                found = current.piece(event)  # type: ignore[arg-type]
                if found:
                    yield from found
        elif isinstance(event, Finding):
            if current is not None:
                current.info.add(event.fault)
            else:
                yield FileFault(event.fault, envelope)
        elif isinstance(event, SetStart):
            if current is not None:
                yield from _end(current, False)
            sets += 1
            current = open_set(event, SetInfo(event, envelope, sets), claims)
        elif isinstance(event, SetEnd):
            if current is not None:
                if isinstance(current, ClaimAssembler):
                    claims = current.ordinal
                yield from _end(current, event.sound)
                current = None
        elif isinstance(event, InterchangeStart):
            envelope = Envelope(event.isa, None, event.delimiters)
        elif isinstance(event, GroupStart):
            envelope = envelope._replace(gs=event.gs)
        elif isinstance(event, GroupEnd):
            envelope = envelope._replace(gs=None)
        elif isinstance(event, InterchangeAck):
            said = interchange_acknowledgment(event.ta1)
            yield ReadInterchangeAcknowledgment(said, envelope, event.offset, event.segment_number)
    if current is not None:
        yield from _end(current, False)


def _end(current: Assembler, sound: bool) -> Iterable[Transaction]:
    info = current.info
    info.ended = True
    info.sound = info.sound and sound
    return current.end(info.sound)


def claims(events: Iterable[Event]) -> Iterator[ReadClaim]:
    """The claims of a file, in order; what else it holds is passed over."""
    return (item for item in transactions(events) if type(item) is ReadClaim)


def payments(events: Iterable[Event]) -> Iterator[ReadPayment]:
    """The claim payments of a file, in order; what else it holds is passed over."""
    return (item for item in transactions(events) if type(item) is ReadPayment)
