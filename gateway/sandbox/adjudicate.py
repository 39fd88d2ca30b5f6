"""How a payer decides on a claim, line by line. Pure: the same claim, seed and settings give the same decision.

Every line balances: charge = paid + adjustments. Groups and reasons as hme-billing-rules 5.5 and 6.4-6.5 read them.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from .cases import Adjustment, Case, CaseLine, LineOutcome, Name, Outcome, Plan
from .draws import Draws
from .fees import Fees
from .settings import Behaviour

_PERCENT = {"medicare": 100, "medicaid": 80, "commercial": 115}
_COPAY = 2500
_DEDUCTIBLE = 5000
_SEQUESTRATION = 2


class Denial(NamedTuple):
    """A group, reason and remarks that go together; `kinds` are the payers that use it (empty: all), `claim_remark`
    goes to MOA, `weight` is how often."""

    group: str
    reason: str
    remarks: tuple[str, ...]
    weight: int
    kinds: tuple[str, ...] = ()
    claim_remark: str = ""


DENIALS: tuple[Denial, ...] = (
    Denial("CO", "50", ("N115",), 18, ("medicare",)),
    Denial("CO", "50", ("M127",), 6),
    Denial("CO", "151", ("M25",), 6, ("medicare",)),
    Denial("CO", "151", ("M3",), 4),
    Denial("CO", "176", (), 9),
    Denial("CO", "109", ("N104",), 7, ("medicare",)),
    Denial("CO", "16", ("M124",), 7, ("medicare",), "MA130"),
    Denial("CO", "16", ("N265", "N276"), 6, ("medicare",), "MA130"),
    Denial("CO", "16", ("M51",), 4, (), "MA130"),
    Denial("CO", "4", ("N519",), 6),
    Denial("CO", "97", ("M2",), 5),
    Denial("CO", "108", ("M7",), 3),
    Denial("CO", "119", ("M25",), 3),
    Denial("CO", "197", (), 8, ("medicaid", "commercial")),
    Denial("CO", "22", ("MA04",), 4),
    Denial("CO", "29", ("N211",), 2),
    Denial("CO", "B20", (), 2),
    Denial("CO", "A1", ("N130",), 3),
    Denial("PI", "226", ("N102",), 3, ("commercial",)),
    Denial("PR", "96", ("N130",), 6),
    Denial("PR", "204", ("N130",), 4, ("medicaid", "commercial")),
    Denial("PR", "27", (), 4),
)
_UNKNOWN_MEMBER = Denial("CO", "31", ("N382",), 1)
_DUPLICATE = Denial("OA", "18", (), 1)
_NO_PRIMARY = Denial("CO", "22", ("MA04",), 1)


def control_number(seed: int, case: Case) -> str:
    """The payer's number of a claim (REF*1K, CLP07): from the seed, the payer and our number; another for each
    attempt and for each payer."""
    draws = Draws(seed, case.number, case.payer_id, case.attempt)
    return f"{case.first_day[2:] or '000000'}{draws.number('control number') % 10**9:09d}"


def _denied(line: CaseLine, denial: Denial) -> LineOutcome:
    return LineOutcome(0, 0, [Adjustment(denial.group, denial.reason, line.charge)], list(denial.remarks))


def _choose_denial(case: Case, draws: Draws, what: str) -> Denial:
    fitting = [denial for denial in DENIALS if not denial.kinds or case.kind in denial.kinds]
    at = draws.number(what) % sum(denial.weight for denial in fitting)
    for denial in fitting:
        at -= denial.weight
        if at < 0:
            return denial
    raise AssertionError("weights do not add up")


def _day(text: str) -> dt.date:
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return dt.date.max


def allowed(case: Case, line: CaseLine, behaviour: Behaviour, fees: Fees, allowed_percent: int) -> int:
    """Cents allowed for a line: the fee, by what this kind of payer allows of it, and never above the charge."""
    fee = fees.allowed(line.code, line.modifiers, line.units, _day(line.start))
    if fee is None:
        return line.charge * allowed_percent // 100
    return min(line.charge, fee * (behaviour.fee_percent or _PERCENT[case.kind]) // 100)


class _Payment:
    """What a claim's lines share: the deductible still open, the copay still due."""

    def __init__(self, case: Case, behaviour: Behaviour, draws: Draws) -> None:
        self.kind = case.kind
        self.sequestration = behaviour.sequestration and case.kind == "medicare"
        self.deductible = _DEDUCTIBLE if draws.chance("deductible", behaviour.deductible) else 0
        self.by_copay = case.kind == "commercial" and draws.chance("copay", behaviour.copay)
        self.copay = _COPAY if self.by_copay else 0

    def line(self, charge: int, allowed: int) -> LineOutcome:
        """One line that is paid, or at least allowed."""
        adjustments = []
        left = allowed
        if charge > allowed:
            adjustments.append(Adjustment("CO", "45", charge - allowed))
        met = min(self.deductible, left) if self.kind != "medicaid" else 0
        if met:
            adjustments.append(Adjustment("PR", "1", met))
            self.deductible -= met
            left -= met
        if self.by_copay:
            share, reason = min(self.copay, left), "3"
            self.copay -= share
        else:
            percent = {"medicare": 20, "medicaid": 0, "commercial": 10}[self.kind]
            share, reason = left * percent // 100, "2"
        if share:
            adjustments.append(Adjustment("PR", reason, share))
            left -= share
        cut = (left * _SEQUESTRATION + 50) // 100 if self.sequestration else 0
        if cut:
            adjustments.append(Adjustment("CO", "253", cut))
            left -= cut
        adjustments.sort(key=lambda adjustment: adjustment.group)
        return LineOutcome(left, allowed, adjustments)


