"""A segment looked at element by element: what is wrong with it, with the codes of IK403.

Only for segments that their pattern does not match; most never come here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..segment import Delimiters
from ..values import parse_date
from .model import Element, Kind, Segment, Syntax, Usage
from .notation import lengths

MISSING, CONDITIONAL, TOO_MANY, TOO_SHORT, TOO_LONG = "1", "2", "3", "4", "5"
BAD_CHARACTER, BAD_CODE, BAD_DATE, BAD_TIME, EXCLUDED = "6", "7", "8", "9", "10"
TOO_MANY_REPEATS, TOO_MANY_COMPONENTS, NOT_USED = "12", "13", "I10"

_CENTS = "782"
"""Amounts: cents count as two digits even where they are left out (TR3 B.1.1.3.1.2)."""
_OUTSIDE = re.compile(r"[^\x20-\x7e]")
"""What the basic and the extended character set of X12 do not have."""
_INTEGER = re.compile(r"-?\d+", re.ASCII)
_DECIMAL = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?", re.ASCII)
_SHORT_DATE = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", re.ASCII)


class ElementFault(NamedTuple):
    """One thing wrong with one element. `code` is IK403; `component` and `repeat` count from 1 (0: the whole element;
    the first). `value` is what stands there: a patient's, perhaps, so never in a log. `element` is None where the
    guide has none at this position. `rule` is the syntax rule that is broken."""

    position: int
    component: int
    repeat: int
    code: str
    value: str
    element: Element | None = None
    rule: Syntax | None = None


def check(segment: Segment, raw: str, delimiters: Delimiters) -> list[ElementFault]:
    """Everything that is wrong with a segment, in the order of its elements; nothing where all is right."""
    parts = raw.split(delimiters.element)
    found: list[ElementFault] = []
    used = {element.position: element for element in segment.elements}
    end = max(*used, lengths().get(segment.tag, 0)) if used else 0
    for position in range(1, max(end + 1, len(parts))):
        value = parts[position] if position < len(parts) else ""
        element = used.get(position)
        if element is not None:
            found += _element(element, value, parts, delimiters)
        elif value:
            code = NOT_USED if position <= end else TOO_MANY
            found.append(ElementFault(position, 0, 0, code, value))
            if code is TOO_MANY:
                break
    # A form of date that is wrong is told, and not the date that follows the form which was meant.
    wrong = {one.position for one in found}
    found = [one for one in found if one.element is None or one.component or one.element.date_by not in wrong]
    # What is missing anyway is not told again by a rule.
    missing = {one.position for one in found if one.code == MISSING and not one.component}
    found += [one for one in broken_rules(segment.syntax, parts) if one.position not in missing]
    if not parts[-1] or len(parts) == 1:
        found += _nothing_said(parts, used, {one.position for one in found})
    return found


def _nothing_said(parts: Sequence[str], used: dict[int, Element], told: set[int]) -> Iterator[ElementFault]:
    """Separators behind the last value, which must be left out (TR3 B.1.1.3.10); a segment without a value."""
    last = max((at for at, value in enumerate(parts) if at and value), default=0)
    empty = set(range(last + 1, len(parts)))
    if empty and not empty & told:
        yield ElementFault(last + 1, 0, 0, TOO_MANY, "", used.get(last + 1))
    elif not last and not told:
        yield ElementFault(1, 0, 0, MISSING, "", used.get(1))


class Rules:
    """Syntax rules made ready to be asked often: which elements are there becomes bits, and each rule two masks."""

    __slots__ = ("_all", "rules")

    def __init__(self, rules: Sequence[Syntax]) -> None:
        self.rules = tuple(rules)
        self._all = [
            (rule.letter, 1 << rule.positions[0], sum(1 << position for position in rule.positions[1:]))
            for rule in rules
        ]

    def hold(self, parts: Sequence[str]) -> bool:
        """Whether elements (the tag first) break none of them."""
        there = sum([1 << at for at, value in enumerate(parts) if value])
        for letter, first, others in self._all:
            if letter == "P":
                good = there & (first | others) in (0, first | others)
            elif letter == "R":
                good = there & (first | others) != 0
            elif letter == "E":
                both = there & (first | others)
                good = not both & (both - 1)
            elif letter == "C":
                good = not there & first or there & others == others
            else:
                good = not there & first or there & others != 0
            if not good:
                return False
        return True


def broken_rules(rules: Sequence[Syntax], parts: Sequence[str]) -> list[ElementFault]:
    """The syntax rules that elements (the tag first) break, each told at the element that is missing or too much."""
    found = []
    for rule in rules:
        present = [position < len(parts) and bool(parts[position]) for position in rule.positions]
        at, code = _broken(rule, present)
        if at:
            found.append(ElementFault(at, 0, 0, code, parts[at] if at < len(parts) else "", None, rule))
    return found


def _broken(rule: Syntax, present: Sequence[bool]) -> tuple[int, str]:
    """The position at which a rule is broken, and IK403; (0, "") where it holds."""
    positions = rule.positions
    missing = next((position for position, here in zip(positions, present, strict=True) if not here), 0)
    match rule.letter:
        case "P":
            return (missing, CONDITIONAL) if any(present) and missing else (0, "")
        case "R":
            return (positions[0], CONDITIONAL) if not any(present) else (0, "")
        case "E":
            here = [position for position, one in zip(positions, present, strict=True) if one]
            return (here[1], EXCLUDED) if len(here) > 1 else (0, "")
        case "C":
            return (missing, CONDITIONAL) if present[0] and missing else (0, "")
        case _:
            return (positions[1], CONDITIONAL) if present[0] and not any(present[1:]) else (0, "")


def _element(element: Element, value: str, parts: Sequence[str], delimiters: Delimiters) -> Iterator[ElementFault]:
    position = element.position
    if not value.strip(" ") or not value.strip(delimiters.component):
        if element.usage is Usage.REQUIRED:
            yield ElementFault(position, 0, 0, MISSING, value, element)
        elif value and not value.strip(" "):
            yield ElementFault(position, 0, 0, BAD_CHARACTER, value, element)
        return
    several = element.repeats > 1 and delimiters.repetition
    repeats = value.split(delimiters.repetition) if several else [value]
    if len(repeats) > element.repeats:
        yield ElementFault(position, 0, element.repeats + 1, TOO_MANY_REPEATS, value, element)
        repeats = repeats[: element.repeats]
    for number, one in enumerate(repeats, 1):
        at = number if several else 0
        if element.components:
            yield from _composite(element, one, at, delimiters)
        elif wrong := _wrong(element, one, parts, delimiters):
            yield ElementFault(position, 0, at, wrong, one, element)


def _composite(composite: Element, value: str, repeat: int, delimiters: Delimiters) -> Iterator[ElementFault]:
    parts = value.split(delimiters.component)
    used = {component.position: component for component in composite.components}
    end = max(*used, lengths().get(composite.composite, 0))
    for position in range(1, max(end, len(parts)) + 1):
        one = parts[position - 1] if position <= len(parts) else ""
        component = used.get(position)
        if component is None:
            if one:
                code = NOT_USED if position <= end else TOO_MANY_COMPONENTS
                yield ElementFault(composite.position, position, repeat, code, one)
                if code is TOO_MANY_COMPONENTS:
                    return
        elif not one.strip(" "):
            if component.usage is Usage.REQUIRED:
                yield ElementFault(composite.position, position, repeat, MISSING, one, component)
            elif one:
                yield ElementFault(composite.position, position, repeat, BAD_CHARACTER, one, component)
        elif wrong := _wrong(component, one, ["", *parts], delimiters):
            yield ElementFault(composite.position, position, repeat, wrong, one, component)
    if not parts[-1] and any(parts):
        last = max(at for at, one in enumerate(parts, 1) if one)
        if all(used[at].usage is not Usage.REQUIRED for at in range(last + 1, len(parts) + 1) if at in used):
            yield ElementFault(composite.position, last + 1, repeat, TOO_MANY_COMPONENTS, "", used.get(last + 1))


def _wrong(element: Element, value: str, parts: Sequence[str], delimiters: Delimiters) -> str:
    """IK403 of a value that stands there; empty where it is right. `parts`: the segment's elements, or the composite's
    components, by position."""
    if _OUTSIDE.search(value) or any(one and one in value for one in (delimiters.component, delimiters.repetition)):
        return BAD_CHARACTER
    if element.codes:
        return "" if value in element.codes else BAD_CODE
    if element.date_by:
        return _wrong_date(parts[element.date_by] if element.date_by < len(parts) else "", value)
    data = element.data
    assert data is not None
    size = len(value)
    match data.kind:
        case Kind.DATE:
            if data.shortest <= size <= data.longest:
                good = parse_date(value) is not None if size == 8 else _SHORT_DATE.fullmatch(value) is not None
                return "" if good else BAD_DATE
        case Kind.TIME:
            if data.shortest <= size <= data.longest:
                return "" if _TIME.fullmatch(value) else BAD_TIME
        case Kind.INTEGER | Kind.HUNDREDTHS | Kind.DECIMAL:
            if not (_DECIMAL if data.kind is Kind.DECIMAL else _INTEGER).fullmatch(value):
                return BAD_CHARACTER
            size = sum(one.isdigit() for one in value)  # sign and point do not count
            if data.number == _CENTS:
                size = max(size, sum(one.isdigit() for one in value.partition(".")[0]) + 2)
    if size < data.shortest:
        return TOO_SHORT
    return TOO_LONG if size > data.longest else ""


def _wrong_date(form: str, value: str) -> str:
    """A value in one of the forms of element 1250."""
    match form:
        case "D8":
            return "" if parse_date(value) is not None else BAD_DATE
        case "RD8":
            first, dash, last = value.partition("-")
            start, end = parse_date(first), parse_date(last)
            return "" if dash and start is not None and end is not None else BAD_DATE
        case "DT":
            good = len(value) in (12, 14) and parse_date(value[:8]) is not None and _TIME.fullmatch(value[8:])
            return "" if good else BAD_DATE
        case "TM":
            return "" if _TIME.fullmatch(value) else BAD_TIME
        case _:
            return ""  # the form itself is wrong, and told at its own element
