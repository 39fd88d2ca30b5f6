"""How a plugin says which rules it keeps: `RULES` in its module `rules`, from which docs/rules.md is written."""

from __future__ import annotations

import enum
from typing import NamedTuple


class RuleState(enum.StrEnum):
    """What happens where a rule is not kept: the claim is held with a payer's certain refusal as the reason (REJECTS),
    held until a person or a document has come (HOLDS), billed with a warning (WARNS) or a remark (INFORMS), or set
    right by itself (CORRECTS). OFF: the rule is there and does nothing until a setting or a table switches it on."""

    REJECTS = "rejects"
    HOLDS = "holds"
    WARNS = "warns"
    INFORMS = "informs"
    CORRECTS = "corrects"
    OFF = "off"


class Rule(NamedTuple):
    """A rule that a plugin keeps. `id` as in hme-billing-rules (`R1.02`, `O-C4`), `what` one short sentence."""

    id: str
    state: RuleState
    what: str


def rule_book(*given: Rule) -> dict[str, Rule]:
    """Rules by their ids.

    Raises:
        ValueError: one is given twice.
    """
    found: dict[str, Rule] = {}
    for rule in given:
        if rule.id in found:
            raise ValueError(f"the rule {rule.id} is given twice")
        found[rule.id] = rule
    return found
