"""A claim as it is kept: the text of its own segments, complete without the file it came in."""

from __future__ import annotations

from typing import NamedTuple

from .segment import Delimiters


class StoredClaim(NamedTuple):
    """The content of a claim's 2000A, 2000B and 2000C without their HL, and of its 2300 with its lines, as text
    without terminators; and the delimiters of its source. Lists are never changed, only replaced."""

    delimiters: Delimiters
    billing: list[str]
    subscriber: list[str]
    patient: list[str]
    claim: list[str]

    def pack(self) -> bytes:
        """The claim as bytes, for the store."""
        element, component, repetition, segment = self.delimiters
        parts = "".join("".join(raw + segment for raw in part) + segment for part in self[1:])
        return f"{element}{component}{segment}{repetition}{segment}{parts}".encode("latin-1")

    @classmethod
    def unpack(cls, data: bytes) -> StoredClaim:
        """The claim again. Raises ValueError if the bytes are something else."""
        text = data.decode("latin-1")
        end = text[2:3]
        repetition, found, parts = text[3:].partition(end) if end else ("", "", "")
        pieces = parts.split(end) if found else []
        lists: list[list[str]] = []
        at = 0
        for _ in range(4):
            # Raises ValueError, too: no end of a part is left.
            stop = pieces.index("", at)
            lists.append(pieces[at:stop])
            at = stop + 1
        if pieces[at:] != [""]:
            raise ValueError("these bytes are not a stored claim")
        return cls(Delimiters(text[0], text[1], repetition, end), *lists)
