"""Changing a claim: places as people write them, where a new segment goes, and the log of what was changed.

A plugin says `claim.set("CLM05-3", "7")` or `claim.set("2010BA N403", "462361212")`. A place is

    [loop[#n] ]TAG[[qualifier]]EE[-C]

with the loop (and which of several, from 1) where the tag alone does not say it, and the segment's first element in
brackets where several have the tag: `REF[G1]02`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .segment import Delimiters
from .spans import Span

_PLACE = re.compile(
    r"(?:(?P<loop>\d{4}[A-Z]{0,2})(?:#(?P<nth>[1-9]\d?))? )?(?P<tag>[A-Z][A-Z0-9]{1,2}?)(?:\[(?P<qualifier>[^\]]+)\])?"
    r"(?P<element>\d\d)(?:-(?P<component>[1-9]\d?))?"
)

# The order of the segments in a loop (005010X222A1). What is not named goes last.
ORDER: dict[str, tuple[str, ...]] = {
    "2000A": ("PRV", "CUR"),
    "2000B": ("SBR", "PAT"),
    "2000C": ("PAT",),
    "2300": ("CLM", "DTP", "PWK", "CN1", "AMT", "REF", "K3", "NTE", "CR1", "CR2", "CRC", "HI", "HCP"),
    "2320": ("SBR", "CAS", "AMT", "OI", "MOA"),
    "2400": (
        *("LX", "SV1", "SV5", "PWK", "CR1", "CR3", "CRC", "DTP", "QTY", "MEA", "CN1", "REF", "AMT", "K3", "NTE"),
        *("PS1", "HCP"),
    ),
    "2410": ("LIN", "CTP", "REF"),
    "2430": ("SVD", "CAS", "DTP", "AMT"),
    "2440": ("LQ", "FRM"),
}
_PARTY = ("NM1", "N3", "N4", "PRV", "DMG", "DTP", "REF", "PER")
# Loops that need not have a segment of their own before a new one.
_LEVELS = frozenset({"2000A"})
# Elements whose value is a composite: a whole one may be set.
_COMPOSITES = frozenset(
    {("CLM", 5), ("CLM", 11), ("SV1", 1), ("SV1", 7), ("SV5", 1), ("SVD", 3), ("CTP", 5), ("REF", 4)}
)


class EditError(ValueError):
    """An edit that cannot be made: the place does not exist, the value would break the segment, or the claim's
    handle is dead. Messages name places, never values."""


class Place(NamedTuple):
    """A place in a claim, read from text by `parse_place`."""

    loop: str
    nth: int
    tag: str
    qualifier: str
    element: int
    component: int


class Edit(NamedTuple):
    """One change: what was done (`set`, `add`, `remove`), where (`2400 SV101-3`), on which line (0: the claim), the
    value before and after, and who did it. Kept with the claim; never written to a log."""

    kind: str
    place: str
    line: int
    before: str
    after: str
    by: str


class EditLog:
    """What was changed through one handle; shared by the claim and its lines."""

    __slots__ = ("by", "dead", "edits")

    def __init__(self, by: str) -> None:
        self.by = by
        self.dead = False
        self.edits: list[Edit] = []

    def check(self) -> None:
        """Raises EditError if the handle is dead."""
        if self.dead:
            raise EditError("this claim was taken back when its step ended; changes to it no longer count")

    def add(self, kind: str, place: str, line: int, before: str, after: str) -> None:
        self.edits.append(Edit(kind, place, line, before, after, self.by))


def parse_place(text: str) -> Place:
    """Raises EditError if the text names no place."""
    match = _PLACE.fullmatch(text)
    if match is None or not int(match["element"]):
        raise EditError(f"{text!r} is no place: write it like CLM05-3, REF[G1]02 or 2010BA N403")
    return Place(
        match["loop"] or "",
        int(match["nth"] or 1),
        match["tag"],
        match["qualifier"] or "",
        int(match["element"]),
        int(match["component"] or 0),
    )


def check_value(value: str, delimiters: Delimiters, place: str, composite: bool = False) -> None:
    """Raises EditError if a value cannot stand in an element: X12 has no escape for its separators.

    `composite`: the value is a whole element, in which components may be separated.
    """
    separators = {delimiters.element, delimiters.segment}
    if not composite:
        separators |= {delimiters.component, delimiters.repetition} - {""}
    if any(separator in value for separator in separators):
        raise EditError(f"the value for {place} holds a character that separates elements in this claim")
    if "\n" in value or "\r" in value:
        raise EditError(f"the value for {place} holds a line break")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise EditError(f"the value for {place} holds a character that X12 cannot carry") from error


def plain_text(value: str, delimiters: Delimiters) -> str:
    """Free text that can stand in an element: separators and line breaks become blanks, and what Latin-1 lacks
    a question mark."""
    text = value.encode("latin-1", "replace").decode("latin-1")
    for character in (*delimiters, "\n", "\r"):
        if character:
            text = text.replace(character, " ")
    return text.strip()


def with_value(raw: str, delimiters: Delimiters, element: int, component: int, value: str) -> tuple[str, str]:
    """The segment with one element or component set, and the value that stood there. Empty ones at the end
    are dropped, as the standard wants it."""
    elements = raw.split(delimiters.element)
    elements += [""] * (element + 1 - len(elements))
    if component:
        components = elements[element].split(delimiters.component)
        components += [""] * (component - len(components))
        before = components[component - 1]
        components[component - 1] = value
        elements[element] = delimiters.component.join(components).rstrip(delimiters.component)
    else:
        before = elements[element]
        elements[element] = value
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    return delimiters.element.join(elements), before


def insert_at(raw: Sequence[str], span: Span, tag: str, separator: str) -> int:
    """Where a new segment goes in its loop: after the last one that the guide puts before it, and after those of its
    own kind."""
    order = ORDER.get(span.loop, _PARTY)
    rank = {name: at for at, name in enumerate(order)}
    mine = rank.get(tag, len(order))
    at = span.end
    while at > span.start and rank.get(raw[at - 1].split(separator, 1)[0], len(order)) > mine:
        at -= 1
    return at if span.loop in _LEVELS else max(at, span.start + 1)


def find_span(spans: Sequence[Span], loop: str, nth: int = 1) -> Span | None:
    """The nth span of a loop."""
    found = [span for span in spans if span.loop == loop]
    return found[nth - 1] if len(found) >= nth else None


def with_segment(raw: Sequence[str], span: Span, segment: str, separator: str) -> list[str]:
    """The segments with a new one in its place in a loop."""
    at = insert_at(raw, span, segment.split(separator, 1)[0], separator)
    return [*raw[:at], segment, *raw[at:]]


def set_in(raw: Sequence[str], span: Span, place: Place, value: str, delimiters: Delimiters) -> tuple[list[str], str]:
    """Set one element of one loop; a segment that is not there is made. Returns the new segments and the value
    before.

    Raises:
        EditError: the value cannot stand there.
    """
    composite = not place.component and ((place.tag, place.element) in _COMPOSITES or place.tag == "HI")
    check_value(value, delimiters, place.tag, composite)
    separator = delimiters.element
    start = place.tag + separator + (place.qualifier + separator if place.qualifier else "")
    for at in range(span.start, span.end):
        if (raw[at] + separator).startswith(start):
            changed, before = with_value(raw[at], delimiters, place.element, place.component, value)
            return [*raw[:at], changed, *raw[at + 1 :]], before
    made, _ = with_value(start.rstrip(separator), delimiters, place.element, place.component, value)
    return with_segment(raw, span, made, separator), ""


def without_segments(
    raw: Sequence[str], own: int, tag: str, qualifier: str, separator: str
) -> tuple[list[str], list[str]]:
    """The segments without those of a loop itself (the first `own`) that have this tag, and this first element where
    one is given; and those that were taken out."""
    start = tag + separator + (qualifier + separator if qualifier else "")
    gone = [text for text in raw[:own] if (text + separator).startswith(start)]
    kept = [text for text in raw[:own] if not (text + separator).startswith(start)]
    return [*kept, *raw[own:]], gone


def join_elements(elements: Iterable[str], delimiters: Delimiters) -> str:
    """A segment from its tag and elements, which may be composites; empty ones at the end are dropped.

    Raises:
        EditError: a value holds a separator.
    """
    parts = list(elements)
    for part in parts:
        if delimiters.element in part or delimiters.segment in part or "\n" in part or "\r" in part:
            raise EditError(f"a value for {parts[0]} holds a character that separates elements in this claim")
        if not part.isascii() and any(ord(character) > 255 for character in part):
            raise EditError(f"a value for {parts[0]} holds a character that X12 cannot carry")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return delimiters.element.join(parts)
