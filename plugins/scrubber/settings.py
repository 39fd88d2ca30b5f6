"""Settings of the scrubber."""

from __future__ import annotations

from pydantic import Field

from gateway.plugins import PluginSettings

MEDICARE = ("MA", "MB")


class ScrubberSettings(PluginSettings):
    """What the scrubber checks. Rules are named by their ids (`R1.02`)."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules that are switched off in this chain.")
    medicare_filing_codes: tuple[str, ...] = Field(
        default=MEDICARE, description="Claim filing codes (SBR09) under which Medicare's rules hold."
    )
