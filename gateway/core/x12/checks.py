"""Which elements hold amounts, numbers and dates, as a table, and the walk that finds those that cannot be read.

Views answer None, zero or empty for such an element; here it becomes a fault with its place. What a guide wants
beyond that (which codes, which segments) is not asked here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .fault import Fault
from .segment import Delimiters
from .spans import Span, head_spans, level_spans, line_spans
from .values import cents, parse_date, parse_number, parse_period

if TYPE_CHECKING:
    from .claim import Numbers
    from .stored import StoredClaim


class Typed(NamedTuple):
    """One element that is more than text. `kind`: amount, number, date or text; `required`: it may not be empty."""

    element: int
    kind: str
    required: bool = False
    component: int = 0


def _many(kind: str, *elements: int) -> tuple[Typed, ...]:
    return tuple(Typed(element, kind) for element in elements)


# By segment id, for the 837P and the 835 alike. MIA and MOA: 005010X221A1.
TYPED: dict[str, tuple[Typed, ...]] = {
    "CLM": (Typed(1, "text", True), Typed(2, "amount", True)),
    "SV1": (
        Typed(1, "text", True, 2),
        Typed(2, "amount", True),
        Typed(4, "number", True),
    ),
    "SV5": _many("number", 3) + _many("amount", 4, 5),
    "AMT": (Typed(2, "amount", True),),
    "QTY": (Typed(2, "number", True),),
    "SVD": (Typed(2, "amount", True), Typed(5, "number")),
    "CTP": _many("amount", 3) + _many("number", 4),
    "MEA": _many("number", 3),
    "CN1": _many("amount", 2),
    "HCP": _many("amount", 2, 3) + _many("number", 5) + _many("amount", 7) + _many("number", 12),
    "CR1": _many("number", 2, 6),
    "CR3": _many("number", 3),
    "FRM": _many("date", 4) + _many("number", 5),
    "PS1": _many("amount", 2),
    "LX": (Typed(1, "number", True),),
    "BPR": (Typed(2, "amount", True), Typed(16, "date")),
    "DTM": (Typed(2, "date", True),),
    "CLP": (
        Typed(1, "text", True),
        Typed(2, "text", True),
        Typed(3, "amount", True),
        Typed(4, "amount", True),
        Typed(5, "amount"),
    ),
    "SVC": (
        Typed(1, "text", True),
        Typed(2, "amount", True),
        Typed(3, "amount", True),
        Typed(5, "number"),
        Typed(7, "number"),
    ),
    "MIA": _many("number", 1, 3, 15) + _many("amount", 2, 4, *range(6, 15), *range(16, 20), 24),
    "MOA": _many("number", 1) + _many("amount", 2, 8, 9),
    "TS3": _many("date", 3) + _many("number", 4, 23) + _many("amount", *range(5, 23), 24),
    "TS2": _many("amount", 1, 2, 3, 4, 5, 6, 10, 11, 15, 16, 17, 18, 19) + _many("number", 7, 8, 9, 12, 13, 14),
}
# A 277CA names a service by code and charge alone (005010X214).
STATUS_TYPED = TYPED | {"SVC": (Typed(1, "text", True), *_many("amount", 2, 3), *_many("number", 5, 7))}
_PATIENT = _many("number", 8)
_PROVIDER_ADJUSTMENT = (
    Typed(1, "text", True),
    Typed(2, "date", True),
    *_many("amount", 4, 6, 8, 10, 12, 14),
)
_WORDS = {
    "amount": ("bad-amount", "is not a plain amount of dollars and cents"),
    "number": ("bad-number", "is not a number"),
    "date": ("bad-date", "is not a date (CCYYMMDD)"),
    "text": ("missing-value", "is empty"),
}
_READ: dict[str, Callable[[str], object]] = {"amount": cents, "number": parse_number, "date": parse_date, "text": str}
_FORMS = frozenset({"D8", "RD8", "DT"})
# Forms of element 1250 that name no day, or less than one, and are read as text.
_OTHER_FORMS = frozenset(
    {"TM", "RTM", "CC", "CD", "CM", "CQ", "CY", "D6", "DB", "MD", "RD", "RD2", "RD4", "RD5", "RDM", "YY"}
)


class Walk:
    """Collects the faults of segments, by the place where they stand."""

    __slots__ = ("delimiters", "faults", "typed")

    def __init__(self, delimiters: Delimiters, typed: dict[str, tuple[Typed, ...]] = TYPED) -> None:
        self.delimiters = delimiters
        self.typed = typed
        self.faults: list[Fault] = []

    def add(
        self, code: str, words: str, loop: str, number: int, tag: str, element: int = 0, component: int = 0
    ) -> None:
        place = f"{tag}{element:02d}" if element else tag
        if component:
            place += f"-{component}"
        message = f"{place} in loop {loop} {words}." if loop else f"{place} {words}."
        self.faults.append(
            Fault(code, message, -1, number, loop, tag, element, component),
        )

    def segments(self, raw: Sequence[str], spans: Sequence[Span], first: int) -> None:
        """Look at every typed element of these segments; `first` is the number in the file of the first (0: not
        known)."""
        separator = self.delimiters.element
        for span in spans:
            for at in range(span.start, span.end):
                text = raw[at]
                tag = text[: text.find(separator)] if separator in text[:4] else text.split(separator, 1)[0]
                number = first + at if first else 0
                typed = self.typed.get(tag)
                if typed is not None:
                    self._typed(text.split(separator), typed, span.loop, number)
                else:
                    special = _SPECIAL.get(tag)
                    if special is not None:
                        special(self, text.split(separator), span.loop, number)

    def _typed(self, parts: list[str], typed: tuple[Typed, ...], loop: str, number: int) -> None:
        count = len(parts)
        for element, kind, required, component in typed:
            value = parts[element] if element < count else ""
            if component:
                value = (value.split(self.delimiters.component) + [""] * component)[component - 1]
            if value:
                if kind != "text" and _READ[kind](value) is None:
                    self.add(*_WORDS[kind], loop, number, parts[0], element, component)
            elif required:
                self.add("missing-value", "is empty", loop, number, parts[0], element, component)

    def dated(self, parts: list[str], loop: str, number: int) -> None:
        """DTP: the form, and the value in it."""
        form, value = ([*parts[2:4], "", ""])[:2]
        if form in _FORMS:
            if parse_period(form, value) is None:
                what = "is not a span of dates" if form == "RD8" else "is not a date"
                self.add("bad-date", f"{what} ({parts[1][:3]})", loop, number, parts[0], 3)
        elif form not in _OTHER_FORMS:
            self.add("bad-date-form", "is not a form of date that is known", loop, number, parts[0], 2)

    def person(self, parts: list[str], loop: str, number: int) -> None:
        """DMG: the birth date."""
        form, value = ([*parts[1:3], "", ""])[:2]
        if (form or value) and (form != "D8" or parse_date(value) is None):
            self.add("bad-date", "is not a date", loop, number, parts[0], 2)

    def patient(self, parts: list[str], loop: str, number: int) -> None:
        """PAT: the date of death and the weight."""
        form, value = ([*parts[5:7], "", ""])[:2]
        if (form or value) and (form != "D8" or parse_date(value) is None):
            self.add("bad-date", "is not a date", loop, number, parts[0], 6)
        self._typed(parts, _PATIENT, loop, number)

    def adjustment(self, parts: list[str], loop: str, number: int) -> None:
        """CAS: six trios of reason, amount and quantity."""
        if not (parts[1:2] and parts[1]):
            self.add("missing-value", "is empty", loop, number, parts[0], 1)
        for at in range(2, min(len(parts), 20), 3):
            reason, value, quantity = ([*parts[at : at + 3], "", ""])[:3]
            if value:
                if cents(value) is None:
                    self.add(*_WORDS["amount"], loop, number, parts[0], at + 1)
                if not reason:
                    self.add("missing-value", "is empty", loop, number, parts[0], at)
            elif reason:
                self.add("missing-value", "is empty", loop, number, parts[0], at + 1)
            if quantity and parse_number(quantity) is None:
                self.add(*_WORDS["number"], loop, number, parts[0], at + 2)
        if len(parts) > 20:
            self.add("too-many-elements", "has more than six adjustments", loop, number, parts[0])

    def provider_adjustment(self, parts: list[str], loop: str, number: int) -> None:
        """PLB: up to six pairs of reason and amount."""
        self._typed(parts, _PROVIDER_ADJUSTMENT, loop, number)
        for at in range(3, min(len(parts), 15), 2):
            value = parts[at + 1] if at + 1 < len(parts) else ""
            if parts[at] and not value:
                self.add("missing-value", "is empty", loop, number, parts[0], at + 1)
            elif value and not parts[at]:
                self.add("missing-value", "is empty", loop, number, parts[0], at)
        if len(parts) > 15:
            self.add("too-many-elements", "has more than six adjustments", loop, number, parts[0])


_SPECIAL = {
    "DTP": Walk.dated,
    "DMG": Walk.person,
    "PAT": Walk.patient,
    "CAS": Walk.adjustment,
    "PLB": Walk.provider_adjustment,
}


def _line_starts(raw: Sequence[str], separator: str) -> Iterator[int]:
    lx = "LX" + separator
    return (at for at, text in enumerate(raw) if text[:3] == lx or text == "LX")


def claim_faults(stored: StoredClaim, numbers: Numbers, diagnoses: int) -> list[Fault]:
    """Every fault in a claim's values; `numbers` of its parts in the file, `diagnoses` how many it names."""
    walk = Walk(stored.delimiters)
    separator = stored.delimiters.element
    walk.segments(stored.billing, level_spans(stored.billing, separator, "2000A"), numbers.billing)
    walk.segments(stored.subscriber, level_spans(stored.subscriber, separator, "2000B"), numbers.subscriber)
    if stored.patient:
        walk.segments(stored.patient, level_spans(stored.patient, separator, "2000C"), numbers.patient)
    claim = stored.claim
    starts = [*_line_starts(claim, separator), len(claim)]
    walk.segments(claim, head_spans(claim[: starts[0]], separator), numbers.claim)
    if not claim or not claim[0].startswith("CLM" + separator):
        walk.add("missing-segment", "is missing", "2300", numbers.claim, "CLM")
    if not stored.billing:
        walk.add("missing-segment", "is missing: the claim has no billing provider", "2010AA", numbers.claim, "NM1")
    if not stored.subscriber:
        walk.add("missing-segment", "is missing: the claim has no subscriber", "2000B", numbers.claim, "SBR")
    if len(starts) == 1:
        walk.add("missing-segment", "is missing: the claim has no service line", "2400", numbers.claim, "LX")
    for start, end in itertools.pairwise(starts):
        line = claim[start:end]
        first = numbers.claim + start if numbers.claim else 0
        walk.segments(line, line_spans(line, separator), first)
        _service(walk, line, first, diagnoses)
    return walk.faults


