"""Work items that plugins open beside what they decide: something for a person that keeps no claim back."""

from __future__ import annotations

import datetime as dt

from ..work.calendar import add_business_days
from ..work.items import WorkItem
from .verdicts import PLUGIN_ITEM, ItemRow


def plugin_item(
    item: ItemRow,
    *,
    claim_id: int | None,
    payment_id: int | None = None,
    cents: int,
    today: dt.date,
    payer_id: str,
    partner: str,
) -> WorkItem:
    """The work item of a claim (or of a claim payment that no claim of ours is known for). `cents` is at stake where
    the plugin says nothing else. Its key makes it one for each claim, plugin, rule and line."""
    draft = item.draft
    subject = f"claim:{claim_id}" if claim_id is not None else f"payment:{payment_id}"
    return WorkItem(
        kind=PLUGIN_ITEM,
        key=f"plugin:{subject}:{item.plugin}:{draft.rule}:{item.line}",
        reason=draft.reason,
        team=draft.team,
        subject_kind="claim" if claim_id is not None else "claim_payment",
        subject_id=claim_id if claim_id is not None else payment_id,
        claim_id=claim_id,
        rule=draft.rule,
        cents=draft.cents or cents,
        work_by=draft.work_by or add_business_days(today, draft.business_days),
        deadline=draft.deadline,
        payer_id=payer_id,
        partner=partner,
    )
