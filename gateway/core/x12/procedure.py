"""What was done or delivered: the procedure composite of 837, 835 and 277CA."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Procedure(NamedTuple):
    """A procedure composite (SV101, SVD03, SVC01): qualifier (HC, ...), code, modifiers, description."""

    qualifier: str
    code: str
    modifiers: tuple[str, ...]
    description: str = ""


@lru_cache(maxsize=16_384)
def procedure(text: str, separator: str) -> Procedure:
    """The procedure that a composite element names; empty parts where it says nothing. Remembered: a supplier bills
    a few hundred of them."""
    parts = text.split(separator)
    count = len(parts)
    modifiers = tuple(parts[2:6])
    if "" in modifiers:
        modifiers = tuple(part for part in modifiers if part)
    return Procedure(parts[0], parts[1] if count > 1 else "", modifiers, parts[6] if count > 6 else "")
