"""The patient on paper: claims as a billing system sends them, and delivered orders. Everybody is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from gateway.core.model.json_claim import check_claims, to_stored
from gateway.core.x12.claim import Claim

from ..oracle.life import COMMERCIAL, MEDICAID, MEDICARE
from .house import SUPPLIER, config

BORN = dt.date(1950, 6, 15)
ORDERER = {"last": "ALDERMAN", "first": "IVO", "npi": "1999999018"}
FILING = {MEDICARE: "MB", COMMERCIAL: "CI", MEDICAID: "MC"}
MEMBERS = {MEDICARE: "1A23C45DE67", COMMERCIAL: "SWT900000001", MEDICAID: "SWM900000001"}
DIAGNOSES = {"oxygen": "J449", "pap": "G4733", "bed": "M6281", "wheelchair": "M6281", "diabetic": "E119"}
PRICE = 60
"""Dollars for a unit, whatever it is: none of the rules that are compared asks for it."""


class Who(NamedTuple):
    """Whose claim it is: the kind of life, the state where they live, who pays."""

    kind: str
    state: str
    payer: str

    @property
    def payer_id(self) -> str:
        """The contractor of the state, or an invented payer."""
        if self.payer != MEDICARE:
            return {COMMERCIAL: "90101", MEDICAID: "90301"}[self.payer]
        row = config().tables["jurisdictions"].find(dt.date(2024, 1, 1), self.state)
        assert row is not None
        return row.values["payer"]

    @property
    def diagnosis(self) -> str:
        return DIAGNOSES.get(self.kind, "J449")


class Item(NamedTuple):
    """What is billed: one line."""

    code: str
    modifiers: tuple[str, ...]
    day: dt.date
    units: int = 1
    thru: dt.date | None = None
    notes: tuple[str, ...] = ()
    authorization: str = ""
    place: str = "12"


def source_claim(number: str, who: Who, item: Item) -> Claim:
    """A claim as a billing system sends it."""
    address = {"line1": "7 WILLOW STREET", "city": "WILLOWTOWN", "state": who.state, "zip": "432150001"}
    told: dict[str, Any] = {
        "id": number,
        "place_of_service": item.place,
        "billing_provider": SUPPLIER,
        "subscriber": {
            "last": "FERNSBY",
            "first": "POSY",
            "birth_date": BORN,
            "sex": "F",
            "address": address,
            "member_id": MEMBERS[who.payer],
            "filing_code": FILING[who.payer],
        },
        "payer": {"name": "PAYER", "id": who.payer_id},
        "diagnoses": [who.diagnosis],
        "lines": [
            {
                "code": item.code,
                "modifiers": item.modifiers,
                "charge": PRICE * item.units,
                "units": item.units,
                "from_date": item.day,
                "thru_date": item.thru,
                "authorization": item.authorization,
                "notes": ["; ".join(item.notes)] if item.notes else [],
                "ordering_provider": ORDERER,
            }
        ],
    }
    (claim,) = check_claims(told)
    return Claim(to_stored(claim), "lives")


def as_of(claim: Claim, who: Who) -> Claim:
    """The same claim, for whoever pays now."""
    pattern = source_claim("X", who, Item(claim.lines[0].code, (), BORN))
    return Claim(claim.stored._replace(subscriber=pattern.stored.subscriber), "lives")


def order_row(number: str, patient: str, who: Who, item: Item, kind: str, serials: Sequence[str]) -> dict[str, Any]:
    """A delivered order of one item, as the system for orders sends it."""
    return {
        "order_number": number,
        "patient_id": patient,
        "last": "FERNSBY",
        "first": "POSY",
        "birth_date": BORN.isoformat(),
        "sex": "F",
        "address1": "7 WILLOW STREET",
        "city": "WILLOWTOWN",
        "state": who.state,
        "zip": "432150001",
        "member_id": MEMBERS[who.payer],
        "payer_id": who.payer_id,
        "payer_name": "PAYER",
        "filing_code": FILING[who.payer],
        "diagnoses": [who.diagnosis],
        "orderer_last": ORDERER["last"],
        "orderer_first": ORDERER["first"],
        "orderer_npi": ORDERER["npi"],
        "lines": [
            {
                "code": item.code,
                "modifiers": list(item.modifiers),
                "kind": kind,
                "ordered": item.units,
                "delivered": item.units,
                "price": PRICE,
                "serials": list(serials),
                "delivered_on": item.day.isoformat(),
                "proof": "signed",
                "authorization": item.authorization,
                "note": "; ".join(item.notes),
            }
        ],
    }
