"""How a plugin says which rules it keeps: `RULES` in its module `rules`, from which docs/rules.md is written."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Collection
from functools import lru_cache
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


def instead(rule: str, own_rules: Collection[str]) -> str:
    """What somebody may have meant who named a rule that a plugin does not keep: the nearest of its own, else which
    plugin of the gateway keeps it, else which there are."""
    plain = {_plain(one): one for one in own_rules}
    if owners := [plugin for plugin, kept in _shipped().items() if rule in kept]:
        return f"{rule} is a rule of {' and of '.join(owners)}"
    if _plain(rule) in plain:
        return f"did you mean {plain[_plain(rule)]}?"
    if near := difflib.get_close_matches(_plain(rule), plain, 3, 0.7):
        return f"did you mean {' or '.join(plain[one] for one in near)}?"
    every = list(own_rules)
    return f"the rules are {', '.join(every[:_SHOWN])}{' ...' if len(every) > _SHOWN else ''}"


_SHOWN = 15


def _plain(rule: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", rule.upper())


@lru_cache(maxsize=1)
def _shipped() -> dict[str, frozenset[str]]:
    """The rules of each plugin that comes with the gateway, as they stand in its text: none is loaded for it."""
    from .discovery import bundled_folder

    found = {}
    for file in sorted(bundled_folder().glob("*/rules.py")):
        kept = frozenset(re.findall(r"\bRule\(\s*\"([^\"]+)\"", file.read_text("utf-8")))
        if kept:
            found[file.parent.name] = kept
    return found
