"""BG-3: modifiers in the payer's own order."""

import datetime as dt
from collections.abc import Iterator

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, Table

from .settings import Settings

TABLE = "bluegrass_modifiers"
LAST = 999
"""The rank of a modifier that the table does not name: behind those that it does."""


def _rank(table: Table, modifier: str, day: dt.date) -> int:
    row = table.find(day, modifier)
    return int(row.values["rank"]) if row else LAST


def set_order(claim: Claim, context: ClaimContext[Settings]) -> Iterator[Finding]:
    """Put the modifiers of each line in order, and say so. No modifier is added or taken away, so this is safe to set
    right; a line that is in order already is left alone."""
    table = context.table(TABLE)
    for line in claim.lines:
        day = line.dates.start or context.today
        wanted = sorted(line.modifiers, key=lambda modifier: _rank(table, modifier, day))
        if tuple(wanted) == line.modifiers:
            continue
        before = ", ".join(line.modifiers)
        line.set_modifiers(wanted)
        yield Finding(
            rule="BG-3",
            message=f"Line {line.number}, {line.code}: modifiers {before} were put in this payer's order, "
            f"{', '.join(wanted)}.",
            severity=Severity.INFO,
            line=line.number,
            place="2400 SV101-3",
        )
