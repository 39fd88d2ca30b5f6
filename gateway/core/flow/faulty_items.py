"""The work item of a claim that cannot be worked on: what is wrong with it, and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from ..work.items import WorkItem
from .verdicts import Verdict

FAULTY_ITEM = "faulty_claim"
"""The kind of these items."""
OURS = "Report this."
"""How a fault ends that is the gateway's own."""


def faulty_key(claim_id: int) -> str:
    """The key of the item of a claim."""
    return f"faulty:{claim_id}"


def faulty_reason(verdict: Verdict) -> str:
    """What is wrong with a claim, and what to do."""
    if verdict.fault.endswith(OURS):
        # The fault is the gateway's: nobody can correct the claim.
        return verdict.fault[:1000]
    do = "Have the billing system send it again, corrected."
    if verdict.columns.claim_number:
        do = "Correct it in place (gateway claim correct), or have the billing system send it again, corrected."
    return f"{verdict.fault[: 998 - len(do)]} {do}"


def faulty_items(work_by: dt.date, verdicts: Sequence[Verdict], ids: Mapping[int, int]) -> list[WorkItem]:
    """One item for each claim that cannot be worked on by its own fault."""
    return [
        WorkItem(
            kind=FAULTY_ITEM,
            key=faulty_key(ids[verdict.ordinal]),
            reason=faulty_reason(verdict),
            rule=verdict.edit[:40],
            team="billing",
            subject_kind="claim",
            subject_id=ids[verdict.ordinal],
            claim_id=ids[verdict.ordinal],
            cents=verdict.columns.charge_cents,
            work_by=work_by,
            payer_id=verdict.columns.payer_id,
            partner=verdict.partner,
        )
        for verdict in verdicts
        if verdict.fault and verdict.alone
    ]
