"""An implementation guide as it is written down in `data/*.guide`: loops, segments, elements, codes."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import msgspec


class Usage(enum.StrEnum):
    """REQUIRED and SITUATIONAL as the printed guide has them; what a guide does not list is not used."""

    REQUIRED = "R"
    SITUATIONAL = "S"
    NOT_USED = "N"


class Kind(enum.StrEnum):
    """Types of data elements."""

    TEXT = "AN"
    CODE = "ID"
    DATE = "DT"
    TIME = "TM"
    DECIMAL = "R"
    INTEGER = "N0"
    HUNDREDTHS = "N2"


class DataElement(msgspec.Struct, frozen=True):
    """A data element of the standard: its number, type and lengths, and our short name for it."""

    number: str
    kind: Kind
    shortest: int
    longest: int
    name: str


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """An element, or a component of a composite, as a guide wants it.

    `position` counts from 1. `codes`: the values that the guide allows (empty: any). `external`: the code set outside
    of X12 that a value must come from (level 5). `key`: its value tells this segment from others of its tag. `date_by`:
    the position of the element that says how a date is written (D8, RD8, DT). `components`: of a composite. `repeats`:
    how often it may stand, divided by the repetition separator.
    """

    position: int
    usage: Usage
    name: str
    data: DataElement | None = None
    codes: tuple[str, ...] = ()
    external: str = ""
    key: bool = False
    date_by: int = 0
    repeats: int = 1
    composite: str = ""
    components: tuple[Element, ...] = ()


class Syntax(msgspec.Struct, frozen=True):
    """A relational rule between elements: P (all or none), R (at least one), E (at most one), C (if the first, then
    all), L (if the first, then at least one of the others)."""

    letter: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        return self.letter + "".join(f"{position:02d}" for position in self.positions)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment at its place in a guide. `place` is the printed position; segments of one place may stand in any
    order. `repeats` 0: any number."""

    tag: str
    place: int
    usage: Usage
    repeats: int
    name: str
    elements: tuple[Element, ...]
    syntax: tuple[Syntax, ...] = ()

    @property
    def keys(self) -> tuple[Element, ...]:
        """The elements whose values tell it from others of its tag."""
        return tuple(element for element in self.elements if element.key)


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """A loop: segments and loops in the order of the guide. The first segment begins it; its place is the loop's.
    `repeats` 0: any number."""

    id: str
    usage: Usage
    repeats: int
    name: str
    children: tuple[Segment | Loop, ...]

    @property
    def first(self) -> Segment:
        """The segment that begins it."""
        first = self.children[0]
        assert isinstance(first, Segment)
        return first

    @property
    def place(self) -> int:
        """The printed position of its first segment."""
        return self.first.place

    def loops(self) -> Iterator[Loop]:
        """This loop and all below it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Loop):
                yield from child.loops()


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """A guide: the transaction set it is for, the versions that say it (ST03, GS08), its outermost loop, and the tags
    that the standard has in the set and the guide does not use."""

    set: str
    versions: tuple[str, ...]
    name: str
    root: Loop
    unused: tuple[str, ...] = ()
