"""The station that holds: what must be there before a claim may leave? Runs in the child that decides.

Here too what the plugins of all three stations want becomes holds: theirs, one for a claim that a plugin set aside
(quarantine), and one for a claim that a plugin wants to see again later.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...plugins.runner import Decision
from ..model.decision import HoldType
from .verdicts import HoldRow

STATION = "hold"
QUARANTINE = "quarantine"
ASK_AGAIN = "ask-again"


def what_happened(decision: Decision) -> str:
    """One plain sentence for the claim's timeline; empty where no plugin runs here."""
    if not decision.steps:
        return ""
    return "Nothing to wait for." if decision.passes else "It has to wait."


def holds_of(decisions: Iterable[Decision]) -> list[HoldRow]:
    """The holds that the stations' decisions open; the same wish of one plugin twice is one hold."""
    rows: dict[tuple[str, str, str, int], HoldRow] = {}
    for decision in decisions:
        for plugin, hold in decision.holds:
            rows.setdefault(
                (plugin, hold.rule, hold.reason, hold.line),
                HoldRow(
                    hold.type.value,
                    hold.rule,
                    plugin,
                    hold.reason,
                    hold.team,
                    hold.line,
                    hold.due,
                    hold.expires,
                    decision.station,
                ),
            )
        last = decision.steps[-1].plugin if decision.steps else ""
        if decision.quarantine is not None:
            aside = decision.quarantine
            rows[last, QUARANTINE, aside.reason, 0] = HoldRow(
                HoldType.MANUAL.value,
                QUARANTINE,
                last,
                f"Set aside: {aside.reason}",
                aside.team,
                station=decision.station,
            )
        if decision.retry is not None:
            again = decision.retry
            reason = f"{again.reason} Plugin {last} wants to look at it again in {again.seconds:g} s."
            rows[last, ASK_AGAIN, reason, 0] = HoldRow(
                HoldType.SYSTEM.value, ASK_AGAIN, last, reason, "edi", station=decision.station
            )
    return list(rows.values())
