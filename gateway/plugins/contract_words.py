"""What `contract` asks of an answer: words that are for people, and amounts that add up.

Each check raises AssertionError with a sentence that says what is wrong and what to do.
"""

from __future__ import annotations

import re
from collections import Counter

from gateway.core.model.decision import Severity
from gateway.core.model.money import to_dollars
from gateway.core.model.posting import Kind, Match, PostingPlan, WorkItemDraft
from gateway.core.x12.claim import Claim
from gateway.core.x12.remittance import ClaimPayment

from .runner import Decision

_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,59}")
_PYTHON = re.compile(
    r"0x[0-9a-f]{6,}|<[A-Za-z_][\w.]* (?:object|at|instance)|<[A-Z]\w*\.\w+|\b(?:Decimal|datetime\.\w+|frozenset|set)\("
    r"|\b(?:None(?! of\b)|True|False|Traceback)\b|[\[({]['\"]|\[\]|\{\}|\(\)|\{\w+\}|%[sdr]\b|\\[nt]"
    r"|\b[A-Z]\w+(?:Error|Exception)\b"
)
FEWEST_WORDS = 3


def check_sentence(text: str, what: str) -> None:
    """A plain sentence: starts like one, ends like one, and shows nothing of Python's."""
    shown = f"{what} says {text!r}"
    if not text.strip():
        raise AssertionError(f"{what} says nothing. Write one plain sentence that says what to do.")
    found = _PYTHON.search(text)
    if found:
        raise AssertionError(f"{shown}: {found[0]!r} is Python's, not a word for the back office. Write it out.")
    first = text[0]
    if text != text.strip() or "\n" in text or len(text.split()) < FEWEST_WORDS:
        raise AssertionError(f"{shown}: that is no sentence. Say what is wrong and what to do, on one line.")
    if not (first.isupper() or first.isdigit() or first in "($") or text[-1] not in ".?!":
        raise AssertionError(f"{shown}: a sentence begins with a capital and ends with a full stop.")


def _check_rule(rule: str, what: str) -> None:
    if not _RULE.fullmatch(rule):
        raise AssertionError(
            f"{what} has the rule {rule!r}. A rule is a short id without blanks, such as MCD-SPAN: chains and reports "
            "name it."
        )


def check_decision(decision: Decision, claim: Claim | None = None) -> None:
    """Every finding, hold and reason of a decision; with its claim, that lines are there and nobody is named."""
    for step in decision.steps:
        for finding in step.findings:
            what = f"The finding {finding.rule or '(without a rule)'}"
            _check_rule(finding.rule, what)
            if finding.severity not in tuple(Severity):
                raise AssertionError(f"{what} has the severity {finding.severity!r}; use one of Severity.")
            _check(what, finding.message, finding.team, finding.line, claim)
    for opened in decision.holds:
        what = f"The hold {opened.hold.rule or '(without a rule)'}"
        if opened.hold.rule:
            _check_rule(opened.hold.rule, what)
        _check(what, opened.hold.reason, opened.hold.team, opened.hold.line, claim)
    for ending, what in ((decision.quarantine, "Its Quarantine"), (decision.retry, "Its RetryAfter")):
        if ending is not None:
            _check(what, ending.reason, "edi", 0, claim)
    for step in decision.steps:
        for note in step.notes:
            _check("Its note", note, "edi", 0, claim)
    for _, line, draft in decision.items:
        what = f"The work item {draft.rule}"
        _check_rule(draft.rule, what)
        _check(what, draft.reason, draft.team, line, claim)
    for step in decision.steps:
        if step.outcome == "stop":
            _check("Its Stop", step.note, "edi", 0, claim)


def _check(what: str, text: str, team: str, line: int, claim: Claim | None) -> None:
    check_sentence(text, what)
    if not team.strip():
        raise AssertionError(f"{what} has no team, so nobody would see it. Name one, such as billing.")
    if claim is None:
        return
    if line and line not in [one.number for one in claim.lines]:
        raise AssertionError(f"{what} is about line {line}, which the claim does not have (0: the whole claim).")
    named = _named(text, claim)
    if named:
        raise AssertionError(f"{what} tells the patient's {named}. Messages go where the patient's data must not.")


def _named(text: str, claim: Claim) -> str:
    """What of the patient stands in a text: name or number; empty where nothing does."""
    for person in (claim.patient, claim.subscriber):
        for word, value in (("last name", person.last), ("first name", person.first), ("member id", person.id)):
            # A word of its own: the line's code may begin like a short name.
            if len(value) > 2 and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE):
                return word
    return ""


def check_draft(draft: WorkItemDraft, what: str) -> None:
    """A work item has a team, a plain sentence, and days that are not negative."""
    check_sentence(draft.reason, what)
    if not draft.team.strip():
        raise AssertionError(f"{what} has no team, so nobody would see it. Name one, such as denials.")
    if draft.business_days < 0:
        raise AssertionError(f"{what} is due {-draft.business_days} days before it is there.")


def check_plan(plan: PostingPlan, payment: ClaimPayment, match: Match) -> None:
    """A plan says plain words, and carries exactly what the payment pays and adjusts, to lines of its claim."""
    for review in plan.reviews:
        check_draft(review, f"The review {review.rule or '(without a rule)'}")
    for note in plan.notes:
        check_sentence(note, "A note of the plan")
    if plan.next.why:
        check_sentence(plan.next.why, "The plan's next step")
    if plan.information:
        if plan.lines or plan.denials:
            raise AssertionError("The plan is information and posts lines all the same. It is one or the other.")
        return
    if match.claim is None:
        raise AssertionError("The plan posts, and the payment was matched to no claim. Answer a Hold that says so.")
    if plan.reverses is not None:
        if plan.reverses not in [one.claim_payment_id for one in match.claim.posted]:
            raise AssertionError("The plan reverses a payment that does not stand on the claim (match.claim.posted).")
        return
    known = {line.line_id for line in match.claim.lines}
    if any(line.line_id is not None and line.line_id not in known for line in plan.lines):
        raise AssertionError("The plan posts to a line of another claim (match.claim.lines has those there are).")
    _check_amounts(plan, payment)


def _check_amounts(plan: PostingPlan, payment: ClaimPayment) -> None:
    paid = sum(line.paid_cents for line in plan.lines)
    if paid != payment.paid_cents:
        raise AssertionError(
            f"The plan's lines carry ${to_dollars(paid):,}, and the payer pays ${to_dollars(payment.paid_cents):,} "
            "(CLP04)."
        )
    stated: Counter[tuple[str, str]] = Counter()
    for adjustments in (payment.adjustments, *(line.adjustments for line in payment.lines)):
        for one in adjustments:
            stated[one.group, one.reason] += one.cents
    planned: Counter[tuple[str, str]] = Counter()
    denied = 0
    for line in plan.lines:
        for posting in line.adjustments:
            planned[posting.group, posting.reason] += posting.cents
            denied += posting.cents if posting.kind is Kind.DENIAL else 0
    for group, reason in sorted(stated.keys() | planned.keys()):
        if stated[group, reason] != planned[group, reason]:
            raise AssertionError(
                f"The payment adjusts ${to_dollars(stated[group, reason]):,} by {group}-{reason}, and the plan "
                f"${to_dollars(planned[group, reason]):,}. Every amount is posted as some kind."
            )
    opened = sum(denial.cents for denial in plan.denials)
    if opened != denied:
        raise AssertionError(
            f"The plan posts ${to_dollars(denied):,} as denied, and its denials come to ${to_dollars(opened):,}."
        )
