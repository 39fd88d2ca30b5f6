"""The elements of a segment that is shown: each with its place, its name in the guide, its value and its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..core.model.value_words import Meanings, meaning
from ..core.x12.guides.model import Element
from ..core.x12.segment import Delimiters, display
from .x12_hiding import DOTS, masked
from .x12_laid import Shown


class Decoded(NamedTuple):
    """One element or component. `place` is as people write it (`CLM05-1`); `name` is empty where the guide has none;
    `meaning` where the value does not say it itself."""

    place: str
    name: str
    value: str
    meaning: str


def elements_of(shown: Shown, *, patient: bool) -> list[str]:
    """The elements of a segment, tag first, as they may be shown."""
    elements = shown.raw.split(shown.delimiters.element)
    if patient:
        return elements
    loop = shown.loops[-1].id if shown.loops else ""
    known = shown.guide is not None or not shown.kind
    return masked(shown.kind, loop, elements, shown.delimiters, known=known, placed=shown.segment is not None)


def text_of(elements: list[str], marks: Delimiters) -> str:
    """A segment on one line, as a person may see it."""
    return printable(marks.element.join(elements)) + (marks.segment if marks.segment.isprintable() else "")


def printable(text: str) -> str:
    """Text without what would move the cursor."""
    shown = display(text)
    return shown if shown.isprintable() else "".join(char if char.isprintable() else "?" for char in shown)


def decoded(shown: Shown, elements: list[str], tables: Meanings | None) -> Iterator[Decoded]:
    """Its elements with a value, in order; `elements` as `elements_of` gave them."""
    used = {one.position: one for one in shown.segment.elements} if shown.segment is not None else {}
    marks = shown.delimiters
    tag = printable(elements[0])
    for position, value in enumerate(elements[1:], 1):
        if not value:
            continue
        element = used.get(position)
        place = f"{tag}{position:02d}"
        if tag == "ISA":
            yield Decoded(place, _name(element), printable(value.strip()), _meaning(element, value.strip(), "", tables))
            continue
        repeats = value.split(marks.repetition) if marks.repetition and element is not None else [value]
        for one in repeats:
            if element is not None and element.components and one != DOTS:
                yield from _components(element, place, one, marks, tables)
            else:
                form = elements[element.date_by] if element is not None and element.date_by < len(elements) else ""
                yield Decoded(place, _name(element), printable(one), _meaning(element, one, form, tables))


def _components(
    composite: Element, place: str, value: str, marks: Delimiters, tables: Meanings | None
) -> Iterator[Decoded]:
    used = {one.position: one for one in composite.components}
    parts = value.split(marks.component)
    for position, part in enumerate(parts, 1):
        if part:
            element = used.get(position)
            form = parts[element.date_by - 1] if element is not None and 0 < element.date_by <= len(parts) else ""
            name = _name(element)
            if composite.name and composite.name not in name:
                name = f"{composite.name}: {name}" if name else composite.name
            yield Decoded(f"{place}-{position}", name, printable(part), _meaning(element, part, form, tables))


def _name(element: Element | None) -> str:
    return element.name if element is not None else ""


def _meaning(element: Element | None, value: str, form: str, tables: Meanings | None) -> str:
    return meaning(element, value, form, tables) if element is not None and value != DOTS else ""
