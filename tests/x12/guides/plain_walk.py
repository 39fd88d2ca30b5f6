"""A walk of a transaction set through its guide, the plain way: no tables, no patterns, nothing of the checker's.

Only for tests of the guides themselves: it says what does not fit, in short (`2100 CLP02 code 9`), and gives up at the
first segment that has no place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from gateway.core.x12.guides.model import Element, Guide, Kind, Loop, Segment, Syntax, Usage
from gateway.core.x12.segment import Delimiters

TYPES = {
    Kind.DECIMAL: r"-?(\d+\.?\d*|\.\d+)",
    Kind.INTEGER: r"-?\d+",
    Kind.DATE: r"(\d{6}|\d{8})",
    Kind.TIME: r"\d{4}(\d\d){0,2}",
}
DATES = {"D8": r"\d{8}", "RD8": r"\d{8}-\d{8}", "DT": r"\d{12}", "TM": r"\d{4}"}


def faults(guide: Guide, segments: Sequence[str], delimiters: Delimiters = Delimiters()) -> list[str]:  # noqa: B008
    """What of these segments (from ST to SE) does not fit the guide."""
    walk = _Walk(segments, delimiters)
    walk.children(guide.root)
    if walk.at < len(segments):
        walk.found.append(f"no place for segment {walk.at + 1}: {segments[walk.at].split(delimiters.element)[0]}")
    return walk.found


class _Walk:
    def __init__(self, segments: Sequence[str], delimiters: Delimiters) -> None:
        self.segments = segments
        self.delimiters = delimiters
        self.at = 0
        self.found: list[str] = []

    def children(self, loop: Loop) -> None:
        """What stands in a loop; the children of one printed position in any order."""
        for _, children in groupby(loop.children, key=lambda child: child.place):
            group = list(children)
            seen = [0] * len(group)
            while (which := self._which(group, seen)) is not None:
                seen[which] += 1
                child = group[which]
                if isinstance(child, Loop):
                    self.children(child)
                else:
                    self.found += [f"{loop.id} {fault}" for fault in self._segment(child)]
                    self.at += 1
            for child, count in zip(group, seen, strict=True):
                if child.usage is Usage.REQUIRED and not count:
                    self.found.append(f"{loop.id} lacks {child.id if isinstance(child, Loop) else child.name}")

    def _which(self, group: Sequence[Segment | Loop], seen: Sequence[int]) -> int | None:
        if self.at == len(self.segments):
            return None
        elements = self.segments[self.at].split(self.delimiters.element)
        for index, child in enumerate(group):
            segment = child.first if isinstance(child, Loop) else child
            room = not child.repeats or seen[index] < child.repeats
            if room and segment.tag == elements[0] and all(self._is(key, elements) for key in segment.keys):
                return index
        return None

    def _is(self, key: Element, elements: Sequence[str]) -> bool:
        value = elements[key.position] if key.position < len(elements) else ""
        if not key.components:
            return value in key.codes
        inner = next(component for component in key.components if component.codes)
        return (value.split(self.delimiters.component) + [""] * 9)[inner.position - 1] in inner.codes

    # --- one segment

    def _segment(self, segment: Segment) -> Iterator[str]:
        values = self.segments[self.at].split(self.delimiters.element)
        yield from self._elements(segment.tag, segment.elements, values[1:], values)
        for rule in segment.syntax:
            there = [position < len(values) and values[position] != "" for position in rule.positions]
            if not _holds(rule, there):
                yield f"{segment.tag} {rule}"

    def _elements(
        self, name: str, used: Sequence[Element], values: Sequence[str], whole: Sequence[str]
    ) -> Iterator[str]:
        by_position = {element.position: element for element in used}
        for position in range(1, max([*by_position, len(values)], default=0) + 1):
            value = values[position - 1] if position <= len(values) else ""
            element = by_position.get(position)
            if element is None:
                if value:
                    yield f"{name}{position:02d} not used"
            elif not value:
                if element.usage is Usage.REQUIRED:
                    yield f"{name}{position:02d} missing"
            else:
                for one in self._repeated(element, value):
                    yield from self._value(f"{name}{position:02d}", element, one, whole)

    def _repeated(self, element: Element, value: str) -> list[str]:
        separator = self.delimiters.repetition
        return value.split(separator) if separator and element.repeats > 1 else [value]

    def _value(self, name: str, element: Element, value: str, whole: Sequence[str]) -> Iterator[str]:
        if element.components:
            yield from self._elements(f"{name}-", element.components, value.split(self.delimiters.component), whole)
            return
        assert element.data is not None
        kind, length = element.data.kind, len(value)
        if kind in (Kind.DECIMAL, Kind.INTEGER):
            length = sum(char.isdigit() for char in value)
        if kind in TYPES and not re.fullmatch(TYPES[kind], value):
            yield f"{name} no {kind.value}: {value}"
        if not element.data.shortest <= length <= element.data.longest:
            yield f"{name} length {length}"
        if element.codes and value not in element.codes:
            yield f"{name} code {value}"
        if element.date_by and not re.fullmatch(DATES[whole[element.date_by]], value):
            yield f"{name} no {whole[element.date_by]}: {value}"


def _holds(rule: Syntax, there: Sequence[bool]) -> bool:
    match rule.letter:
        case "P":
            return all(there) or not any(there)
        case "R":
            return any(there)
        case "E":
            return sum(there) <= 1
        case "C":
            return not there[0] or all(there[1:])
        case _:
            return not there[0] or any(there[1:])
