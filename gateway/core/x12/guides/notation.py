"""Reading a guide from its file. A line is one thing; what stands two blanks deeper belongs to it.

    GUIDE 837 005010X222A1 ; professional claim

    LOOP 2010AA R 1 ; billing provider
      SEG 0150 NM1 R 1 ; billing provider name
        01 98 R key = 85 ; who it is
        03 1035 R ; last name, or the organisation's
        09 67 S set:npi ; NPI
        syntax P0809 C1110
      SEG 0250 N3 R 1 ; address
        ...
      LOOP ...

`UNUSED N2 CL1`, below the head: segments that the standard has in this transaction set, and the guide has nowhere.

A segment: its printed position, tag, usage (R, S), how often (`>1`: any number), our name. An element: its position in
the segment, the number of its data element, usage, then in any order `key`, `x5` (may stand five times, divided by the
repetition separator), `date:02` (written as element 02 says), `set:NAME` (an external code set), `AN 1-30` (where the
guide narrows type or lengths), and `= A B C` (the codes that the guide allows; `_` in one is a blank). A composite:
`05 C023 R`, its components two blanks deeper with `1`, `2`, ... for their positions; where it is the key, the first
component with codes is meant. What is not listed is not used.

Data elements are in `elements.txt`: number, type, shortest, longest, our name. How long segments and composites are in
the standard is in `segments.txt`.

`AGAIN 2300 R 100`: the loop of that id, written out above, stands here too (a claim is told of a subscriber, or of a
patient below him), with the usage and repeats of this line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import msgspec

from .model import DataElement, Element, Guide, Kind, Loop, Segment, Syntax, Usage

FOLDER = "gateway.core.x12.guides"
_SYNTAX = re.compile(r"[PRECL](?:\d\d){2,}")
_KINDS = frozenset(kind.value for kind in Kind)
_LENGTHS = re.compile(r"(\d+)-(\d+)")


class NotationError(Exception):
    """A guide's file is not as it must be: which line, and what is wrong with it."""


class _Line(NamedTuple):
    number: int
    depth: int
    words: list[str]
    name: str


