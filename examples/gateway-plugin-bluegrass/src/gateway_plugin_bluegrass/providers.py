"""BG-2: the referring provider stands on the claim."""

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.claim import Claim


def check_referring_provider(claim: Claim) -> Iterator[Finding]:
    """A claim without a referring provider in 2310A. Where the lines name who ordered, the message says so: most often
    that is who is meant, and yet nobody's to decide but the biller's."""
    if claim.referring_provider.npi:
        return
    ordered = sorted({line.ordering_provider.npi for line in claim.lines} - {""})
    if len(ordered) == 1:
        advice = "The lines name who ordered; if that is who referred, enter the same on the claim."
    else:
        advice = "Enter who referred the patient, with the NPI."
    yield Finding(
        rule="BG-2",
        message=f"This payer reads the referring provider on the claim alone, and there is none. {advice}",
        severity=Severity.HOLD,
        place="2310A NM1*DN",
        team="documentation",
    )
