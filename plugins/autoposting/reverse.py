"""The reversal of an earlier payment (CLP02 is 22): exactly what was posted, taken back, or nothing (5.6)."""

from __future__ import annotations

from collections import Counter

from gateway.core.model.money import to_dollars
from gateway.core.model.posting import Kind, Match, Next, NextStep, OpenClaim, PostedPayment, PostingPlan
from gateway.core.x12.remittance import ClaimPayment

from .cannot import Cannot


def _amounts(payment: ClaimPayment) -> Counter[tuple[str, str]]:
    """Every adjustment of the payment by group and reason, in cents."""
    found: Counter[tuple[str, str]] = Counter()
    for adjustments in (payment.adjustments, *(line.adjustments for line in payment.lines)):
        for one in adjustments:
            found[one.group, one.reason] += one.cents
    return found


def _posted_amounts(posted: PostedPayment) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in posted.adjustments:
        found[one.group, one.reason] += one.cents
    return found


def _takes_back(payment: ClaimPayment, posted: PostedPayment) -> bool:
    """Whether every amount is the negative of what was posted: claim, reasons, and lines where both have them.

    Some payers turn the group of a reversed reason into CR; then the reason alone is compared.
    """
    if (payment.charge_cents, payment.paid_cents) != (-posted.charge_cents, -posted.paid_cents):
        return False
    here, there = _amounts(payment), _posted_amounts(posted)
    if any(group == "CR" for group, _ in here):
        here, there = _by_reason(here), _by_reason(there)
    if {key: -cents for key, cents in here.items() if cents} != {key: cents for key, cents in there.items() if cents}:
        return False
    if not payment.lines:
        return True  # decided as a whole, and perhaps spread over the lines here
    lines = Counter((line.charge_cents, line.paid_cents) for line in payment.lines)
    before = Counter((-line.charge_cents, -line.paid_cents) for line in posted.lines if line.line_id is not None)
    return lines == before


def _by_reason(amounts: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for (_, reason), cents in amounts.items():
        found["", reason] += cents
    return found


def undone_by(payment: ClaimPayment, claim: OpenClaim) -> int | None:
    """The one reversal that waits and takes exactly this payment back, under the payer's number of it; None where there
    is none, or where it may mean a payment that stands."""
    if not payment.payer_control_number:
        return None
    lines = Counter((line.charge_cents, line.paid_cents) for line in payment.lines)
    amounts = {key: cents for key, cents in _amounts(payment).items() if cents}

    def alike(other: PostedPayment, sign: int) -> bool:
        theirs = {key: sign * cents for key, cents in _posted_amounts(other).items() if cents}
        whole = (sign * other.charge_cents, sign * other.paid_cents) == (payment.charge_cents, payment.paid_cents)
        return whole and theirs == amounts

    found = [
        one
        for one in claim.reversals
        if one.payer_claim_number == payment.payer_control_number
        and alike(one, -1)
        and Counter((-line.charge_cents, -line.paid_cents) for line in one.lines) == lines
    ]
    if len(found) != 1 or any(alike(one, 1) for one in claim.posted):
        return None
    return found[0].claim_payment_id


def _stands_still(posted: PostedPayment, claim: OpenClaim) -> None:
    """What the payment denied is still denied. Raises Cannot: the payer has decided on it again since."""
    denied: Counter[int] = Counter()
    for one in posted.adjustments:
        if one.kind is Kind.DENIAL:
            denied[one.line_id or 0] += one.cents
    standing = {line.line_id: line.denied_cents for line in claim.lines}
    standing[0] = claim.claim.denied_cents + sum(standing.values())
    for line_id, cents in denied.items():
        if cents > max(standing.get(line_id, 0), 0):
            raise Cannot(
                f"The payer takes back a denial of ${to_dollars(cents):,}, and has decided on that again since: not so "
                "much is left to take back. Find out which decision of the payer counts.",
                "reversal",
            )


def plan_reversal(payment: ClaimPayment, match: Match) -> PostingPlan:
    """The plan that takes an earlier payment back, found by the payer's claim number, or by its amounts alone where
    only one fits.

    Raises:
        Cannot: no payment, or more than one, is exactly what is reversed.
    """
    if match.claim is None:
        raise Cannot(match.why, "no-claim")
    standing = match.claim.posted
    numbers = {payment.payer_control_number, payment.reference("F8")} - {""}
    exact = [posted for posted in standing if _takes_back(payment, posted)]
    numbered = [posted for posted in exact if posted.payer_claim_number in numbers]
    found = numbered or exact
    if len(found) > 1:
        raise Cannot(
            f"{len(found)} payments that stand on the claim are exactly what is reversed. Say which one.", "reversal"
        )
    if not found:
        words = ", ".join(f"${to_dollars(posted.paid_cents):,}" for posted in standing) or "none"
        raise Cannot(
            f"The payer reverses a payment of ${to_dollars(-payment.paid_cents):,}, and none that stands on the claim "
            f"is exactly that (they are: {words}). Compare its charges and reasons with what was posted.",
            "reversal",
        )
    _stands_still(found[0], match.claim)
    return PostingPlan(
        reverses=found[0].claim_payment_id,
        next=Next(NextStep.SAME_PAYER, 0, "The earlier decision is taken back; a new one should follow."),
        notes=(f"Takes back claim payment {found[0].claim_payment_id}.",),
    )
