"""The claim status inquiry, 276 (005010X212): which claims are asked about, as segments between ST and SE.

What a claim does not say stands as `UNKNOWN` (a name or an id); characters that an inquiry may not have become blanks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from .answers.values import plain
from .claim import Claim
from .party import Party
from .segment import Delimiters
from .values import x12_amount
from .writer import segment_text

VERSION = "005010X212"
FUNCTION = "HR"
UNKNOWN = "UNKNOWN"
LONGEST_TRACE = 50


class Who(NamedTuple):
    """Somebody in an inquiry: a person, or with an empty `first` an organisation. `birth` (CCYYMMDD) and `sex` (F, M)
    where they are the patient's."""

    last: str
    first: str = ""
    middle: str = ""
    qualifier: str = ""
    id: str = ""
    birth: str = ""
    sex: str = ""


class Asked(NamedTuple):
    """A claim that is asked about. `trace` is ours, and comes back with the answer; `number`: CLM01; `payer_number`:
    the payer's, where it is known. `patient` is None where the subscriber is the patient. Days are CCYYMMDD."""

    trace: str
    payer: Who
    provider: Who
    subscriber: Who
    patient: Who | None
    number: str
    payer_number: str
    cents: int
    start: str
    end: str

    @property
    def place(self) -> tuple[Who, Who]:
        """Under whom it stands: its payer and its billing provider."""
        return self.payer, self.provider


def asked_of(claim: Claim, trace: str, *, payer_id: str = "", payer_number: str = "", number: str = "") -> Asked:
    """An inquiry about a claim. `payer_id`: how the partner knows the payer, where that is another id than the claim's;
    `number`: under which it was sent, where that is another than its CLM01."""
    payer, biller, patient, subscriber = claim.payer, claim.billing_provider, claim.patient, claim.subscriber
    dates = claim.service_dates
    person = _person(patient)
    own = patient.is_subscriber
    member = subscriber.member_id or subscriber.id
    insured = (person if own else _person(subscriber)._replace(birth="", sex=""))._replace(qualifier="MI", id=member)
    start = _day(dates.start)
    return Asked(
        trace,
        Who(payer.name, qualifier=payer.id_qualifier or "PI", id=payer_id or payer.id),
        _biller(biller),
        insured,
        None if own else person,
        number or claim.id,
        payer_number,
        claim.charge_cents,
        start,
        _day(dates.end) or start,
    )


def _person(party: Party) -> Who:
    birth = party.birth_date
    return Who(party.last, party.first, party.middle, "", "", _day(birth), party.sex if party.sex in ("F", "M") else "")


def _biller(party: Party) -> Who:
    npi = party.npi
    return Who(party.last, party.first, party.middle, "XX" if npi else "FI", npi or party.tax_id or party.id)


def _day(day: dt.date | None) -> str:
    return f"{day:%Y%m%d}" if day is not None else ""


def claim_inquiry(
    asked: Sequence[Asked], receiver: Who, reference: str, at: dt.datetime, marks: Delimiters
) -> Iterator[str]:
    """The segments of a 276 between ST and SE. `receiver`: who asks (loop 2100B); `reference`: BHT03."""
    write = InquiryWriter(marks)
    yield write.segment("BHT", "0010", "13", plain(reference, 50, marks, "0"), f"{at:%Y%m%d}", f"{at:%H%M%S}")
    level = 0
    for payer, of_payer in groupby(sorted(asked, key=lambda one: one.place), key=lambda one: one.payer):
        level += 1
        source = level
        yield write.segment("HL", str(source), "", "20", "1")
        yield write.name("PR", payer, "2", "PI")
        level += 1
        who_asks = level
        yield write.segment("HL", str(who_asks), str(source), "21", "1")
        yield write.name("41", receiver, "2", "46")
        for provider, of_provider in groupby(of_payer, key=lambda one: one.provider):
            level += 1
            biller = level
            yield write.segment("HL", str(biller), str(who_asks), "19", "1")
            yield write.name("1P", provider, "", "XX")
            for one in of_provider:
                level += 1
                yield write.segment("HL", str(level), str(biller), "22", "0" if one.patient is None else "1")
                if one.patient is None:
                    yield from write.born(one.subscriber)
                yield write.name("IL", one.subscriber, "1", "MI")
                if one.patient is not None:
                    level += 1
                    yield write.segment("HL", str(level), str(level - 1), "23")
                    yield from write.born(one.patient)
                    yield write.name("QC", one.patient, "1", "")
                yield from _about(one, write)


def _about(one: Asked, write: InquiryWriter) -> Iterator[str]:
    marks = write.marks
    yield write.segment("TRN", "1", plain(one.trace, LONGEST_TRACE, marks, "0"))
    for qualifier, value in (("1K", one.payer_number), ("EJ", one.number)):
        if value := plain(value, 50, marks):
            yield write.segment("REF", qualifier, value)
    yield write.segment("AMT", "T3", x12_amount(one.cents))
    if one.start:
        yield write.segment("DTP", "472", "RD8", f"{one.start}-{one.end or one.start}")


class InquiryWriter:
    """Segments with these separators."""

    def __init__(self, marks: Delimiters) -> None:
        self.marks = marks

    def segment(self, *elements: str) -> str:
        return segment_text(elements, self.marks)

    def name(self, entity: str, who: Who, kind: str, qualifier: str) -> str:
        """An NM1; `kind` where the guide has but one; without `qualifier` it has no id."""
        marks = self.marks
        first = plain(who.first, 35, marks)
        kind = kind or ("1" if first else "2")
        parts = [first, plain(who.middle, 25, marks)] if kind == "1" else ["", ""]
        last = plain(who.last, 60, marks, UNKNOWN)
        if not qualifier:
            return self.segment("NM1", entity, kind, last, *parts)
        number = plain(who.id, 80, marks)
        shown = number if len(number) > 1 else UNKNOWN
        return self.segment("NM1", entity, kind, last, *parts, "", "", who.qualifier or qualifier, shown)

    def born(self, who: Who) -> Iterator[str]:
        """DMG of the patient, where the day of birth is known."""
        if who.birth:
            yield self.segment("DMG", "D8", who.birth, who.sex)
