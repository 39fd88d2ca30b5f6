"""The rules of order confirmation (hme-billing-rules 11.1; the page has no ids for them, so these are ours)."""

from __future__ import annotations

from gateway.plugins import Rule, RuleState, rule_book

RULES = rule_book(
    Rule("OC-1", RuleState.HOLDS, "An order has everything that its claim needs."),
    Rule("OC-2", RuleState.HOLDS, "An item that bears a serial or lot number has it on its order."),
    Rule("OC-3", RuleState.HOLDS, "A serial number is not out on another patient."),
    Rule("OC-4", RuleState.HOLDS, "The quantity that was ordered, delivered and billed is the same."),
    Rule("OC-5", RuleState.HOLDS, "A delivery is proven, and the proof bears its date."),
    Rule("OC-6", RuleState.HOLDS, "The date of service is that of the delivery."),
    Rule("OC-7", RuleState.HOLDS, "An item has a price."),
    Rule("OC-8", RuleState.HOLDS, "A rental begins with its delivery, and what is only rented is not sold."),
    Rule("OC-9", RuleState.HOLDS, "What was delivered is billed once."),
)
