"""What patients paid, posted to what they owe: from the account of money that was named as theirs to the receivables of
their claims. Never more than the money, each part once, and taken back by reversing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from ..model.money import to_dollars
from ..model.states import ClaimState
from ..store import timeline
from ..store.cash_tables import cash_matches
from ..store.ids import allocate
from ..store.patient_money_tables import patient_payments
from ..store.tables import claims
from ..store.tables import transfers as ledger
from ..work.items import close_items
from . import accounts, transfers
from .balances import claim_balances
from .transfers import Transfer

PURPOSE = "patient"
NAMED = f"{accounts.CASH_NAMED}{PURPOSE}"
KIND = "patient payment"
STATION = "patient"
STANDS = patient_payments.c.undone_at.is_(None)
_OPEN = (ClaimState.PAID, ClaimState.DENIED)


class Share(NamedTuple):
    """A part of the money: for an account of a line of a claim (None: of the claim as a whole)."""

    claim_id: int
    line_id: int | None
    account: str
    cents: int


def key_of(line_id: int) -> str:
    """The key of the work item about a line of which nobody owes so much."""
    return f"cash:patient:{line_id}"


def posted_cents(connection: Connection, line_id: int) -> int:
    """What of a line of money is posted to claims."""
    statement = select(func.sum(patient_payments.c.cents)).where(patient_payments.c.money_line_id == line_id, STANDS)
    return int(connection.execute(statement).scalar() or 0)


def lock(connection: Connection, claim_ids: Sequence[int]) -> None:
    """Nobody else changes what is open on these claims until the transaction ends."""
    connection.execute(
        select(claims.c.id).where(claims.c.id.in_(sorted(set(claim_ids)))).order_by(claims.c.id).with_for_update()
    )


def post(
    connection: Connection, match: Any, shares: Sequence[Share], reason: str, who: str, today: dt.date, now: dt.datetime
) -> None:
    """Post shares of the money of a match (a row of `cash_matches` on the account of patients). The claims are locked,
    and owe so much."""
    first = allocate(connection, "patient_payments", len(shares))
    rows, moves = [], []
    for payment_id, share in enumerate(shares, first):
        rows.append(
            {
                "id": payment_id,
                "money_line_id": match.line_id,
                "match_id": match.id,
                **share._asdict(),
                "reason": reason[:500],
                "who": who[:80],
                "at": now,
            }
        )
        moves.append(
            Transfer(
                NAMED, share.account, share.cents, today, KIND, f"patient:{payment_id}", reason[:300],
                claim_id=share.claim_id, line_id=share.line_id,
            )
        )  # fmt: skip
    connection.execute(insert(patient_payments), rows)
    transfers.write(connection, moves, now)
    sums = _by_claim(shares)
    _changed(connection, list(sums), now)
    _tell(connection, sums, f"Paid by the patient ({reason})", who, now)


def take_back(
    connection: Connection, line_id: int, reason: str, who: str, today: dt.date, now: dt.datetime
) -> dict[int, int]:
    """What was posted of a line of money is open on its claims again; returns the cents by claim."""
    rows = connection.execute(
        select(patient_payments)
        .where(patient_payments.c.money_line_id == line_id, STANDS)
        .order_by(patient_payments.c.id)
    ).all()
    close_items(connection, [key_of(line_id)], "The money is named otherwise.", now, who=who)
    if not rows:
        return {}
    lock(connection, [row.claim_id for row in rows])
    keys = [f"patient:{row.id}" for row in rows]
    columns = [ledger.c[name] for name in Transfer._fields]
    back = []
    for transfer_id, *values in connection.execute(
        select(ledger.c.id, *columns).where(ledger.c.key.in_(keys)).order_by(ledger.c.id)
    ):
        one = Transfer(*values)
        back.append(
            one._replace(
                debit=one.credit,
                credit=one.debit,
                on_date=today,
                key=f"reverse:{transfer_id}",
                why=reason[:300],
                reverses=transfer_id,
            )
        )
    transfers.write(connection, back, now)
    undone = {"undone_at": now, "undone_by": who[:80], "undone_reason": reason[:500]}
    ids = [row.id for row in rows]
    connection.execute(update(patient_payments).where(patient_payments.c.id.in_(ids)).values(**undone))
    sums = _by_claim([Share(row.claim_id, row.line_id, row.account, row.cents) for row in rows])
    _changed(connection, list(sums), now)
    _tell(connection, sums, f"What the patient paid is taken back ({reason})", who, now)
    return sums


def _by_claim(shares: Sequence[Share]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for share in shares:
        sums[share.claim_id] = sums.get(share.claim_id, 0) + share.cents
    return sums


def _changed(connection: Connection, claim_ids: Sequence[int], now: dt.datetime) -> None:
    """These claims are others than before; those on which nothing is open any more are closed, others are not."""
    for claim_id, left in claim_balances(connection, claim_ids).items():
        this = claims.c.id == claim_id
        connection.execute(update(claims).where(this).values(version=claims.c.version + 1, updated_at=now))
        was, is_ = ((ClaimState.CLOSED,), ClaimState.PAID) if left else (_OPEN, ClaimState.CLOSED)
        connection.execute(update(claims).where(this, claims.c.state.in_(was)).values(state=is_))


def _tell(connection: Connection, sums: dict[int, int], what: str, who: str, now: dt.datetime) -> None:
    entries = [
        timeline.Entry("claim", claim_id, STATION, f"{what}: ${to_dollars(cents):,}.", who=who)
        for claim_id, cents in sums.items()
    ]
    timeline.add(connection, entries, now)


# --- for the proof ---------------------------------------------------------------------------------


def paid() -> Any:
    """Cents by claim that patients paid, as the rows say."""
    return (
        select(patient_payments.c.claim_id, func.sum(patient_payments.c.cents).label("cents"))
        .where(STANDS)
        .group_by(patient_payments.c.claim_id)
        .subquery()
    )


def total(connection: Connection) -> int:
    """All that patients paid and that is posted, in cents."""
    return int(connection.execute(select(func.sum(patient_payments.c.cents)).where(STANDS)).scalar() or 0)


def within_their_money(connection: Connection) -> Iterator[str]:
    """No more is posted of a line of money than was named as the patient's; what is taken back is not."""
    p, m = patient_payments.c, cash_matches.c
    rows = connection.execute(
        select(p.money_line_id, func.sum(p.cents).label("posted"), m.cents, m.undone_at)
        .join(cash_matches, m.id == p.match_id)
        .where(STANDS)
        .group_by(p.money_line_id, m.id, m.cents, m.undone_at)
        .having(or_(func.sum(p.cents) > m.cents, and_(m.undone_at.is_not(None), func.sum(p.cents) > 0)))
        .limit(20)
    )
    for row in rows:
        yield (
            f"Of line {row.money_line_id} ${to_dollars(int(row.posted)):,} are posted to claims, and "
            f"${to_dollars(0 if row.undone_at else int(row.cents)):,} of it is the patient's."
        )
