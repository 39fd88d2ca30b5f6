"""What the rules find, gathered: only rules that hold for the claim, each with the weight that `rules` gives it."""

from __future__ import annotations

from gateway.core.model.decision import Finding, HoldType, Severity
from gateway.plugins import RuleState

from .line import Line
from .rules import RULES

_WEIGHTS = {
    RuleState.REJECTS: Severity.REJECT,
    RuleState.HOLDS: Severity.HOLD,
    RuleState.WARNS: Severity.WARN,
    RuleState.INFORMS: Severity.INFO,
    RuleState.CORRECTS: Severity.INFO,
    # A rule that ships switched off, and that a row of its table has switched on.
    RuleState.OFF: Severity.WARN,
}
_ONCE_ON = {"R1.21-2": Severity.REJECT, "R1.23": Severity.REJECT, "R1.IN-1": Severity.HOLD}
"""Rules that are certain, and ship switched off only because their table or list is each house's own."""
WEIGHTS = {rule.id: _ONCE_ON.get(rule.id, _WEIGHTS[rule.state]) for rule in RULES.values()}
_ORDER = {Severity.INFO: 0, Severity.WARN: 1, Severity.HOLD: 2, Severity.REJECT: 3}


class Findings:
    """The findings about one claim. `on`: the ids of the rules that hold for it."""

    __slots__ = ("found", "on")

    def __init__(self, on: frozenset[str]) -> None:
        self.on = on
        self.found: list[Finding] = []

    def say(
        self,
        rule: str,
        message: str,
        *,
        line: Line | None = None,
        place: str = "",
        most: Severity | None = None,
        team: str = "billing",
        hold_type: HoldType = HoldType.SYSTEM,
    ) -> None:
        """Add a finding, if its rule holds. On a line the message goes on after `Line 1, E0601: `; `most` is the most
        that it may weigh (a table's column `check`)."""
        if rule not in self.on:
            return
        severity = WEIGHTS[rule]
        if most is not None and _ORDER[most] < _ORDER[severity]:
            severity = most
        number = 0
        if line is not None:
            number = line.number
            message = f"Line {number}, {line.code}: {message}" if line.code else f"Line {number}: {message}"
        self.found.append(
            Finding(
                rule=rule,
                message=message,
                severity=severity,
                line=number,
                place=place,
                team=team,
                hold_type=hold_type,
            )
        )
