"""The TA1: what is said of an interchange as a whole, by its envelope alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping

from ..fault import Fault
from ..guides.answer_codes import InterchangeCode as Code
from ..guides.answer_codes import InterchangeVerdict
from ..guides.model import Element, Segment
from ..guides.notation import guide
from ..segment import Delimiters
from ..segment import Segment as ReadSegment
from ..values import parse_date
from .checking import CheckedInterchange, answered_group
from .functional import can_be_answered
from .values import digits, is_number

OF_ELEMENT: Mapping[int, Code] = {
    1: Code.AUTHORIZATION_QUALIFIER,
    2: Code.AUTHORIZATION,
    3: Code.SECURITY_QUALIFIER,
    4: Code.SECURITY,
    5: Code.SENDER_QUALIFIER,
    6: Code.SENDER,
    7: Code.RECEIVER_QUALIFIER,
    8: Code.RECEIVER,
    9: Code.BAD_DATE,
    10: Code.BAD_TIME,
    11: Code.REPETITION_SEPARATOR,
    12: Code.BAD_VERSION,
    13: Code.BAD_NUMBER,
    14: Code.ACKNOWLEDGMENT_REQUEST,
    15: Code.USAGE,
    16: Code.COMPONENT_SEPARATOR,
}
"""The note for what is wrong with an element of the ISA."""

OF_FAULT: Mapping[str, Code] = {
    "isa16-missing": Code.COMPONENT_SEPARATOR,
    "isa-delimiters": Code.COMPONENT_SEPARATOR,
    "iea-missing": Code.ENDS_TOO_EARLY,
    "terminator-missing": Code.ENDS_TOO_EARLY,
    "iea02-control-number": Code.NUMBERS_DIFFER,
    "iea01-count": Code.GROUP_COUNT,
    "gs-missing": Code.BAD_STRUCTURE,
    "ge-without-gs": Code.BAD_STRUCTURE,
    "se-without-st": Code.BAD_STRUCTURE,
    "isa-broken": Code.BAD_STRUCTURE,
    "ta1-place": Code.BAD_STRUCTURE,
    "segment-outside-set": Code.BAD_STRUCTURE,
    "segment-too-long": Code.BAD_CONTENT,
}
"""The note for what the reader says of an envelope, by the code of its fault.

