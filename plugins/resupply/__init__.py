"""Resupply: no more than the payer's usual maximum in its period, and not before it is due (hme-billing-rules 4).

RS-3: units of this claim and of the patient's earlier lines inside the rolling period, against the table
`supply_limits` (code, units, months). RS-2: a refill that follows the last one sooner than ten days before that supply
ends. Both wait for the resupply team.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from gateway.core.model.decision import Hold, HoldType
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, HistoryLine, PluginSettings, Tables, hookimpl

gateway_api = 1
gateway_tables = ("supply_limits",)

MOST_AT_ONCE = 3
"""Months that may be dispensed at once."""
NOT_DELIVERED = frozenset({"faulty", "cancelled", "rejected", "denied"})


class ResupplySettings(PluginSettings):
    """Payers whose rules differ get their own step."""

    early_days: int = 10
    """How many days before the end of the current supply a refill may be delivered (Medicare: 10)."""
    days_per_month: int = 30


@hookimpl
def plugin_settings() -> type[ResupplySettings]:
    return ResupplySettings


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """The table has whole months, and units that are numbers."""
    for row in tables["supply_limits"].rows:
        code, units, months = (row.values.get(name, "") for name in ("code", "units", "months"))
        if not months.isdigit() or not int(months):
            yield f"in the table supply_limits, months of {code} is {months or 'missing'}; it must be a whole number"
        if not units.isdigit():
            yield f"in the table supply_limits, units of {code} is {units or 'missing'}; it must be a whole number"


def _units(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext[ResupplySettings]) -> Iterator[Hold]:
    """Hold supplies over their usual maximum."""
    table = context.table("supply_limits")
    history: list[HistoryLine] | None = None
    for line in claim.lines:
        day = line.dates.start or context.today
        row = table.find(day, line.code)
        if row is None:
            continue
        if history is None:
            history = [old for old in context.history(claim) if old.state not in NOT_DELIVERED]
        months = int(row.values["months"])
        # Up to three months may be dispensed at once (4.1): monthly items are looked at over three months, threefold.
        times = MOST_AT_ONCE // months if MOST_AT_ONCE % months == 0 else 1
        span = months * times
        limit = Decimal(row.values["units"]) * times
        # A refill may come some days early: those of the last one that far back do not count against this one.
        since = day - dt.timedelta(days=span * context.settings.days_per_month - context.settings.early_days)
        earlier = sum(
            (
                _units(old.units)
                for old in history
                if old.code == line.code and old.from_date is not None and since < old.from_date <= day
            ),
            Decimal(0),
        )
        if earlier + line.units > limit:
            yield Hold(
                rule="RS-3",
                reason=f"Line {line.number}, {line.code}: {line.units.normalize():f} unit(s) now and "
                f"{earlier.normalize():f} since {since:%m/%d/%Y}; usual is {limit.normalize():f} in {span} month(s). "
                "Lower the quantity, wait until it is due, or document why more is needed.",
                type=HoldType.SYSTEM,
                team="resupply",
                line=line.number,
            )
