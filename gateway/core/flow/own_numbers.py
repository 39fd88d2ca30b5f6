"""Claims that left under our numbers get their source's own again in what goes back to it (`our_claim_numbers`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from sqlalchemy import Connection, select

from ..store.claims import bulks
from ..store.tables import claims
from ..x12.tokens import Token, tokens
from .columns import OUR_NUMBERS

_NAMES_A_CLAIM = {"CLP": 1, "TRN": 2}
"""Where an answer names a claim by its CLM01: CLP01 of an 835, TRN02 of a 277CA's loop 2200D."""
_PIECE = 4_000
_BLOCK = 1 << 20


def _place(raw: str) -> int:
    """The element of a segment that names a claim; 0 where none does."""
    return _NAMES_A_CLAIM.get(raw[:3], 0) if len(raw) > 3 and not raw[3].isalnum() else 0


def our_numbers_in(stream: BinaryIO) -> set[str]:
    """Every number of ours by which an answer names a claim."""
    last = b""
    while block := stream.read(_BLOCK):
        if OUR_NUMBERS.encode() in last + block:
            break
        last = block[-len(OUR_NUMBERS) :]
    else:
        return set()  # most files have none, and are not taken apart
    stream.seek(0)
    found = set()
    for token in tokens(stream):
        if place := _place(token.raw):
            elements = token.raw.split(token.raw[3])
            if len(elements) > place and elements[place].strip().startswith(OUR_NUMBERS):
                found.add(elements[place].strip())
    return found


def own_numbers(connection: Connection, source: str, numbers: Iterable[str]) -> dict[str, str]:
    """Which of these numbers of ours belong to claims of a source, each with the source's own."""
    found: dict[str, str] = {}
    for some in bulks(sorted(numbers)):
        rows = connection.execute(
            select(claims.c.claim_number, claims.c.source_claim_number).where(
                claims.c.claim_number.in_(some), claims.c.source == source
            )
        ).all()
        found.update({row.claim_number: row.source_claim_number for row in rows})
    return found


def under_own_numbers(stream: BinaryIO, numbers: dict[str, str]) -> Iterator[bytes]:
    """The file with the source's numbers in the place of ours, in pieces. A number that holds one of its separators
    cannot stand in it: there ours stays, and the export of the postings names both."""
    waiting: list[str] = []
    marks = ""
    for token in tokens(stream):
        marks = _marks(token) or marks
        raw = token.raw
        if place := _place(raw):
            elements = raw.split(raw[3])
            own = numbers.get(elements[place].strip()) if len(elements) > place else None
            if own is not None and not any(mark in own for mark in (raw[3], token.terminator, *marks) if mark):
                elements[place] = own
                raw = raw[3].join(elements)
        waiting += (token.gap, raw, token.terminator)
        if len(waiting) > _PIECE:
            yield "".join(waiting).encode("latin-1")
            waiting.clear()
    yield "".join(waiting).encode("latin-1")


def _marks(token: Token) -> str:
    """The separators of components and repetitions that an ISA names (ISA16, ISA11); empty for any other segment."""
    if not token.raw.startswith("ISA"):
        return ""
    elements = token.raw.split(token.raw[3])
    return elements[16][:1] + elements[11][:1] if len(elements) > 16 else ""
