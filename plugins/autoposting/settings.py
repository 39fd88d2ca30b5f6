"""Settings of autoposting in a chain."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from gateway.plugins import PluginSettings

KNOWN_STATUSES = frozenset({"1", "2", "3", "4", "19", "20", "21", "22", "23", "25"})


class AutopostingSettings(PluginSettings):
    """How far posting goes by itself."""

    claim_level: Literal["post", "spread", "wait"] = "post"
    """A payment without service lines: post it to the claim as a whole, spread it over the lines by what each charges,
    or let it wait for a person."""
    status_as: dict[str, str] = Field(default_factory=dict)
    """A status (CLP02) that the payer uses in its own way, and the one that it means: {"5": "1"}."""
    clp05_tolerance: Decimal | None = Field(default=None, ge=0, max_digits=9, decimal_places=2)
    """Dollars by which the patient's part that the payer states (CLP05) may differ from its PR adjustments before a
    person is asked to look. The adjustments count in any case; without it nobody is asked."""
    allowable_tolerance: Decimal = Field(default=Decimal("0"), ge=0, max_digits=9, decimal_places=2)
    """Dollars by which a line may be allowed less than the table expected_allowables says."""
    review_contractual_share: int = Field(default=100, ge=1, le=100)
    """Percent of a line's charge from which on a contractual reduction is not taken off but reviewed. CO-45 for the
    whole charge never is taken off."""
    secondary: Literal["on", "off"] = "off"
    """Whether what this payer leaves goes to the next payer of the claim as a claim of ours."""
    secondary_nothing_left: Literal["skip", "send"] = "skip"
    """Where this payer leaves nothing to the patient: the next one is not billed, as the field does it, or (with
    `secondary`) sent a claim that asks for nothing, as some Medicaid programs want."""
    crossover_then: Literal["claim", "item"] = "claim"
    """What is done when nothing has come of a claim that the payer sent on itself (with `secondary`): bill the next
    payer, or tell a person."""
    crossover_count: Literal["business days", "days"] = "business days"
    """How `crossover_days` are counted: Medicare's 15 are business days, 30 days of many others are not."""
    crossover_days: int = Field(default=15, ge=0, le=90)
    """Days to wait for a payer to which the claim was sent on."""

    @field_validator("status_as")
    @classmethod
    def _means_a_status(cls, value: dict[str, str]) -> dict[str, str]:
        for own, means in value.items():
            if own in ("22", "25") or means not in KNOWN_STATUSES - {"22", "25"}:
                raise ValueError(
                    f"{own} cannot be taken as {means}: reversals (22) and pre-determinations (25) are never renamed, "
                    f"and what is meant is one of {', '.join(sorted(KNOWN_STATUSES - {'22', '25'}, key=int))}"
                )
        return value
