"""What a chain, and gateway.yaml, may set for resupply."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.plugins import PluginSettings, TimeOfDay

PayerClasses = Annotated[
    tuple[str, ...],
    Field(
        min_length=1,
        description="Whose maximums and windows hold (column payer_class of the tables): the first class that has a "
        "code or a window decides.",
    ),
]


class ResupplySettings(PluginSettings):
    """Payers whose rules differ get their own step, with a class of their own in the tables."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules (RS-1 ...) that are switched off here.")
    payer_classes: PayerClasses = ("medicare",)
    order_months: int = Field(
        default=0, ge=0, le=120, description="How long an order is good for where it says no end; 0: as long as it is."
    )
    documented_months: int = Field(
        default=6, ge=0, le=24, description="How old the record may be that documents a higher quantity (RS-3)."
    )


class DeskSettings(PluginSettings):
    """What the due list and the claims for shipped refills take, under `desk: {resupply: ...}`."""

    payer_classes: PayerClasses = ("medicare",)
    classes_of: dict[str, PayerClasses] = Field(
        default_factory=dict, description="Classes of payers that differ, by the payer's id."
    )
    lapsed_after: int = Field(
        default=90, ge=1, le=730, description="Days after the supply ended from which on nobody is asked any more."
    )
    daily: TimeOfDay = Field(default="06:00", description="When the due list is worked out.")
    team: str = Field(default="resupply", min_length=1, max_length=30, description="Who works the due list.")

    def classes(self, payer_id: str) -> tuple[str, ...]:
        """Whose rules hold for a payer."""
        return self.classes_of.get(payer_id, self.payer_classes)
