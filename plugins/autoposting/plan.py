"""The plan of an adjudicated payment: line by line, what is paid, taken off, owed by the patient, denied.

A line can only give what is open on it. Where a payer decides again on what was denied or left to the patient (a
resubmission, the next payer), that is given back to the payer's receivable first; a reduction that was taken off
before and is only said again moves nothing. What still does not fit is not posted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.model.carc import UNMAPPED, Reason, Reasons
from gateway.core.model.money import to_dollars
from gateway.core.model.posting import (
    PATIENT_KINDS,
    UNDERPAYMENT,
    AdjustmentPosting,
    Denial,
    Kind,
    LinePosting,
    Match,
    Next,
    NextStep,
    OpenLine,
    PostingPlan,
    WorkItemDraft,
)
from gateway.core.x12.loop import Adjustment
from gateway.core.x12.remittance import ClaimPayment

from .allowables import TEAM as UNDERPAID_TO
from .allowables import Allowables, underpayments
from .cannot import Cannot
from .kinds import WHOLE_CHARGE, judge
from .others import LATER, after_others, told_of_others
from .pool import MOVES, Pool
from .reverse import undone_by
from .settings import AutopostingSettings
from .spread import spread_over

FORWARDED = frozenset({"19", "20", "21"})
_SENT_ON = frozenset({"MA18", "N89"})
_NOT_SENT_ON = "MA19"


class Ground(NamedTuple):
    """What a plan stands on beside the payment: the tables, the day, whose payment it is, the status that it means
    (CLP02, or what the settings say for it), and the settings."""

    reasons: Reasons
    allowables: Allowables
    day: dt.date
    payer_id: str
    status: str
    settings: AutopostingSettings


class _Planner:
    """One payment on its way to a plan."""

    def __init__(self, payment: ClaimPayment, match: Match, ground: Ground) -> None:
        self.payment = payment
        self.match = match
        self.ground = ground
        self.reasons = ground.reasons
        self.day = ground.day
        self.settings = ground.settings
        self.denials: list[Denial] = []
        self.reviews: list[WorkItemDraft] = []
        self.notes: list[str] = []
        self.remarks = payment.remark_codes
        self.remarked = set(self.remarks)
        self.stated_patient = 0

    def adjust(
        self,
        found: Sequence[Adjustment],
        remarks: tuple[str, ...],
        charge: int,
        zero_paid: bool,
        line: OpenLine | None,
        code: str,
    ) -> list[AdjustmentPosting]:
        """What each adjustment becomes; denials and reviews are noted on the way."""
        posted = []
        remark = remarks[0] if remarks else ""
        for one in found:
            if one.group == "PR":
                self.stated_patient += one.cents
            reason = self.reasons.find(self.day, one.reason, remarks)
            kind, review = judge(
                one.group, reason, one.cents, charge, zero_paid, self.settings.review_contractual_share
            )
            if one.cents:
                posted.append(AdjustmentPosting(one.group, one.reason, one.cents, kind, remark))
                if kind is Kind.DENIAL:
                    self.deny(one, reason, remarks, line, code)
                elif review:
                    self.review(one, reason, review, line, code)
        return posted

    def _place(self, line: OpenLine | None, code: str) -> str:
        return f"line {line.number} ({code})" if line is not None else "the whole claim"

    def deny(self, one: Adjustment, reason: Reason, remarks: tuple[str, ...], line: OpenLine | None, code: str) -> None:
        """Note a denial; the same reason twice on one line is one."""
        remark = remarks[0] if remarks else ""
        category = reason.category if reason.denial != "N" else "UNDERPAYMENT"
        line_id = line.line_id if line is not None else None
        for index, known in enumerate(self.denials):
            if (known.line_id, known.group, known.reason, known.remark) == (line_id, one.group, one.reason, remark):
                self.denials[index] = _with_cents(known, known.cents + one.cents)
                return
        self.denials.append(
            Denial(
                line_id,
                line.number if line is not None else 0,
                code,
                one.group,
                one.reason,
                remark,
                one.cents,
                category or UNMAPPED,
                reason.team,
                reason.action,
                reason.meaning,
                remarks,
                self.payment.status,
                self.payment.claim_id,
            )
        )

    def review(self, one: Adjustment, reason: Reason, why: str, line: OpenLine | None, code: str) -> None:
        """Note something that posts and that a person should look at all the same."""
        underpaid = why == WHOLE_CHARGE
        self.reviews.append(
            WorkItemDraft(
                reason=f"{one.group}-{one.reason} on {self._place(line, code)}, ${to_dollars(one.cents):,}: {why}.",
                team=UNDERPAID_TO if underpaid else reason.team,
                cents=abs(one.cents),
                rule=UNDERPAYMENT if underpaid else f"{one.group}-{one.reason}",
            )
        )

    def lines(self) -> list[LinePosting]:
        """The postings of the services, then of what stands on the claim itself."""
        payment, match = self.payment, self.match
        claim = match.claim
        assert claim is not None
        by_id = {line.line_id: line for line in claim.lines}
        made = []
        for index, service in enumerate(payment.lines):
            line = by_id[match.lines[index].line_id or 0]
            paid = service.paid_cents
            before = len(self.denials)
            remarks = service.remark_codes or self.remarks
            self.remarked.update(remarks)
            adjustments = self.adjust(
                service.adjustments, remarks, service.charge_cents, not paid, line, service.code or line.code
            )
            made.append(
                LinePosting(
                    line.line_id,
                    index,
                    service.code,
                    service.charge_cents,
                    paid,
                    tuple(adjustments),
                    denied=len(self.denials) > before,
                )
            )
        whole = payment.adjustments
        if not made and self.settings.claim_level == "wait":
            raise Cannot(
                "The payer decided on the claim as a whole and names no service lines. Post it by hand, or let "
                "autoposting do so (its setting claim_level).",
                "claim-level",
            )
        if whole or not made:
            made.append(self._claim_level(whole, bool(made)))
        after_others(payment, claim, self.ground.status)
        return made

    def _claim_level(self, whole: Sequence[Adjustment], has_lines: bool) -> LinePosting:
        payment = self.payment
        before = len(self.denials)
        adjustments = self.adjust(whole, self.remarks, payment.charge_cents, not payment.paid_cents, None, "")
        if has_lines:
            # What the payer takes off the claim beside its lines lessens what it pays for them.
            charge, paid = 0, -sum(one.cents for one in whole)
        else:
            charge, paid = payment.charge_cents, payment.paid_cents
            self.notes.append("The payer names no service lines: posted to the claim as a whole.")
        return LinePosting(None, -1, "", charge, paid, tuple(adjustments), denied=len(self.denials) > before)

    def fitted(self, postings: Sequence[LinePosting]) -> list[LinePosting]:
        """The postings as what is open allows. Raises Cannot."""
        claim = self.match.claim
        assert claim is not None
        # What is left to the patient is a later payer's to decide on; the first one has to reverse its decision.
        patient_too = self.payment.status in LATER or told_of_others(self.payment) != 0
        if postings[0].line_id is None:
            everything = Pool("The claim", (*claim.lines, claim.claim), patient_too=patient_too)
            everything.expect(postings)
            return [everything.take(posting) for posting in postings]
        pools = {line.line_id: Pool(f"Line {line.number}", (line,), patient_too=patient_too) for line in claim.lines}
        for line_id, pool in pools.items():
            pool.expect([posting for posting in postings if posting.line_id == line_id])
        fitted = []
        for posting in postings:
            if posting.line_id is None:
                rest = Pool("The claim", (), patient_too=patient_too)
                for pool in pools.values():
                    rest.insurance += pool.insurance
                    rest.denied += pool.denied
                    rest.off += pool.off
                rest.insurance += claim.claim.insurance_cents
                fitted.append(rest.take(posting))
            else:
                fitted.append(pools[posting.line_id].take(posting))
        if claim.claim.insurance_cents >= 0:
            return fitted
        left = claim.claim.insurance_cents + sum(pool.insurance for pool in pools.values())
        for posting in fitted:
            if posting.line_id is None:
                left += sum(one.cents for one in posting.reopened) - posting.paid_cents
                left -= sum(one.cents for one in posting.adjustments if one.kind in MOVES)
        if left < 0:
            raise Cannot(
                "This claim was posted as a whole before, and is now decided on line by line: together "
                f"${to_dollars(-left):,} more than is open. Reverse the first posting, or find out which is right.",
                "more-than-open",
            )
        return fitted

    def plan(self) -> PostingPlan:
        """The plan. Raises Cannot."""
        postings = self.placed(self.lines())
        step = self.next_step(postings)
        self.look_at_amounts()
        return PostingPlan(
            lines=tuple(postings),
            denials=tuple(self.denials),
            reviews=tuple(self.reviews),
            next=step,
            notes=tuple(self.notes),
        )

    def placed(self, postings: list[LinePosting]) -> list[LinePosting]:
        """The postings as what is open allows; a payment without lines on the lines, where that is wanted and there is
        room on each. Raises Cannot."""
        claim = self.match.claim
        assert claim is not None
        if self.settings.claim_level == "spread" and not self.payment.lines and claim.lines:
            try:
                spread = self.fitted(spread_over(postings[0], claim.lines))
            except Cannot:
                return self.fitted(postings)
            self.notes[-1] = "The payer names no service lines: spread over the lines by what each charges."
            return spread
        return self.fitted(postings)

    def look_at_amounts(self) -> None:
        """What is posted and does not come to what it should: the patient's part, and what is allowed."""
        differs = self.payment.patient_cents - self.stated_patient
        tolerance = self.settings.clp05_tolerance
        if differs:
            self.notes.append("CLP05 differs from the PR adjustments; the adjustments count.")
        if tolerance is not None and abs(differs) > tolerance * 100:
            self.reviews.append(
                WorkItemDraft(
                    reason=f"The payer states ${to_dollars(self.payment.patient_cents):,} as the patient's part "
                    f"(CLP05), and its PR adjustments are ${to_dollars(self.stated_patient):,}. Posted by the "
                    "adjustments; ask the payer which is right before the patient is billed.",
                    team="posting",
                    cents=abs(differs),
                    rule="clp05",
                )
            )
        claim = self.match.claim
        if claim is not None and self.payment.lines and self.ground.allowables:
            by_id = {line.line_id: line for line in claim.lines}
            ours = [by_id.get(one.line_id or 0) for one in self.match.lines]
            tolerance_cents = int(self.settings.allowable_tolerance * 100)
            self.reviews += underpayments(
                self.payment, ours, self.ground.payer_id, self.ground.allowables, self.day, tolerance_cents
            )

    def next_step(self, postings: Sequence[LinePosting]) -> Next:
        """Who owes what is left (5.9); a claim that was sent on is watched."""
        claim = self.match.claim
        assert claim is not None
        patient = open_cents = denied = 0
        for posting in postings:
            for one in posting.adjustments:
                if one.kind in PATIENT_KINDS:
                    patient += one.cents
                elif one.kind is Kind.OPEN:
                    open_cents += one.cents
                elif one.kind is Kind.DENIAL:
                    denied += one.cents
        remarks = self.remarked
        sent_on = self.ground.status in FORWARDED or bool(remarks & _SENT_ON)
        if sent_on and _NOT_SENT_ON not in remarks:
            days = self.settings.crossover_days
            if self._bills_next(patient):
                return Next(
                    NextStep.CROSSED_OVER,
                    patient,
                    "The payer has sent the claim on to the next payer.",
                    self.settings.crossover_then,
                    days,
                    self.settings.crossover_count == "business days",
                )
            self.reviews.append(
                WorkItemDraft(
                    reason=f"The payer has sent the claim on to the next one; ${to_dollars(patient):,} are left for "
                    f"it. If nothing has come after {days} business days, bill the next payer.",
                    team="coordination",
                    business_days=days,
                    cents=patient,
                    rule="crossover",
                )
            )
            return Next(NextStep.CROSSED_OVER, patient, "The payer has sent the claim on to the next payer.")
        if open_cents:
            return Next(NextStep.SAME_PAYER, open_cents, "Part of it is still with this payer.")
        if patient > 0 and claim.other_payers:
            then = "claim" if self._bills_next(patient) else ""
            return Next(
                NextStep.NEXT_PAYER, patient, "What this payer leaves goes to the next payer of the claim.", then
            )
        if patient > 0:
            return Next(NextStep.PATIENT, patient, "What this payer leaves is the patient's.")
        if denied:
            return Next(NextStep.SAME_PAYER, denied, "The denied amount is worked before anybody else is billed.")
        if self._bills_next(patient):
            why = "Nothing is left, and the next payer of the claim is told (setting secondary_nothing_left)."
            return Next(NextStep.NEXT_PAYER, 0, why, "claim")
        return Next(NextStep.NOBODY)

    def _bills_next(self, patient: int) -> bool:
        """Whether the next payer is billed by us: where there is something to ask for, or where that one wants to see
        the claim all the same."""
        claim = self.match.claim
        wanted = patient > 0 or (not patient and self.settings.secondary_nothing_left == "send")
        return self.settings.secondary == "on" and wanted and claim is not None and claim.other_payers > 0


