"""What is done about a claim that does not keep to its implementation guide."""

from __future__ import annotations

from typing import Literal

from .values import Model

OnFinding = Literal["report", "hold", "refuse"]


class Checks(Model):
    """What is done about a claim that does not keep to its implementation guide, by the levels of the field. `report`:
    it stands on the timeline; `hold`: it waits for a person; `refuse`: it is not taken (in what leaves: it is taken out
    of its batch and waits)."""

    syntax: OnFinding = "refuse"
    """Level 1: characters, lengths, dates, what the standard has."""
    guide: OnFinding = "refuse"
    """Level 2: what the guide requires, allows and repeats."""
    balancing: OnFinding = "refuse"
    """Level 3: the lines add up to the claim, and what other payers paid and adjusted to what was charged."""
    situations: OnFinding = "hold"
    """Level 4: what one part of a claim wants of another."""
    codes: OnFinding = "hold"
    """Level 5: codes whose lists others keep (places of service, diagnoses, NPIs ...)."""
