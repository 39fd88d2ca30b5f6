"""What patients were given, and the papers for it: deliveries, the equipment that they have, orders, authorizations,
documents. Records of facts, as their source tells them.

Rules about them (is a month of contents covered, is the five years' lifetime over) are plugins'.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import NamedTuple


class Proof(enum.StrEnum):
    """How a delivery is proven: a signed ticket, a carrier's tracking, the record of a facility, the patient's own
    pick-up; NONE where nothing is there yet."""

    SIGNED = "signed"
    CARRIER = "carrier"
    FACILITY = "facility"
    PICKUP = "pickup"
    NONE = "none"


class Ownership(enum.StrEnum):
    """Whose a piece of equipment is: the patient owns it, or rents it from the supplier."""

    OWNED = "owned"
    RENTED = "rented"


class Delivery(NamedTuple):
    """An item that was delivered to a patient. `code` is the HCPCS code, `serial` and `lot` as they stand on the item,
    `source` the system that tells of it, `claim_number` the claim that billed it (as the source numbers it; empty
    where none is known)."""

    order_number: str
    code: str
    modifiers: tuple[str, ...]
    quantity: Decimal
    serial: str
    lot: str
    delivered_on: dt.date
    proof: Proof
    source: str
    claim_number: str = ""


class Equipment(NamedTuple):
    """A piece of equipment that a patient has or had. `ended_on` is the day on which it was given back or replaced
    (None: the patient has it)."""

    code: str
    serial: str
    started_on: dt.date
    ended_on: dt.date | None
    ownership: Ownership
    source: str


class Order(NamedTuple):
    """A practitioner's written order for one or several items (hme-billing-rules 1.5). `codes` are the HCPCS codes that
    it covers, `ordered_on` the order date, `received_on` the day on which the supplier had it complete (None: not yet),
    `signed_on` the practitioner's signature (None: not signed), `encounter_on` the visit face to face that it rests on.
    `quantity` is for one dispensing, `ends_on` the last day that it is good for (None: no end was said).
    `patient_named`: the patient's name or member id stands on it."""

    order_number: str
    codes: tuple[str, ...]
    ordered_on: dt.date
    received_on: dt.date | None
    signed_on: dt.date | None
    encounter_on: dt.date | None
    ends_on: dt.date | None
    quantity: Decimal | None
    description: str
    practitioner: str
    practitioner_npi: str
    patient_named: bool
    source: str


class Decided(enum.StrEnum):
    """What a payer decided on a request for prior authorization; PENDING where it has not."""

    AFFIRMED = "affirmed"
    PARTLY = "partly affirmed"
    DENIED = "denied"
    PENDING = "pending"


class Authorization(NamedTuple):
    """A prior authorization (Medicare: the decision with its UTN) for items of one payer. `number` goes on the claim
    (REF*G1). `modifiers`: the side that it is for, where there are two. `valid_from` to `valid_to`: the days on which
    the item may be delivered, as the payer said (None: it said none); `units` what it allows in all."""

    number: str
    payer_id: str
    codes: tuple[str, ...]
    modifiers: tuple[str, ...]
    decided: Decided
    decided_on: dt.date | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    units: Decimal | None
    source: str


class Document(NamedTuple):
    """A paper of the patient, kept in the archive. `kind`: order, proof_of_delivery, authorization, medical_record,
    certificate, refill_request, visit, eob, other; `dated` is the day that it speaks of, `claim_number` and
    `order_number` what it belongs to (empty where it was not said)."""

    kind: str
    name: str
    media_type: str
    sha256: str
    dated: dt.date | None
    codes: tuple[str, ...]
    claim_number: str
    order_number: str
    source: str
