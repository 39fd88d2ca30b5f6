"""A generated claim as the JSON that a billing system may post (see `gateway.core.model.json_claim`)."""

from __future__ import annotations

from typing import Any

from .records import Address, Biller, Claim, Coverage, Line, Orderer, Person


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _address(address: Address) -> dict[str, str]:
    return {"line1": address.street, "city": address.city, "state": address.state, "zip": address.zip}


def _person(person: Person) -> dict[str, Any]:
    return {
        "last": person.last,
        "first": person.first,
        "birth_date": person.born.isoformat(),
        "sex": person.sex,
        "address": _address(person.address),
    }


def _provider(orderer: Orderer, *, address: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"last": orderer.last, "first": orderer.first, "npi": orderer.npi}
    if address:
        found["address"] = _address(orderer.address)
    return found


def _subscriber(coverage: Coverage, responsibility: str) -> dict[str, Any]:
    """A subscriber who is not the patient is named only, as in an 837P."""
    who = coverage.subscriber
    named = {"last": who.last, "first": who.first} if coverage.relation != "18" else _person(who)
    return {
        **named,
        "member_id": coverage.member_id,
        "responsibility": responsibility,
        "group": coverage.group,
        "filing_code": coverage.payer.filing,
    }


def _payer(coverage: Coverage) -> dict[str, str]:
    return {"name": coverage.payer.name, "id": coverage.payer.id}


def _other(claim: Claim, other: Coverage) -> dict[str, Any]:
    first = claim.responsibility == "S"
    found: dict[str, Any] = {"subscriber": _subscriber(other, "P" if first else "S"), "payer": _payer(other)}
    if first:
        paid = [line.paid for line in claim.lines if line.paid is not None]
        found["paid"] = _dollars(sum(each.paid for each in paid))
        found["remaining"] = _dollars(sum(each.patient for each in paid))
    return found


def _line(claim: Claim, line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": line.code,
        "modifiers": line.modifiers,
        "charge": _dollars(line.charge),
        "units": line.units,
        "pointers": line.pointers,
        "from_date": line.start.isoformat(),
        "control_number": line.reference,
        "authorization": line.authorization,
    }
    if line.end:
        found["thru_date"] = line.end.isoformat()
    if line.note:
        found["notes"] = [line.note]
    if line.orderer:
        found["ordering_provider"] = _provider(line.orderer, address=True)
    if line.paid and claim.other:
        found["adjudications"] = [
            {
                "payer_id": claim.other.payer.id,
                "paid": _dollars(line.paid.paid),
                "code": line.code,
                "modifiers": line.modifiers,
                "units": line.units,
                "adjustments": [
                    {"group": group, "reason": reason, "amount": _dollars(cents)}
                    for group, reason, cents in line.paid.adjustments
                ],
                "paid_date": line.paid.on.isoformat(),
            }
        ]
    return found


def billing_provider(biller: Biller) -> dict[str, Any]:
    """The supplier under one of its NPIs, as a JSON object."""
    return {
        "last": biller.name,
        "npi": biller.npi,
        "taxonomy": biller.taxonomy,
        "tax_id": biller.tax_id,
        "address": _address(biller.address),
        "contact": {"name": "BILLING OFFICE", "phone": biller.phone},
    }


def document(claim: Claim) -> dict[str, Any]:
    """The claim as a JSON object."""
    biller, coverage = claim.biller, claim.coverage
    found: dict[str, Any] = {
        "id": claim.number,
        "charge": _dollars(claim.charge),
        "billing_provider": billing_provider(biller),
        "subscriber": _subscriber(coverage, claim.responsibility),
        "payer": _payer(coverage),
        "diagnoses": claim.diagnoses,
        "lines": [_line(claim, line) for line in claim.lines],
    }
    if coverage.relation != "18":
        found["patient"] = {**_person(claim.patient), "relationship": coverage.relation}
    if claim.other:
        found["other_payers"] = [_other(claim, claim.other)]
    if claim.referring:
        found["referring_provider"] = _provider(claim.referring, address=False)
    return found
