"""The claim after which the next one of a patient's item is billed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from .months import NOT_BILLED, VOID

if TYPE_CHECKING:
    from gateway.core.x12.claim import Claim
    from gateway.core.x12.service_line import ServiceLine

    from .desk import Desk
    from .desk_views import ClaimView

FIRST_PAYER = "P"


class After(NamedTuple):
    """A claim that has an item, as lists have it and whole, and its lines of that item."""

    view: ClaimView
    claim: Claim
    lines: tuple[ServiceLine, ...]


def last_claim(desk: Desk[Any], patient_id: int, code: str, before: dt.date, modifier: str = "") -> After | None:
    """The patient's last claim for an item that went to the first payer and reached it; None without one.

    Args:
        before: its service began before this day.
        modifier: one that its line must have (`RR`); empty for any.
    """
    found = [
        view
        for view in desk.claims(patient_id=patient_id, to_day=before)
        if view.state not in NOT_BILLED
        and any(
            line.code == code
            and line.from_date is not None
            and line.from_date < before
            and (not modifier or modifier in line.modifiers)
            for line in view.lines
        )
    ]
    for view in sorted(found, key=lambda one: (one.from_date or dt.date.min, one.id), reverse=True):
        claim = desk.claim(view.id)
        if claim is None or claim.payer_responsibility != FIRST_PAYER or claim.frequency == VOID:
            continue
        lines = tuple(
            line
            for line in claim.lines
            if line.code == code and line.units and (not modifier or modifier in line.modifiers)
        )
        if lines:
            return After(view, claim, lines)
    return None
