"""What is known of a claim or payment for the choice of its chain, beside payer, partner and filing code."""

from __future__ import annotations

from collections.abc import Sequence

from ...plugins.matching import Details
from ..x12.remittance import ClaimPayment
from ..x12.stored import StoredClaim
from .columns import columns_of
from .verdicts import Columns


def details_of(stored: StoredClaim, columns: Columns, usage: str) -> Details:
    """The details of a claim. `columns` are those of the same claim, `usage` is ISA15."""
    element, component, _, _ = stored.delimiters
    level, entity = (stored.patient, "QC") if stored.patient else (stored.subscriber, "IL")
    places: dict[str, None] = {}
    for raw in stored.claim:
        tag = raw[:3]
        if tag == "CLM":
            places[_element(raw, element, 5).split(component)[0]] = None
        elif tag == "SV1":
            places[_element(raw, element, 5)] = None
    places.pop("", None)
    codes = tuple(dict.fromkeys(line.code.upper() for line in columns.lines if line.code))
    return Details(codes, _state(level, element, entity), tuple(places), columns.charge_cents, usage, columns.from_date)


def details_of_payment(payment: ClaimPayment, content: bytes | None, usage: str) -> Details:
    """The details by which a payment gets its chain: those of its claim, from its packed `content`, so that it gets the
    chain that the claim itself would; where its claim is not known, what the payment says. That does not tell where
    the patient lives."""
    if content is not None:
        stored = StoredClaim.unpack(content)
        return details_of(stored, columns_of(stored, ""), usage)
    codes = tuple(dict.fromkeys(line.code.upper() for line in payment.lines if line.code))
    place = payment.facility_code
    days = [line.dates.start for line in payment.lines if line.dates.start is not None]
    return Details(codes, "", (place,) if place else (), payment.charge_cents, usage, min(days, default=None))


def _element(raw: str, element: str, position: int) -> str:
    parts = raw.split(element, position + 1)
    return parts[position] if position < len(parts) else ""


def _state(level: Sequence[str], element: str, entity: str) -> str:
    """N402 behind the NM1 of this person."""
    at_person = False
    for raw in level:
        if raw.startswith(f"NM1{element}"):
            at_person = _element(raw, element, 1) == entity
        elif at_person and raw.startswith(f"N4{element}"):
            return _element(raw, element, 2).strip().upper()
    return ""
