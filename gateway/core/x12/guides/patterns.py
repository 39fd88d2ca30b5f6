"""A segment of a guide as one regular expression: what matches is right, and most segments do.

The expression may be narrower than the guide (a blank in front, a very long number, the 29th of February): what it does
not match is looked at element by element (`elements`), and only that says what is wrong. It must never be wider.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..segment import Delimiters
from .model import Element, Kind, Segment, Syntax, Usage

_31 = "(?:0[13578]|1[02])(?:0[1-9]|[12]\\d|3[01])"
_30 = "(?:0[469]|11)(?:0[1-9]|[12]\\d|30)"
_28 = "02(?:0[1-9]|1\\d|2[0-8])"
DAY = f"(?:1[89]|20)\\d\\d(?:{_31}|{_30}|{_28})"
"""CCYYMMDD, without the 29th of February."""
_MINUTE = "(?:[01]\\d|2[0-3])[0-5]\\d"
_TIME = f"{_MINUTE}(?:[0-5]\\d(?:\\d\\d?)?)?"
FORMS = {"D8": DAY, "RD8": f"{DAY}-{DAY}", "DT": f"{DAY}{_MINUTE}", "TM": _MINUTE}


def pattern(segment: Segment, delimiters: Delimiters) -> re.Pattern[str]:
    """What a right segment looks like, between these separators, from its tag to its end."""
    made = _Maker(segment, delimiters)
    return re.compile(made.text(), re.ASCII)


def rules_to_check(segment: Segment) -> tuple[Syntax, ...]:
    """The syntax rules that `pattern` does not hold by itself."""
    used = {element.position: element.usage for element in segment.elements}
    left = []
    for rule in segment.syntax:
        usages = [used.get(position, Usage.NOT_USED) for position in rule.positions]
        if not _holds_anyway(rule, usages) and rule not in _pairs(segment):
            left.append(rule)
    return tuple(left)


def breakable_from(rule: Syntax) -> int:
    """The last element that a segment has at most, and cannot break the rule, plus one."""
    match rule.letter:
        case "P":
            return min(rule.positions)
        case "E":
            return sorted(rule.positions)[1]
        case "R":
            return 0
        case _:
            return rule.positions[0]


def _holds_anyway(rule: Syntax, usages: Sequence[Usage]) -> bool:
    """Whether what is required and what is not used make it true whatever stands there."""
    required = [usage is Usage.REQUIRED for usage in usages]
    unused = [usage is Usage.NOT_USED for usage in usages]
    match rule.letter:
        case "P":
            return all(required) or all(unused)
        case "R":
            return any(required)
        case "E":
            return sum(not one for one in unused) <= 1
        case "C":
            return unused[0] or all(required[1:])
        case _:
            return unused[0] or any(required[1:])


def _pairs(segment: Segment) -> tuple[Syntax, ...]:
    """Rules such as P0809 about two situational elements side by side, which the expression holds as one unit."""
    used = {element.position: element for element in segment.elements}
    found: list[Syntax] = []
    taken: set[int] = set()
    for rule in segment.syntax:
        if rule.letter != "P" or len(rule.positions) != 2 or taken & set(rule.positions):
            continue
        first, second = rule.positions
        both = [used.get(first), used.get(second)]
        if second == first + 1 and all(one is not None and one.usage is Usage.SITUATIONAL for one in both):
            found.append(rule)
            taken |= set(rule.positions)
    return tuple(found)


class _Maker:
    def __init__(self, segment: Segment, delimiters: Delimiters) -> None:
        self.segment = segment
        self.delimiters = delimiters
        self.element = re.escape(delimiters.element)
        outside = "".join(re.escape(one) for one in set(delimiters) - {""})
        self.first = f"[^{outside}\\x00-\\x20\\x7f-\\xff]"
        self.char = f"[^{outside}\\x00-\\x1f\\x7f-\\xff]"

    def text(self) -> str:
        """The expression."""
        units = self._units()
        last = max((at for at, (_, required) in enumerate(units) if required), default=-1)
        head = "".join(text for text, _ in units[: last + 1])
        tail = ""
        for text, _ in reversed(units[last + 1 :]):
            tail = f"(?:{text}{tail})?"
        # The last element says something; a segment has one at least.
        something = "" if head else f"(?={self.element})"
        return f"{re.escape(self.segment.tag)}{something}{head}{tail}(?<!{self.element})"

    def _units(self) -> list[tuple[str, bool]]:
        """What stands one after the other, each with the separator before it, and whether it must be there."""
        used = {element.position: element for element in self.segment.elements}
        second = {rule.positions[0]: rule.positions[1] for rule in _pairs(self.segment)}
        units: list[tuple[str, bool]] = []
        position, end = 1, max(used, default=0)
        while position <= end:
            element = used.get(position)
            if position in second:
                assert element is not None
                other = used[second[position]]
                left, right = self._value(element), self._value(other)
                both = f"{self.element}{left}{self.element}{right}"
                units.append((f"(?:{both}|{self.element}{self.element})", False))
                position += 2
                continue
            if element is None:
                units.append((self.element, False))
            elif element.usage is Usage.REQUIRED:
                units.append((self.element + self._value(element), True))
            else:
                units.append((f"{self.element}(?:{self._value(element)})?", False))
            position += 1
        return units

    def _value(self, element: Element) -> str:
        if element.components:
            one = self._composite(element)
        elif element.date_by:
            one = self._dated(element)
        else:
            one = self._simple(element)
        if element.repeats > 1 and self.delimiters.repetition:
            return f"{one}(?:{re.escape(self.delimiters.repetition)}{one}){{0,{element.repeats - 1}}}"
        return one

    def _composite(self, composite: Element) -> str:
        separator = re.escape(self.delimiters.component)
        used = {component.position: component for component in composite.components}
        parts: list[tuple[str, bool]] = []
        for position in range(1, max(used) + 1):
            component = used.get(position)
            ahead = separator if position > 1 else ""
            if component is None:
                parts.append((ahead, False))
            elif component.usage is Usage.REQUIRED:
                parts.append((ahead + self._value(component), True))
            else:
                parts.append((f"{ahead}(?:{self._value(component)})?", False))
        last = max((at for at, (_, required) in enumerate(parts) if required), default=0)
        tail = ""
        for text, _ in reversed(parts[last + 1 :]):
            tail = f"(?:{text}{tail})?"
        # An element that is there says something, and its last component does.
        return "(?:" + "".join(text for text, _ in parts[: last + 1]) + tail + f")(?<!{separator})"

    def _dated(self, element: Element) -> str:
        """A date, written as the element before it says; the forms are told apart by how they look."""
        by = next((one for one in self.segment.elements if one.position == element.date_by), None)
        forms = [FORMS[code] for code in (by.codes if by is not None else ()) if code in FORMS]
        if len(forms) == 1:
            return forms[0]
        if not forms or by is None or element.position != by.position + 1:
            return "(?!)"
        # The element before has been matched: look back at it.
        made = [f"(?<={self.element}{code}{self.element}){FORMS[code]}" for code in by.codes if code in FORMS]
        return f"(?:{'|'.join(made)})"

    def _simple(self, element: Element) -> str:
        if element.codes:
            # The longest first: the first that fits is taken.
            return f"(?:{'|'.join(re.escape(code) for code in sorted(element.codes, key=len, reverse=True))})"
        data = element.data
        assert data is not None
        match data.kind:
            case Kind.DATE:
                return DAY if data.longest == 8 else "\\d{6}"
            case Kind.TIME:
                return _TIME
            case Kind.INTEGER | Kind.HUNDREDTHS:
                return f"-?\\d{{{data.shortest},{data.longest}}}"
            case Kind.DECIMAL:
                whole = max(1, data.longest - 2)
                less = "|\\.\\d{1,2}" if data.shortest == 1 else ""
                return f"-?(?:\\d{{{data.shortest},{whole}}}(?:\\.\\d{{1,2}})?{less})"
            case _:
                # No blank in front; what ends in one is looked at more closely.
                rest = f"{self.char}{{{max(0, data.shortest - 1)},{data.longest - 1}}}(?<! )"
                return f"{self.first}{rest}"
