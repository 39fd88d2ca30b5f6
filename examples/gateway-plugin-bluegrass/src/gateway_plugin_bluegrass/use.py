"""BG-7: somebody asks from time to time whether the patient still uses what is rented."""

import datetime as dt

from gateway.core.model.posting import WorkItemDraft
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, RowTable

from .settings import Settings

ASKED = RowTable("asked", {"code": str, "asked_on": dt.date}, key=("code",))
"""When it was last asked about each item of a patient."""


def ask_about_use(claim: Claim, context: ClaimContext[Settings]) -> None:
    """A work item for each rented item about which nobody was asked for `ask_days`; the claim does not wait for it."""
    settings = context.settings
    asked = {row["code"]: row["asked_on"] for row in context.rows(ASKED.name, claim)}
    months = {rental.code: rental.months_billed for rental in context.rentals(claim)}
    for line in claim.lines:
        if settings.rental_modifier not in line.modifiers or months.get(line.code, 0) < settings.ask_after_months:
            continue
        last = asked.get(line.code)
        if last is not None and (context.today - last).days < settings.ask_days:
            continue
        context.open_item(
            WorkItemDraft(
                rule="BG-7",
                team="documentation",
                reason=f"Line {line.number}, {line.code}: ask whether the item is still used, and note the answer in the "
                "patient's file.",
            ),
            line=line.number,
        )
        context.keep(ASKED.name, {"code": line.code, "asked_on": context.today})
        asked[line.code] = context.today