def _service(walk: Walk, line: Sequence[str], first: int, diagnoses: int) -> None:
    """SV1 is there, and points to diagnoses that are there."""
    separator = walk.delimiters.element
    start = "SV1" + separator
    for at, text in enumerate(line):
        if text.startswith(start):
            parts = text.split(separator)
            if len(parts) > 7 and parts[7]:
                number = first + at if first else 0
                for component, pointer in enumerate(parts[7].split(walk.delimiters.component), 1):
                    if not (pointer.isascii() and pointer.isdigit()):
                        walk.add("bad-pointer", "is not the number of a diagnosis", "2400", number, "SV1", 7, component)
                    elif not 1 <= int(pointer[:9]) <= diagnoses:
                        walk.add(
                            "no-such-diagnosis",
                            f"points to diagnosis {int(pointer[:9])}, and the claim has {diagnoses}",
                            "2400",
                            number,
                            "SV1",
                            7,
                            component,
                        )
            return
    walk.add("missing-segment", "is missing: the line has no professional service", "2400", first, "SV1")


def payment_faults(raw: Sequence[str], head: int, delimiters: Delimiters, first: int) -> list[Fault]:
    """Every fault in a claim payment's values; `head` segments stand before the first SVC."""
    walk = Walk(delimiters)
    separator = delimiters.element
    if not raw or not raw[0].startswith("CLP" + separator):
        walk.add("missing-segment", "is missing", "2100", first, "CLP")
    walk.segments(raw, [Span("2100", 0, head), Span("2110", head, len(raw))], first)
    return walk.faults


def remittance_faults(raw: Sequence[str], delimiters: Delimiters, first: int) -> list[Fault]:
    """Every fault in the values of an 835's header."""
    walk = Walk(delimiters)
    for tag in ("BPR", "TRN"):
        if not any(text.startswith(tag + delimiters.element) for text in raw):
            walk.add("missing-segment", "is missing", "", first, tag)
    walk.segments(raw, [Span("", 0, len(raw))], first)
    return walk.faults


def segment_faults(
    raw: Sequence[str], delimiters: Delimiters, first: int, typed: dict[str, tuple[Typed, ...]] = TYPED
) -> list[Fault]:
    """Every fault in the values of some segments whose loop is not told apart."""
    walk = Walk(delimiters, typed)
    walk.segments(raw, [Span("", 0, len(raw))], first)
    return walk.faults
