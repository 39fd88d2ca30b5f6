"""Settings of autoposting in a chain."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.plugins import PluginSettings


class AutopostingSettings(PluginSettings):
    """How far posting goes by itself."""

    claim_level: Literal["post", "wait"] = "post"
    """A payment without service lines: post it to the claim as a whole, or let it wait for a person."""
    review_contractual_share: int = Field(default=100, ge=1, le=100)
    """Percent of a line's charge from which on a contractual reduction is not taken off but reviewed. CO-45 for the
    whole charge never is taken off."""
    secondary: Literal["on", "off"] = "off"
    """Whether what this payer leaves goes to the next payer of the claim as a claim of ours."""
    crossover_then: Literal["claim", "item"] = "claim"
    """What is done when nothing has come of a claim that the payer sent on itself (with `secondary`): bill the next
    payer, or tell a person."""
    crossover_count: Literal["business days", "days"] = "business days"
    """How `crossover_days` are counted: Medicare's 15 are business days, 30 days of many others are not."""
    crossover_days: int = Field(default=15, ge=0, le=90)
    """Days to wait for a payer to which the claim was sent on."""
