"""The rules that this plugin keeps (hme-billing-rules 1.1, 2), and how a finding of one is said."""

from __future__ import annotations

from collections.abc import Collection

from gateway.core.model.decision import Finding, HoldType, Severity
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import Rule, RuleState, rule_book

RULES = rule_book(
    Rule("R1.03", RuleState.HOLDS, "Oxygen equipment is not billed for more than 36 months."),
    Rule("R1.05", RuleState.HOLDS, "A person looks at the first month after a long break, or one of unclear length."),
    Rule("R1.06", RuleState.INFORMS, "Another kind of stationary equipment begins no new count of months."),
    Rule("O-SWITCH", RuleState.HOLDS, "Within the 36 months the kind of equipment changes only by a new order."),
    Rule("O-PURCHASE", RuleState.REJECTS, "Oxygen equipment is rented, never bought."),
    Rule("O-Q1", RuleState.REJECTS, "A line has one flow modifier at most."),
    Rule("O-Q2", RuleState.REJECTS, "With QF or QB the stationary and the portable line have the same modifier."),
    Rule("O-Q3", RuleState.HOLDS, "A flow modifier stands only on the equipment that it is for."),
    Rule("O-Q4", RuleState.HOLDS, "QG and QR say that no portable system is prescribed."),
    Rule("O-Q5", RuleState.WARNS, "The flow modifier fits the flow that the note tells."),
    Rule("O-N1", RuleState.WARNS, "An oxygen line has exactly one group modifier, N1, N2 or N3."),
    Rule(
        "O-C1",
        RuleState.HOLDS,
        "Stationary contents need a gas or liquid stationary system in month 36, or an own one.",
    ),
    Rule("O-C2", RuleState.WARNS, "Portable contents need a portable gas or liquid system in use."),
    Rule("O-C2-FLOW", RuleState.WARNS, "E0447 is for a stationary dose of more than 4 liters a minute."),
    Rule(
        "O-C3",
        RuleState.HOLDS,
        "Contents are one unit for a month, once a month, three months at one delivery at most.",
    ),
    Rule("O-C3-DAY", RuleState.WARNS, "Contents are billed on the day of the month on which their months begin."),
    Rule("O-C4", RuleState.HOLDS, "Contents are billed when a proven delivery covers their day."),
    Rule("O-C4-PICKUP", RuleState.WARNS, "The supplier brings the contents; the patient does not collect them."),
    Rule("O-C5", RuleState.HOLDS, "Contents are billed from month 37 on; before, the rental pays for them."),
    Rule("O-C5-OPEN", RuleState.WARNS, "Contents where the record does not show how many months were billed before."),
    Rule("O-R1", RuleState.HOLDS, "A replacement at the end of the five years has RA, a note and a new order."),
    Rule("O-R2", RuleState.HOLDS, "A replacement of lost equipment has RA on its first month, a note and a statement."),
    Rule("O-R3", RuleState.HOLDS, "Portable equipment is replaced when the stationary equipment is, and not before."),
)
_SEVERITY = {
    RuleState.REJECTS: Severity.REJECT,
    RuleState.HOLDS: Severity.HOLD,
    RuleState.WARNS: Severity.WARN,
    RuleState.INFORMS: Severity.INFO,
}
HOLDABLE = frozenset(rule.id for rule in RULES.values() if rule.state is RuleState.WARNS)
"""Rules that warn as they come and that a chain may let hold."""


class Says:
    """Makes the findings of one call, as the step's settings want them: rules that are skipped, rules that hold."""

    __slots__ = ("_hold", "_skip", "found")

    def __init__(self, skip: Collection[str], hold: Collection[str] = ()) -> None:
        self._skip = skip
        self._hold = hold
        self.found: list[Finding] = []

    def __call__(
        self,
        rule: str,
        line: ServiceLine,
        message: str,
        *,
        place: str = "2400 SV101",
        team: str = "respiratory",
        hold_type: HoldType = HoldType.SYSTEM,
    ) -> None:
        """Add a finding about a line; `message` begins with a small letter and ends with a full stop."""
        if rule in self._skip:
            return
        severity = Severity.HOLD if rule in self._hold else _SEVERITY[RULES[rule].state]
        number = line.number
        self.found.append(
            Finding(
                rule=rule,
                message=f"Line {number}, {line.code}: {message}",
                severity=severity,
                line=number,
                place=place,
                team=team,
                hold_type=hold_type,
            )
        )
