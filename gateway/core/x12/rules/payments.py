"""Levels 3 and 4 of a remittance (835): sums that must come out (005010X221A1, 1.10.2.1), and what one thing calls for.

A payer's mistake is nothing a biller can correct: the words say what to do with the payment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..balance import Imbalance, Result, claim_imbalances
from ..guides.elements import ElementFault
from ..remittance import ClaimPayment, Remittance
from ..segment import Segment
from .rule import DOES_NOT_AGREE, ELEMENT_MISSING, SEGMENT_MISSING, Rule, RuleFinding, declare
from .sums import dollars

LINE_PAID = declare(
    "G3.11",
    "The charge of a line (SVC02) less its adjustments (2110 CAS) is what was paid (SVC03).",
    ik403=DOES_NOT_AGREE,
    status="",
)
CLAIM_PAID = declare(
    "G3.12",
    "The charge of a claim (CLP03) less all its adjustments (2100 and 2110 CAS) is what was paid (CLP04).",
    ik403=DOES_NOT_AGREE,
    status="",
)
CLAIM_CHARGE = declare(
    "G3.13",
    "The charges of the lines (SVC02), where there are any, add up to the charge of the claim (CLP03).",
    ik403=DOES_NOT_AGREE,
    status="",
)
PAYMENT = declare(
    "G3.14",
    "The claims' payments (CLP04) less the provider's adjustments (PLB) are the amount of the payment (BPR02).",
    ik403=DOES_NOT_AGREE,
    status="",
)
SERVICE_DATE = declare(
    "G4.80",
    "A line has its dates, unless the claim has. 2110 DTM 472 or 150; 2100 DTM 232.",
    ik304=SEGMENT_MISSING,
    status="",
)
CLAIM_DATE = declare(
    "G4.81",
    "A claim without lines has its dates. 2100 DTM 232.",
    ik304=SEGMENT_MISSING,
    status="",
)
NO_MONEY = declare(
    "G4.82",
    "A remittance that moves no money (BPR04 = NON) is for zero. BPR02.",
    ik403=DOES_NOT_AGREE,
    status="",
)
ACCOUNTS = declare(
    "G4.83",
    "An electronic payment (BPR04 = ACH, BOP, FWT) names both banks and accounts. BPR06-10, BPR12-15.",
    ik403=ELEMENT_MISSING,
    status="",
)
_WAIT = "The claim is not posted; ask the payer for a corrected remittance."
_BY_IMBALANCE = {"line": (LINE_PAID, 3), "claim": (CLAIM_PAID, 4), "charges": (CLAIM_CHARGE, 3)}
_SAYS = {
    "line": "The payer states {0} as paid for the line, and charge and adjustments give {1}.",
    "claim": "The payer states {0} as paid for the claim, and charge and adjustments give {1}.",
    "charges": "The payer states {0} as the charge of the claim, and its lines add up to {1}.",
}
_ACCOUNT_ELEMENTS = (6, 7, 8, 9, 10, 12, 13, 14, 15)


def payment_findings(
    payment: ClaimPayment, *, first: int = 1, ordinal: int = 0, imbalances: Sequence[Imbalance] | None = None
) -> list[RuleFinding]:
    """What breaks a rule of the levels 3 and 4 in one claim of a remittance, in the order of its segments.

    Args:
        payment: the claim payment; places are known where it was read from a file.
        first: the number in the file of the set's ST.
        ordinal: which claim of the set it is, from 1; 0 where it is in none.
        imbalances: what does not add up in it, where that is known (`Balance.add`).
    """
    raw, separator = payment.raw, payment.delimiters.element
    number = payment.first_number
    svc = "SVC" + separator
    services = [at for at, text in enumerate(raw) if text[:4] == svc]

    def place(at: int) -> int:
        return number + at - first + 1 if number else 0

    found: list[RuleFinding] = []
    for imbalance in claim_imbalances(payment) if imbalances is None else imbalances:
        rule, element = _BY_IMBALANCE[imbalance.rule]
        at = services[imbalance.line - 1] if imbalance.line else 0
        stated, computed = dollars(imbalance.stated_cents), dollars(imbalance.computed_cents)
        words = f"{_SAYS[imbalance.rule].format(stated, computed)} {_WAIT}"
        segment = Segment(raw[at], payment.delimiters)
        loop = "2110" if imbalance.line else "2100"
        fault = ElementFault(element, 0, 0, rule.ik403, segment[element])
        found.append(RuleFinding(rule, place(at), segment.tag, loop, words, fault=fault))
    if not payment.date("232"):
        for at, end in pairwise([*services, len(raw)]):
            if not any(
                text[:8] in (f"DTM{separator}472{separator}", f"DTM{separator}150{separator}") for text in raw[at:end]
            ):
                words = (
                    "The line has no date of service, and neither has the claim. Match it by hand, or ask the payer."
                )
                found.append(RuleFinding(SERVICE_DATE, place(at + 1), "DTM", "2110", words))
        if not services:
            words = "The claim has no lines and no dates. Match it by hand, or ask the payer."
            found.append(RuleFinding(CLAIM_DATE, place(len(raw)), "DTM", "2100", words))
    for finding in found:
        finding.claims = (ordinal, ordinal)
    found.sort(key=lambda finding: finding.position)
    return found


def remittance_findings(remittance: Remittance, result: Result, *, first: int = 1) -> list[RuleFinding]:
    """What breaks a rule of the levels 3 and 4 in the payment as a whole.

    Args:
        remittance: its header.
        result: what its claims and provider adjustments add up to (`balance.Balance`).
        first: the number in the file of the set's ST.
    """
    return list(_of_whole(remittance, result, first))


def _of_whole(remittance: Remittance, result: Result, first: int) -> Iterator[RuleFinding]:
    separator, number = remittance.delimiters.element, remittance.first_number
    at = next((at for at, text in enumerate(remittance.raw) if text.startswith("BPR" + separator)), None)
    if at is None:
        return  # told by the guide
    bpr = Segment(remittance.raw[at], remittance.delimiters)
    position = number + at - first + 1 if number else 0

    def wrong(rule: Rule, element: int, words: str) -> RuleFinding:
        fault = ElementFault(element, 0, 0, rule.ik403, bpr[element])
        return RuleFinding(rule, position, "BPR", "", words, fault=fault)

    if not result.balances:
        computed = result.paid_cents - result.adjusted_cents
        words = (
            f"The payment is for {dollars(result.stated_cents)}, and its claims and adjustments give "
            f"{dollars(computed)}. "
            "Nothing of it is posted; ask the payer for a corrected remittance."
        )
        yield wrong(PAYMENT, 2, words)
    if bpr[4] == "NON" and result.stated_cents:
        words = f"The remittance moves no money, and is for {dollars(result.stated_cents)}. Ask the payer how it pays."
        yield wrong(NO_MONEY, 2, words)
    if bpr[4] in ("ACH", "BOP", "FWT"):
        for element in _ACCOUNT_ELEMENTS:
            if not bpr[element]:
                words = (
                    "The payment is electronic, and a bank or an account is missing. Find the deposit by its trace "
                    "number."
                )
                yield wrong(ACCOUNTS, element, words)
