"""A payment without service lines, spread over the lines by what each charges (hme-billing-rules 5.3).

Each amount is spread by itself, and its parts come to it exactly: the cents that are left over go to the lines with the
largest remainders, the first of equals first. What a line then has a cent too many of all amounts together, its
largest amount gives to a line that has one too few: so each line comes to its share of the charge exactly, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.model.posting import AdjustmentPosting, LinePosting, OpenLine


def shares(cents: int, weights: Sequence[int]) -> list[int]:
    """An amount in parts by weight; they come to it exactly. Without any weight all of it is in the first part."""
    total = sum(weights)
    if total <= 0:
        return [cents, *(0 for _ in weights[1:])]
    sign, rest = (1, cents) if cents >= 0 else (-1, -cents)
    parts = [rest * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(rest * weights[at] % total), at))
    for at in order[: rest - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]


def _even(giving: list[int], amounts: Sequence[list[int]], charged: Sequence[int]) -> None:
    """Move cents of one amount between lines until each line's amounts are its charge, where they are so together."""
    over = [sum(parts[at] for parts in amounts) - charge for at, charge in enumerate(charged)]
    if sum(over):
        return
    for at, cents in enumerate(over):
        giving[at] -= cents


def spread_over(whole: LinePosting, lines: Sequence[OpenLine]) -> list[LinePosting]:
    """The posting of a claim as postings of its lines."""
    weights = [max(line.charge_cents, 0) for line in lines]
    paid = shares(whole.paid_cents, weights)
    charged = shares(whole.charge_cents, weights)
    adjusted = [shares(one.cents, weights) for one in whole.adjustments]
    _even(max((paid, *adjusted), key=lambda parts: abs(sum(parts))), (paid, *adjusted), charged)
    made = []
    for at, line in enumerate(lines):
        parts = tuple(
            AdjustmentPosting(one.group, one.reason, cents[at], one.kind, one.remark)
            for one, cents in zip(whole.adjustments, adjusted, strict=True)
            if cents[at]
        )
        made.append(LinePosting(line.line_id, -1, line.code, charged[at], paid[at], parts, denied=whole.denied))
    return made
