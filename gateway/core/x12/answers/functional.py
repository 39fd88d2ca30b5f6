"""The 999 (005010X231A1): what is said of a group, of each transaction set in it, and of each segment and element that
is wrong.

Everything that is written passes the guide of the 999, whatever the file held: ids and numbers that could not stand in
an answer are brought into a form that can, with the code beside them that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..fault import Fault
from ..guides.answer_codes import GroupCode, GroupVerdict, SegmentCode, SetCode, SetVerdict
from ..guides.walk import Finding, Trigger
from ..segment import Delimiters
from ..writer import segment_text
from .values import copied, digits, is_number, plain

VERSION = "005010X231A1"
MOST_SEGMENTS = 200
"""IK3 of one set; what more is wrong with it is not told, and code 5 or I5 stands for it in IK502."""
MOST_ELEMENTS = 30
"""IK4 of one IK3."""
_MOST_CODES = 5
_MOST_TRIGGERS = 9
_LONGEST_COPY = 99
_PLAIN = Delimiters()

SETS_OF_GROUPS: Mapping[str, frozenset[str]] = {
    "HC": frozenset({"837"}),
    "HP": frozenset({"835"}),
    "HN": frozenset({"277"}),
    "HB": frozenset({"271"}),
    "HS": frozenset({"270"}),
    "HR": frozenset({"276"}),
    "HI": frozenset({"278"}),
    "BE": frozenset({"834"}),
    "RA": frozenset({"820"}),
}
"""The groups that a 999 may answer (AK101), and the transaction sets that belong in each (AK201)."""
_GROUP_OF = {kind: group for group, kinds in SETS_OF_GROUPS.items() for kind in kinds}

SET_CODES: Mapping[str, SetCode] = {
    "se-missing": SetCode.TRAILER_MISSING,
    "se02-control-number": SetCode.NUMBERS_DIFFER,
    "se01-count": SetCode.SEGMENT_COUNT,
    "st02-repeated": SetCode.NUMBER_USED_TWICE,
    "terminator-missing": SetCode.SEGMENTS_WRONG,
    "segment-too-long": SetCode.SEGMENTS_WRONG,
    "loop-too-long": SetCode.SEGMENTS_WRONG,
}
"""IK502 for what the reader says of a transaction set, by the code of its fault."""

GROUP_CODES: Mapping[str, GroupCode] = {
    "ge-missing": GroupCode.TRAILER_MISSING,
    "ge02-control-number": GroupCode.NUMBERS_DIFFER,
    "ge01-count": GroupCode.SET_COUNT,
}
"""AK905 for what the reader says of a group."""


class Unit(NamedTuple):
    """The unit of business that a finding belongs to, as CTX01 names it: `CLM01` and the claim's number."""

    name: str
    value: str


class Told(NamedTuple):
    """A finding with the unit that it belongs to; None where it belongs to none."""

    finding: Finding
    unit: Unit | None = None


class AnsweredSet(NamedTuple):
    """What is said of one transaction set. `kind`, `st02`, `version`: ST01 to ST03 as they stand; `codes`: IK502 on,
    beside those that follow from what is told."""

    kind: str
    st02: str
    version: str
    verdict: SetVerdict
    codes: tuple[SetCode, ...] = ()
    told: Sequence[Told] = ()


class AnsweredGroup(NamedTuple):
    """What is said of one group. `kind`, `gs06`, `version`: GS01, GS06, GS08 as they stand; `included`: GE01 (None:
    there is none). `refused`: as a whole; then nothing is said of its sets."""

    kind: str
    gs06: str
    version: str
    sets: Sequence[AnsweredSet]
    included: int | None = None
    codes: tuple[GroupCode, ...] = ()
    refused: bool = False


def set_codes(faults: Iterable[Fault]) -> tuple[SetCode, ...]:
    """IK502 on for what the reader found in a set; what only is odd (an empty segment) has none."""
    found = []
    for fault in faults:
        code = SET_CODES.get(fault.code)
        if code is None and fault.stops_set:
            code = SetCode.SEGMENTS_WRONG
        if code is not None:
            found.append(code)
    return tuple(dict.fromkeys(found))


def group_codes(faults: Iterable[Fault]) -> tuple[GroupCode, ...]:
    """AK905 on for what the reader found at the end of a group."""
    return tuple(dict.fromkeys(GROUP_CODES[fault.code] for fault in faults if fault.code in GROUP_CODES))


