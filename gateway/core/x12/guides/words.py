"""What a finding says to the person who bills: one plain sentence on what is wrong, and one on what to do.

Made of the guide's names, codes and lengths. A value is shown only where a code of few characters is wanted: anything
else may be a patient's.
"""

from __future__ import annotations

import re

from . import elements as codes
from .elements import ElementFault
from .model import Element, Guide, Kind, Loop, Segment
from .walk import LOOP_TOO_OFTEN, MISSING, NOT_DEFINED, NOT_USED, OUT_OF_ORDER, TOO_OFTEN, UNRECOGNIZED, Finding

CODES_SHOWN = 8
_PLACES_KEPT = 5_000
_LONGEST_SHOWN = 3
"""Characters of a wrong code that are shown; a longer one may be a name that slipped."""

# Where a person mends it, by the beginning of the loop, the longest that fits.
_RECORDS = {
    "1000A": "the submitter's data in the partner's settings",
    "1000B": "the receiver's data in the partner's settings",
    "2000A": "the provider's record",
    "2010A": "the provider's record",
    "2000B": "the patient's insurance record",
    "2010BA": "the subscriber's record",
    "2010BB": "the payer's record",
    "2000C": "the patient's record",
    "2010C": "the patient's record",
    "2300": "the claim",
    "2310": "the provider's record",
    "2320": "the other insurance",
    "2330": "the other insurance",
    "2400": "the service line",
    "2410": "the line's drug",
    "2420": "the provider's record",
    "2430": "the other payer's decision on the line",
    "2440": "the line's form",
}
_NOT_OURS = {
    "835": "Ask the payer for a corrected remittance.",
    "277": "Ask the partner that sent it for a corrected answer.",
    "999": "Ask the partner that sent it for a corrected answer.",
}
_ELSEWHERE = "Correct it in the program that wrote the file."
# What billers call some data elements, whose short names in the guides say what they are about.
_CALLED = {
    "98": "role",
    "235": "kind of procedure code",
    "1032": "claim filing code",
    "1035": "name",
    "1065": "mark as a person or an organisation",
    "1325": "claim frequency",
    "1328": "diagnosis pointer",
    "1336": "reason why Medicare is secondary",
    "1359": "assignment code",
    "1363": "release of information",
}
_LOOPS_CALLED = {"adjudication of the line by another payer": "other payer's decision on the line"}
_SEVERAL = re.compile(r"(?:the|'s) (?:diagnoses|units|consents|dates|days|miles|months)\b| and |, state")
_QUESTIONS = frozenset(("how", "what", "where", "whether", "which", "who", "whose", "why"))
_PROPER = ("Medicare", "EPSDT")
# Data elements whose name says too little without the segment's.
_GENERIC = frozenset(
    [
        "67",
        "93",
        "118",
        "127",
        "332",
        "337",
        "338",
        "350",
        "352",
        "355",
        "373",
        "380",
        "782",
        "799",
        "933",
        "954",
        "1073",
        "1271",
        "1321",
        "1362",
    ]
)
_NAMED_BY_SEGMENT = {"REF": 2, "TRN": 2}
_DATED = {"DTP": 3, "DTM": 2}
_FORMS = {
    "D8": "a date such as 20260131",
    "RD8": "two dates such as 20260101-20260131",
    "DT": "a date and a time such as 202601311530",
    "TM": "a time such as 1530",
}


class _Place:
    """A place in a guide: its loop, the segment, and how people call what stands there."""

    def __init__(self, guide: Guide, loop: Loop, segment: Segment | None) -> None:
        self.guide = guide
        self.loop = loop
        self.segment = segment
        self.inner = loop is not guide.root

    def owned(self, thing: str) -> str:
        """`the billing provider's NPI`, `the total charge of the claim`."""
        thing = thing.removeprefix("the ")
        if not self.inner:
            return f"the {thing}"
        owner = _LOOPS_CALLED.get(self.loop.name) or self.loop.name.split(", ")[0].replace(": ", "'s ")
        if owner.split(" ", 1)[0] in _QUESTIONS:
            return f"the {thing} ({owner})"
        person = self.loop.first.tag in ("NM1", "N1", "HL")
        owner = owner.split(" who ")[0]
        if owner in thing or " it " in thing:
            return f"the {thing}" if not person else f"the {thing}".replace(f"the {owner} id", f"the {owner}'s id")
        if not person:
            return f"the {thing} of the {owner}"
        return f"the {owner}'s {thing.removeprefix(owner.rsplit(' ', 1)[-1] + ' ')}"

    def element(self, position: int, component: int = 0) -> str:
        """An element by its name."""
        element = self.find(position)
        if element is None:
            return f"element {position:02d}"
        inner = next((one for one in element.components if one.position == component), None) if component else None
        return self.owned(self._name(inner or element, position, element if inner else None))

    def find(self, position: int) -> Element | None:
        """The element of a position; None where the guide does not use it."""
        used = self.segment.elements if self.segment is not None else ()
        return next((one for one in used if one.position == position), None)

    def _name(self, element: Element, position: int, composite: Element | None) -> str:
        segment = self.segment
        assert segment is not None
        kind, _, what = segment.name.partition(": ")
        if _DATED.get(segment.tag) == position:
            return f"{kind} ({what})" if what else f"date ({segment.name})"
        if _NAMED_BY_SEGMENT.get(segment.tag) == position and not composite:
            return segment.name
        data = element.data
        if data is not None and data.number in _CALLED:
            return _CALLED[data.number]
        name = element.name or (composite.name if composite is not None else "") or segment.name
        name = name.split(" (")[0].split(", nine")[0]
        if name.split(" ", 1)[0] in _QUESTIONS:
            return f"element “{name}”"
        whole = composite.name if composite is not None and segment.tag == "HI" else ""
        if not whole and data is not None and data.number in _GENERIC and name == data.name:
            whole = segment.name
        return f"{name} ({whole})" if whole and whole not in name else name


