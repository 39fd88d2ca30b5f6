"""The rules that this plugin keeps (hme-billing-rules 2.5, 1.1), and how a finding of one is said."""

from __future__ import annotations

from collections.abc import Collection

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import Rule, RuleState, rule_book

RULES = rule_book(
    Rule("O-M1", RuleState.REJECTS, "MS stands on a concentrator or transfill system, for one unit, without RR."),
    Rule("O-M2", RuleState.HOLDS, "Maintenance is six months after month 36, the warranty, and the one before."),
    Rule("O-M2-OPEN", RuleState.WARNS, "Maintenance where the record does not show that month 36 has ended."),
    Rule("O-M3", RuleState.HOLDS, "Maintenance is billed when a complete visit is on record, on its day or later."),
    Rule("O-M4", RuleState.WARNS, "One maintenance is paid in six months, even with two pieces of equipment."),
    Rule("O-M5", RuleState.HOLDS, "Maintenance ends with month 60, or when the equipment is given back."),
    Rule("O-M6", RuleState.REJECTS, "Oxygen equipment is not repaired on a claim: no K0739, K0740, RB or parts."),
    Rule("REPAIR-NOTE", RuleState.HOLDS, "Repair labor has a note."),
    Rule("REPAIR-OWNED", RuleState.HOLDS, "What is rented or frequently serviced has its repairs in the rent."),
    Rule("REPAIR-UNITS", RuleState.WARNS, "Repair labor has no more units than are usual for the parts."),
    Rule("REPAIR-LOANER", RuleState.OFF, "A loaner (K0462) stands beside the repair of an item of the patient's own."),
)
_SEVERITY = {
    RuleState.REJECTS: Severity.REJECT,
    RuleState.HOLDS: Severity.HOLD,
    RuleState.WARNS: Severity.WARN,
    RuleState.OFF: Severity.WARN,
}
HOLDABLE = frozenset(rule.id for rule in RULES.values() if rule.state is RuleState.WARNS)
"""Rules that warn as they come and that a chain may let hold."""
OFF = frozenset(rule.id for rule in RULES.values() if rule.state is RuleState.OFF)
"""Rules that do nothing until a chain switches them on."""


class Says:
    """Makes the findings of one call, as the step's settings want them."""

    __slots__ = ("_check", "_hold", "_skip", "found")

    def __init__(self, skip: Collection[str], hold: Collection[str] = (), check: Collection[str] = ()) -> None:
        self._skip = skip
        self._hold = hold
        self._check = check
        self.found: list[Finding] = []

    def __call__(
        self, rule: str, line: ServiceLine, message: str, *, place: str = "2400 SV101", team: str = "respiratory"
    ) -> None:
        """Add a finding about a line; `message` begins with a small letter and ends with a full stop."""
        if rule in self._skip or (rule in OFF and rule not in self._check):
            return
        severity = Severity.HOLD if rule in self._hold else _SEVERITY[RULES[rule].state]
        self.found.append(
            Finding(
                rule=rule,
                message=f"Line {line.number}, {line.code}: {message}",
                severity=severity,
                line=line.number,
                place=place,
                team=team,
            )
        )
