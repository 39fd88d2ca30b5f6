"""Whether an 835 balances, read with nothing of the gateway's: plain splitting of strings.

Line: SVC02 - CAS = SVC03. Claim: CLP03 - CAS = CLP04, and the lines add up to the claim. Payment: CLP04 - PLB = BPR02.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise


def _cas(elements: list[str]) -> Decimal:
    return sum((Decimal(value) for value in elements[3::3] if value), Decimal(0))


class _Claim:
    def __init__(self, clp: list[str]) -> None:
        self.id, self.charge, self.paid = clp[1], Decimal(clp[3]), Decimal(clp[4])
        self.patient = Decimal(clp[5] or 0)
        self.claim_adjustments = Decimal(0)
        self.line_adjustments: list[Decimal] = []
        self.by_patient = Decimal(0)
        self.lines: list[tuple[Decimal, Decimal]] = []

    def adjust(self, cas: list[str]) -> None:
        amount = _cas(cas)
        if cas[1] == "PR":
            self.by_patient += amount
        if self.lines:
            self.line_adjustments[-1] += amount
        else:
            self.claim_adjustments += amount

    def line(self, svc: list[str]) -> None:
        self.lines.append((Decimal(svc[2]), Decimal(svc[3])))
        self.line_adjustments.append(Decimal(0))

    def faults(self) -> list[str]:
        found = []
        for number, ((charge, paid), adjusted) in enumerate(zip(self.lines, self.line_adjustments, strict=True), 1):
            if charge - adjusted != paid:
                found.append(f"{self.id} line {number}: {charge} - {adjusted} is not {paid}")
        if self.charge - self.claim_adjustments - sum(self.line_adjustments) != self.paid:
            found.append(f"{self.id}: charge less adjustments is not {self.paid}")
        if self.lines and sum(charge for charge, _ in self.lines) != self.charge:
            found.append(f"{self.id}: lines do not add up to the charge")
        if self.lines and sum(paid for _, paid in self.lines) - self.claim_adjustments != self.paid:
            found.append(f"{self.id}: lines do not add up to the payment")
        if self.by_patient != self.patient:
            found.append(f"{self.id}: CLP05 {self.patient} is not the sum of PR {self.by_patient}")
        return found


class Sums:
    """What a file of remittances adds up to."""

    def __init__(self) -> None:
        self.payments: list[Decimal] = []
        self.claims = 0
        self.lines = 0
        self.statuses: dict[str, int] = {}
        self.plb: dict[str, Decimal] = {}
        self.faults: list[str] = []


def check(text: str) -> Sums:
    """Every payment of every interchange in a file; what does not balance is in `faults`."""
    sums = Sums()
    element, terminator = text[3], text[105]
    bpr: list[str] = []
    claims: list[_Claim] = []
    plb = Decimal(0)
    started = 0
    segments = [segment.strip("\r\n").split(element) for segment in text.split(terminator)]
    for position, parts in enumerate(segments):
        tag = parts[0]
        if tag == "ST":
            started, bpr, claims, plb = position, [], [], Decimal(0)
        elif tag == "BPR":
            bpr = parts
        elif tag == "CLP":
            claims.append(_Claim(parts))
            sums.statuses[parts[2]] = sums.statuses.get(parts[2], 0) + 1
        elif tag == "CAS":
            claims[-1].adjust(parts)
        elif tag == "SVC":
            claims[-1].line(parts)
        elif tag == "PLB":
            for reason, amount in pairwise([*parts[3:], ""]):
                if ":" in reason:
                    plb += Decimal(amount)
                    code = reason.split(":")[0]
                    sums.plb[code] = sums.plb.get(code, Decimal(0)) + Decimal(amount)
        elif tag == "SE" and bpr:
            total = sum((claim.paid for claim in claims), Decimal(0)) - plb
            if total != Decimal(bpr[2]):
                sums.faults.append(f"payment: claims less PLB are {total}, BPR02 says {bpr[2]}")
            if (Decimal(bpr[2]) == 0) != (bpr[1] == "H" and bpr[4] == "NON"):
                sums.faults.append(f"payment: {bpr[1]} {bpr[4]} for {bpr[2]}")
            if int(parts[1]) != position - started + 1:
                sums.faults.append(f"SE01 says {parts[1]}, there are {position - started + 1}")
            for claim in claims:
                sums.faults += claim.faults()
                sums.lines += len(claim.lines)
            sums.claims += len(claims)
            sums.payments.append(Decimal(bpr[2]))
    return sums
