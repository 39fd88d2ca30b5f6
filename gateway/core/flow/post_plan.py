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


def unreadable(payment: ClaimPayment) -> str:
    """Why an amount of this payment cannot be read, with its place; empty where all can."""
    separator = payment.delimiters.element
    for raw in payment.raw:
        tag = raw[:4].rstrip(separator)
        if tag == "CAS":
            parts = raw.split(separator)
            bad = any(cents(part) is None for part in parts[3::3] if part)
        elif tag == "SVC":
            bad = any(cents(part) is None for part in raw.split(separator)[2:4] if part)
        elif tag == "CLP":
            bad = any(cents(part) is None for part in raw.split(separator)[3:6] if part)
        else:
            continue
        if bad:
            return f"An amount in {tag} cannot be read. Ask the payer for the remittance again, or post it by hand."
    return ""


def imbalance(payment: ClaimPayment) -> str:
    """What does not add up, in words; empty where everything does (a pre-determination need not)."""
    if payment.status == PREDETERMINATION:
        return ""
    found = claim_imbalances(payment)
    return _words(found[0]) if found else ""


def _words(found: Imbalance) -> str:
    stated, computed = to_dollars(found.stated_cents), to_dollars(found.computed_cents)
    if found.rule == "line":
        what = f"Service {found.line}: its charge less its adjustments is ${computed:,}, and the payer pays ${stated:,}"
    elif found.rule == "claim":
        what = f"The claim's charge less all adjustments is ${computed:,}, and the payer pays ${stated:,}"
    else:
        what = f"The services' charges are ${computed:,} together, and the claim's is ${stated:,}"
    return f"{what}: ${abs(to_dollars(found.difference_cents)):,} apart. Ask the payer, or post it by hand."


def fault_of(plan: PostingPlan, payment: ClaimPayment, claim: OpenClaim | None) -> str:
    """Why a plan cannot be written; empty where it can."""
    if plan.information:
        if payment.paid_cents and payment.status != PREDETERMINATION:
            return "it calls information what pays money"
        return "" if not plan.lines and not plan.denials else "it posts lines for what it calls information"
    if claim is None:
        return "it posts to no claim"
    if plan.reverses is not None:
        original = next((one for one in claim.posted if one.claim_payment_id == plan.reverses), None)
        if original is None:
            return "it reverses a payment that does not stand on the claim"
        return "" if original.paid_cents == -payment.paid_cents else "it reverses another amount"
    return _money(plan, payment) or _room(plan, claim)


def _money(plan: PostingPlan, payment: ClaimPayment) -> str:
    if sum(line.paid_cents for line in plan.lines) != payment.paid_cents:
        return "its lines do not add up to what is paid"
    planned: Counter[tuple[str, str]] = Counter()
    denied = 0
    for line in plan.lines:
        for one in line.adjustments:
            planned[one.group, one.reason] += one.cents
            if one.kind is Kind.DENIAL:
                denied += one.cents
    stated: Counter[tuple[str, str]] = Counter()
    for adjustments in (payment.adjustments, *(line.adjustments for line in payment.lines)):
        for given in adjustments:
            stated[given.group, given.reason] += given.cents
    if {key: value for key, value in planned.items() if value} != {
        key: value for key, value in stated.items() if value
    }:
        return "its adjustments are not those of the payment"
    if sum(denial.cents for denial in plan.denials) != denied:
        return "its denials do not add up to what it denies"
    return ""


def _room(plan: PostingPlan, claim: OpenClaim) -> str:
    known = {line.line_id for line in claim.lines}
    insurance = claim.claim.insurance_cents + sum(line.insurance_cents for line in claim.lines)
    open_of: Counter[Kind] = Counter(claim.claim.patient)
    open_of[Kind.DENIAL] += claim.claim.denied_cents
    for line in claim.lines:
        open_of.update(line.patient)
        open_of[Kind.DENIAL] += line.denied_cents
    moved = 0
    for posting in plan.lines:
        if posting.line_id is not None and posting.line_id not in known:
            return "it posts to a line of another claim"
        moved += posting.paid_cents + sum(one.cents for one in posting.adjustments if one.kind in MOVES)
        for back in posting.reopened:
            if back.cents <= 0 or (back.kind is not Kind.DENIAL and back.kind not in PATIENT_KINDS):
                return "it gives back what cannot be given back"
            open_of[back.kind] -= back.cents
            insurance += back.cents
    if any(left < 0 for left in open_of.values()):
        return "it gives back more than is there"
    if moved > 0 and moved > insurance:
        return f"it takes ${to_dollars(moved - insurance):,} more than is open"
    return ""


def state_after(plan: PostingPlan, claim: OpenClaim, paid_cents: int) -> str:
    """What the claim becomes (`model.states`); empty where it stays as it is."""
    if plan.information:
        return ""
    if plan.reverses is not None:
        others = sum(one.paid_cents for one in claim.posted if one.claim_payment_id != plan.reverses)
        return ClaimState.PAID.value if others > 0 else ClaimState.ACCEPTED.value
    patient = sum(sum(line.patient.values()) for line in (*claim.lines, claim.claim))
    denied = sum(line.denied_cents for line in (*claim.lines, claim.claim))
    left = claim.open_cents
    off = sum(line.off_cents for line in (*claim.lines, claim.claim))
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
