"""The station that scrubs: what would a payer refuse, and what can be set right? Runs in the child that decides."""

from __future__ import annotations

from ...plugins.runner import Decision

STATION = "scrub"


def what_happened(decision: Decision) -> str:
    """One plain sentence for the claim's timeline; empty where no plugin runs here."""
    if not decision.steps:
        return ""
    edits = sum(step.edits for step in decision.steps)
    findings = sum(len(step.findings) for step in decision.steps)
    words = "Scrubbed: " + (f"{findings} finding{'s' if findings != 1 else ''}" if findings else "nothing found")
    if edits:
        words += f", {edits} element{'s' if edits != 1 else ''} set right"
    return f"{words}." if decision.passes else f"{words}; it is kept back."
