"""The 277CA (005010X214): what is said of each claim of a batch, with counts and charges at every level above.

Everything that is written passes the guide of the 277CA; what a claim does not say stands as `UNKNOWN` (a name or an
id) or `0` (a number).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..acknowledgment import StatusCode
from ..segment import Delimiters
from ..values import x12_amount
from ..writer import segment_text
from .values import plain

VERSION = "005010X214"
TAKEN = frozenset({"A0", "A1", "A2", "A5"})
"""Categories that mean that a claim goes on; all others of a 277CA mean that it does not."""
MOST_STATUSES = 9
"""Statuses told of one claim or one line, three to an STC."""
UNKNOWN = "UNKNOWN"
_TOGETHER = 3
_KINDS = frozenset({"AD", "ER", "HC", "HP", "IV", "N4", "NU", "WK"})


class Name(NamedTuple):
    """A person or an organisation. `qualifier`: the kind of its id (NM108)."""

    last: str
    first: str = ""
    middle: str = ""
    suffix: str = ""
    qualifier: str = ""
    id: str = ""


class LineSaid(NamedTuple):
    """What is said of one service line. `procedure`: kind (HC), code, modifiers; `number`: the provider's own of the
    line (REF*6R, else LX01); `start`, `end`: CCYYMMDD, empty where not known. Only a line that is refused is told."""

    procedure: tuple[str, ...]
    cents: int
    units: str
    number: str
    start: str
    end: str
    statuses: tuple[StatusCode, ...]


class ClaimSaid(NamedTuple):
    """What is said of one claim. `number`: CLM01; `payer_number`: the payer's (REF*1K), `trace` the clearinghouse's
    (REF*D9); `start`, `end`: CCYYMMDD, empty where not known."""

    number: str
    patient: Name
    cents: int
    statuses: tuple[StatusCode, ...]
    start: str = ""
    end: str = ""
    payer_number: str = ""
    trace: str = ""
    lines: tuple[LineSaid, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether it goes on."""
        return all(status.category in TAKEN for status in self.statuses)


