"""A professional claim (837P) as a view over its own segments.

A claim is complete by itself: the content of its billing provider, subscriber and patient levels, and its 2300 with
the lines. Elements are parsed when asked for, and nothing raises on what stands in them: `faults()` names every
value that cannot be read, and where.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from .checks import claim_faults
from .diagnosis import DIAGNOSES, Diagnosis, codes_of
from .editing import (
    Edit,
    EditError,
    EditLog,
    Place,
    find_span,
    join_elements,
    parse_place,
    plain_text,
    set_in,
    with_segment,
    without_segments,
)
from .fault import Fault
from .loop import Loop, Note
from .other_payer import OtherSubscriber
from .party import BillingProvider, Party, Patient, Subscriber
from .segment import Segment
from .service_line import ServiceLine
from .spans import Span, head_spans, level_party, level_segments, level_spans
from .stored import StoredClaim
from .values import Period, cents, money

__all__ = ["UNKNOWN_NUMBERS", "Claim", "Diagnosis", "Numbers"]


class Numbers(NamedTuple):
    """The numbers in the file of the first segment of each part of a claim; 0 where not known."""

    billing: int = 0
    subscriber: int = 0
    patient: int = 0
    claim: int = 0


UNKNOWN_NUMBERS = Numbers()
_RELATED = ("AA", "EM", "OA")


class Claim(Loop):
    """One claim. `find`, `reference`, `date` and their like ask 2300 itself; `segments` are all of the claim's own,
    lines included, and those of its levels stand in `stored`.

    A claim can be edited; what it was read from never changes, and neither does any other claim.
    """

    __slots__ = (
        "_billing",
        "_clm05",
        "_clm_elements",
        "_lines",
        "_log",
        "_notes",
        "_numbers",
        "_patient",
        "_patient_party",
        "_spans_of_head",
        "_stored",
        "_subscriber",
        "_subscriber_party",
    )

    def __init__(self, stored: StoredClaim, by: str = "", numbers: Numbers = UNKNOWN_NUMBERS) -> None:
        """`by`: who edits through this handle (a plugin's name)."""
        self.delimiters = stored.delimiters
        self._stored = stored
        self._billing = stored.billing
        self._subscriber = stored.subscriber
        self._patient = stored.patient
        self._numbers = numbers
        self._log = EditLog(by)
        self._forget()
        claim = stored.claim
        starts = [at for at, raw in enumerate(claim) if raw[:2] == "LX"]
        if starts:
            separator = self.delimiters.element
            starts = [at for at in starts if claim[at][2:3] in ("", separator)]
        self._raw = claim
        lines: list[ServiceLine] = []
        if starts:
            self._raw = claim[: starts[0]]
            starts.append(len(claim))
            for start, end in pairwise(starts):
                lines.append(ServiceLine(claim[start:end], self.delimiters, self._log))
        self._lines = tuple(lines)

    def _forget(self) -> None:
        """Forget what was parsed: something was set. Until then every plugin of a chain asks the same again."""
        self._spans_of_head: list[Span] | None = None
        self._clm_elements: list[str] | None = None
        self._clm05: list[str] | None = None
        self._notes: tuple[Note, ...] | None = None
        self._subscriber_party: Subscriber | None = None
        self._patient_party: Patient | None = None

    # --- loops

    def _spans(self) -> list[Span]:
        spans = self._spans_of_head
        if spans is None:
            spans = self._spans_of_head = head_spans(self._raw, self.delimiters.element)
        return spans

    def _own(self) -> Sequence[str]:
        spans = self._spans()
        return self._raw[: spans[0].end] if spans else ()

    def _clm(self, position: int) -> str:
        elements = self._clm_elements
        if elements is None:
            elements = self._raw[0].split(self.delimiters.element) if self._raw else []
            self._clm_elements = elements
        return elements[position] if position < len(elements) else ""

    def _facility(self, component: int) -> str:
        """A component of CLM05."""
        parts = self._clm05
        if parts is None:
            parts = self._clm05 = self._clm(5).split(self.delimiters.component)
        return parts[component - 1] if component <= len(parts) else ""

    @property
    def segments(self) -> list[Segment]:
        return [Segment(raw, self.delimiters) for raw in self.stored.claim]

    # --- the claim

    @property
    def id(self) -> str:
        """CLM01."""
        return self._clm(1)

    @property
    def charge_cents(self) -> int:
        """CLM02, in cents."""
        return cents(self._clm(2)) or 0

    @property
    def charge(self) -> Decimal:
        """CLM02, in dollars."""
        return money(self._clm(2))

    @property
    def place_of_service(self) -> str:
        """CLM05-1."""
        return self._facility(1)

    @property
    def frequency(self) -> str:
        """CLM05-3: 1 original, 7 replacement, 8 void."""
        return self._facility(3)

    @property
    def signature_on_file(self) -> bool:
        """CLM06."""
        return self._clm(6) == "Y"

    @property
    def accepts_assignment(self) -> str:
        """CLM07: A, B or C."""
        return self._clm(7)

    @property
    def benefits_assigned(self) -> str:
        """CLM08: Y, N or W."""
        return self._clm(8)

    @property
    def release(self) -> str:
        """CLM09: I or Y."""
        return self._clm(9)

    @property
    def related_causes(self) -> tuple[str, ...]:
        """CLM11-1 and -2: AA (auto accident), EM (employment), OA."""
        parts = self._clm(11).split(self.delimiters.component)
        return tuple(part for part in parts[:3] if part in _RELATED)

    @property
    def delay_reason(self) -> str:
        """CLM20."""
        return self._clm(20)

    @property
    def filing_code(self) -> str:
        """SBR09 of 2000B."""
        return self._sbr(9)

    @property
    def payer_responsibility(self) -> str:
        """SBR01 of 2000B: P, S, T ..."""
        return self._sbr(1)

    def _sbr(self, position: int) -> str:
        start = "SBR" + self.delimiters.element
        for raw in self._subscriber:
            if raw.startswith(start):
                elements = raw.split(self.delimiters.element)
                return elements[position] if position < len(elements) else ""
        return ""

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """Every diagnosis of every HI, in order, the main one first."""
        return tuple([found for found in codes_of(self._raw, self.delimiters) if found.qualifier in DIAGNOSES])

    @property
    def notes(self) -> tuple[Note, ...]:
        notes = self._notes
        if notes is None:
            notes = self._notes = self._find_notes()
        return notes

    @property
    def condition_codes(self) -> tuple[str, ...]:
        """HI*BG."""
        return tuple(found.code for found in codes_of(self._raw, self.delimiters) if found.qualifier == "BG")

    @property
    def lines(self) -> tuple[ServiceLine, ...]:
        """The service lines, in order."""
        return self._lines

    @property
    def from_date(self) -> dt.date | None:
        """The first day of service on any line."""
        days = [line.dates.start for line in self._lines]
        return min((day for day in days if day is not None), default=None)

    @property
    def thru_date(self) -> dt.date | None:
        """The last day of service on any line."""
        days = [line.dates.end for line in self._lines]
        return max((day for day in days if day is not None), default=None)

    @property
    def admission_date(self) -> dt.date | None:
        """DTP*435."""
        return self.date("435").start

    @property
    def authorization(self) -> str:
        """REF*G1: the prior authorization."""
        return self.reference("G1")

    @property
    def referral(self) -> str:
        """REF*9F."""
        return self.reference("9F")

    @property
    def payer_control_number(self) -> str:
        """REF*F8: the payer's number of the claim that this one replaces or voids."""
        return self.reference("F8")

    @property
    def patient_paid_cents(self) -> int | None:
        """AMT*F5, in cents; None where it is not given."""
        return self.amount_cents("F5")

    # --- people

    @property
    def billing_provider(self) -> BillingProvider:
        """2010AA, with the PRV of 2000A."""
        party = level_party(self._billing, self.delimiters.element, "2000A", "2010AA")
        return BillingProvider(
            party + level_segments(self._billing, self.delimiters.element, ("PRV", "CUR")), self.delimiters
        )

    @property
    def pay_to(self) -> Party:
        """2010AB; empty where it is not given."""
        return Party(level_party(self._billing, self.delimiters.element, "2000A", "2010AB"), self.delimiters)

    @property
    def pay_to_plan(self) -> Party:
        """2010AC; empty where it is not given."""
        return Party(level_party(self._billing, self.delimiters.element, "2000A", "2010AC"), self.delimiters)

    @property
    def subscriber(self) -> Subscriber:
        """2010BA, with the SBR and PAT of 2000B."""
        party = self._subscriber_party
        if party is None:
            party = self._subscriber_party = self._find_subscriber()
        return party

    def _find_subscriber(self) -> Subscriber:
        person = level_party(self._subscriber, self.delimiters.element, "2000B", "2010BA")
        return Subscriber(
            level_segments(self._subscriber, self.delimiters.element, ("SBR", "PAT")) + person, self.delimiters
        )

    @property
    def patient(self) -> Patient:
        """2010CA with the PAT of 2000C, or the subscriber where the patient is the subscriber."""
        party = self._patient_party
        if party is None:
            party = self._patient_party = self._find_patient()
        return party

    def _find_patient(self) -> Patient:
        if self._patient:
            raw, level, loop = self._patient, "2000C", "2010CA"
        else:
            raw, level, loop = self._subscriber, "2000B", "2010BA"
        own = level_segments(raw, self.delimiters.element, ("PAT",))
        person = level_party(raw, self.delimiters.element, level, loop)
        return Patient(own + person, self.delimiters, not self._patient)

    @property
    def payer(self) -> Party:
        """2010BB."""
        return Party(level_party(self._subscriber, self.delimiters.element, "2000B", "2010BB"), self.delimiters)

    @property
    def providers(self) -> tuple[Party, ...]:
        """2310: every provider named on the claim."""
        return tuple(
            Party(self._raw[span.start : span.end], self.delimiters)
            for span in self._spans()
            if span.loop.startswith("2310")
        )

    def provider(self, entity: str) -> Party:
        """The provider with this NM101 (DN, P3, 82, 77, DQ ...); an empty party where there is none."""
        return next((party for party in self.providers if party.entity == entity), Party((), self.delimiters))

    @property
    def referring_provider(self) -> Party:
        """2310A (NM1*DN)."""
        return self.provider("DN")

    @property
    def rendering_provider(self) -> Party:
        """2310B (NM1*82)."""
        return self.provider("82")

    @property
    def facility(self) -> Party:
        """2310C (NM1*77)."""
        return self.provider("77")

    @property
    def supervising_provider(self) -> Party:
        """2310D (NM1*DQ)."""
        return self.provider("DQ")

    @property
    def other_subscribers(self) -> tuple[OtherSubscriber, ...]:
        """2320 with its 2330s, one for each other payer."""
        spans = self._spans()
        starts = [span.start for span in spans if span.loop == "2320"]
        ends = [*starts[1:], len(self._raw)]
        return tuple(
            OtherSubscriber(self._raw[start:end], self.delimiters)
            for start, end in zip(starts, ends if starts else [], strict=True)
        )

    # --- faults

    @property
    def numbers(self) -> Numbers:
        """Where in the file its parts begin; all 0 where it was not read from one, or has been edited."""
        return self._numbers if not self._log.edits else UNKNOWN_NUMBERS

    def faults(self) -> list[Fault]:
        """Every typed value that cannot be read, and what a claim cannot be without; empty where it is sound.

        The places are those in the file where the claim was read from one and has not been edited.
        """
        stored = self.stored
        return claim_faults(stored, self.numbers, len(self.diagnoses))

    # --- edits

    @property
    def by(self) -> str:
        """Who edits through this handle."""
        return self._log.by

    @property
    def edits(self) -> list[Edit]:
        """What was changed through this handle, in order; treat as read-only."""
        return self._log.edits

    @property
    def stored(self) -> StoredClaim:
        """The claim as it is now."""
        if not self._log.edits:
            return self._stored
        claim = list(self._raw)
        for line in self._lines:
            claim += line._raw
        return StoredClaim(self.delimiters, self._billing, self._subscriber, self._patient, claim)

    def handle(self, by: str) -> Claim:
        """Another handle on the claim as it is now, with an edit log of its own."""
        delimiters, *parts = self.stored
        # Lists of its own: whoever changes one in place, without an edit, changes nobody else's claim.
        return Claim(StoredClaim(delimiters, *([*part] for part in parts)), by, self.numbers)

    def lend(self, by: str) -> None:
        """Let another edit through this handle from now on, also where it had ended."""
        self._log.by = by
        self._log.dead = False

    def kill(self) -> None:
        """End this handle: every further edit raises EditError. It can still be read."""
        self._log.dead = True

    def set(self, place: str, value: str) -> None:
        """Set one element: `CLM05-3`, `SBR09`, `REF[G1]02`, `2010BA NM109`, `2330B#2 NM109`. A segment that is not
        there is made in its place; a loop that is not there is not. Without a loop, SBR means 2000B, PAT the
        patient's level, and anything else 2300.

        Raises:
            EditError: the place is none of a claim's, the value cannot stand there, or the handle is dead.
        """
        self._log.check()
        where = parse_place(place)
        loop = where.loop or {"SBR": "2000B", "PAT": "2000C" if self._patient else "2000B"}.get(where.tag, "2300")
        label = f"{loop} {place.split(' ')[-1]}"
        separator = self.delimiters.element
        if loop[:4] in ("2300", "2310", "2320", "2330"):
            span = find_span(self._spans(), loop, where.nth)
            if span is None:
                raise EditError(f"this claim has no loop {loop}")
            self._raw, before = set_in(self._raw, span, where, value, self.delimiters)
        elif loop in ("2000A", "2010AA", "2010AB", "2010AC"):
            self._billing, before = self._set_level(self._billing, "2000A", loop, where, value, separator)
        elif loop in ("2000B", "2010BA", "2010BB"):
            self._subscriber, before = self._set_level(self._subscriber, "2000B", loop, where, value, separator)
        elif loop in ("2000C", "2010CA") and self._patient:
            self._patient, before = self._set_level(self._patient, "2000C", loop, where, value, separator)
        else:
            raise EditError(f"this claim has no loop {loop}")
        self._forget()
        self._log.add("set", label, 0, before, value)

    def _set_level(
        self, raw: list[str], level: str, loop: str, where: Place, value: str, separator: str
    ) -> tuple[list[str], str]:
        span = find_span(level_spans(raw, separator, level), loop, where.nth)
        if span is None and loop == level:
            span = Span(level, 0, 0)
        if span is None:
            raise EditError(f"this claim has no loop {loop}")
        return set_in(raw, span, where, value, self.delimiters)

    def add(self, elements: Iterable[str]) -> None:
        """Add a segment to 2300 itself, in its place: `claim.add(["CRC", "75", "Y", "04"])`.

        Raises:
            EditError: a value cannot stand in it, or the handle is dead.
        """
        self._log.check()
        segment = join_elements(elements, self.delimiters)
        spans = self._spans()
        if not spans:
            raise EditError("this claim has no CLM")
        self._raw = with_segment(self._raw, spans[0], segment, self.delimiters.element)
        self._forget()
        self._log.add("add", f"2300 {segment.split(self.delimiters.element, 1)[0]}", 0, "", segment)

    def add_reference(self, qualifier: str, value: str) -> None:
        """Add a REF to 2300. Raises EditError if the value cannot stand in it, or the handle is dead."""
        self.add(["REF", qualifier, value])

    def add_note(self, text: str, code: str = "ADD") -> None:
        """Add an NTE of at most 80 characters to 2300; separators in the text become blanks. Raises EditError if the
        handle is dead."""
        self.add(["NTE", code, plain_text(text, self.delimiters)[:80]])

    def remove(self, tag: str, qualifier: str = "") -> int:
        """Take segments out of 2300 itself (never CLM); returns how many.

        Raises:
            EditError: the handle is dead, or the segment is CLM.
        """
        self._log.check()
        if tag == "CLM":
            raise EditError("a claim cannot be without its CLM")
        raw, gone = without_segments(self._raw, len(self._own()), tag, qualifier, self.delimiters.element)
        if gone:
            self._raw = raw
            self._forget()
            self._log.add("remove", f"2300 {tag}", 0, self.delimiters.segment.join(gone), "")
        return len(gone)

    def add_line_control_numbers(self, make: Callable[[ServiceLine], str]) -> int:
        """Give each line without a REF*6R the number that `make(line)` returns; returns how many it gave.

        Raises:
            EditError: a number cannot stand in the segment, or the handle is dead.
        """
        self._log.check()
        count = 0
        for line in self._lines:
            if not line.control_number:
                line.add_reference("6R", make(line))
                count += 1
        return count

    @property
    def service_dates(self) -> Period:
        """From the first to the last day of service on any line."""
        return Period(self.from_date, self.thru_date)
