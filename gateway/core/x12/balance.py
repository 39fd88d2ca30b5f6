"""Whether a remittance adds up, to the cent: each line, each claim, and the payment as a whole.

The three levels of hme-billing-rules 5.3 (005010X221A1, 1.10.2.1), without tolerance. A `Balance` is fed one claim
payment after the other and keeps only what does not balance, so that a remittance of any length is checked in the
memory of a small one.
"""

from __future__ import annotations

from typing import NamedTuple

from .remittance import ClaimPayment, ProviderAdjustment

PREDETERMINATION = "25"
"""CLP02 of a claim that was not decided on for payment."""


class Imbalance(NamedTuple):
    """One sum that does not come out. `line` counts the claim's service lines from 1 (0: the claim). All in cents:
    what stands there (`stated`), and what the rest of the numbers give (`computed`)."""

    rule: str
    line: int
    stated_cents: int
    computed_cents: int

    @property
    def difference_cents(self) -> int:
        return self.stated_cents - self.computed_cents


def claim_imbalances(payment: ClaimPayment) -> list[Imbalance]:
    """What does not add up in one claim payment; empty where it balances.

    Rules: `line` (charge less adjustments is the payment), `claim` (the same over claim and lines), `charges` (the
    lines' charges are the claim's). That CLP05 is the sum of the PR adjustments is not asked: see
    `patient_difference_cents`.
    """
    found: list[Imbalance] = []
    line_charges = line_adjustments = 0
    for number, line in enumerate(payment.lines, 1):
        charge, paid = line.charge_cents, line.paid_cents
        adjusted = 0
        for adjustment in line.adjustments:
            adjusted += adjustment.cents
        line_charges += charge
        line_adjustments += adjusted
        if charge - adjusted != paid:
            found.append(Imbalance("line", number, paid, charge - adjusted))
    adjusted = 0
    for adjustment in payment.adjustments:
        adjusted += adjustment.cents
    charge, paid = payment.charge_cents, payment.paid_cents
    computed = charge - adjusted - line_adjustments
    if computed != paid:
        found.append(Imbalance("claim", 0, paid, computed))
    if payment.lines and line_charges != charge:
        found.append(Imbalance("charges", 0, charge, line_charges))
    return found


def patient_difference_cents(payment: ClaimPayment) -> int:
    """CLP05 less the PR adjustments, in cents. Payers often miss it: worth showing, no reason to stop."""
    total = sum(a.cents for a in payment.adjustments if a.group == "PR")
    for line in payment.lines:
        total += sum(a.cents for a in line.adjustments if a.group == "PR")
    return payment.patient_cents - total


class Unbalanced(NamedTuple):
    """A claim payment that does not balance: its place in the remittance (from 1), and why."""

    ordinal: int
    imbalances: tuple[Imbalance, ...]


class Result(NamedTuple):
    """What came of a remittance. All amounts in cents; `paid_cents` is the sum of CLP04, `adjusted_cents` that of the
    PLBs, `stated_cents` is BPR02. `unbalanced` holds at most the number asked for; `unbalanced_count` counts all."""

    claims: int
    paid_cents: int
    adjusted_cents: int
    stated_cents: int
    unbalanced: tuple[Unbalanced, ...]
    unbalanced_count: int

    @property
    def difference_cents(self) -> int:
        """BPR02 less what claims and PLBs give; 0 where the payment balances."""
        return self.stated_cents - (self.paid_cents - self.adjusted_cents)

    @property
    def balances(self) -> bool:
        """Whether the payment as a whole adds up; single claims may still not."""
        return self.difference_cents == 0


class Balance:
    """Adds up one remittance while it is read."""

    __slots__ = ("_adjusted", "_claims", "_count", "_keep", "_paid", "_stated", "_unbalanced")

    def __init__(self, stated_cents: int, keep: int = 10_000) -> None:
        """`stated_cents`: BPR02 (`Remittance.paid_cents`); `keep`: how many unbalanced claims to name."""
        self._stated = stated_cents
        self._keep = keep
        self._claims = self._paid = self._adjusted = self._count = 0
        self._unbalanced: list[Unbalanced] = []

    def add(self, payment: ClaimPayment) -> list[Imbalance]:
        """Take one claim payment in, in file order; returns what does not add up in it."""
        self._claims += 1
        if payment.status != PREDETERMINATION:
            self._paid += payment.paid_cents
        found = claim_imbalances(payment)
        if found:
            self._count += 1
            if len(self._unbalanced) < self._keep:
                self._unbalanced.append(Unbalanced(self._claims, tuple(found)))
        return found

    def adjust(self, adjustment: ProviderAdjustment) -> None:
        """Take one pair of a PLB in."""
        self._adjusted += adjustment.cents

    def result(self) -> Result:
        return Result(self._claims, self._paid, self._adjusted, self._stated, tuple(self._unbalanced), self._count)
