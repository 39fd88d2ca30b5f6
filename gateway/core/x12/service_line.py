"""One service line of a claim: 2400 and the loops in it, as a view over its segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from .editing import (
    EditError,
    EditLog,
    find_span,
    join_elements,
    parse_place,
    plain_text,
    set_in,
    with_segment,
    without_segments,
)
from .line_loops import Adjudication, Certification, DmeService, Drug, Form, FormAnswer
from .loop import Loop, Measurement, Note, amount_cents, number
from .party import Party
from .procedure import Procedure, procedure
from .segment import Delimiters
from .spans import Span, line_spans
from .values import NO_PERIOD, Period, cents, money, parse_number, parse_period

__all__ = [
    "Adjudication",
    "Certification",
    "DmeService",
    "Drug",
    "Form",
    "FormAnswer",
    "Procedure",
    "ServiceLine",
    "procedure",
]

# SV1 is padded to its full length once, so that an element that is not there reads as empty.
_NO_ELEMENTS = [""] * 22


class ServiceLine(Loop):
    """One service line.

    Edits through it (`set`, `set_modifiers`, ...) are edits of its claim.
    """

    __slots__ = ("_found_spans", "_log", "_notes", "_orderer", "_period", "_procedure", "_sv1")

    def __init__(self, raw: Sequence[str], delimiters: Delimiters, log: EditLog) -> None:
        self.delimiters = delimiters
        self._log = log
        self._set_raw(raw)

    def _set_raw(self, raw: Sequence[str]) -> None:
        """Take these segments, and forget what was parsed of others: every plugin of a chain asks the same again."""
        self._raw = raw
        self._sv1: list[str] | None = None
        self._procedure: Procedure | None = None
        self._period: Period | None = None
        self._found_spans: list[Span] | None = None
        self._notes: tuple[Note, ...] | None = None
        self._orderer: Party | None = None

    # What is asked for most is read by hand; everything else goes through the spans.

    def _service(self, position: int) -> str:
        sv1 = self._sv1
        if sv1 is None:
            sv1 = self._elements("SV1")
            sv1 = self._sv1 = sv1 + _NO_ELEMENTS[len(sv1) :]
        return sv1[position]

    def _spans(self) -> list[Span]:
        spans = self._found_spans
        if spans is None:
            spans = self._found_spans = line_spans(self._raw, self.delimiters.element)
        return spans

    def _own(self) -> Sequence[str]:
        return self._raw[: self._spans()[0].end]

    def _elements(self, tag: str) -> list[str]:
        separator = self.delimiters.element
        start = tag + separator
        for raw in self._raw if tag == "SV1" else self._own():
            if raw.startswith(start):
                return raw.split(separator)
        return [tag]

    @property
    def number(self) -> int:
        """LX01; 0 where it cannot be read."""
        text = self._raw[0].split(self.delimiters.element)[1:2]
        return int(text[0]) if text and text[0].isascii() and text[0].isdigit() and len(text[0]) < 10 else 0

    @property
    def procedure(self) -> Procedure:
        """SV101."""
        found = self._procedure
        if found is None:
            found = self._procedure = procedure(self._service(1), self.delimiters.component)
        return found

    @property
    def qualifier(self) -> str:
        """SV101-1: HC for HCPCS."""
        return self.procedure.qualifier

    @property
    def code(self) -> str:
        """SV101-2."""
        return (self._procedure or self.procedure).code

    @property
    def modifiers(self) -> tuple[str, ...]:
        """SV101-3 to -6."""
        return (self._procedure or self.procedure).modifiers

    @property
    def description(self) -> str:
        """SV101-7."""
        return self.procedure.description

    @property
    def charge_cents(self) -> int:
        """SV102, in cents."""
        return cents(self._service(2)) or 0

    @property
    def charge(self) -> Decimal:
        """SV102, in dollars."""
        return money(self._service(2))

    @property
    def unit_type(self) -> str:
        """SV103: UN or MJ."""
        return self._service(3)

    @property
    def units(self) -> Decimal:
        """SV104."""
        return number(self._service(4))

    @property
    def place_of_service(self) -> str:
        """SV105; empty where the claim's (CLM05-1) holds."""
        return self._service(5)

    @property
    def pointers(self) -> tuple[int, ...]:
        """SV107: which of the claim's diagnoses, counted from 1, the main one first."""
        parts = self._service(7).split(self.delimiters.component)
        return tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 4)

    @property
    def emergency(self) -> bool:
        """SV109."""
        return self._service(9) == "Y"

    @property
    def dates(self) -> Period:
        """DTP*472: the dates of service."""
        period = self._period
        if period is None:
            period = self._period = self._service_dates()
        return period

    def _service_dates(self) -> Period:
        for raw in self._raw:
            if raw[:3] == "DTP":
                parts = raw.split(self.delimiters.element)
                if len(parts) > 3 and parts[1] == "472":
                    return parse_period(parts[2], parts[3]) or NO_PERIOD
        return NO_PERIOD

    @property
    def notes(self) -> tuple[Note, ...]:
        notes = self._notes
        if notes is None:
            notes = self._notes = self._find_notes()
        return notes

    @property
    def control_number(self) -> str:
        """REF*6R: the number that the payer returns with the line; empty where it has none."""
        return self.reference("6R")

    @property
    def dme(self) -> DmeService | None:
        """SV5."""
        sv5 = self.find("SV5")
        if sv5 is None:
            return None
        return DmeService(sv5.component(1, 2), number(sv5[3]), amount_cents(sv5[4]), amount_cents(sv5[5]), sv5[6])

    @property
    def certification(self) -> Certification | None:
        """CR3."""
        cr3 = self.find("CR3")
        return Certification(cr3[1], number(cr3[3])) if cr3 else None

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """MEA: test results, heights."""
        return tuple(Measurement(mea[1], mea[2], parse_number(mea[3])) for mea in self.find_all("MEA"))

    def _loops(self, *names: str) -> list[tuple[Span, Sequence[str]]]:
        return [(span, self._raw[span.start : span.end]) for span in self._spans() if span.loop[:4] in names]

    @property
    def providers(self) -> tuple[Party, ...]:
        """2420: every provider named on the line."""
        return tuple(Party(raw, self.delimiters) for _, raw in self._loops("2420"))

    def provider(self, entity: str) -> Party:
        """The provider with this NM101; an empty party where there is none."""
        separator = self.delimiters.element
        nm1 = f"NM1{separator}{entity}{separator}"
        for span in self._spans():
            # A loop begins with the NM1 that opened it: the others are not read for it.
            if span.loop[:4] == "2420" and f"{self._raw[span.start]}{separator}".startswith(nm1):
                return Party(self._raw[span.start : span.end], self.delimiters)
        return Party((), self.delimiters)

    @property
    def ordering_provider(self) -> Party:
        """2420E (NM1*DK)."""
        party = self._orderer
        if party is None:
            party = self._orderer = self.provider("DK")
        return party

    @property
    def drug(self) -> Drug | None:
        """2410; the first where there are several."""
        return next(iter(self.drugs), None)

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """2410: every drug of the line."""
        return tuple(Drug(raw, self.delimiters) for _, raw in self._loops("2410"))

    @property
    def adjudications(self) -> tuple[Adjudication, ...]:
        """2430: what other payers decided, one for each."""
        return tuple(Adjudication(raw, self.delimiters) for _, raw in self._loops("2430"))

    @property
    def forms(self) -> tuple[Form, ...]:
        """2440."""
        return tuple(Form(raw, self.delimiters) for _, raw in self._loops("2440"))

    # --- edits

    def set(self, place: str, value: str) -> None:
        """Set one element of this line: `SV101-3`, `REF[6R]02`, `2420E NM109`. A segment that is not there is made
        in its place; a loop that is not there is not.

        Raises:
            EditError: the place is none of this line's, the value cannot stand there, or the handle is dead.
        """
        self._log.check()
        where = parse_place(place)
        loop = where.loop or {"LIN": "2410", "CTP": "2410", "SVD": "2430", "LQ": "2440"}.get(where.tag, "2400")
        span = find_span(self._spans(), loop, where.nth)
        if span is None:
            raise EditError(f"this line has no loop {loop}")
        raw, before = set_in(self._raw, span, where, value, self.delimiters)
        self._replace(raw, "set", f"{loop} {place.split(' ')[-1]}", before, value)

    def set_modifiers(self, modifiers: Sequence[str]) -> None:
        """Put these modifiers, four at most, in place of those that are there.

        Raises:
            EditError: there are more than four, the line has no SV1, or the handle is dead.
        """
        self._log.check()
        if len(modifiers) > 4:
            raise EditError("a line has room for four modifiers")
        before = self._service(1)
        if not before:
            raise EditError("this line has no procedure")
        separator = self.delimiters.component
        parts = before.split(separator)
        parts += [""] * (2 - len(parts))
        new = [*parts[:2], *modifiers]
        if any(parts[6:]):
            new += [""] * (6 - len(new)) + parts[6:]
        self.set("SV101", separator.join(new))

    def add(self, elements: Iterable[str]) -> None:
        """Add a segment to 2400 itself, in its place: `line.add(["CRC", "09", "N", "ZV"])`.

        Raises:
            EditError: a value cannot stand in it, or the handle is dead.
        """
        self._log.check()
        segment = join_elements(elements, self.delimiters)
        raw = with_segment(self._raw, self._spans()[0], segment, self.delimiters.element)
        self._replace(raw, "add", f"2400 {segment.split(self.delimiters.element, 1)[0]}", "", segment)

    def add_reference(self, qualifier: str, value: str) -> None:
        """Add a REF. Raises EditError if the value cannot stand in it, or the handle is dead."""
        self.add(["REF", qualifier, value])

    def add_note(self, text: str, code: str = "ADD") -> None:
        """Add an NTE of at most 80 characters; separators in the text become blanks. Raises EditError if the handle
        is dead."""
        self.add(["NTE", code, plain_text(text, self.delimiters)[:80]])

    def remove(self, tag: str, qualifier: str = "") -> int:
        """Take segments out of 2400 itself (never LX or SV1); returns how many.

        Raises:
            EditError: the handle is dead, or a line cannot be without the segment.
        """
        self._log.check()
        if tag in ("LX", "SV1"):
            raise EditError(f"a line cannot be without its {tag}")
        raw, gone = without_segments(self._raw, len(self._own()), tag, qualifier, self.delimiters.element)
        if gone:
            self._replace(raw, "remove", f"2400 {tag}", self.delimiters.segment.join(gone), "")
        return len(gone)

    def _replace(self, raw: list[str], kind: str, place: str, before: str, after: str) -> None:
        self._set_raw(raw)
        self._log.add(kind, place, self.number, before, after)
