"""BG-4: so many months of rental, then the item is the patient's."""

from collections.abc import Iterator

from gateway.core.model.decision import Hold
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext

from .settings import Settings

TABLE = "bluegrass_rentals"
NOT_BILLED = frozenset({"faulty", "cancelled", "rejected", "denied"})
"""States of an earlier claim whose months do not count."""


def check_months(claim: Claim, context: ClaimContext[Settings]) -> Iterator[Hold]:
    """Rental lines that come after the last month this payer rents."""
    table = context.table(TABLE)
    rental = context.settings.rental_modifier
    for line in claim.lines:
        row = table.find(line.dates.start or context.today, line.code)
        if row is None or rental not in line.modifiers:
            continue
        months = int(row.values["months"])
        earlier = {
            old.from_date
            for old in context.history(claim)
            if old.code == line.code and rental in old.modifiers and old.state not in NOT_BILLED
        }
        if len(earlier) >= months:
            yield Hold(
                rule="BG-4",
                reason=f"Line {line.number}, {line.code}: {len(earlier)} months were billed before, and this payer rents "
                f"for {months}; then the item is the patient's. Cancel the line, or bill its maintenance.",
                line=line.number,
            )