class ProviderSaid(NamedTuple):
    """What is said of the claims of one billing provider. `statuses`: of the provider itself; where they refuse it,
    they refuse all of its claims, and nothing is said of these."""

    name: Name
    claims: Sequence[ClaimSaid]
    statuses: tuple[StatusCode, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether claims of this provider are looked at."""
        return all(status.category in TAKEN for status in self.statuses)


class BatchSaid(NamedTuple):
    """What is said of a batch. `source`: who speaks, as a payer (PR) or not (AY: a clearinghouse); `reference`: BHT03
    of the claims; `trace`: our number of the receipt; `received`: the moment, in the zone in which it is shown.
    `statuses`: of the batch itself; where they refuse it, nothing is said of its claims."""

    source: Name
    by_payer: bool
    submitter: Name
    reference: str
    trace: str
    received: dt.datetime
    providers: Sequence[ProviderSaid]
    statuses: tuple[StatusCode, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether the batch is looked at."""
        return all(status.category in TAKEN for status in self.statuses)


class _Sum(NamedTuple):
    """Claims and cents, taken and refused."""

    taken: int = 0
    refused: int = 0
    taken_cents: int = 0
    refused_cents: int = 0

    def __add__(self, other: _Sum) -> _Sum:  # type: ignore[override]
        return _Sum(*(one + two for one, two in zip(self, other, strict=True)))


def claim_status(batch: BatchSaid, marks: Delimiters) -> Iterator[str]:
    """The segments of a 277CA between ST and SE."""
    write = _Writer(marks, f"{batch.received:%Y%m%d}", "PR" if batch.by_payer else "AY")
    sums = [_sum(provider, batch.taken) for provider in batch.providers]
    trace = plain(batch.trace, 50, marks, "0")
    at = batch.received
    yield write.segment("BHT", "0085", "08", trace, write.day, f"{at:%H%M%S}", "TH")
    yield write.segment("HL", "1", "", "20", "1")
    yield write.name(write.source, batch.source, "2", "PI" if batch.by_payer else "46")
    yield write.segment("TRN", "1", trace)
    yield write.segment("DTP", "050", "D8", write.day)
    yield write.segment("DTP", "009", "D8", write.day)
    providers = batch.providers if batch.taken else ()
    yield write.segment("HL", "2", "1", "21", "1" if providers else "0")
    yield write.name("41", batch.submitter, "", "46", most=5)
    yield write.segment("TRN", "2", plain(batch.reference, 50, marks, "0"))
    total = sum(sums, _Sum())
    received = (StatusCode("A1", "19", "PR"),)
    yield from write.stcs(batch.statuses or received, True, total.taken_cents + total.refused_cents)
    yield from write.sums(total, "90", "AA")
    level = 2
    for provider, their in zip(providers, sums, strict=False):
        level += 1
        parent = level
        told = provider.claims if provider.taken else ()
        yield write.segment("HL", str(parent), "2", "19", "1" if told else "0")
        yield write.name("85", provider.name, "", "XX")
        yield write.segment("TRN", "1", "0")
        # The guide gives no date to the status of a billing provider.
        yield from write.stcs(provider.statuses or received, False, their.taken_cents + their.refused_cents)
        yield from write.sums(their, "QA", "QC")
        for claim in told:
            level += 1
            yield write.segment("HL", str(level), str(parent), "PT")
            yield from _claim(claim, write)


def _sum(provider: ProviderSaid, batch_taken: bool) -> _Sum:
    found = [0, 0, 0, 0]
    for claim in provider.claims:
        refused = not (batch_taken and provider.taken and claim.taken)
        found[refused] += 1
        found[2 + refused] += claim.cents
    return _Sum(*found)


def _claim(claim: ClaimSaid, write: _Writer) -> Iterator[str]:
    marks = write.marks
    yield write.name("QC", claim.patient, "1", "MI")
    yield write.segment("TRN", "2", plain(claim.number, 50, marks, "0"))
    yield from write.stcs(claim.statuses or (StatusCode("A1", "19", "PR"),), True, claim.cents)
    for qualifier, value in (("1K", claim.payer_number), ("D9", claim.trace)):
        if value := plain(value, 50, marks):
            yield write.segment("REF", qualifier, value)
    # The guide wants a date of service; where the claim has none that can be read, the day of receipt stands.
    yield write.dates(claim.start or write.day, claim.end if claim.start else "")
    for line in claim.lines:
        # At a line the guide has refusals only.
        refused = tuple(status for status in line.statuses if status.category not in TAKEN)
        if refused:
            yield from _line(line._replace(statuses=refused), write)


def _line(line: LineSaid, write: _Writer) -> Iterator[str]:
    marks = write.marks
    kind, code, *modifiers = [*line.procedure, "", ""][: max(2, len(line.procedure))]
    shown = [kind if kind in _KINDS else "HC", plain(code, 48, marks, UNKNOWN)]
    shown += [modifier for one in modifiers[:4] if len(modifier := plain(one, 2, marks)) == 2]
    units = plain(line.units, 15, marks)
    yield write.joined(
        "SVC", marks.component.join(shown), x12_amount(line.cents), "", "", "", "", units if _is_units(units) else ""
    )
    yield from write.stcs(line.statuses, False, None)
    yield write.segment("REF", "FJ", plain(line.number, 50, marks, "0"))
    if line.start:
        yield write.dates(line.start, line.end)


def _is_units(text: str) -> bool:
    whole, _, part = text.partition(".")
    return whole.isascii() and whole.isdigit() and (not part or (part.isascii() and part.isdigit()))


class _Writer:
    """Segments with these separators, of this day."""

    def __init__(self, marks: Delimiters, day: str, source: str) -> None:
        self.marks = marks
        self.day = day
        self.source = source

    def segment(self, *elements: str) -> str:
        return segment_text(elements, self.marks)

    def joined(self, *elements: str) -> str:
        """Elements, of which some hold component separators on purpose."""
        separator = self.marks.element
        return separator.join(elements).rstrip(separator)

    def name(self, entity: str, name: Name, kind: str, qualifier: str, most: int = 7) -> str:
        """An NM1; `kind` where the guide has but one, `most`: the last name element that the guide has."""
        marks = self.marks
        first = plain(name.first, 35, marks)
        kind = kind or ("1" if first else "2")
        parts = ["", "", "", ""] if kind == "2" else [first, plain(name.middle, 25, marks), "", name.suffix]
        parts[3] = plain(parts[3], 10, marks) if most >= 7 else ""
        number = plain(name.id, 80, marks)
        if len(number) < 2:
            number = UNKNOWN
        last = plain(name.last, 60, marks, UNKNOWN)
        return self.segment("NM1", entity, kind, last, *parts, name.qualifier or qualifier, number)

    def stcs(self, statuses: Sequence[StatusCode], dated: bool, cents: int | None) -> Iterator[str]:
        """STC, up to three statuses in each."""
        told = list(dict.fromkeys(statuses))[:MOST_STATUSES]
        taken = all(status.category in TAKEN for status in told)
        for at in range(0, len(told), _TOGETHER):
            first, *more = [self._status(one) for one in told[at : at + _TOGETHER]]
            amount = "" if cents is None else x12_amount(cents)
            rest = ["", "", "", "", "", *more] if more else []
            yield self.joined("STC", first, self.day if dated else "", "WQ" if taken else "U", amount, *rest)

    def _status(self, one: StatusCode) -> str:
        return self.marks.component.join(part for part in one if part)

    def sums(self, total: _Sum, taken: str, refused: str) -> Iterator[str]:
        """QTY and AMT of a level; what is none is left out."""
        for count, kind in ((total.taken, taken), (total.refused, refused)):
            if count:
                yield self.segment("QTY", kind, str(count))
        for count, kind, cents in ((total.taken, "YU", total.taken_cents), (total.refused, "YY", total.refused_cents)):
            if count:
                yield self.segment("AMT", kind, x12_amount(cents))

    def dates(self, start: str, end: str) -> str:
        """DTP*472."""
        if end in ("", start):
            return self.segment("DTP", "472", "D8", start)
        return self.segment("DTP", "472", "RD8", f"{start}-{end}")