_kept: dict[int, Words] = {}


def words_of(guide: Guide) -> Words:
    """The sentences of a guide, which are made once for all who ask."""
    found = _kept.get(id(guide))
    if found is None or found.guide is not guide:
        found = _kept[id(guide)] = Words(guide)
    return found


class Words:
    """The sentences for findings of one guide's sets."""

    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self._loops = {loop.id: loop for loop in guide.root.loops()}
        self._places: dict[tuple[str, str, str], _Place] = {}

    def of(self, finding: Finding) -> str:
        """What is wrong, where, and what to do: `Loop 2010AA NM109: the billing provider's NPI is missing. Add it in
        the provider's record.`"""
        where = f"Loop {finding.place}" if finding.loop else finding.place
        words = finding.words
        if words:
            return f"{where}: {words if words.startswith(_PROPER) else words[0].lower() + words[1:]}"
        place = self._place(finding.loop, finding.tag, finding.name)
        what = _of_segment(finding, place) if finding.fault is None else _of_element(finding.fault, place)
        return f"{where}: {what}"

    def _place(self, name: str, tag: str, segment: str) -> _Place:
        key = name, tag, segment
        found = self._places.get(key)
        if found is None:
            loop = self._loops.get(name, self.guide.root)
            named = [one for one in loop.children if isinstance(one, Segment) and one.tag == tag]
            which = next((one for one in named if one.name == segment), named[0] if named else None)
            found = _Place(self.guide, loop, which)
            if len(self._places) < _PLACES_KEPT:
                self._places[key] = found
        return found


def _who_wrote_it(place: _Place) -> str:
    return _NOT_OURS.get(place.guide.set, _ELSEWHERE)


def _do(place: _Place, verb: str) -> str:
    """`Add it in the provider's record.`; of what others write: whom to ask."""
    if place.guide.set != "837":
        return _who_wrote_it(place)
    name = place.loop.id if place.inner else ""
    for length in (6, 5, 4):
        if name[:length] in _RECORDS:
            return f"{verb} in {_RECORDS[name[:length]]}."
    return _ELSEWHERE


# --- segments


def _of_segment(finding: Finding, place: _Place) -> str:
    tag, loop, code = finding.tag, place.loop.name, finding.ik304
    if code == MISSING:
        begins = place.inner and place.loop.first.tag == tag and finding.name == loop
        thing = f"the {loop}" if begins else _segment(place, finding.name)
        return _missing(place, thing)
    too_much = _do(place, "Take out what is too much")
    if code == LOOP_TOO_OFTEN:
        most = place.loop.repeats
        return f"there may be {f'one {loop}' if most == 1 else f'{most} of {loop}'}, and here is one more. {too_much}"
    if code == TOO_OFTEN:
        most = place.segment.repeats if place.segment is not None else 1
        return f"{_segment(place, finding.name)} may stand {_count(most)}, and stands once more. {too_much}"
    if code == OUT_OF_ORDER:
        return f"the {tag} stands too late: the guide has it before others that stand there. {_who_wrote_it(place)}"
    if code in (UNRECOGNIZED, NOT_DEFINED):
        return f"{tag} is no segment of this transaction. {_who_wrote_it(place)}"
    if code == NOT_USED:
        return f"the guide does not use this {tag}. {_do(place, 'Take it out')}"
    inside = f" in this loop ({loop})" if place.inner else " there"
    return (
        f"the guide has no such {tag}{inside}. Something before it may be missing, or its qualifier is wrong. "
        f"{_do(place, 'Correct it')}"
    )


def _missing(place: _Place, thing: str) -> str:
    if _SEVERAL.search(thing.split(" (", 1)[0]):
        return f"{thing} are missing. {_do(place, 'Add them')}"
    return f"{thing} is missing. {_do(place, 'Add it')}"


def _segment(place: _Place, name: str) -> str:
    if name.split(" ", 1)[0] in _QUESTIONS and place.segment is not None:
        return f"the {place.segment.tag} ({name})"
    kind, _, what = name.partition(": ")
    return place.owned(f"{kind} ({what})" if what and kind in ("date", "dates") else name)


def _count(most: int) -> str:
    return "once" if most == 1 else f"{most} times"


# --- elements


