"""Headers: the separators of an interchange, from its ISA or, where there is none, from what stands there."""

from __future__ import annotations

import re
from typing import NamedTuple

from .segment import Delimiters, Segment

ISA_SIZE = 106
ISA_LIMIT = 512
"""How far an ISA whose padding was lost is looked at (bytes)."""

_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


class Header(NamedTuple):
    """An ISA: its segment (elements as they stand), the separators, how many characters it takes with its terminator,
    and what had to be repaired (code and sentence)."""

    isa: Segment
    delimiters: Delimiters
    length: int
    fault: tuple[str, str] | None


def parse_isa(text: str) -> Header | None:
    """The ISA at the start of a text; None where it has no 16 elements."""
    element = text[3:4]
    if not element or element.isalnum() or element.isspace():
        return None
    at = 3
    for _ in range(15):
        at = text.find(element, at + 1, ISA_LIMIT)
        if at < 0:
            return None
    raw = text[: at + 2]
    component, terminator = text[at + 1 : at + 2], text[at + 2 : at + 3]
    if not terminator or component == element or "GS" + element in raw or "ST" + element in raw:
        return None
    values = raw.split(element)
    version, eleventh = values[12].strip(), values[11].strip()
    repeats = version[:5].isdigit() and version[:5] >= "00501" and len(eleventh) == 1 and not eleventh.isalnum()
    delimiters = Delimiters(element, component, eleventh if repeats else "", terminator)
    fault = None
    if [len(value) for value in values] != list(_WIDTHS):
        fault = (
            "isa-padding",
            f"The interchange header (ISA) is not {ISA_SIZE} characters long: its padding was lost or is wrong. It was "
            "read by its separators.",
        )
    return Header(Segment(raw, delimiters), delimiters, at + 3, fault)


_NEXT = r"([^A-Za-z0-9 {element}])\s*[A-Z][A-Z0-9]{{1,2}}{element}"
_COMPOSITE = r"(?:SV1|SVC|SVD){element}(?:[^{element}]*{element})?[A-Z]{{2}}([^A-Za-z0-9 {element}])[A-Z0-9]"
_PLACE = r"CLM(?:{element}[^{element}]*){{4}}{element}[0-9]{{2}}([^A-Za-z0-9 {element}])"


def bare_delimiters(text: str) -> Delimiters:
    """The separators of a GS or ST that stands without an ISA: the usual ones, where nothing tells otherwise."""
    element = text[2:3] or "*"
    quoted = re.escape(element)
    found = re.search(_NEXT.format(element=quoted), text[3:])
    terminator = found.group(1) if found else "~"
    component = ":"
    for pattern in (_COMPOSITE, _PLACE):
        composite = re.search(pattern.format(element=quoted), text)
        if composite and composite.group(1) not in (element, terminator):
            component = composite.group(1)
            break
    repetition = "^" if "^" not in (element, component, terminator) else ""
    return Delimiters(element, component, repetition, terminator)
