"""The station that routes: each denial becomes a work item with an owner, a date and a plain reason (6.1 to 6.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ...plugins.chains import Chain
from ...plugins.runner import Decision, Runner
from ..model.money import to_dollars
from ..model.posting import Denial, WorkItemDraft
from ..work.calendar import add_business_days
from ..work.items import WorkItem

WORK_WITHIN_BUSINESS_DAYS = 2
DENIALS_TEAM = "denials"


async def route(
    runner: Runner, item: int, chain: Chain, denials: Sequence[Denial], payer_id: str, partner: str
) -> tuple[list[WorkItemDraft | None], list[Decision]]:
    """What the chain says of each denial (None where no step says anything), and how it was decided. Runs in the child
    that decides."""
    if not chain.steps("route"):
        return [None] * len(denials), []
    decisions = [await runner.denial(item, chain, denial, payer_id, partner) for denial in denials]
    return [decision.answer for decision in decisions], decisions


def denial_item(
    denial: Denial,
    draft: WorkItemDraft | None,
    denial_id: int,
    claim_id: int,
    today: dt.date,
    payer_id: str,
    partner: str,
) -> WorkItem:
    """The work item of a denial: as its chain routed it, else as the code table says."""
    days = draft.business_days if draft is not None else WORK_WITHIN_BUSINESS_DAYS
    return WorkItem(
        kind="denial",
        key=f"denial:{denial_id}",
        reason=(draft.reason if draft is not None else in_words(denial))[:1000],
        team=(draft.team if draft is not None else denial.team or DENIALS_TEAM)[:30],
        subject_kind="claim" if denial.line_id is None else "line",
        subject_id=claim_id if denial.line_id is None else denial.line_id,
        claim_id=claim_id,
        rule=((draft.rule if draft is not None else "") or f"{denial.group}-{denial.reason}")[:40],
        cents=(draft.cents if draft is not None else 0) or denial.cents,
        work_by=(draft.work_by if draft is not None else None) or add_business_days(today, days),
        deadline=draft.deadline if draft is not None else None,
        payer_id=payer_id,
        partner=partner,
        appeal_by=draft.appeal_by if draft is not None else None,
    )


def in_words(denial: Denial) -> str:
    """A denial in one or two sentences: what was refused, why, and what to do."""
    where = f"line {denial.line_number} ({denial.code})" if denial.line_number else "the whole claim"
    remarks = f" with {', '.join(denial.remarks[:3])}" if denial.remarks else ""
    action = denial.action[:1].upper() + denial.action[1:]
    return (
        f"Denied: ${to_dollars(denial.cents):,} on {where}, {denial.group}-{denial.reason}{remarks}: {denial.why}. "
        f"{action}."
    )