def _lines(text: str, what: str) -> Iterator[_Line]:
    for number, raw in enumerate(text.splitlines(), 1):
        body, _, name = raw.partition(";")
        if not body.strip() or body.lstrip().startswith("#"):
            continue
        indent = len(body) - len(body.lstrip(" "))
        if indent % 2:
            raise NotationError(f"{what}:{number}: the line stands an odd number of blanks in.")
        yield _Line(number, indent // 2, body.split(), name.strip())


@cache
def data_elements() -> dict[str, DataElement]:
    """The data elements by number."""
    text = (resources.files(FOLDER) / "data" / "elements.txt").read_text()
    found = {}
    for line in _lines(text, "elements.txt"):
        number, kind, shortest, longest = line.words
        if number in found:
            raise NotationError(f"elements.txt:{line.number}: data element {number} stands there twice.")
        found[number] = DataElement(number, Kind(kind), int(shortest), int(longest), line.name)
    return found


@cache
def lengths() -> dict[str, int]:
    """How many elements segments have in the standard, and how many components composites."""
    text = (resources.files(FOLDER) / "data" / "segments.txt").read_text()
    return {line.words[0]: int(line.words[1]) for line in _lines(text, "segments.txt")}


class _Reader:
    """The lines of one file, taken one after the other."""

    def __init__(self, text: str, what: str) -> None:
        self.what = what
        self._lines = list(_lines(text, what))
        self._at = 0
        self._loops: dict[str, Loop] = {}

    def peek(self, depth: int) -> _Line | None:
        """The next line, where it stands at this depth or deeper."""
        if self._at < len(self._lines) and self._lines[self._at].depth >= depth:
            return self._lines[self._at]
        return None

    def take(self) -> _Line:
        line = self._lines[self._at]
        self._at += 1
        return line

    def wrong(self, line: _Line, what: str) -> NotationError:
        return NotationError(f"{self.what}:{line.number}: {what}")

    # --- what stands there

    def guide(self) -> Guide:
        head = self.take()
        if head.words[0] != "GUIDE" or len(head.words) < 3:
            raise self.wrong(head, "a guide begins with GUIDE, the transaction set and its versions.")
        children: list[Segment | Loop] = []
        unused: list[str] = []
        while (line := self.peek(0)) is not None:
            if line.words[0] == "UNUSED":
                unused += self.take().words[1:]
            else:
                children.append(self._child(line, 0))
        root = Loop(id=head.words[1], usage=Usage.REQUIRED, repeats=1, name=head.name, children=tuple(children))
        return Guide(set=head.words[1], versions=tuple(head.words[2:]), name=head.name, root=root, unused=tuple(unused))

    def _child(self, line: _Line, depth: int) -> Segment | Loop:
        if line.depth != depth:
            raise self.wrong(line, f"it stands at depth {line.depth} where depth {depth} is meant.")
        if line.words[0] == "LOOP":
            return self._loop(depth)
        if line.words[0] == "SEG":
            return self._segment(depth)
        if line.words[0] == "AGAIN":
            return self._again()
        raise self.wrong(line, f"{line.words[0]} is none of LOOP, SEG and AGAIN.")

    def _loop(self, depth: int) -> Loop:
        line = self.take()
        if len(line.words) != 4:
            raise self.wrong(line, "a loop is: LOOP id usage repeats ; name")
        _, name, usage, repeats = line.words
        children: list[Segment | Loop] = []
        while (inner := self.peek(depth + 1)) is not None:
            children.append(self._child(inner, depth + 1))
        if not children or not isinstance(children[0], Segment):
            raise self.wrong(line, f"loop {name} does not begin with a segment.")
        if name in self._loops:
            raise self.wrong(line, f"loop {name} stands there twice.")
        self._loops[name] = Loop(
            id=name,
            usage=self._usage(line, usage),
            repeats=_repeats(repeats),
            name=line.name,
            children=tuple(children),
        )
        return self._loops[name]

    def _again(self) -> Loop:
        line = self.take()
        if len(line.words) != 4 or line.words[1] not in self._loops:
            raise self.wrong(line, "a loop that stands here too is: AGAIN id usage repeats, and its id is known above.")
        _, name, usage, repeats = line.words
        return msgspec.structs.replace(self._loops[name], usage=self._usage(line, usage), repeats=_repeats(repeats))

    def _segment(self, depth: int) -> Segment:
        line = self.take()
        if len(line.words) != 5:
            raise self.wrong(line, "a segment is: SEG place tag usage repeats ; name")
        _, place, tag, usage, repeats = line.words
        elements: list[Element] = []
        syntax: list[Syntax] = []
        while (inner := self.peek(depth + 1)) is not None:
            if inner.depth != depth + 1:
                raise self.wrong(inner, f"it stands at depth {inner.depth} where depth {depth + 1} is meant.")
            if inner.words[0] == "syntax":
                rules = self.take()
                syntax += [self._syntax(rules, word) for word in rules.words[1:]]
            else:
                elements.append(self._element(depth + 1))
        positions = [element.position for element in elements]
        if positions != sorted(set(positions)):
            raise self.wrong(line, f"the elements of {tag} do not stand in order.")
        return Segment(
            tag=tag,
            place=int(place),
            usage=self._usage(line, usage),
            repeats=_repeats(repeats),
            name=line.name,
            elements=tuple(elements),
            syntax=tuple(syntax),
        )

    def _syntax(self, line: _Line, word: str) -> Syntax:
        if not _SYNTAX.fullmatch(word):
            raise self.wrong(line, f"{word} is no syntax rule such as P0304.")
        return Syntax(word[0], tuple(int(word[at : at + 2]) for at in range(1, len(word), 2)))

    def _element(self, depth: int) -> Element:
        line = self.take()
        words = list(line.words)
        if len(words) < 3 or not words[0].isdigit():
            raise self.wrong(line, "an element is: position data-element usage ...")
        position, number, usage = int(words[0]), words[1], self._usage(line, words[2])
        data: DataElement | None = None
        components: tuple[Element, ...] = ()
        if number.startswith("C"):
            found: list[Element] = []
            while self.peek(depth + 1) is not None:
                found.append(self._element(depth + 1))
            components = tuple(found)
            if not components:
                raise self.wrong(line, f"composite {number} has no component.")
        else:
            known = data_elements()
            if number not in known:
                raise self.wrong(line, f"data element {number} is not in elements.txt.")
            data = known[number]
        return self._details(line, words[3:], position, usage, number, data, components)

    def _details(
        self,
        line: _Line,
        words: list[str],
        position: int,
        usage: Usage,
        number: str,
        data: DataElement | None,
        components: tuple[Element, ...],
    ) -> Element:
        key, repeats, date_by, external = False, 1, 0, ""
        codes: tuple[str, ...] = ()
        while words:
            word = words.pop(0)
            if word == "=":
                codes, words = tuple(code.replace("_", " ") for code in words), []
            elif word == "key":
                key = True
            elif word.startswith("x") and word[1:].isdigit():
                repeats = int(word[1:])
            elif word.startswith("date:"):
                date_by = int(word[5:])
            elif word.startswith("set:"):
                external = word[4:]
            elif word in _KINDS and data is not None:
                data = _narrowed(data, kind=Kind(word))
            elif (found := _LENGTHS.fullmatch(word)) and data is not None:
                data = _narrowed(data, shortest=int(found[1]), longest=int(found[2]))
            else:
                raise self.wrong(line, f"{word!r} is not known here.")
        if key and not codes and not any(component.codes for component in components):
            raise self.wrong(line, "an element that is a key needs its codes.")
        if len(codes) != len(set(codes)):
            raise self.wrong(line, "a code stands there twice.")
        name = line.name or (data.name if data is not None else "")
        return Element(
            position=position,
            usage=usage,
            name=name,
            data=data,
            codes=codes,
            external=external,
            key=key,
            date_by=date_by,
            repeats=repeats,
            composite=number if components else "",
            components=components,
        )

    def _usage(self, line: _Line, word: str) -> Usage:
        if word not in ("R", "S"):
            raise self.wrong(line, f"usage is R or S, not {word!r}; what is not used is not listed.")
        return Usage(word)


def _narrowed(data: DataElement, **changed: Any) -> DataElement:
    return msgspec.structs.replace(data, **changed)


def _repeats(word: str) -> int:
    return 0 if word == ">1" else int(word)


def parse(text: str, what: str) -> Guide:
    """A guide from its text; `what` names it in errors.

    Raises:
        NotationError: a line is not as it must be.
    """
    return _Reader(text, what).guide()


@cache
def guide(name: str) -> Guide:
    """The guide in `data/NAME.guide`.

    Raises:
        NotationError: its file is not as it must be.
    """
    return parse((resources.files(FOLDER) / "data" / f"{name}.guide").read_text(), f"{name}.guide")


GUIDES = ("837p", "835", "999", "277ca")


@cache
def known_tags() -> frozenset[str]:
    """The segments that the transaction sets of our guides have, in the guide or in the standard alone."""
    found: set[str] = set()
    for one in map(guide, GUIDES):
        found.update(one.unused)
        found.update(
            segment.tag for loop in one.root.loops() for segment in loop.children if isinstance(segment, Segment)
        )
    return frozenset(found)
