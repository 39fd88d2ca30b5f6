"""What one adjustment is: taken off, the patient's, denied, still open, or only information (hme-billing-rules 5.5)."""

from __future__ import annotations

from typing import NamedTuple

from gateway.core.model.carc import Reason
from gateway.core.model.posting import Kind

_PATIENT = {
    "1": Kind.DEDUCTIBLE,
    "2": Kind.COINSURANCE,
    "3": Kind.COPAY,
    "247": Kind.DEDUCTIBLE,
    "248": Kind.COINSURANCE,
}
_OFF = {
    "CONTRACTUAL": Kind.CONTRACTUAL,
    "SEQUESTRATION": Kind.SEQUESTRATION,
    "WITHHOLD": Kind.WITHHOLD,
    "PENALTY": Kind.PENALTY,
    "FEE": Kind.FEE,
}
PRIOR_PAYER = "23"
SEQUESTER = "253"
FEE_SCHEDULE = "45"

WHOLE_CHARGE = "the whole charge, or nearly, as a contractual reduction: was it underpaid?"


class Judged(NamedTuple):
    """What an adjustment is; `review` says in words why a person should look at it (empty: nobody needs to)."""

    kind: Kind
    review: str = ""


def judge(
    group: str, reason: Reason, cents: int, charge_cents: int, zero_paid: bool, review_share: int = 100
) -> Judged:
    """What one CAS amount is.

    `charge_cents` is the charge of what it stands on, `zero_paid` whether nothing was paid for that. A refusal is a
    denial in any group; on an unpaid line so is everything that does not say otherwise (the zero-paid rule).
    """
    if reason.code == PRIOR_PAYER:
        return Judged(Kind.INFORMATION)
    if reason.code == SEQUESTER and group in ("CO", "OA", "PI"):
        return Judged(Kind.SEQUESTRATION)
    if reason.denial == "P":
        return Judged(Kind.OPEN, f"{reason.meaning}: {reason.action}")
    if reason.denial in ("Y", ""):
        if cents < 0:
            return Judged(Kind.OPEN, "a refusal with a negative amount: find out what the payer means")
        return Judged(Kind.DENIAL)
    if group == "PR":
        return _patient(reason, zero_paid)
    if group == "CO":
        return _contractual(reason, cents, charge_cents, zero_paid, review_share)
    if group == "OA":
        return _other(reason, cents, zero_paid)
    if group == "PI" and cents > 0:
        return Judged(Kind.DENIAL)
    return Judged(Kind.OPEN, f"group {group or '(none)'} says not who owes it")


def _patient(reason: Reason, zero_paid: bool) -> Judged:
    known = _PATIENT.get(reason.code)
    if known is not None:
        return Judged(known)
    if reason.denial == "N" and reason.category != "PATIENT_RESP" and zero_paid and reason.code != FEE_SCHEDULE:
        return Judged(Kind.DENIAL)
    if reason.denial == "V" and zero_paid:
        return Judged(Kind.DENIAL)
    return Judged(Kind.PATIENT)


def _contractual(reason: Reason, cents: int, charge_cents: int, zero_paid: bool, review_share: int) -> Judged:
    reduces = reason.code == FEE_SCHEDULE or reason.category == "CONTRACTUAL"
    if reduces and charge_cents > 0 and cents * 100 >= charge_cents * review_share:
        return Judged(Kind.OPEN, WHOLE_CHARGE)
    if zero_paid and reason.code != FEE_SCHEDULE and cents > 0:
        return Judged(Kind.DENIAL)
    if reason.category in _OFF:
        return Judged(_OFF[reason.category])
    if reason.category == "PATIENT_RESP":
        return Judged(Kind.CONTRACTUAL)  # the payer makes it ours to bear
    if reason.denial == "V":
        return Judged(Kind.CONTRACTUAL)
    return Judged(Kind.OPEN, f"{reason.meaning}, as an obligation of ours: check what it means")


def _other(reason: Reason, cents: int, zero_paid: bool) -> Judged:
    if reason.category == "COB_INFO":
        return Judged(Kind.OPEN)
    if zero_paid and reason.code != FEE_SCHEDULE and cents > 0:
        return Judged(Kind.DENIAL)
    if reason.category in _OFF and reason.denial == "N":
        return Judged(_OFF[reason.category])
    return Judged(Kind.OPEN, f"{reason.meaning} (group OA): check who owes it")
