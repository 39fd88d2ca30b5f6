"""What a chain may set."""

from gateway.plugins import PluginSettings
from pydantic import Field


class Settings(PluginSettings):
    """The rules as the payer's manual has them, unless a chain says otherwise."""

    rental_modifier: str = Field(default="RR", description="Lines with it are rentals.")
    longest_days: int = Field(default=31, ge=1, description="The longest span of one rental line, in days.")
    referring_provider: bool = Field(default=True, description="Whether BG-2 is asked.")
    authorized: frozenset[str] = Field(
        default=frozenset({"E02[5-9]?", "K08??"}), description="HCPCS codes (or patterns) that need an authorization."
    )
    appeal_days: int = Field(default=60, ge=1, description="How long a denial may be taken up with the payer, in days.")
    ask_after_months: int = Field(default=3, ge=1, description="After how many months BG-7 begins to ask.")
    ask_days: int = Field(default=180, ge=1, description="How often BG-7 asks about an item, in days.")
    skip: frozenset[str] = Field(default=frozenset(), description="Rules that are switched off.")
