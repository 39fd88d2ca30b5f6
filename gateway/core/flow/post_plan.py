"""What the station itself asks of a plan before it is written, whoever made it; and what it makes of the claim.

A plugin decides what an amount is. That no cent appears, vanishes or is taken where nothing is open is held here.
"""

from __future__ import annotations

from collections import Counter

from ..model.money import to_dollars
from ..model.posting import OFF_KINDS, PATIENT_KINDS, Kind, OpenClaim, PostingPlan
from ..model.states import ClaimState
from ..x12.balance import PREDETERMINATION, Imbalance, claim_imbalances
from ..x12.remittance import ClaimPayment
from ..x12.values import cents

MOVES = OFF_KINDS | PATIENT_KINDS | {Kind.DENIAL}
"""Kinds whose amounts leave the payer's receivable."""

LONGEST_CODE = 48
LONGEST_REMARK = 50
"""What the columns take."""

Reasons = dict[tuple[str, str], int]
"""Every adjustment of a payment by group and reason, in cents; without those that come to nothing."""


class Unreadable(Exception):
    """An amount of a payment cannot be read; the message says where."""


def reasons_of(payment: ClaimPayment) -> Reasons:
    """What the payment adjusts, all its lines together.

    Raises:
        Unreadable: an amount of it cannot be read.
    """
    separator = payment.delimiters.element
    found: Reasons = {}
    for raw in payment.raw:
        tag = raw[:3]
        if tag == "CAS":
            parts = raw.split(separator)
            group = parts[1]
            for at in range(3, len(parts), 3):
                if parts[at]:
                    amount = cents(parts[at])
                    if amount is None:
                        raise Unreadable(_UNREADABLE.format(tag))
                    key = group, parts[at - 1]
                    found[key] = found.get(key, 0) + amount
        elif tag == "SVC":
            if any(part and cents(part) is None for part in raw.split(separator)[2:4]):
                raise Unreadable(_UNREADABLE.format(tag))
        elif tag == "CLP" and any(part and cents(part) is None for part in raw.split(separator)[3:6]):
            raise Unreadable(_UNREADABLE.format(tag))
    return {key: amount for key, amount in found.items() if amount}


_UNREADABLE = "An amount in {} cannot be read. Ask the payer for the remittance again, or post it by hand."


def imbalance(payment: ClaimPayment) -> str:
    """What does not add up, in words; empty where everything does (a pre-determination need not)."""
    if payment.status == PREDETERMINATION:
        return ""
    found = claim_imbalances(payment)
    return in_words(found[0]) if found else ""


def in_words(found: Imbalance) -> str:
    """A sum that does not come out, with both sides."""
    stated, computed = to_dollars(found.stated_cents), to_dollars(found.computed_cents)
    if found.rule == "line":
        what = f"Service {found.line}: its charge less its adjustments is ${computed:,}, and the payer pays ${stated:,}"
    elif found.rule == "claim":
        what = f"The claim's charge less all adjustments is ${computed:,}, and the payer pays ${stated:,}"
    else:
        what = f"The services' charges are ${computed:,} together, and the claim's is ${stated:,}"
    return f"{what}: ${abs(to_dollars(found.difference_cents)):,} apart. Ask the payer, or post it by hand."


def fault_of(plan: PostingPlan, paid_cents: int, status: str, claim: OpenClaim | None, reasons: Reasons) -> str:
    """Why a plan cannot be written; empty where it can. `paid_cents` (CLP04), `status` (CLP02) and `reasons`
    (`reasons_of`) are the payment's, read before any plugin saw it."""
    if plan.information:
        if paid_cents and status != PREDETERMINATION:
            return "it calls information what pays money"
        return "" if not plan.lines and not plan.denials else "it posts lines for what it calls information"
    if claim is None:
        return "it posts to no claim"
    if plan.reverses is not None:
        original = next((one for one in claim.posted if one.claim_payment_id == plan.reverses), None)
        if original is None:
            return "it reverses a payment that does not stand on the claim"
        return "" if original.paid_cents == -paid_cents else "it reverses another amount"
    made = _money(plan, paid_cents, reasons)
    if plan.undone is not None:
        return made or _undone(plan, claim, paid_cents, reasons)
    return made or _room(plan, claim)


