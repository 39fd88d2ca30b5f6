"""What a claim and a remittance must keep to beyond the guide of each segment: levels 3 (sums), 4 (situations that the
transaction decides) and 5 (codes of others). Levels 1 and 2 are `guides.walk`.

    claim_findings(claim, first=set.segment_number, ordinal=n)      levels 3 and 4
    Codes(sets).of_claim(claim, first=..., ordinal=n)               level 5
    sweep.sweep(read(stream), Codes(sets))                          a whole file, at all five levels

A finding says where, what, what to do, and with which codes a 999 and a 277CA answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..claim import Claim, Numbers
from ..guides.walk import WHOLE_SET, Trigger
from .claim_level import RULES_OF_CLAIM
from .code_sets import CodeSets
from .codes import Codes
from .hierarchy import Hierarchy
from .laid import Laid
from .line_level import RULES_OF_LINES
from .other_insurance import RULES_OF_OTHERS
from .parties import RULES_OF_PARTIES
from .payments import payment_findings, remittance_findings
from .plain import plain
from .rule import RULES, Rule, RuleFinding
from .sums import RULES_OF_SUMS

__all__ = [
    "CLAIM_RULES",
    "RULES",
    "CodeSets",
    "Codes",
    "Hierarchy",
    "Rule",
    "RuleFinding",
    "Trigger",
    "claim_findings",
    "merged",
    "payment_findings",
    "remittance_findings",
]

CLAIM_RULES = (*RULES_OF_SUMS, *RULES_OF_PARTIES, *RULES_OF_CLAIM, *RULES_OF_OTHERS, *RULES_OF_LINES)
"""What each claim is asked, at the levels 3 and 4."""


def claim_findings(
    claim: Claim, *, first: int = 1, ordinal: int = 0, numbers: Numbers | None = None
) -> list[RuleFinding]:
    """What breaks a rule of the levels 3 and 4 in a professional claim, in the order of its segments.

    Args:
        claim: the claim; places are known where it was read from a file and has not been edited.
        first: the number in the file of the set's ST (`SetInfo.segment_number`).
        ordinal: which claim of the set it is, from 1; 0 where it is in none.
        numbers: where its parts begin, if not where the claim says.
    """
    stored = claim.stored
    found: list[RuleFinding] = []
    if not plain(stored):
        laid = Laid(stored, numbers or claim.numbers, first)
        found = [finding for rule in CLAIM_RULES for finding in rule(laid)]
    for finding in found:
        finding.claims = (ordinal, ordinal)
    found.sort(key=lambda finding: finding.position)
    return found


def merged(findings: Iterable[RuleFinding]) -> list[RuleFinding]:
    """The same findings, each once: what is wrong with a billing provider or a subscriber is found with each of their
    claims, and is told with the first and last of them. Those whose place is not known are left as they are."""
    known: dict[tuple[str, int, str], RuleFinding] = {}
    found: list[RuleFinding] = []
    for finding in findings:
        key = (finding.rule.id, finding.position, finding.place)
        same = known.get(key) if finding.position else None
        if same is None:
            known[key] = finding
            found.append(finding)
        elif WHOLE_SET not in (same.claims, finding.claims):
            (first, last), (one, other) = same.claims, finding.claims
            same.claims = (min(first, one), max(last, other))
    return found
