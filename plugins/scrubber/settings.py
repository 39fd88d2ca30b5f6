"""Settings of the scrubber."""

from __future__ import annotations

import enum

from pydantic import Field

from gateway.plugins import PluginSettings

MEDICARE, MEDICAID, COMMERCIAL = CLASSES = ("medicare", "medicaid", "commercial")


class Corrections(enum.StrEnum):
    """What becomes of a safe correction: it is made, or only told as a warning."""

    MAKE = "make"
    TELL = "tell"


class Papers(enum.StrEnum):
    """When orders (or authorizations) are asked for: always; only of patients of whom the gateway knows any, which is
    the right thing while the billing system tells it of some only; or never."""

    REQUIRED = "required"
    KNOWN = "known"
    OFF = "off"


class ScrubberSettings(PluginSettings):
    """What the scrubber checks. Rules are named by their ids (`R1.02`); for which payers each holds, and since when,
    stands in the table `rule_payers`."""

    skip: frozenset[str] = Field(default=frozenset(), description="Rules that are not applied in this chain.")
    payer_class: str = Field(
        default="",
        pattern="^(medicare|medicaid|commercial)?$",
        description="Whose rules hold: medicare, medicaid or commercial; without it the claim filing code says so.",
    )
    medicare_filing_codes: tuple[str, ...] = Field(
        default=("MA", "MB"), description="Claim filing codes (SBR09) under which Medicare's rules hold."
    )
    medicaid_filing_codes: tuple[str, ...] = Field(
        default=("MC",), description="Claim filing codes under which Medicaid's rules hold."
    )
    corrections: Corrections = Field(
        default=Corrections.MAKE, description="Safe corrections: make them, or tell them as warnings."
    )
    orders: Papers = Field(
        default=Papers.KNOWN, description="Whose orders are checked: required (all), known (where some are), off."
    )
    authorizations: Papers = Field(
        default=Papers.KNOWN,
        description="Whether an authorization number must be on file: required, known (where some are), off.",
    )
    medical_records: Papers = Field(
        default=Papers.KNOWN,
        description="Whether the visit that KX rests on (trial_records) must be on file: required, known (where a "
        "medical record of the item is), off.",
    )
    timely_warning_days: int = Field(
        default=30, ge=0, description="How many days before the end of the filing time a warning begins."
    )
    list_days: int = Field(
        default=14,
        ge=0,
        description="So many days old the list of who may order may be; an older one only warns (R1.21-2).",
    )
    early_days: int = Field(default=10, ge=0, description="How many days a refill may overlap the supply before it.")
