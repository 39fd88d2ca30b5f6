"""What a chain, and gateway.yaml, may set for order confirmation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.core.model.json_claim import JsonBillingProvider
from gateway.plugins import PluginSettings, TimeOfDay

MEDICAID = "MC"
PayerClasses = Annotated[tuple[str, ...], Field(min_length=1)]


class ConfirmationSettings(PluginSettings):
    """What a chain may set."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules (OC-1 ...) that are switched off here.")
    transit_days: int = Field(
        default=10, ge=0, le=60, description="How far the delivery by a carrier may lie from the date of service."
    )


class DeskSettings(PluginSettings):
    """What orders and the month's rentals take, under `desk: {order_confirmation: ...}`."""

    billing_providers: tuple[JsonBillingProvider, ...] = Field(
        default=(), description="The supplier by its NPIs; an order that names none is billed under the first."
    )
    shipped_service_date: Literal["shipped", "delivered"] = Field(
        default="delivered", description="The date of service of what a carrier brings: one policy for the supplier."
    )
    medicare_filing_codes: tuple[str, ...] = ("MA", "MB")
    payer_classes: PayerClasses = Field(
        default=("medicare",), description="Whose caps hold for rentals (column payer_class of rental_caps)."
    )
    classes_of: dict[str, PayerClasses] = Field(
        default_factory=dict, description="Classes of payers that differ, by the payer's id."
    )
    filing_classes: dict[str, PayerClasses] = Field(
        default={MEDICAID: ("medicaid",)}, description="Classes of payers by the kind of insurance (SBR09)."
    )
    rentals: Literal["orders", "all"] = Field(
        default="orders",
        description="Which rentals the gateway bills on by itself: those that came by orders; or all, where no billing "
        "system sends the claims of their months.",
    )
    rental_days: tuple[Annotated[int, Field(ge=1, le=28)], ...] = Field(
        default=(1,), description="The days of the month on which the claims of rental months are made."
    )
    rentals_at: TimeOfDay = "05:00"
    feedback_at: TimeOfDay = "07:00"

    def classes(self, payer_id: str, filing_code: str = "") -> tuple[str, ...]:
        """Whose caps hold for a payer, by its id, or the kind of insurance (SBR09) where it is known."""
        return self.classes_of.get(payer_id) or self.filing_classes.get(filing_code, self.payer_classes)

    def kind(self, filing_code: str) -> str:
        """Which kind of payer it is: medicare, medicaid or commercial."""
        if filing_code in self.medicare_filing_codes:
            return "medicare"
        return "medicaid" if filing_code == MEDICAID else "commercial"

    def provider(self, npi: str) -> JsonBillingProvider | None:
        """The supplier under one of its NPIs; without one, under the first."""
        return next((one for one in self.billing_providers if npi in ("", one.npi)), None)
