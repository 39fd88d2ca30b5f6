"""The body of an 835 (005010X221A1): one payment of one payer to one billing provider, in balance at every level."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from gateway.core.x12.values import x12_amount

from .acks import procedure
from .cases import Adjustment, Case, CaseLine, LineOutcome, Outcome, Payee
from .settings import Behaviour

X221 = "005010X221A1"
_TRIOS = 6
_ADJUSTMENTS_IN_PLB = 6
# SBR09 to CLP06: where CLP06 does not know the code of a commercial plan, it is a preferred provider plan.
_FILING = {"CI": "12", "BL": "12", "FI": "12", "11": "12", "": "12"}


class Entry(msgspec.Struct):
    """One claim in a payment; `original` is the payer's number of the decision that this one corrects."""

    case: Case
    outcome: Outcome
    original: str = ""


class Plb(msgspec.Struct, array_like=True, frozen=True):
    """One provider adjustment: what it is, what it refers to, and cents (positive: the payment is less by it)."""

    code: str
    reference: str
    cents: int


class Payment(msgspec.Struct):
    """Everything of one ST."""

    payer_id: str
    payer_name: str
    payee: Payee
    entries: list[Entry]
    adjustments: list[Plb]
    trace: str
    day: str
    received: str

    @property
    def total(self) -> int:
        """BPR02: what is paid, less what PLB takes away."""
        paid = sum(entry.outcome.paid for entry in self.entries)
        return paid - sum(adjustment.cents for adjustment in self.adjustments)


def payer_tax_id(payer_id: str) -> str:
    """An invented one, always the same for a payer."""
    return f"96{sum((index + 3) * ord(char) ** 2 for index, char in enumerate(payer_id)) % 10**7:07d}"


def _cas(adjustments: Sequence[Adjustment]) -> list[str]:
    """CAS segments: a group once, its reasons in it, six at most to a segment; nothing of zero."""
    groups: dict[str, dict[str, int]] = {}
    for adjustment in adjustments:
        reasons = groups.setdefault(adjustment.group, {})
        reasons[adjustment.reason] = reasons.get(adjustment.reason, 0) + adjustment.cents
    found = []
    for group, reasons in groups.items():
        trios = [f"{reason}*{x12_amount(cents)}" for reason, cents in reasons.items() if cents]
        for at in range(0, len(trios), _TRIOS):
            # Between two trios stands the empty quantity of the first.
            found.append(f"CAS*{group}*{'**'.join(trios[at : at + _TRIOS])}")
    return found


def _service(line: CaseLine, decided: LineOutcome, behaviour: Behaviour) -> str:
    """SVC: what was paid for, and in SVC06 what was billed, where the payer made another code of it."""
    changed = behaviour.change_codes.get(line.code)
    modifiers = () if behaviour.drop_modifiers else line.modifiers
    paid_as = ":".join(["HC", changed or line.code, *modifiers])
    found = f"SVC*{paid_as}*{x12_amount(decided.charge)}*{x12_amount(decided.paid)}**{line.units}"
    return f"{found}*{procedure(line)}" if changed else found


def _line(line: CaseLine, decided: LineOutcome, behaviour: Behaviour) -> list[str]:
    found = [_service(line, decided, behaviour)]
    if line.end in ("", line.start):
        found.append(f"DTM*472*{line.start}")
    else:
        found += [f"DTM*150*{line.start}", f"DTM*151*{line.end}"]
    found += _cas(decided.adjustments)
    if line.reference and behaviour.echo_references:
        found.append(f"REF*6R*{line.reference}")
    if decided.allowed > 0:
        found.append(f"AMT*B6*{x12_amount(decided.allowed)}")
    found += [f"LQ*HE*{remark}" for remark in decided.remarks]
    return found


def _claim(entry: Entry, behaviour: Behaviour, received: str) -> list[str]:
    case, outcome = entry.case, entry.outcome
    charge = -case.charge if outcome.status == "22" else case.charge
    patient = x12_amount(outcome.patient) if outcome.patient else ""
    filing = _FILING.get(case.filing, case.filing)
    found = [
        f"CLP*{case.number}*{outcome.status}*{x12_amount(charge)}*{x12_amount(outcome.paid)}*{patient}*{filing}"
        f"*{outcome.control_number}*{case.facility}*{case.frequency}"
    ]
    if behaviour.claim_level_only:
        found += _cas([adjustment for line in outcome.lines for adjustment in line.adjustments])
    who = case.patient
    found.append(f"NM1*QC*1*{who.last}*{who.first}*{who.middle}***MI*{who.id or case.subscriber.id}")
    if not case.same_person:
        insured = case.subscriber
        found.append(f"NM1*IL*1*{insured.last}*{insured.first}*{insured.middle}***MI*{insured.id}")
    if outcome.forwarded is not None:
        found.append(f"NM1*TT*2*{outcome.forwarded.name}*****PI*{outcome.forwarded.id}")
    if outcome.remarks:
        found.append("*".join(["MOA", "", "", *outcome.remarks[:5]]))
    if entry.original:
        found.append(f"REF*F8*{entry.original}")
    if case.first_day:
        found += [f"DTM*232*{case.first_day}", f"DTM*233*{case.last_day}"]
    found.append(f"DTM*050*{received}")
    if outcome.interest:
        found.append(f"AMT*I*{x12_amount(outcome.interest)}")
    if not behaviour.claim_level_only:
        for line, decided in zip(case.lines, outcome.lines, strict=True):
            found += _line(line, decided, behaviour)
    return found


def _bpr(payment: Payment, behaviour: Behaviour) -> str:
    if not payment.total:
        return f"BPR*H*0*C*NON************{payment.day}"
    if behaviour.pays_by == "CHK":
        return f"BPR*I*{x12_amount(payment.total)}*C*CHK************{payment.day}"
    parts = [
        "BPR*I",
        x12_amount(payment.total),
        "C*ACH*CCP*01*999999992*DA*123456",
        f"1{payer_tax_id(payment.payer_id)}",
        "*01*999999992*DA*987654",
        payment.day,
    ]
    return "*".join(parts)


def remittance(payment: Payment, behaviour: Behaviour) -> list[str]:
    """The segments of a payment, without ST and SE."""
    found = [
        _bpr(payment, behaviour),
        f"TRN*1*{payment.trace}*1{payer_tax_id(payment.payer_id)}",
        f"DTM*405*{payment.day}",
        f"N1*PR*{payment.payer_name}",
        "N3*1 PAYER PLAZA",
        "N4*COLUMBUS*OH*43215",
        f"REF*2U*{payment.payer_id}",
        "PER*CX*CLAIMS*TE*8005550101",
        "PER*BL*REMITTANCE SUPPORT*TE*8005550102",
        f"N1*PE*{payment.payee.name}*XX*{payment.payee.npi}",
    ]
    if payment.payee.tax_id:
        found.append(f"REF*TJ*{payment.payee.tax_id}")
    if payment.entries:
        found.append("LX*1")
    for entry in payment.entries:
        found += _claim(entry, behaviour, payment.received)
    year_end = dt.date(int(payment.day[:4]), 12, 31).strftime("%Y%m%d")
    for at in range(0, len(payment.adjustments), _ADJUSTMENTS_IN_PLB):
        pairs = [
            f"{plb.code}:{plb.reference}*{x12_amount(plb.cents)}"
            for plb in payment.adjustments[at : at + _ADJUSTMENTS_IN_PLB]
        ]
        found.append("*".join(["PLB", payment.payee.npi, year_end, *pairs]))
    return found
