"""What stands on the accounts: sums over the transfers, a debit counting positive."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, Subquery, func, select, union_all

from ..store.tables import transfers
from .accounts import RECEIVABLE
from .transfers import IN_ONE_QUERY

LineBalances = dict[int | None, dict[str, int]]
"""By line id (None: the claim itself), account to cents."""


def _sides(*columns: str, of_claims: Sequence[int] | None = None) -> Subquery:
    """Every transfer twice: its debit with its cents, its credit with minus its cents."""

    def side(account: str, sign: int) -> Select[tuple[object, ...]]:
        wanted = [transfers.c[name] for name in columns]
        statement = select(*wanted, transfers.c[account].label("account"), (transfers.c.cents * sign).label("cents"))
        return statement if of_claims is None else statement.where(transfers.c.claim_id.in_(of_claims))

    return union_all(side("debit", 1), side("credit", -1)).subquery()


def receivables(connection: Connection, claim_ids: Sequence[int]) -> dict[int, LineBalances]:
    """Everything on the accounts of these claims, by claim, line and account; one query for some hundred claims."""
    found: dict[int, LineBalances] = {claim_id: {} for claim_id in claim_ids}
    for start in range(0, len(claim_ids), IN_ONE_QUERY):
        sides = _sides("claim_id", "line_id", of_claims=claim_ids[start : start + IN_ONE_QUERY])
        rows = connection.execute(
            select(sides.c.claim_id, sides.c.line_id, sides.c.account, func.sum(sides.c.cents)).group_by(
                sides.c.claim_id, sides.c.line_id, sides.c.account
            )
        )
        for claim_id, line_id, account, cents in rows:
            found[claim_id].setdefault(line_id, {})[account] = int(cents)
    return found


def claim_balances(connection: Connection, claim_ids: Sequence[int]) -> dict[int, int]:
    """What is still owed on each of these claims, in cents: the sum of its receivable accounts."""
    return {
        claim_id: sum(
            cents
            for on_line in lines.values()
            for account, cents in on_line.items()
            if account.startswith(RECEIVABLE)
        )
        for claim_id, lines in receivables(connection, claim_ids).items()
    }


def balances(connection: Connection, prefix: str = "") -> dict[str, int]:
    """The balance of every account (whose name starts so), in cents; a debit counts positive."""
    sides = _sides()
    statement = select(sides.c.account, func.sum(sides.c.cents)).group_by(sides.c.account).order_by(sides.c.account)
    if prefix:
        statement = statement.where(sides.c.account.startswith(prefix, autoescape=True))
    return {account: int(cents) for account, cents in connection.execute(statement)}