def _second(case: Case, line: CaseLine, draws: Draws) -> LineOutcome:
    """A line for the payer that comes second: it pays what the first left to the patient, less a copay now and
    then. OA-23 is everything else."""
    left = line.prior_left if line.prior_left is not None else 0
    left = max(0, min(left, line.charge))
    copay = min(500, left) if case.kind == "commercial" and draws.chance("second copay", 0.15) else 0
    adjustments = []
    if line.charge > left:
        adjustments.append(Adjustment("OA", "23", line.charge - left))
    if copay:
        adjustments.append(Adjustment("PR", "3", copay))
    return LineOutcome(left - copay, left, adjustments)


def _lines(case: Case, behaviour: Behaviour, fees: Fees, draws: Draws, percent: int, short: int) -> Outcome:
    """Every line; `short` takes so many percent off what is allowed (a payment that will be corrected)."""
    payment = _Payment(case, behaviour, draws)
    second = case.responsibility != "P"
    told = any(line.prior_left is not None for line in case.lines)
    found: list[LineOutcome] = []
    remarks: list[str] = []
    for index, line in enumerate(case.lines):
        if second and not told:
            found.append(_denied(line, _NO_PRIMARY))
        elif draws.chance(f"denied:{index}", behaviour.denied_lines):
            denial = _choose_denial(case, draws, f"denial:{index}")
            found.append(_denied(line, denial))
            if denial.claim_remark and denial.claim_remark not in remarks:
                remarks.append(denial.claim_remark)
        elif second:
            found.append(_second(case, line, draws))
        else:
            full = allowed(case, line, behaviour, fees, percent)
            found.append(payment.line(line.charge, full * (100 - short) // 100))
    status = {"P": "1", "S": "2", "T": "3"}.get(case.responsibility, "1")
    return Outcome(status, "", found, remarks)


def adjudicate(
    case: Case, behaviour: Behaviour, fees: Fees, seed: int, allowed_percent: int = 70, duplicate: bool = False
) -> Plan:
    """What happens to a claim that was accepted: how it is decided, and whether that is taken back later.

    Args:
        allowed_percent: of the charge, for codes that the fee table does not have.
        duplicate: a claim of this number was paid before.
    """
    draws = Draws(seed, case.number, *([case.attempt] if case.attempt else []), case.responsibility)
    number = control_number(seed, case)
    if duplicate:
        return Plan(Outcome("1", number, [_denied(line, _DUPLICATE) for line in case.lines]))
    if draws.chance("unknown member", behaviour.unknown_member):
        return Plan(Outcome("4", number, [_denied(line, _UNKNOWN_MEMBER) for line in case.lines]))
    right = _finish(case, _lines(case, behaviour, fees, draws, allowed_percent, 0), behaviour, draws, number)
    if right.paid <= 0:
        return Plan(right)
    if right.forwarded is None and draws.chance("corrected", behaviour.corrected):
        short = _finish(case, _lines(case, behaviour, fees, draws, allowed_percent, 15), behaviour, draws, number)
        if short.paid > 0 and short.paid != right.paid:
            right.control_number = f"{number}C"
            right.interest = 0
            return Plan(short, True, right)
    if right.forwarded is None and draws.chance("taken back", behaviour.taken_back):
        postponed = behaviour.takeback == "postponed" or (
            behaviour.takeback == "mixed" and draws.chance("postponed", 0.5)
        )
        return Plan(right, True, None, postponed)
    return Plan(right)


def _finish(case: Case, outcome: Outcome, behaviour: Behaviour, draws: Draws, number: str) -> Outcome:
    """The number, crossover and interest of a decision."""
    outcome.control_number = number
    if outcome.paid > 0:
        if case.kind == "commercial" and case.responsibility == "P" and draws.chance("interest", behaviour.interest):
            outcome.interest = max(1, outcome.paid // 200)
        later = next((other for other in case.others if other.responsibility != "P"), None)
        forward = case.kind == "medicare" and case.responsibility == "P" and behaviour.crossover
        if forward and later is not None and outcome.patient > 0:
            outcome.status = "19"
            outcome.forwarded = later
            several = sum(1 for other in case.others if other.responsibility != "P") > 1
            outcome.remarks = [*outcome.remarks, "N89" if several else "MA18"]
    return outcome


def forwarded_case(case: Case, outcome: Outcome) -> Case:
    """The claim as the second payer gets it from the first, with what the first paid and left."""
    other = outcome.forwarded
    if other is None:
        raise ValueError("this claim was not forwarded to anybody")
    lines = [
        CaseLine(
            line.code,
            line.modifiers,
            line.charge,
            line.units,
            line.start,
            line.end,
            line.reference,
            line.number,
            line.ordering_npi,
            decided.paid,
            decided.patient,
        )
        for line, decided in zip(case.lines, outcome.lines, strict=True)
    ]
    return Case(
        number=case.number,
        charge=case.charge,
        payer_id=other.id,
        payer_name=other.name,
        filing=other.filing,
        responsibility="S",
        payee=case.payee,
        subscriber=Name(case.subscriber.last, case.subscriber.first, case.subscriber.middle, other.member_id),
        patient=case.patient,
        lines=lines,
        same_person=case.same_person,
        facility=case.facility,
        bht03=case.bht03,
        attempt=case.attempt,
    )


def reversal(outcome: Outcome) -> Outcome:
    """The reversal of a decision: CLP02 22, the same groups and reasons, every amount negated."""
    lines = [
        LineOutcome(
            -line.paid, -line.allowed, [Adjustment(a.group, a.reason, -a.cents) for a in line.adjustments], line.remarks
        )
        for line in outcome.lines
    ]
    return Outcome("22", outcome.control_number, lines, outcome.remarks)
