"""What the clearinghouse keeps of a claim it took, and what was decided on it. Money is integer cents, dates are
CCYYMMDD as they stood, so that a case is stored and restored without loss."""

from __future__ import annotations

import msgspec


class Adjustment(msgspec.Struct, array_like=True, frozen=True):
    """One trio of a CAS: group, CARC, cents."""

    group: str
    reason: str
    cents: int


class CaseLine(msgspec.Struct, omit_defaults=True):
    """One line as billed. `prior_paid` and `prior_left` are what the payer before paid and left to the patient;
    None where nothing was said."""

    code: str
    modifiers: tuple[str, ...]
    charge: int
    units: int
    start: str
    end: str
    reference: str = ""
    number: str = ""
    ordering_npi: str = ""
    prior_paid: int | None = None
    prior_left: int | None = None


class Name(msgspec.Struct, frozen=True, omit_defaults=True):
    """NM103, NM104, NM105, NM109."""

    last: str
    first: str = ""
    middle: str = ""
    id: str = ""


class OtherPayer(msgspec.Struct, frozen=True):
    """The payer of a 2320: id, name, filing code, responsibility, and the member's id there."""

    id: str
    name: str
    filing: str
    responsibility: str
    member_id: str


class Payee(msgspec.Struct, frozen=True):
    """The billing provider as a remittance names it."""

    npi: str
    name: str
    tax_id: str


class Case(msgspec.Struct, omit_defaults=True):
    """One claim as received. `attempt` counts earlier claims of the same number that were not paid."""

    number: str
    charge: int
    payer_id: str
    payer_name: str
    filing: str
    responsibility: str
    payee: Payee
    subscriber: Name
    patient: Name
    lines: list[CaseLine]
    same_person: bool = True
    frequency: str = "1"
    facility: str = "12"
    replaces: str = ""
    others: list[OtherPayer] = []
    bht03: str = ""
    attempt: int = 0

    @property
    def first_day(self) -> str:
        return min((line.start for line in self.lines if line.start), default="")

    @property
    def last_day(self) -> str:
        return max((line.end for line in self.lines if line.end), default="")

    @property
    def kind(self) -> str:
        """medicare, medicaid or commercial, by SBR09."""
        return {"MA": "medicare", "MB": "medicare", "MC": "medicaid"}.get(self.filing, "commercial")


class LineOutcome(msgspec.Struct, omit_defaults=True):
    """What was decided on one line: charge = paid + sum of the adjustments."""

    paid: int
    allowed: int
    adjustments: list[Adjustment]
    remarks: list[str] = []

    @property
    def charge(self) -> int:
        """What was billed (negative in a reversal)."""
        return self.paid + sum(adjustment.cents for adjustment in self.adjustments)

    @property
    def patient(self) -> int:
        return sum(adjustment.cents for adjustment in self.adjustments if adjustment.group == "PR")


class Outcome(msgspec.Struct, omit_defaults=True):
    """What was decided on one claim. `status` is CLP02, `remarks` stand in MOA, `forwarded` is who it went on to."""

    status: str
    control_number: str
    lines: list[LineOutcome]
    remarks: list[str] = []
    forwarded: OtherPayer | None = None
    interest: int = 0

    @property
    def paid(self) -> int:
        return sum(line.paid for line in self.lines)

    @property
    def patient(self) -> int:
        return sum(line.patient for line in self.lines)


class Status(msgspec.Struct, frozen=True):
    """One STC composite: category, status code, entity."""

    category: str
    code: str
    entity: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """A claim refused before adjudication: by whom, why, and at which lines (index from 0)."""

    by_payer: bool
    statuses: tuple[Status, ...]
    lines: tuple[tuple[int, tuple[Status, ...]], ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """What happens to a claim that is adjudicated: the first decision; later, perhaps, its reversal, and what comes
    in its place."""

    first: Outcome
    reversed: bool = False
    second: Outcome | None = None
    postponed: bool = False
