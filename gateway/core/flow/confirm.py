"""The station that confirms: is the claim complete as its order left it? Runs in the child that decides."""

from __future__ import annotations

from ...plugins.runner import Decision

STATION = "confirm"


def what_happened(decision: Decision) -> str:
    """One plain sentence for the claim's timeline; empty where no plugin runs here."""
    if not decision.steps:
        return ""
    if decision.passes:
        return "Confirmed."
    return "Not confirmed yet."