def can_be_answered(group: AnsweredGroup) -> bool:
    """Whether there is a 999 for this group: it, or a set in it, is of a kind that the 999's guide names. Answers
    (group FA) are never answered; other kinds can only be answered by a TA1 (note 024)."""
    return group.kind.strip() != "FA" and bool(_kind_of(group))


def _kind_of(group: AnsweredGroup) -> str:
    kind = group.kind.strip()
    if kind in SETS_OF_GROUPS:
        return kind
    return next((_GROUP_OF[one.kind.strip()] for one in group.sets if one.kind.strip() in _GROUP_OF), "")


def functional(group: AnsweredGroup, marks: Delimiters) -> Iterator[str]:
    """The segments of a 999 between ST and SE.

    Raises:
        ValueError: no 999 can be written for such a group (`can_be_answered`).
    """
    if not can_be_answered(group):
        raise ValueError("there is no 999 for a group of this kind")
    group = _settled(group)
    gs06 = digits(group.gs06.strip(), 9)
    yield segment_text(("AK1", group.kind, gs06, plain(group.version, 12, marks, "005010")), marks)
    if not group.refused:
        for one in group.sets:
            yield from _set(one, marks)
    yield segment_text(_ak9(group), marks)


def _settled(group: AnsweredGroup) -> AnsweredGroup:
    """The group with ids and numbers that may stand in an answer, and with every code."""
    kind = _kind_of(group)
    codes = list(group.codes)
    if kind != group.kind.strip():
        codes.append(GroupCode.NOT_SUPPORTED)
    if not is_number(group.gs06.strip(), 9):
        codes.append(GroupCode.BAD_NUMBER)
    sets = [_settled_set(one, kind) for one in group.sets]
    return group._replace(kind=kind, sets=sets, codes=tuple(dict.fromkeys(codes)))


def group_verdict(group: AnsweredGroup) -> GroupVerdict:
    """AK901."""
    accepted = _accepted(group)
    if not accepted:
        return GroupVerdict.REJECTED
    if accepted < len(group.sets):
        return GroupVerdict.PARTLY_ACCEPTED
    noted = group.codes or any(one.verdict is SetVerdict.ERRORS_NOTED for one in group.sets)
    return GroupVerdict.ERRORS_NOTED if noted else GroupVerdict.ACCEPTED


def _accepted(group: AnsweredGroup) -> int:
    taken = (SetVerdict.ACCEPTED, SetVerdict.ERRORS_NOTED)
    return 0 if group.refused else sum(one.verdict in taken for one in group.sets)


def _ak9(group: AnsweredGroup) -> tuple[str, ...]:
    received = len(group.sets)
    included = received if group.included is None else group.included
    counts = (str(min(max(0, count), 999_999)) for count in (included, received, _accepted(group)))
    return ("AK9", group_verdict(group), *counts, *group.codes[:_MOST_CODES])


# --- a transaction set


def _settled_set(one: AnsweredSet, group: str) -> AnsweredSet:
    """A set with an id and a number that may stand in an answer, and with every code. One that is not accepted has a
    code; one with a code is not simply accepted.

    The guide's own codes (I..) mean that the guide is broken (I5), the standard's that segments are wrong (5).
    """
    codes = list(one.codes)
    kind = one.kind.strip()
    if kind not in _GROUP_OF:
        # It stands under the kind that belongs in its group; code 6 says that its own is another.
        kind = min(SETS_OF_GROUPS[group])
        codes.append(SetCode.BAD_KIND)
    elif kind not in SETS_OF_GROUPS[group]:
        codes.append(SetCode.NOT_IN_GROUP)
    st02 = one.st02.strip()
    fits = plain(st02, 9, _PLAIN)
    if fits != st02 or len(fits) < 4:
        codes.append(SetCode.BAD_NUMBER)
        fits = fits.rjust(4, "0")
    verdict = one.verdict
    if verdict is not SetVerdict.ACCEPTED:
        guide = ["I" in told.finding.ik403 + told.finding.ik304 for told in one.told]
        if not all(guide) or not (codes or guide):
            codes.append(SetCode.SEGMENTS_WRONG)
        if any(guide):
            codes.append(SetCode.GUIDE_BROKEN)
    elif codes:
        verdict = SetVerdict.ERRORS_NOTED
    return one._replace(kind=kind, st02=fits, verdict=verdict, codes=tuple(dict.fromkeys(codes)))


