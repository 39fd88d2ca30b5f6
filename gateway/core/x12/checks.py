"""Which elements hold amounts, numbers and dates, as a table, and the walk that finds those that cannot be read.

Views answer None, zero or empty for such an element; here it becomes a fault with its place. What a guide wants
beyond that (which codes, which segments) is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .fault import Fault
from .segment import Delimiters
from .spans import Span, head_spans, level_spans, line_spans
from .values import cents, parse_date, parse_number, parse_period

if TYPE_CHECKING:
    from .claim import Numbers
    from .stored import StoredClaim


class Kind(NamedTuple):
    """A type of element: how it is read (None: it cannot be), the fault's code and words where it cannot."""

    read: Callable[[str], object]
    code: str
    words: str


EMPTY = "The element is empty, and must not be."
AMOUNT = Kind(cents, "bad-amount", "The amount is not plain dollars and cents.")
NUMBER = Kind(parse_number, "bad-number", "The number cannot be read.")
DATE = Kind(parse_date, "bad-date", "The date is not a day of the calendar (CCYYMMDD).")
TEXT = Kind(str, "missing-value", EMPTY)


NO_SPAN = "The dates are not two days of the calendar, from and to."


class Typed(NamedTuple):
    """One element that is more than text; `required`: it may not be empty."""

    element: int
    kind: Kind
    required: bool = False
    component: int = 0


Table = dict[str, tuple[Typed, ...]]


def _many(kind: Kind, *elements: int) -> tuple[Typed, ...]:
    return tuple(Typed(element, kind) for element in elements)


# By segment id, for the 837P and the 835 alike. MIA, MOA, TS2, TS3: 005010X221A1.
TYPED: Table = {
    "CLM": (Typed(1, TEXT, True), Typed(2, AMOUNT, True)),
    "SV1": (Typed(1, TEXT, True, 2), Typed(2, AMOUNT, True), Typed(4, NUMBER, True)),
    "SV5": _many(NUMBER, 3) + _many(AMOUNT, 4, 5),
    "AMT": (Typed(2, AMOUNT, True),),
    "QTY": (Typed(2, NUMBER, True),),
    "SVD": (Typed(2, AMOUNT, True), Typed(5, NUMBER)),
    "CTP": _many(AMOUNT, 3) + _many(NUMBER, 4),
    "MEA": _many(NUMBER, 3),
    "CN1": _many(AMOUNT, 2),
    "HCP": _many(AMOUNT, 2, 3) + _many(NUMBER, 5) + _many(AMOUNT, 7) + _many(NUMBER, 12),
    "CR1": _many(NUMBER, 2, 6),
    "CR3": _many(NUMBER, 3),
    "FRM": _many(DATE, 4) + _many(NUMBER, 5),
    "PS1": _many(AMOUNT, 2),
    "BPR": (Typed(2, AMOUNT, True), Typed(16, DATE)),
    "DTM": (Typed(2, DATE, True),),
    "CLP": (
        *(Typed(1, TEXT, True), Typed(2, TEXT, True)),
        *(Typed(3, AMOUNT, True), Typed(4, AMOUNT, True), Typed(5, AMOUNT)),
    ),
    "SVC": (
        *(Typed(1, TEXT, True), Typed(2, AMOUNT, True), Typed(3, AMOUNT, True)),
        *(Typed(5, NUMBER), Typed(7, NUMBER)),
    ),
    "MIA": _many(NUMBER, 1, 3, 15) + _many(AMOUNT, 2, 4, *range(6, 15), *range(16, 20), 24),
    "MOA": _many(NUMBER, 1) + _many(AMOUNT, 2, 8, 9),
    "TS3": _many(DATE, 3) + _many(NUMBER, 4, 23) + _many(AMOUNT, *range(5, 23), 24),
    "TS2": _many(AMOUNT, 1, 2, 3, 4, 5, 6, 10, 11, 15, 16, 17, 18, 19) + _many(NUMBER, 7, 8, 9, 12, 13, 14),
}
# A 277CA names a service by code and charge alone (005010X214).
STATUS_TYPED: Table = TYPED | {
    "SVC": (Typed(1, TEXT, True), *_many(AMOUNT, 2, 3), *_many(NUMBER, 5, 7)),
    "STC": (Typed(1, TEXT, True), Typed(2, DATE), Typed(4, AMOUNT)),
}
_PATIENT = _many(NUMBER, 8)
_PROVIDER_ADJUSTMENT = (Typed(1, TEXT, True), Typed(2, DATE, True), *_many(AMOUNT, 4, 6, 8, 10, 12, 14))
_FORMS = frozenset({"D8", "RD8", "DT"})
# Forms of element 1250 that name no day, or less than one, and are read as text.
_OTHER_FORMS = frozenset(
    {"TM", "RTM", "CC", "CD", "CM", "CQ", "CY", "D6", "DB", "MD", "RD", "RD2", "RD4", "RD5", "RDM", "YY"}
)

Add = Callable[[str, str, int, int], None]
"""Takes the code, the words, the element and the component of a fault in the segment at hand."""


