"""BG-1: a rental is billed for its month, as from-through dates."""

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.claim import Claim

from .settings import Settings


def check_spans(claim: Claim, settings: Settings) -> Iterator[Finding]:
    """Rental lines with a single date, or with more days than one month has. Where the month ends nobody can know but
    the supplier, so the line is not set right but waits."""
    for line in claim.lines:
        start, end = line.dates.start, line.dates.end
        if settings.rental_modifier not in line.modifiers or start is None or end is None:
            continue
        days = (end - start).days + 1
        if days == 1:
            what = "has a single date; this payer wants the rental month as from-through dates. Enter its last day."
        elif days > settings.longest_days:
            what = f"spans {days} days; this payer takes {settings.longest_days} at most. Bill each month on a line."
        else:
            continue
        yield Finding(
            rule="BG-1",
            message=f"Line {line.number}, {line.code}: {what}",
            severity=Severity.HOLD,
            line=line.number,
            place="2400 DTP03",
        )