The padding of the ISA (`isa-padding`) has the note of the element that is too short or too long. What only is odd
(blanks in front, a byte order mark) has none.
"""

_NEVER_FROM_A_FILE = frozenset(
    {
        *(Code.DEFERRED_DATE, Code.DEFERRED_TIME, Code.DEFERRED_TIME_CODE, Code.GRADE_OF_SERVICE),
        *(Code.ELEMENT_SEPARATOR, Code.SEGMENT_TERMINATOR),
    }
)
OF_RECEIVER = frozenset({Code.RECEIVER_UNKNOWN, Code.NUMBER_USED_BEFORE})
"""Notes that only who receives the file can know; the others can be told from the file."""
OF_FILE = frozenset(Code) - OF_RECEIVER - _NEVER_FROM_A_FILE - {Code.NO_ERROR}
"""Notes that a file can cause by itself. Deferred delivery and grades of service are asked for in segments that no
guide here has; without an element separator and a terminator nothing is read as an ISA."""

TAKEN_ANYWAY = frozenset(
    {
        *(Code.AUTHORIZATION_QUALIFIER, Code.AUTHORIZATION, Code.SECURITY_QUALIFIER, Code.SECURITY),
        *(Code.BAD_DATE, Code.BAD_TIME, Code.REPETITION_SEPARATOR, Code.ACKNOWLEDGMENT_REQUEST),
        *(Code.GROUP_COUNT, Code.BAD_STRUCTURE),
    }
)
"""Notes that do not stop an interchange, unless its receiver wants it so: E. All others: R."""

# The least harmless first: one note stands in a TA1.
_ORDER = (
    *(Code.STANDARD_NOT_SUPPORTED, Code.VERSION_NOT_SUPPORTED, Code.BAD_VERSION),
    *(Code.COMPONENT_SEPARATOR, Code.BAD_NUMBER, Code.ENDS_TOO_EARLY, Code.NUMBERS_DIFFER, Code.SENDER_QUALIFIER),
    *(Code.SENDER, Code.RECEIVER_QUALIFIER, Code.RECEIVER, Code.USAGE, Code.BAD_CONTENT, Code.BAD_STRUCTURE),
)
_DATE = re.compile(r"\d{6}", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d", re.ASCII)
_VERSION = re.compile(r"00[1-9]\d\d", re.ASCII)


def notes(interchange: CheckedInterchange) -> list[Code]:
    """Everything that is wrong with an interchange, the worst first; nothing where all is well."""
    found = dict.fromkeys(_isa(interchange.isa, interchange.delimiters))
    found.update(dict.fromkeys(_of_faults(interchange.faults)))
    groups = [answered_group(group) for group in interchange.groups if group.gs[1].strip() != "FA"]
    if not all(can_be_answered(group) for group in groups):
        found[Code.BAD_CONTENT] = None
    order = {code: at for at, code in enumerate(_ORDER)}
    return sorted(found, key=lambda code: (order.get(code, len(order)), code))


def _of_faults(faults: Iterable[Fault]) -> Iterator[Code]:
    for fault in faults:
        if fault.code == "isa-padding":
            yield OF_ELEMENT.get(fault.element, Code.BAD_STRUCTURE)
        elif fault.code in OF_FAULT:
            yield OF_FAULT[fault.code]


def _isa(isa: ReadSegment, delimiters: Delimiters) -> Iterator[Code]:
    """What the elements of the ISA say."""
    yield from _separators(delimiters)
    version = isa[12].strip()
    if version != "00501":
        yield Code.VERSION_NOT_SUPPORTED if _VERSION.fullmatch(version) else Code.BAD_VERSION
    if version == "00501" and not delimiters.repetition:
        yield Code.REPETITION_SEPARATOR
    elif version < "00501" and _VERSION.fullmatch(version) and isa[11].strip() != "U":
        yield Code.STANDARD_NOT_SUPPORTED
    used = {element.position: element for element in _isa_guide().elements}
    for position in range(1, 16):
        if position not in (11, 12) and not _fits(used[position], isa[position]):
            yield OF_ELEMENT[position]


def _separators(delimiters: Delimiters) -> Iterator[Code]:
    component = delimiters.component
    if component in (delimiters.element, delimiters.segment) or component.isalnum() or not component.strip():
        yield Code.COMPONENT_SEPARATOR


def _isa_guide() -> Segment:
    first = guide("envelope").root.children[0]
    assert isinstance(first, Segment)
    return first


def _fits(element: Element, value: str) -> bool:
    if element.codes:
        return value.strip() in element.codes
    match element.position:
        case 2 | 4:
            return True  # blank, or what the two have agreed on
        case 9:
            return _date(value) is not None
        case 10:
            return _TIME.fullmatch(value.strip()) is not None
        case 13:
            return len(value.strip()) == 9 and is_number(value.strip(), 9)
        case _:
            return bool(value.strip())


def _date(value: str) -> dt.date | None:
    value = value.strip()
    return parse_date("20" + value) if _DATE.fullmatch(value) else None


def verdict_of(note: Code) -> InterchangeVerdict:
    """TA104 for a note, where the receiver has no reason of its own to take or refuse the interchange."""
    if note is Code.NO_ERROR:
        return InterchangeVerdict.ACCEPTED
    return InterchangeVerdict.ERRORS_NOTED if note in TAKEN_ANYWAY else InterchangeVerdict.REJECTED


def ta1(
    isa: ReadSegment, note: Code, at: dt.datetime, marks: Delimiters, verdict: InterchangeVerdict | None = None
) -> str:
    """A TA1 about the interchange with this ISA; `verdict` where it is not the one of the note.

    What of the ISA cannot stand in an answer is brought into a form that can: the digits of its number, and `at`, the
    moment of receipt, for a date or time that is none.
    """
    date = isa[9].strip() if _date(isa[9]) is not None else f"{at:%y%m%d}"
    time = isa[10].strip() if _TIME.fullmatch(isa[10].strip()) else f"{at:%H%M}"
    number = digits(isa[13], 9).rjust(9, "0")
    return marks.element.join(("TA1", number, date, time, verdict or verdict_of(note), note))
