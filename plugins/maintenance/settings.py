"""Settings of the maintenance plugin: in a chain, and beside the chains."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field, field_validator

from gateway.plugins import PluginSettings, TimeOfDay, instead

from .rules import HOLDABLE, OFF, RULES


class MaintenanceSettings(PluginSettings):
    """What the maintenance plugin does in a chain. Rules are named by their ids (`O-M3`)."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules that are switched off in this chain.")
    hold: frozenset[str] = Field(
        default=frozenset(), description="Rules that only warn as they come and that hold in this chain (`O-M4`)."
    )
    check: frozenset[str] = Field(
        default=frozenset(),
        description="Rules that are off as they come and that warn in this chain (`REPAIR-LOANER`).",
    )

    @field_validator("skip")
    @classmethod
    def known(cls, rules: frozenset[str]) -> frozenset[str]:
        """Only rules that there are."""
        for rule in sorted(rules - RULES.keys()):
            raise ValueError(f"rules of maintenance; there is no rule {rule}: {instead(rule, RULES)}")
        return rules

    @field_validator("hold")
    @classmethod
    def warning(cls, rules: frozenset[str]) -> frozenset[str]:
        """Only rules that warn."""
        return _among(rules, HOLDABLE, "the rule {rule} does not only warn")

    @field_validator("check")
    @classmethod
    def off(cls, rules: frozenset[str]) -> frozenset[str]:
        """Only rules that are off."""
        return _among(rules, OFF, "the rule {rule} is not off as it comes")


def _among(rules: frozenset[str], known: Collection[str], fault: str) -> frozenset[str]:
    for rule in sorted(rules - frozenset(known)):
        raise ValueError(f"{fault.format(rule=rule)}; this takes {', '.join(sorted(known))}")
    return rules


class MaintenanceDesk(PluginSettings):
    """The calendar of maintenance visits, and the claims made for them."""

    days_ahead: int = Field(default=30, ge=0, le=180, description="How long before it is due a visit is listed.")
    team: str = Field(default="respiratory", min_length=1, max_length=30, description="Who makes the visits.")
    make_claims: bool = Field(default=True, description="Make the claim when a complete visit is recorded.")
    daily: TimeOfDay = Field(default="05:50", description="When the calendar is brought up to date.")
