"""Oxygen: contents wait for their delivery, and maintenance is billed as maintenance (hme-billing-rules 2.4, 2.5).

O-C4: a contents line leaves only once a proof of delivery covers it; a person of the respiratory team confirms that by
releasing the hold. O-M1: MS stands only on equipment that has maintenance, without RR and for one unit. O-M6: no
K0739 labor beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Hold, HoldType, Severity
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, PluginSettings, hookimpl

gateway_api = 1

CONTENTS = frozenset({"E0441", "E0442", "E0443", "E0444", "E0447"})
MAINTAINED = frozenset({"E1390", "E1391", "E1392", "E0433", "K0738"})
EQUIPMENT = MAINTAINED | {"E0424", "E0431", "E0434", "E0439", "E1405", "E1406"}
LABOR = "K0739"
CONTENTS_RULE = "O-C4"


class OxygenSettings(PluginSettings):
    """What the oxygen plugin does in a chain."""

    hold_contents: bool = True
    """Hold contents lines until their delivery is confirmed (O-C4)."""


@hookimpl
def plugin_settings() -> type[OxygenSettings]:
    return OxygenSettings


@hookimpl
def scrub_claim(claim: Claim) -> Iterator[Finding]:
    """Maintenance lines as they must be, and no repair labor on oxygen equipment."""
    lines = claim.lines
    oxygen = any(line.code in EQUIPMENT for line in lines)
    for line in lines:
        if "MS" in line.modifiers:
            yield from _maintenance(line.code, line.modifiers, line.number, str(line.units))
        if line.code == LABOR and oxygen:
            yield Finding(
                rule="O-M6",
                message=f"Line {line.number}: K0739 is labor for equipment other than oxygen, not paid beside it. "
                "Remove the line; parts and labor are inside the maintenance payment.",
                severity=Severity.REJECT,
                line=line.number,
                place="2400 SV101-2",
            )


def _maintenance(code: str, modifiers: tuple[str, ...], number: int, units: str) -> Iterator[Finding]:
    wrong = ""
    if code not in MAINTAINED:
        wrong = f"{code} has no maintenance payment; gas and liquid systems are billed by their contents"
    elif "RR" in modifiers:
        wrong = "MS and RR may not stand together: maintenance is not a rental month"
    elif units not in ("1", "1.0", "1.00"):
        wrong = f"maintenance is one unit, not {units}"
    if wrong:
        yield Finding(
            rule="O-M1",
            message=f"Line {number}: {wrong}.",
            severity=Severity.REJECT,
            line=number,
            place="2400 SV101-3",
            team="respiratory",
        )


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext[OxygenSettings]) -> Iterator[Hold]:
    """Contents wait until somebody has seen that the patient received them."""
    if not context.settings.hold_contents:
        return
    for line in claim.lines:
        if line.code in CONTENTS:
            yield Hold(
                rule=CONTENTS_RULE,
                reason=f"Line {line.number}, {line.code}: oxygen contents are billed once delivered. Check the signed "
                "delivery ticket for this month, then release.",
                type=HoldType.SYSTEM,
                team="respiratory",
                line=line.number,
            )