def _typed(parts: list[str], typed: tuple[Typed, ...], separator: str, add: Add) -> None:
    count = len(parts)
    for element, kind, required, component in typed:
        value = parts[element] if element < count else ""
        if component and value:
            components = value.split(separator)
            value = components[component - 1] if component <= len(components) else ""
        if value:
            if kind.read(value) is None:
                add(kind.code, kind.words, element, component)
        elif required:
            add("missing-value", EMPTY, element, component)


def _dated(parts: list[str], separator: str, add: Add) -> None:
    """DTP: the form, and the value in it."""
    form, value = parts[2:4] if len(parts) > 3 else ("", "")
    if form in _FORMS:
        if parse_period(form, value) is None:
            add("bad-date", NO_SPAN if form == "RD8" else DATE.words, 3, 0)
    elif form not in _OTHER_FORMS:
        add("bad-date-form", "The form of the date is not known.", 2, 0)


def _person(parts: list[str], separator: str, add: Add) -> None:
    """DMG: the birth date."""
    form, value = [*parts[1:3], "", ""][:2]
    if (form or value) and (form != "D8" or parse_date(value) is None):
        add("bad-date", DATE.words, 2, 0)


def _patient(parts: list[str], separator: str, add: Add) -> None:
    """PAT: the date of death and the weight."""
    form, value = [*parts[5:7], "", ""][:2]
    if (form or value) and (form != "D8" or parse_date(value) is None):
        add("bad-date", DATE.words, 6, 0)
    _typed(parts, _PATIENT, separator, add)


def _adjustment(parts: list[str], separator: str, add: Add) -> None:
    """CAS: six trios of reason, amount and quantity."""
    count = len(parts)
    if count < 2 or not parts[1]:
        add("missing-value", EMPTY, 1, 0)
    for at in range(2, min(count, 20), 3):
        value = parts[at + 1] if at + 1 < count else ""
        if value:
            if cents(value) is None:
                add(AMOUNT.code, AMOUNT.words, at + 1, 0)
            if not parts[at]:
                add("missing-value", EMPTY, at, 0)
        elif parts[at]:
            add("missing-value", EMPTY, at + 1, 0)
        if at + 2 < count and parts[at + 2] and parse_number(parts[at + 2]) is None:
            add(NUMBER.code, NUMBER.words, at + 2, 0)
    if count > 20:
        add("too-many-elements", "The segment has more than six adjustments.", 0, 0)


def _provider_adjustment(parts: list[str], separator: str, add: Add) -> None:
    """PLB: up to six pairs of reason and amount."""
    _typed(parts, _PROVIDER_ADJUSTMENT, separator, add)
    for at in range(3, min(len(parts), 15), 2):
        value = parts[at + 1] if at + 1 < len(parts) else ""
        if parts[at] and not value:
            add("missing-value", EMPTY, at + 1, 0)
        elif value and not parts[at]:
            add("missing-value", EMPTY, at, 0)
    if len(parts) > 15:
        add("too-many-elements", "The segment has more than six adjustments.", 0, 0)


_SPECIAL: dict[str, Callable[[list[str], str, Add], None]] = {
    "DTP": _dated,
    "DMG": _person,
    "PAT": _patient,
    "CAS": _adjustment,
    "PLB": _provider_adjustment,
}


class Walk:
    """Collects the faults of segments, by the place where they stand.

    Which loop a segment is in is worked out only when it has a fault: most claims have none.
    """

    __slots__ = ("_first", "_loops", "_number", "_tag", "delimiters", "faults", "typed")

    def __init__(self, delimiters: Delimiters, typed: Table = TYPED) -> None:
        self.delimiters = delimiters
        self.typed = typed
        self.faults: list[Fault] = []
        self._loops: Callable[[], Sequence[Span]] = list
        self._first = self._number = 0
        self._tag = ""

    def _add(self, code: str, words: str, element: int, component: int) -> None:
        loop = next((span.loop for span in self._loops() if span.start <= self._number < span.end), "")
        number = self._first + self._number if self._first else 0
        self.add(code, words, loop, number, self._tag, element, component)

    def add(
        self, code: str, words: str, loop: str, number: int, tag: str, element: int = 0, component: int = 0
    ) -> None:
        """Note a fault whose place is known."""
        self.faults.append(Fault(code, words, -1, number, loop, tag, element, component))

    def segments(self, raw: Sequence[str], loops: Callable[[], Sequence[Span]], first: int) -> None:
        """Look at every typed element of these segments; `first` is the number in the file of the first (0: not
        known), `loops` says which loop each is in."""
        self._loops, self._first = loops, first
        separator, component, _, _ = self.delimiters
        typed_by_tag, add = self.typed, self._add
        for at, text in enumerate(raw):
            tag = text[:3]
            if tag in typed_by_tag:
                if text[3:4] == separator or len(text) == 3:
                    self._number, self._tag = at, tag
                    _typed(text.split(separator), typed_by_tag[tag], component, add)
            elif tag in _SPECIAL and (text[3:4] == separator or len(text) == 3):
                self._number, self._tag = at, tag
                _SPECIAL[tag](text.split(separator), component, add)