def _set(one: AnsweredSet, marks: Delimiters) -> Iterator[str]:
    yield segment_text(("AK2", one.kind, plain(one.st02, 9, marks), plain(one.version, 35, marks)), marks)
    if one.verdict is not SetVerdict.ACCEPTED:
        yield from _segments(one.told, marks)
    yield segment_text(("IK5", one.verdict, *one.codes[:_MOST_CODES]), marks)


_RANK: Mapping[str, int] = {
    SegmentCode.MISSING: 0,
    SegmentCode.SITUATION_MISSING: 0,
    SegmentCode.LOOP_TOO_FEW: 0,
    SegmentCode.TOO_FEW: 0,
    SegmentCode.ELEMENTS_WRONG: 2,
}
_Key = tuple[int, int, str, str, str]


def _key(finding: Finding) -> _Key:
    """Findings in the order of the segments; what is missing before a segment stands before what is wrong with it."""
    code = finding.ik304
    return finding.position, _RANK.get(code, 1), finding.loop, finding.tag, code


def _segments(told: Sequence[Told], marks: Delimiters) -> Iterator[str]:
    """IK3 once for each segment and code, with its contexts and elements below."""
    by_segment: dict[_Key, list[Told]] = {}
    for one in sorted(told, key=lambda one: _key(one.finding)):
        key = _key(one.finding)
        if key not in by_segment and len(by_segment) == MOST_SEGMENTS:
            break
        by_segment.setdefault(key, []).append(one)
    for group in by_segment.values():
        yield from _segment(group, marks)


def _segment(told: Sequence[Told], marks: Delimiters) -> Iterator[str]:
    first = told[0].finding
    yield segment_text(
        ("IK3", _tag(first.tag), _position(first.position), plain(first.loop, 6, marks), first.ik304), marks
    )
    triggers = [one.finding.trigger for one in told if one.finding.fault is None]
    yield from _triggers(triggers, _MOST_TRIGGERS, marks)
    unit = next((one.unit for one in told if one.unit is not None), None)
    if unit is not None and (value := plain(unit.value, 35, marks)):
        yield segment_text(("CTX", unit.name), marks) + marks.component + value
    elements = 0
    for one in told:
        if one.finding.fault is not None and elements < MOST_ELEMENTS:
            elements += 1
            yield _element(one.finding, marks)
            yield from _triggers([one.finding.trigger], 1, marks)


def _element(finding: Finding, marks: Delimiters) -> str:
    fault = finding.fault
    assert fault is not None
    data = fault.element.data.number if fault.element is not None and fault.element.data is not None else ""
    value = copied(fault.value, _LONGEST_COPY, marks)
    return _joined(
        marks,
        "IK4",
        _place(marks, fault.position, fault.component, fault.repeat),
        data if is_number(data, 4) else "",
        fault.code,
        value,
    )


def _triggers(triggers: Iterable[Trigger | None], most: int, marks: Delimiters) -> Iterator[str]:
    for trigger in list(dict.fromkeys(one for one in triggers if one is not None))[:most]:
        yield _joined(
            marks,
            "CTX",
            "SITUATIONAL TRIGGER",
            _tag(trigger.tag),
            _position(trigger.position),
            plain(trigger.loop, 6, marks),
            _place(marks, trigger.element, trigger.component) if trigger.element else "",
            trigger.data if is_number(trigger.data, 4) else "",
        )


def _joined(marks: Delimiters, *elements: str) -> str:
    """Elements, of which some hold component separators on purpose."""
    return marks.element.join(elements).rstrip(marks.element)


def _place(marks: Delimiters, element: int, component: int = 0, repeat: int = 0) -> str:
    """C030: element, component, repetition."""
    parts = [
        str(min(element, 99)),
        str(min(component, 99)) if component else "",
        str(min(repeat, 9_999)) if repeat else "",
    ]
    return marks.component.join(parts).rstrip(marks.component)


def _position(position: int) -> str:
    return str(max(1, position))


def _tag(tag: str) -> str:
    """A segment's id; `??` where it has none that could be one."""
    found = "".join(char for char in tag if char.isascii() and char.isalnum())[:3]
    return found if len(found) > 1 else "??"
