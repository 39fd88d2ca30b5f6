"""Settings of the denials plugin in a chain."""

from __future__ import annotations

from pydantic import Field, field_validator

from gateway.plugins import PluginSettings


class DenialSettings(PluginSettings):
    """Who works which denial, and how soon."""

    business_days: int = Field(default=2, ge=0, le=20, description="Business days in which a denial should be worked.")
    teams: dict[str, str] = Field(
        default_factory=dict,
        description="Another team than the tables say, by reason (`'50'`), by reason and remark (`'50+N115'`), or by "
        "category (`MEDICAL_NECESSITY`); the closest goes first.",
    )
    unknown_team: str = Field(
        default="posting", min_length=1, max_length=30, description="Whose queue reasons go to that no table knows."
    )

    @field_validator("teams")
    @classmethod
    def short(cls, teams: dict[str, str]) -> dict[str, str]:
        """Names of teams as the queue takes them."""
        for reason, team in teams.items():
            if not 1 <= len(team.strip()) <= 30:
                raise ValueError(f"the team for {reason} is a word of 1 to 30 characters")
        return teams