@lru_cache(maxsize=1024)
def _is_sound(billing: tuple[str, ...], delimiters: Delimiters) -> bool:
    """Whether a billing provider has no fault; the same few stand over many claims."""
    return not segment_faults(billing, delimiters, 0)


def claim_faults(stored: StoredClaim, numbers: Numbers, diagnoses: int) -> list[Fault]:
    """Every fault in a claim's values; `numbers` of its parts in the file, `diagnoses` how many it names."""
    walk = Walk(stored.delimiters)
    separator = stored.delimiters.element
    billing = () if _is_sound(tuple(stored.billing), stored.delimiters) else stored.billing
    for raw, level, first in (
        (billing, "2000A", numbers.billing),
        (stored.subscriber, "2000B", numbers.subscriber),
        (stored.patient, "2000C", numbers.patient),
    ):
        walk.segments(raw, lambda raw=raw, level=level: level_spans(raw, separator, level), first)  # type: ignore[misc]
    claim, first = stored.claim, numbers.claim
    walk.segments(claim, lambda: claim_spans(claim, separator), first)
    if not claim or not claim[0].startswith("CLM" + separator):
        walk.add("missing-segment", "The claim has no CLM.", "2300", first, "CLM")
    if not stored.billing:
        walk.add("missing-segment", "The claim has no billing provider.", "2010AA", first, "NM1")
    if not stored.subscriber:
        walk.add("missing-segment", "The claim has no subscriber.", "2000B", first, "SBR")
    _lines(walk, claim, first, diagnoses)
    return walk.faults


def claim_spans(claim: Sequence[str], separator: str) -> list[Span]:
    """The loops of a claim with its lines."""
    lx = ("LX" + separator, "LX")
    starts = [at for at, text in enumerate(claim) if text[:3] in lx]
    found = head_spans(claim[: starts[0]] if starts else claim, separator)
    for start, end in zip(starts, [*starts[1:], len(claim)], strict=True) if starts else ():
        found += [Span(s.loop, s.start + start, s.end + start) for s in line_spans(claim[start:end], separator)]
    return found


def _lines(walk: Walk, claim: Sequence[str], first: int, diagnoses: int) -> None:
    """There are lines, each has a number and an SV1, and points to diagnoses that are there."""
    separator = walk.delimiters.element
    line = service = -1
    for at, text in enumerate(claim):
        tag = text[:3]
        if tag[:2] == "LX" and (tag[2:] == separator or text == "LX"):
            if line >= 0 and service < line:
                _no_service(walk, first + line if first else 0)
            line = at
            number = text[3:].split(separator, 1)[0]
            if not (number.isascii() and number.isdigit()):
                walk.add("bad-number", "The number cannot be read.", "2400", first + at if first else 0, "LX", 1)
        elif tag == "SV1" and line >= 0 and service < line:
            service = at
            parts = text.split(separator)
            if len(parts) > 7 and parts[7]:
                _pointers(walk, parts[7], first + at if first else 0, diagnoses)
    if line < 0:
        walk.add("missing-segment", "The claim has no service line.", "2400", first, "LX")
    elif service < line:
        _no_service(walk, first + line if first else 0)


def _no_service(walk: Walk, number: int) -> None:
    walk.add("missing-segment", "The line has no professional service.", "2400", number, "SV1")


def _pointers(walk: Walk, text: str, number: int, diagnoses: int) -> None:
    for component, pointer in enumerate(text.split(walk.delimiters.component), 1):
        if not (pointer.isascii() and pointer.isdigit()):
            walk.add(
                "bad-pointer", "The pointer is not the number of a diagnosis.", "2400", number, "SV1", 7, component
            )
        elif not 1 <= int(pointer[:9]) <= diagnoses:
            words = f"The pointer means diagnosis {int(pointer[:9])}, and the claim has {diagnoses}."
            walk.add("no-such-diagnosis", words, "2400", number, "SV1", 7, component)


def payment_faults(raw: Sequence[str], head: int, delimiters: Delimiters, first: int) -> list[Fault]:
    """Every fault in a claim payment's values; `head` segments stand before the first SVC."""
    walk = Walk(delimiters)
    if not raw or not raw[0].startswith("CLP" + delimiters.element):
        walk.add("missing-segment", "The payment has no CLP.", "2100", first, "CLP")
    walk.segments(raw, lambda: (Span("2100", 0, head), Span("2110", head, len(raw))), first)
    return walk.faults


def remittance_faults(raw: Sequence[str], delimiters: Delimiters, first: int) -> list[Fault]:
    """Every fault in the values of an 835's header."""
    walk = Walk(delimiters)
    for tag in ("BPR", "TRN"):
        if not any(text.startswith(tag + delimiters.element) for text in raw):
            walk.add("missing-segment", f"The remittance has no {tag}.", "", first, tag)
    walk.segments(raw, list, first)
    return walk.faults


def segment_faults(raw: Sequence[str], delimiters: Delimiters, first: int, typed: Table = TYPED) -> list[Fault]:
    """Every fault in the values of some segments whose loop is not told apart."""
    walk = Walk(delimiters, typed)
    walk.segments(raw, list, first)
    return walk.faults
