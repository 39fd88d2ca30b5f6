"""From a claim in JSON to the segments that an 837P would carry for it (005010X222A1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ..x12.segment import Delimiters
from ..x12.stored import StoredClaim
from ..x12.values import x12_amount
from .money import to_cents

if TYPE_CHECKING:
    from .json_claim import (
        JsonAddress,
        JsonAdjudication,
        JsonAdjustment,
        JsonBillingProvider,
        JsonClaim,
        JsonLine,
        JsonOtherPayer,
        JsonPatient,
        JsonPayer,
        JsonPerson,
        JsonProvider,
        JsonSubscriber,
    )

# Separators in the order in which they are tried: X12 has no escape, so a claim is written with four that its own
# text does not hold. The last ones are control characters, which the model refuses in text.
_CANDIDATES = ("*", ":", "^", "~", "|", ">", "<", "!", "\x1c", "\x1d", "\x1e", "\x1f")


class _Segments(list[list[str | list[str]]]):
    """Segments as tag and elements, a composite as a list: no separators yet."""

    def put(self, tag: str, *elements: str | list[str]) -> None:
        self.append([tag, *elements])

    def texts(self) -> Iterable[str]:
        for segment in self:
            for element in segment:
                yield from (element,) if isinstance(element, str) else element

    def written(self, delimiters: Delimiters) -> list[str]:
        return [_write(segment, delimiters) for segment in self]


def _write(segment: list[str | list[str]], delimiters: Delimiters) -> str:
    parts = []
    for element in segment:
        if isinstance(element, list):
            element = delimiters.component.join(element).rstrip(delimiters.component)
        # Beyond ASCII the bytes are UTF-8, as `x12.segment.display` reads them.
        parts.append(element if element.isascii() else element.encode().decode("latin-1"))
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return delimiters.element.join(parts)


def to_stored(claim: JsonClaim) -> StoredClaim:
    """The claim's segments: what an 837P with it would have been kept as."""
    parts = (_billing(claim.billing_provider), _subscriber(claim), _patient(claim.patient), _claim(claim))
    delimiters = _delimiters(text for part in parts for text in part.texts())
    billing, subscriber, patient, content = (part.written(delimiters) for part in parts)
    return StoredClaim(delimiters, billing, subscriber, patient, content)


def _delimiters(texts: Iterable[str]) -> Delimiters:
    used = {character for text in texts for character in text if not character.isalnum()}
    free = [candidate for candidate in _CANDIDATES if candidate not in used]
    usual = Delimiters()
    chosen = [
        mark if mark in free else "" for mark in (usual.element, usual.component, usual.repetition, usual.segment)
    ]
    spare = [candidate for candidate in free if candidate not in chosen]
    return Delimiters(*(mark or spare.pop(0) for mark in chosen))


def _day(day: dt.date) -> str:
    return day.strftime("%Y%m%d")


def _amount(dollars: Decimal) -> str:
    return x12_amount(to_cents(dollars))


