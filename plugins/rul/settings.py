"""Settings of the rul plugin: in a chain, and beside the chains."""

from __future__ import annotations

from pydantic import Field, field_validator

from gateway.plugins import PluginSettings, TimeOfDay, instead

from .rules import RULES


class RulSettings(PluginSettings):
    """What the rul plugin does in a chain. Rules are named by their ids (`RUL-1`)."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules that are switched off in this chain.")

    @field_validator("skip")
    @classmethod
    def known(cls, rules: frozenset[str]) -> frozenset[str]:
        """Only rules that there are."""
        for rule in sorted(rules):
            if rule not in RULES:
                raise ValueError(f"rules of rul; there is no rule {rule}: {instead(rule, RULES)}")
        return rules


class RulDesk(PluginSettings):
    """The list of equipment that reaches the end of its lifetime."""

    days_ahead: int = Field(default=90, ge=1, le=366, description="How long before the end an item is listed.")
    days_after: int = Field(
        default=365, ge=0, le=3660, description="How long after the end an item that nobody replaced stays on it."
    )
    team: str = Field(default="documentation", min_length=1, max_length=30, description="Who prepares replacements.")
    daily: TimeOfDay = Field(default="05:40", description="When the list is brought up to date.")
