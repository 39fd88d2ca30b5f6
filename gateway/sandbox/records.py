"""A claim as a billing system knows it, before it is written down as X12 or JSON. Money is integer cents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(slots=True, frozen=True)
class Address:
    street: str
    city: str
    state: str
    zip: str


@dataclass(slots=True, frozen=True)
class Biller:
    """One billing NPI of the organisation (loop 2010AA)."""

    name: str
    npi: str
    tax_id: str
    address: Address
    phone: str
    taxonomy: str = "332B00000X"


@dataclass(slots=True, frozen=True)
class Orderer:
    """A practitioner who orders equipment (loop 2420E, or 2310A where the payer wants a referring provider)."""

    last: str
    first: str
    npi: str
    address: Address


@dataclass(slots=True, frozen=True)
class Payer:
    """`kind` is `medicare`, `medicaid` or `commercial`; `filing` is SBR09."""

    id: str
    name: str
    filing: str
    kind: str


@dataclass(slots=True, frozen=True)
class Person:
    last: str
    first: str
    born: dt.date
    sex: str
    address: Address


@dataclass(slots=True, frozen=True)
class Coverage:
    """One payer of a patient. `subscriber` differs from the patient where the plan is another person's;
    `relation` is then PAT01 (`01` spouse, `19` child), else `18` self."""

    payer: Payer
    member_id: str
    subscriber: Person
    relation: str = "18"
    group: str = ""


@dataclass(slots=True)
class LinePaid:
    """What the primary payer did with one line (loop 2430): paid, and its adjustments as (group, reason, cents)."""

    paid: int
    adjustments: list[tuple[str, str, int]]
    on: dt.date

    @property
    def patient(self) -> int:
        """What it left to the patient."""
        return sum(cents for group, _, cents in self.adjustments if group == "PR")


@dataclass(slots=True)
class Line:
    code: str
    modifiers: list[str]
    charge: int
    units: int
    start: dt.date
    end: dt.date | None = None
    """The end of a span; None: a single day."""
    pointers: list[int] = field(default_factory=lambda: [1])
    reference: str = ""
    """REF*6R; empty where the billing system sends none."""
    authorization: str = ""
    """REF*G1 on the line."""
    note: str = ""
    orderer: Orderer | None = None
    paid: LinePaid | None = None


@dataclass(slots=True, frozen=True)
class Delivery:
    """A proof of delivery: contents for `months` from the day they were handed over."""

    on: dt.date
    code: str
    quantity: int
    months: int


@dataclass(slots=True)
class Claim:
    """One claim. `coverage` is who is billed; `other` the other payer, if any; `responsibility` is P or S.

    `expected_faults` names what a scrubber must find in it (see `biller_faults`), `deliveries` what the warehouse
    can prove.
    """

    number: str
    biller: Biller
    patient: Person
    coverage: Coverage
    responsibility: str
    diagnoses: list[str]
    lines: list[Line]
    family: str
    other: Coverage | None = None
    rental_month: int = 0
    referring: Orderer | None = None
    authorization: str = ""
    note: str = ""
    started: dt.date | None = None
    """The first day of what is rented."""
    deliveries: list[Delivery] = field(default_factory=list)
    expected_faults: tuple[str, ...] = ()

    @property
    def charge(self) -> int:
        return sum(line.charge for line in self.lines)
