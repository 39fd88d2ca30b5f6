"""The rules of resupply, as hme-billing-rules 4 numbers them."""

from __future__ import annotations

from gateway.plugins import Rule, RuleState, rule_book

RULES = rule_book(
    Rule("RS-1", RuleState.HOLDS, "A refill leaves when the patient's yes, asked for in time, is on record."),
    Rule("RS-2", RuleState.HOLDS, "A refill is not delivered sooner than the payer's days before the supply ends."),
    Rule("RS-3", RuleState.HOLDS, "Units over the usual maximum in its period wait, unless the reason is documented."),
    Rule("RS-4", RuleState.HOLDS, "Supplies are billed on an order that has not ended on the day of service."),
    Rule("RS-5", RuleState.WARNS, "Supplies name the equipment that they are for, where none is on file."),
    Rule("RS-6", RuleState.OFF, "A payer that pays part of a quantity is billed for all of it; the rest is told."),
)