def _plain(number: Decimal) -> str:
    """A quantity without zeros at its end and without an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _address(found: _Segments, address: JsonAddress | None) -> None:
    if address is not None:
        found.put("N3", address.line1, address.line2)
        found.put("N4", address.city, address.state, address.zip, address.country)


def _provider(found: _Segments, entity: str, provider: JsonProvider) -> None:
    kind = "1" if provider.first else "2"
    found.put("NM1", entity, kind, provider.last, provider.first, "", "", "", "XX", provider.npi)


def _billing(provider: JsonBillingProvider) -> _Segments:
    found = _Segments()
    if provider.taxonomy:
        found.put("PRV", "BI", "PXC", provider.taxonomy)
    _provider(found, "85", provider)
    _address(found, provider.address)
    found.put("REF", provider.tax_id_qualifier, provider.tax_id)
    if provider.contact:
        found.put("PER", "IC", provider.contact.name, "TE", provider.contact.phone)
    return found


def _person(found: _Segments, entity: str, person: JsonPerson, member_id: str = "", demographics: bool = True) -> None:
    name = (person.last, person.first, person.middle, "", person.suffix)
    found.put("NM1", entity, "1", *name, "MI" if member_id else "", member_id)
    _address(found, person.address)
    if demographics and person.birth_date is not None:
        found.put("DMG", "D8", _day(person.birth_date), person.sex)


def _payer(found: _Segments, payer: JsonPayer) -> None:
    found.put("NM1", "PR", "2", payer.name, "", "", "", "", payer.id_qualifier, payer.id)
    _address(found, payer.address)


def _sbr(found: _Segments, who: JsonSubscriber, relationship: str) -> None:
    found.put(
        *("SBR", who.responsibility, relationship, who.group, who.group_name, who.insurance_type),
        *("", "", "", who.filing_code),
    )


def _subscriber(claim: JsonClaim) -> _Segments:
    found = _Segments()
    _sbr(found, claim.subscriber, "" if claim.patient else "18")
    _person(found, "IL", claim.subscriber, claim.subscriber.member_id)
    _payer(found, claim.payer)
    return found


def _patient(patient: JsonPatient | None) -> _Segments:
    found = _Segments()
    if patient is not None:
        found.put("PAT", patient.relationship)
        _person(found, "QC", patient)
    return found


def _claim(claim: JsonClaim) -> _Segments:
    found = _Segments()
    charge = sum((line.charge for line in claim.lines), Decimal(0))
    found.put(
        *("CLM", claim.id, _amount(charge), "", "", [claim.place_of_service, "B", claim.frequency], "Y"),
        *(claim.accepts_assignment, claim.benefits_assigned, claim.release),
    )
    if claim.patient_paid is not None:
        found.put("AMT", "F5", _amount(claim.patient_paid))
    for qualifier, value in (
        ("9F", claim.referral),
        ("G1", claim.authorization),
        ("F8", claim.payer_control_number),
    ):
        if value:
            found.put("REF", qualifier, value)
    for note in claim.notes:
        found.put("NTE", "ADD", note)
    codes = [code.replace(".", "") for code in claim.diagnoses]
    found.put("HI", *([("ABF" if at else "ABK"), code] for at, code in enumerate(codes)))
    for entity, provider in (("DN", claim.referring_provider), ("82", claim.rendering_provider)):
        if provider is not None:
            _provider(found, entity, provider)
            if entity == "82" and provider.taxonomy:
                found.put("PRV", "PE", "PXC", provider.taxonomy)
    for other in claim.other_payers:
        _other(found, other)
    for number, line in enumerate(claim.lines, 1):
        _line(found, number, line)
    return found


def _adjustments(found: _Segments, adjustments: Sequence[JsonAdjustment]) -> None:
    """One CAS for each group, with up to six adjustments; a seventh begins another."""
    groups = dict.fromkeys(adjustment.group for adjustment in adjustments)
    for group in groups:
        mine = [adjustment for adjustment in adjustments if adjustment.group == group]
        for start in range(0, len(mine), 6):
            elements: list[str] = []
            for one in mine[start : start + 6]:
                elements += [one.reason, _amount(one.amount), "" if one.quantity is None else _plain(one.quantity)]
            found.put("CAS", group, *elements)


def _other(found: _Segments, other: JsonOtherPayer) -> None:
    _sbr(found, other.subscriber, other.relationship)
    _adjustments(found, other.adjustments)
    for qualifier, amount in (("D", other.paid), ("A8", other.non_covered), ("EAF", other.remaining)):
        if amount is not None:
            found.put("AMT", qualifier, _amount(amount))
    found.put("OI", "", "", other.benefits_assigned, "", "", other.release)
    _person(found, "IL", other.subscriber, other.subscriber.member_id, demographics=False)
    _payer(found, other.payer)
    if other.paid_date is not None:
        found.put("DTP", "573", "D8", _day(other.paid_date))
    if other.claim_control_number:
        found.put("REF", "F8", other.claim_control_number)


def _procedure(code: str, modifiers: Sequence[str], description: str = "") -> list[str]:
    room = ["", "", "", ""]
    return ["HC", code, *([*modifiers, *room][:4]), description]


def _line(found: _Segments, number: int, line: JsonLine) -> None:
    found.put("LX", str(number))
    found.put(
        *("SV1", _procedure(line.code, line.modifiers, line.description), _amount(line.charge), line.unit_type),
        *(_plain(line.units), line.place_of_service, "", [str(pointer) for pointer in line.pointers]),
    )
    thru = line.thru_date or line.from_date
    if thru == line.from_date:
        found.put("DTP", "472", "D8", _day(thru))
    else:
        found.put("DTP", "472", "RD8", f"{_day(line.from_date)}-{_day(thru)}")
    for qualifier, value in (("G1", line.authorization), ("6R", line.control_number)):
        if value:
            found.put("REF", qualifier, value)
    for note in line.notes:
        found.put("NTE", "ADD", note)
    if line.ordering_provider is not None:
        _provider(found, "DK", line.ordering_provider)
        _address(found, line.ordering_provider.address)
    for adjudication in line.adjudications:
        _adjudication(found, line, adjudication)


def _adjudication(found: _Segments, line: JsonLine, said: JsonAdjudication) -> None:
    code, modifiers = (said.code, said.modifiers) if said.code else (line.code, line.modifiers)
    found.put("SVD", said.payer_id, _amount(said.paid), _procedure(code, modifiers), "", _plain(said.units))
    _adjustments(found, said.adjustments)
    found.put("DTP", "573", "D8", _day(said.paid_date))
    if said.remaining is not None:
        found.put("AMT", "EAF", _amount(said.remaining))
