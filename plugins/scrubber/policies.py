"""Modifiers that a coverage policy wants on an item (hme-billing-rules 1.2): R1.KX-2 and required_modifiers."""

from __future__ import annotations

from .findings import Findings
from .whole import Whole

COVERAGE = frozenset({"KX", "GA", "GZ", "GY"})
PLACE = "2400 SV101-3"
ASKS = {
    "R1.GL-1": "how the patient is treated (KX with insulin, KS without)",
    "R1.AU-1": "what it is used with (AU ostomy or urological, AV prosthetic, AW dressing)",
    "R1.CG-1": "that the policy's criteria were applied (CG)",
}


def check_policies(whole: Whole, out: Findings) -> None:
    """What the tables kx_policies and required_modifiers say of each line's item."""
    book = whole.book
    for line in whole.lines:
        if line.maintenance:
            continue
        policy = book.policies.find(line.code, line.day)
        # EY says that there is no order: none of the four can be true then.
        if policy is not None and not line.have & COVERAGE and "EY" not in line.have:
            name, most = policy[0]
            out.say(
                "R1.KX-2",
                f"the {name} policy wants one of KX (criteria met), GA, GZ or GY on the line. Add the true one.",
                line=line,
                place=PLACE,
                most=most,
            )
        for wanted in book.required.all(line.code, line.day):
            found = line.have.intersection(wanted.one_of)
            # GY, GZ and GA say that it is not covered; the question is answered then.
            if len(found) == 1 or (not found and line.have & COVERAGE - {"KX"}):
                continue
            asks = ASKS.get(wanted.rule, "what its policy asks")
            has = f"has {' and '.join(sorted(found))}" if found else "has none"
            out.say(
                wanted.rule,
                f"one of {', '.join(wanted.one_of)} says {asks}; the line {has}.",
                line=line,
                place=PLACE,
                most=wanted.check,
            )
