"""What stands on claims: sums over their transfers, a debit counting positive."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from .accounts import RECEIVABLE, sides
from .transfers import IN_ONE_QUERY

LineBalances = dict[int | None, dict[str, int]]
"""By line id (None: the claim itself), account to cents."""


def by_line(connection: Connection, claim_ids: Sequence[int]) -> dict[int, LineBalances]:
    """What the transfers of these claims did to each account, by claim and line; one query for some hundred."""
    found: dict[int, LineBalances] = {claim_id: {} for claim_id in claim_ids}
    for start in range(0, len(claim_ids), IN_ONE_QUERY):
        both = sides("claim_id", "line_id", of_claims=claim_ids[start : start + IN_ONE_QUERY])
        rows = connection.execute(
            select(both.c.claim_id, both.c.line_id, both.c.account, func.sum(both.c.cents)).group_by(
                both.c.claim_id, both.c.line_id, both.c.account
            )
        )
        for claim_id, line_id, account, cents in rows:
            found[claim_id].setdefault(line_id, {})[account] = int(cents)
    return found


def claim_balances(connection: Connection, claim_ids: Sequence[int]) -> dict[int, int]:
    """What is still owed on each of these claims, in cents: the sum of its receivable accounts."""
    return {claim_id: owed(lines) for claim_id, lines in by_line(connection, claim_ids).items()}


def owed(lines: LineBalances) -> int:
    """What is owed on a claim of which these are the balances, in cents."""
    return sum(
        cents for on_line in lines.values() for account, cents in on_line.items() if account.startswith(RECEIVABLE)
    )
