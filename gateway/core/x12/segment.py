"""Delimiters and segments: the smallest things on the wire.

Text is the bytes of a file decoded as Latin-1, one character a byte, so that offsets are byte offsets
and nothing is ever lost. `display` turns a value into what a person should see.
"""

from __future__ import annotations

from typing import NamedTuple


class Delimiters(NamedTuple):
    """The four separators of an interchange, as its ISA declares them.

    `repetition` is empty before version 00501 (ISA11 then holds a standards id, not a separator).
    """

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"


class Segment:
    """One segment, immutable: its text without the terminator, and the separators to read it by.

    Elements are numbered as people write them: `segment[1]` is CLM01 of a CLM. An element that is not
    there is the empty string, never an error.
    """

    __slots__ = ("_elements", "delimiters", "raw")

    raw: str
    delimiters: Delimiters

    def __init__(self, raw: str, delimiters: Delimiters) -> None:
        self.raw = raw
        self.delimiters = delimiters
        self._elements: list[str] | None = None

    @property
    def elements(self) -> list[str]:
        """Tag and elements; treat as read-only. Split on first use."""
        elements = self._elements
        if elements is None:
            elements = self._elements = self.raw.split(self.delimiters.element)
        return elements

    @property
    def tag(self) -> str:
        """The segment id: `CLM`, `NM1`."""
        return self.elements[0]

    def __getitem__(self, position: int) -> str:
        elements = self.elements
        return elements[position] if position < len(elements) else ""

    def components(self, position: int) -> list[str]:
        """The components of a composite element; `[""]` where the element is empty."""
        return self[position].split(self.delimiters.component)

    def component(self, position: int, number: int) -> str:
        """One component, both counted from 1: `component(5, 3)` of a CLM is CLM05-3."""
        parts = self.components(position)
        return parts[number - 1] if number <= len(parts) else ""

    def repeats(self, position: int) -> list[str]:
        """The repetitions of an element; one where the version has no repetition separator."""
        value = self[position]
        return value.split(self.delimiters.repetition) if self.delimiters.repetition else [value]

    def with_element(self, position: int, value: str) -> Segment:
        """The same segment with one element set; empty elements at the end are dropped."""
        elements = list(self.elements)
        while len(elements) <= position:
            elements.append("")
        elements[position] = value
        while len(elements) > 1 and not elements[-1]:
            elements.pop()
        return Segment(self.delimiters.element.join(elements), self.delimiters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Segment) and (self.raw, self.delimiters) == (other.raw, other.delimiters)

    def __hash__(self) -> int:
        return hash((self.raw, self.delimiters))

    def __repr__(self) -> str:
        # The tag alone: what stands in the elements may be a patient's.
        return f"<Segment {self.tag}>"


def display(text: str) -> str:
    """What a person should see: UTF-8 where the bytes are UTF-8, else Latin-1."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
