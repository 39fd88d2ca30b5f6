"""The rules that this plugin keeps (hme-billing-rules 3)."""

from __future__ import annotations

from gateway.plugins import Rule, RuleState, rule_book

RULES = rule_book(
    Rule("RUL-1", RuleState.HOLDS, "A second item of the same kind inside its useful lifetime has RA and the reason."),
    Rule("RUL-2", RuleState.INFORMS, "Patients whose equipment reaches the end of its lifetime are on a list."),
    Rule("RUL-3", RuleState.HOLDS, "At the end of the lifetime only oxygen is replaced with RA."),
    Rule("RUL-YEAR", RuleState.WARNS, "Shoes and inserts are counted from January to December."),
)