def _of_element(fault: ElementFault, place: _Place) -> str:
    thing = place.element(fault.position, fault.component)
    tag = place.segment.tag if place.segment is not None else "segment"
    if fault.rule is not None:
        return _of_rule(fault, place, thing)
    element = fault.element
    match fault.code:
        case codes.MISSING:
            return _missing(place, thing)
        case codes.TOO_MANY:
            return f"the {tag} has more elements than the guide. {_do(place, 'Take the last ones out')}"
        case codes.TOO_MANY_COMPONENTS:
            return f"{thing} has more parts than the guide. {_do(place, 'Take the last ones out')}"
        case codes.TOO_MANY_REPEATS:
            most = element.repeats if element is not None else 1
            too_much = _do(place, "Take out what is too much")
            return f"{thing} may stand {_count(most)}, and is repeated more often. {too_much}"
        case codes.NOT_USED:
            return f"the guide does not use {_bare(place, fault)}. {_do(place, 'Take the value out')}"
        case codes.TOO_SHORT | codes.TOO_LONG:
            return _of_length(element, thing, fault.code, place)
        case codes.BAD_CODE:
            return _of_code(fault, element, thing, place)
        case codes.BAD_DATE:
            form, do = _form(fault, place), _do(place, "Correct it")
            return f"{thing} is no date that exists, or not written as it must be: {form}. {do}"
        case codes.BAD_TIME:
            return f"{thing} is no time, such as 1530. {_do(place, 'Correct it')}"
        case _:
            return _of_character(fault, element, thing, place)


def _bare(place: _Place, fault: ElementFault) -> str:
    if fault.component:
        return f"part {fault.component} of {place.element(fault.position)}"
    return f"element {fault.position:02d} of the {place.segment.tag if place.segment else 'segment'}"


def _of_length(element: Element | None, thing: str, code: str, place: _Place) -> str:
    data = element.data if element is not None else None
    if data is None:
        return f"{thing} does not have the right length. {_do(place, 'Correct it')}"
    unit = "digits" if data.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.HUNDREDTHS) else "characters"
    if data.shortest == data.longest:
        return f"{thing} has {data.longest} {unit}, no more and no less. {_do(place, 'Correct it')}"
    if code == codes.TOO_LONG:
        return f"{thing} is too long: at most {data.longest} {unit}. {_do(place, 'Shorten it')}"
    return f"{thing} is too short: at least {data.shortest} {unit}. {_do(place, 'Correct it')}"


def _of_code(fault: ElementFault, element: Element | None, thing: str, place: _Place) -> str:
    allowed = list(element.codes) if element is not None else []
    shown = fault.value if 0 < len(fault.value) <= _LONGEST_SHOWN and fault.value.isalnum() else ""
    says = f"{thing} is {shown}, which the guide does not allow" if shown else f"{thing} is none that the guide allows"
    listed = ", ".join(allowed[:CODES_SHOWN]) + (" ..." if len(allowed) > CODES_SHOWN else "")
    which = f" (it allows {listed})" if len(allowed) > 1 else f" (it is always {listed})" if allowed else ""
    return f"{says}{which}. {_do(place, 'Correct it')}"


def _form(fault: ElementFault, place: _Place) -> str:
    element = fault.element
    if element is not None and element.date_by:
        by = place.find(element.date_by)
        forms = [_FORMS[code] for code in (by.codes if by is not None else ()) if code in _FORMS]
        if forms:
            return " or ".join(forms)
    if element is not None and element.data is not None and element.data.longest == 6:
        return "a date such as 260131"
    return _FORMS["D8"]


def _of_character(fault: ElementFault, element: Element | None, thing: str, place: _Place) -> str:
    data = element.data if element is not None else None
    if not fault.value.strip():
        return f"{thing} is blank. {_do(place, 'Fill it, or leave it out,')}"
    if data is not None and element is not None and not element.codes:
        if data.kind is Kind.DECIMAL:
            do = _do(place, "Correct it")
            return f"{thing} is no number: only digits, one point and a minus sign in front. {do}"
        if data.kind in (Kind.INTEGER, Kind.HUNDREDTHS):
            return f"{thing} is no whole number: only digits. {_do(place, 'Correct it')}"
    do = _do(place, "Take it out")
    return f"{thing} has a character that may not stand there: a separator, or one that cannot be printed. {do}"


def _of_rule(fault: ElementFault, place: _Place, thing: str) -> str:
    rule = fault.rule
    assert rule is not None
    others = [
        place.element(position) for position in rule.positions if position != fault.position and place.find(position)
    ]
    listed = " or ".join(others) if others else "what it belongs to"
    match rule.letter:
        case "P":
            do = _do(place, "Add it, or take the other out,")
            return f"{thing} is missing, and {listed} is given: they go together. {do}"
        case "C" | "L":
            first = place.element(rule.positions[0])
            return f"{first} is given, and {thing} is missing. {_do(place, 'Add it')}"
        case "R":
            return f"one of these must be there: {' or '.join([thing, *others])}. {_do(place, 'Add one')}"
        case _:
            return f"{thing} may not stand beside {listed}. {_do(place, 'Take one of them out')}"