def _with_cents(denial: Denial, cents: int) -> Denial:
    values = {name: getattr(denial, name) for name in denial.__struct_fields__}
    return Denial(**(values | {"cents": cents}))


def plan_adjudication(payment: ClaimPayment, match: Match, ground: Ground) -> PostingPlan:
    """The plan of a payment that a payer has decided on.

    Raises:
        Cannot: it cannot be posted for certain.
    """
    if match.claim is None:
        raise Cannot(match.why, "no-claim")
    try:
        return _Planner(payment, match, ground).plan()
    except Cannot as cannot:
        undone = undone_by(payment, match.claim) if cannot.rule == "more-than-open" else None
        if undone is None:
            raise
        return plan_undone(payment, match, undone)


def plan_undone(payment: ClaimPayment, match: Match, reversal: int) -> PostingPlan:
    """The plan of a payment whose reversal has come before it, and for which nothing is open any more (its correction
    has posted): both post, and nothing of either remains."""

    def told(found: Sequence[Adjustment]) -> tuple[AdjustmentPosting, ...]:
        return tuple(
            AdjustmentPosting(one.group, one.reason, one.cents, Kind.INFORMATION) for one in found if one.cents
        )

    made = [
        LinePosting(
            match.lines[at].line_id,
            at,
            service.code,
            service.charge_cents,
            service.paid_cents,
            told(service.adjustments),
        )
        for at, service in enumerate(payment.lines)
    ]
    whole = payment.adjustments
    if not made:
        made.append(LinePosting(None, -1, "", payment.charge_cents, payment.paid_cents, told(whole)))
    elif whole:
        made.append(LinePosting(None, -1, "", 0, -sum(one.cents for one in whole), told(whole)))
    return PostingPlan(
        lines=tuple(made),
        undone=reversal,
        next=Next(NextStep.NOBODY),
        notes=(f"Claim payment {reversal}, which has come before, takes exactly this one back: both are posted.",),
    )
