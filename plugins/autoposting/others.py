"""What a later payer decides stands on what those before it did: that must be in the books first."""

from __future__ import annotations

from gateway.core.model.money import to_dollars
from gateway.core.model.posting import OpenClaim
from gateway.core.x12.remittance import ClaimPayment

from .cannot import Cannot
from .kinds import PRIOR_PAYER

LATER = {"2": 1, "20": 1, "3": 2, "21": 2}
"""Statuses of a payer after the first, by how many come before it."""
_RANKS = "PSTABCDEFGH"
"""The letters of payers (SBR01) in their order."""


def told_of_others(payment: ClaimPayment) -> int:
    """What the payment says that payers before it paid or took off (OA-23), in cents."""
    return sum(
        one.cents
        for found in (payment.adjustments, *(line.adjustments for line in payment.lines))
        for one in found
        if one.reason == PRIOR_PAYER
    )


def is_later(status: str, claim: OpenClaim) -> bool:
    """Whether the payer says that it comes after the one to which the claim was sent: a crossover, also to a payer that
    the claim does not name. `status` is what its CLP02 means."""
    rank = LATER.get(status, 0)
    if not rank or not claim.responsibility:
        return rank > 0 and claim.other_payers > 0
    return rank > _RANKS.find(claim.responsibility)


def after_others(payment: ClaimPayment, claim: OpenClaim, status: str) -> None:
    """Raises Cannot where a later payer speaks of one before it of whom nothing is posted."""
    if not is_later(status, claim):
        return
    told = told_of_others(payment)
    untouched = claim.claim.insurance_cents + sum(line.insurance_cents for line in claim.lines)
    if told > 0 and untouched == claim.charge_cents:
        raise Cannot(
            f"A later payer speaks of ${to_dollars(told):,} that the payer before it paid or took off (OA-23), and "
            "nothing of that payer has been posted. Post its remittance first, then this one again.",
            "before-the-first",
        )
