"""Settings of the oxygen plugin."""

from __future__ import annotations

from pydantic import Field, field_validator

from gateway.plugins import PluginSettings, instead

from .rules import HOLDABLE, RULES


class OxygenSettings(PluginSettings):
    """What the oxygen plugin does in a chain. Rules are named by their ids (`O-C5`)."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules that are switched off in this chain.")
    hold: frozenset[str] = Field(
        default=frozenset(), description="Rules that only warn as they come and that hold in this chain (`O-C2`)."
    )
    hold_contents: bool = Field(default=True, description="Hold contents until a proven delivery covers them (O-C4).")
    statement_wanted: bool = Field(
        default=True, description="A lost or damaged item needs a document of the loss on file (O-R2)."
    )

    @field_validator("skip", "hold")
    @classmethod
    def known(cls, rules: frozenset[str]) -> frozenset[str]:
        """Only rules that there are."""
        for rule in sorted(rules):
            if rule not in RULES:
                raise ValueError(f"rules of oxygen; there is no rule {rule}: {instead(rule, RULES)}")
        return rules

    @field_validator("hold")
    @classmethod
    def warning(cls, rules: frozenset[str]) -> frozenset[str]:
        """Only rules that warn."""
        for rule in sorted(rules - HOLDABLE):
            raise ValueError(f"the rule {rule} does not only warn; hold takes {', '.join(sorted(HOLDABLE))}")
        return rules
