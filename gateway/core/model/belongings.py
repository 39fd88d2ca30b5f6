"""What patients were given: deliveries, and the equipment that they have. Records of facts, as their source tells them.

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
