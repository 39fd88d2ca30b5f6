"""BG-5: some items need a prior authorization on the claim; BG-6: who works a denial for want of one."""

import datetime as dt
from collections.abc import Iterator
from fnmatch import fnmatchcase

from gateway.core.model.decision import Finding, HoldType, Severity
from gateway.core.model.posting import Denial, WorkItemDraft
from gateway.core.x12.claim import Claim

from .settings import Settings

WITHOUT_AUTHORIZATION = frozenset({"15", "197", "198"})
"""Adjustment reasons that say so (CARC)."""


def check_authorization(claim: Claim, settings: Settings) -> Iterator[Finding]:
    """A line whose item needs an authorization, on a claim that has none (REF*G1)."""
    if claim.authorization.strip():
        return
    for line in claim.lines:
        if any(fnmatchcase(line.code.upper(), pattern) for pattern in settings.authorized):
            yield Finding(
                rule="BG-5",
                message=f"Line {line.number}, {line.code}: this payer wants a prior authorization, and the claim has "
                "none. Obtain it, and enter its number.",
                severity=Severity.HOLD,
                line=line.number,
                place="2300 REF*G1",
                team="authorization",
                hold_type=HoldType.AUTHORIZATION,
            )


def draft_for(denial: Denial, settings: Settings, today: dt.date) -> WorkItemDraft | None:
    """The work item of a denial for want of an authorization; None for every other denial."""
    if denial.reason not in WITHOUT_AUTHORIZATION:
        return None
    return WorkItemDraft(
        reason=f"Denied for want of an authorization: {denial.why} Ask the payer for one after the fact, then resubmit.",
        team="authorization",
        deadline=today + dt.timedelta(days=settings.appeal_days),
        rule="BG-6",
    )
