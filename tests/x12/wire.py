"""Files of X12 put together by hand, and what the reader says of them. Everybody here is invented."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence

from gateway.core.x12.events import Event, Finding, Piece
from gateway.core.x12.fault import Fault
from gateway.core.x12.reader import read

from ..soak import SOAK, examples

LONG = examples(250, 10_000, derandomize=not SOAK, print_blob=True)
"""Without a soak the sample is always the same."""

HEADER = ("BHT*0019*00*B1*20261101*1200*CH", "NM1*41*2*STILLWATER*****46*SENDER", "NM1*40*2*CLEARING*****46*CH")
BILLING = ("HL*1**20*1", "NM1*85*2*STILLWATER*****XX*1999999018", "REF*EI*999000001")
SUBSCRIBER = ("HL*2*1*22*0", "SBR*P*18*******MB", "NM1*IL*1*QUILL*JANE****MI*1EG4TE5MK73")
CLAIM = ("CLM*C1*150***12:B:1*Y*A*Y*Y", "HI*ABK:J449", "LX*1", "SV1*HC:E1390:RR*150*UN*1***1", "DTP*472*D8*20261101")
BODY_837 = (*HEADER, *BILLING, *SUBSCRIBER, *CLAIM)


def isa(
    number: str = "000000101",
    *,
    version: str = "00501",
    repetition: str = "^",
    element: str = "*",
    component: str = ":",
) -> str:
    """An ISA of 105 characters."""
    ids = f"ZZ*{'SENDER':<15}*ZZ*{'CH':<15}"
    text = f"ISA*00*{'':10}*00*{'':10}*{ids}*261101*1200*{repetition}*{version}*{number}*0*T*"
    return text.replace("*", element) + component


def gs(number: str = "7", version: str = "005010X222A1") -> str:
    return f"GS*HC*SENDER*CH*20261101*1200*{number}*X*{version}"


def one_set(
    body: Sequence[str] = BODY_837, *, number: str = "0001", kind: str = "837", version: str = "005010X222A1"
) -> list[str]:
    """ST to SE, sound."""
    return [f"ST*{kind}*{number}*{version}", *body, f"SE*{len(body) + 2}*{number}"]


def interchange(*sets: Sequence[str], number: str = "000000101", group: str = "7") -> list[str]:
    """ISA to IEA around whole sets (one of claims where none is given), sound."""
    inside = sets or (one_set(),)
    middle = [segment for one in inside for segment in one]
    return [isa(number), gs(group), *middle, f"GE*{len(inside)}*{group}", f"IEA*1*{number}"]


def file_of(segments: Iterable[str], end: str = "~") -> bytes:
    return "".join(segment + end for segment in segments).encode("latin-1")


def events_of(data: bytes, chunk_size: int = 1 << 20) -> list[Event]:
    """What is read. A reader that does not come to its end is stopped: no byte gives more than a few events."""
    events = []
    for event in read(io.BytesIO(data), chunk_size=chunk_size):
        events.append(event)
        assert len(events) <= len(data) + 1000, "the reader goes round in circles"
    return events


def faults_of(data: bytes) -> list[Fault]:
    return [event.fault for event in events_of(data) if isinstance(event, Finding)]


def codes_of(data: bytes) -> Counter[str]:
    return Counter(fault.code for fault in faults_of(data))


def pieces_of(data: bytes) -> list[list[str]]:
    return [event.segments for event in events_of(data) if isinstance(event, Piece)]


def kinds_of(data: bytes) -> list[str]:
    """The names of the events; a piece as the tag of its first segment."""
    return [event.tag if isinstance(event, Piece) else type(event).__name__ for event in events_of(data)]