def _money(plan: PostingPlan, paid_cents: int, reasons: Reasons) -> str:
    planned: Reasons = {}
    paid = denied = 0
    for line in plan.lines:
        paid += line.paid_cents
        if len(line.code) > LONGEST_CODE:
            return f"the code of a line has more than {LONGEST_CODE} characters"
        for one in line.adjustments:
            if len(one.remark) > LONGEST_REMARK:
                return f"a remark has more than {LONGEST_REMARK} characters"
            key = one.group, one.reason
            planned[key] = planned.get(key, 0) + one.cents
            if one.kind is Kind.DENIAL:
                denied += one.cents
    if paid != paid_cents:
        return "its lines do not add up to what is paid"
    if planned != reasons and {key: amount for key, amount in planned.items() if amount} != reasons:
        return "its adjustments are not those of the payment"
    if sum([denial.cents for denial in plan.denials]) != denied:
        return "its denials do not add up to what it denies"
    return ""


def _undone(plan: PostingPlan, claim: OpenClaim, paid_cents: int, reasons: Reasons) -> str:
    """A payment for which nothing is open posts only where a reversal waits that takes exactly it back."""
    reversal = next((one for one in claim.reversals if one.claim_payment_id == plan.undone), None)
    if reversal is None:
        return "it is to be taken back by a reversal that does not wait"
    back: Reasons = {}
    for one in reversal.adjustments:
        back[one.group, one.reason] = back.get((one.group, one.reason), 0) - one.cents
    if reversal.paid_cents != -paid_cents or {key: cents for key, cents in back.items() if cents} != reasons:
        return "the reversal that is to take it back has other amounts"
    known = {line.line_id for line in claim.lines}
    if any(line.line_id is not None and line.line_id not in known for line in plan.lines):
        return "it posts to a line of another claim"
    moved = any(one.kind in MOVES for line in plan.lines for one in line.adjustments)
    reopened = any(line.reopened for line in plan.lines)
    return "it moves what is taken back at once" if moved or reopened else ""


def _room(plan: PostingPlan, claim: OpenClaim) -> str:
    insurance = claim.claim.insurance_cents
    known = set()
    for line in claim.lines:
        insurance += line.insurance_cents
        known.add(line.line_id)
    moved = 0
    reopened = False
    for posting in plan.lines:
        if posting.line_id is not None and posting.line_id not in known:
            return "it posts to a line of another claim"
        moved += posting.paid_cents
        for one in posting.adjustments:
            if one.kind in MOVES:
                moved += one.cents
        for back in posting.reopened:
            insurance += back.cents
            reopened = True
    if reopened and not _may_reopen(plan, claim):
        return "it gives back what is not there"
    if moved > 0 and moved > insurance:
        return f"it takes ${to_dollars(moved - insurance):,} more than is open"
    return ""


def _may_reopen(plan: PostingPlan, claim: OpenClaim) -> bool:
    left: Counter[Kind] = Counter()
    for line in (*claim.lines, claim.claim):
        left.update(line.patient)
        left[Kind.DENIAL] += line.denied_cents
    for posting in plan.lines:
        for back in posting.reopened:
            if back.cents <= 0 or (back.kind is not Kind.DENIAL and back.kind not in PATIENT_KINDS):
                return False
            left[back.kind] -= back.cents
            if left[back.kind] < 0:
                return False
    return True


def state_after(plan: PostingPlan, claim: OpenClaim, paid_cents: int) -> str:
    """What the claim becomes (`model.states`); empty where it stays as it is."""
    if plan.information:
        return ""
    if plan.reverses is not None:
        others = sum(one.paid_cents for one in claim.posted if one.claim_payment_id != plan.reverses)
        return ClaimState.PAID.value if others > 0 else ClaimState.ACCEPTED.value
    left = patient = denied = off = 0
    for line in (*claim.lines, claim.claim):
        left += line.insurance_cents
        denied += line.denied_cents
        off += line.off_cents
        for amount in line.patient.values():
            patient += amount
    left += patient + denied
    paid = claim.charge_cents - left - off
    for posting in plan.lines:
        left -= posting.paid_cents
        paid += posting.paid_cents
        for one in posting.adjustments:
            if one.kind in OFF_KINDS:
                left -= one.cents
            elif one.kind in PATIENT_KINDS:
                patient += one.cents
            elif one.kind is Kind.DENIAL:
                denied += one.cents
        for back in posting.reopened:
            if back.kind is Kind.DENIAL:
                denied -= back.cents
            else:
                patient -= back.cents
    if left == 0:
        return ClaimState.CLOSED.value
    if paid > 0 or patient > 0:
        return ClaimState.PAID.value
    return ClaimState.DENIED.value if denied > 0 else ClaimState.ACCEPTED.value
