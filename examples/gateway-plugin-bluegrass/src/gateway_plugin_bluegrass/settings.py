"""What a chain may set, and what gateway.yaml may set for what is done beside the chains."""

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


class DeskSettings(PluginSettings):
    """For what is done beside the chains."""

    payer_ids: tuple[str, ...] = Field(default=("00752",), description="Under which ids the payer is billed.")
    rental_modifier: str = Field(default="RR", description="Lines with it are rentals.")
    months_left: int = Field(default=1, ge=0, description="A rental with so few months left is told.")
    remind_at: str = Field(
        default="06:30",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When, on business days, in the office's time.",
    )
    team: str = Field(default="billing", min_length=1, max_length=30, description="Who ends a rental.")
