"""The proof of cash: every cash account is what its lines and matches say, each deposit is its remittance and its
money, and nothing was booked into a closed day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from ..model.money import to_dollars
from ..store.cash_tables import cash_matches, day_closings, money_lines
from ..store.tables import deposits, remittances, transfers
from . import accounts, patient_money
from .money import BANK, HAND, MATCHED, NOTED, UNIDENTIFIED
from .standing import STANDS, states
from .transfers import IN_ONE_QUERY

SHOWN = 20


def _dollars(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${to_dollars(abs(cents)):,}"


def cash_accounts(connection: Connection) -> Iterator[str]:
    """Every cash account is what its rows say; there is none that nobody explains."""
    stands = {name: cents for name, cents in accounts.balances(connection, accounts.CASH).items() if cents}
    for account, should in _should(connection).items():
        found = stands.pop(account, 0)
        if found != should:
            yield f"Account {account} has {_dollars(found)}; its deposits and lines say {_dollars(should)}."
    for account, cents in stands.items():
        yield f"Account {account} has {_dollars(cents)} that no deposit and no line explains."


def _should(connection: Connection) -> dict[str, int]:
    line, part = money_lines.c, cash_matches.c

    def seen(origin: str) -> int:
        statement = select(func.sum(line.cents)).where(line.origin == origin, line.state != NOTED)
        return int(connection.execute(statement).scalar() or 0)

    moved = {
        account: int(cents)
        for account, cents in connection.execute(
            select(part.account, func.sum(part.cents)).where(STANDS).group_by(part.account)
        )
    }
    announced = connection.execute(
        select(func.sum(deposits.c.cents)).where(deposits.c.remittance_id.is_not(None))
    ).scalar()
    bank, hand = seen(BANK), seen(HAND)
    should = {
        accounts.CASH_BANK: bank,
        accounts.CASH_UNIDENTIFIED: sum(moved.values()) - bank - hand,
        accounts.CASH_EXPECTED: int(announced or 0) - moved.pop(accounts.CASH_EXPECTED, 0),
        accounts.CASH_IN_HAND: hand - moved.pop(accounts.CASH_IN_HAND, 0),
    }
    named = {account: -cents for account, cents in moved.items()}
    named[patient_money.NAMED] = named.get(patient_money.NAMED, 0) + patient_money.total(connection)
    return should | named


def lines(connection: Connection) -> Iterator[str]:
    """A matched line is its parts, to the cent; one that is not has none."""
    line, part = money_lines.c, cash_matches.c
    parts = select(part.line_id, func.sum(part.cents).label("cents")).where(STANDS).group_by(part.line_id).subquery()
    rows = connection.execute(
        select(line.id, line.state, line.cents, parts.c.cents.label("parts"))
        .join(parts, parts.c.line_id == line.id, isouter=True)
        .where(
            or_(
                and_(line.state == MATCHED, or_(parts.c.cents.is_(None), parts.c.cents != line.cents)),
                and_(line.state.in_((UNIDENTIFIED, NOTED)), parts.c.line_id.is_not(None)),
            )
        )
        .order_by(line.id)
        .limit(SHOWN)
    )
    for row in rows:
        yield f"Line {row.id} ({row.state}) of {_dollars(row.cents)} is matched to {_dollars(int(row.parts or 0))}."
    slips = (
        select(line.deposit_id, func.sum(line.cents).label("cents"))
        .where(line.deposit_id.is_not(None))
        .group_by(line.deposit_id)
        .subquery()
    )
    rows = connection.execute(
        select(deposits.c.id, deposits.c.cents, slips.c.cents.label("checks"))
        .join(slips, slips.c.deposit_id == deposits.c.id, isouter=True)
        .where(deposits.c.remittance_id.is_(None), func.coalesce(slips.c.cents, 0) != deposits.c.cents)
        .limit(SHOWN)
    )
    for row in rows:
        yield f"Slip {row.id} is {_dollars(row.cents)}; what is on it is {_dollars(int(row.checks or 0))}."


def each_deposit(connection: Connection) -> Iterator[str]:
    """A deposit is its remittance, it is matched as a whole, and it stands where its money says."""
    part = cash_matches.c
    rows = connection.execute(
        select(deposits.c.id, deposits.c.cents, part.cents.label("matched"), remittances.c.paid_cents)
        .join(remittances, remittances.c.id == deposits.c.remittance_id, isouter=True)
        .join(cash_matches, and_(part.deposit_id == deposits.c.id, STANDS), isouter=True)
        .where(
            or_(
                part.cents != deposits.c.cents,
                case(
                    (deposits.c.remittance_id.is_not(None), remittances.c.paid_cents != deposits.c.cents), else_=False
                ),
            )
        )
        .order_by(deposits.c.id)
        .limit(SHOWN)
    )
    for row in rows:
        yield (
            f"Deposit {row.id} is {_dollars(row.cents)}; its remittance is {_dollars(int(row.paid_cents or 0))}, "
            f"matched are {_dollars(int(row.matched or 0))}."
        )
    shown = 0
    for row, should in _standing(connection):
        if row.state != should and shown < SHOWN:
            shown += 1
            yield f"Deposit {row.id} is called {row.state}, and is {should} by what it is matched to."


def _standing(connection: Connection) -> Iterator[tuple[Any, str]]:
    """Each deposit, and where it stands by what it is matched to; page by page."""
    last = 0
    while True:
        rows = connection.execute(
            select(deposits, remittances.c.state.label("remitted"))
            .join(remittances, remittances.c.id == deposits.c.remittance_id, isouter=True)
            .where(deposits.c.id > last)
            .order_by(deposits.c.id)
            .limit(IN_ONE_QUERY)
        ).all()
        if not rows:
            return
        found = states(connection, rows)
        yield from ((row, found[row.id]) for row in rows)
        last = rows[-1].id


def closed_days(connection: Connection) -> Iterator[str]:
    """Nothing was booked into a day after it was closed."""
    closing = day_closings.c
    rows = connection.execute(
        select(closing.day, func.count().label("many"))
        .join(transfers, (transfers.c.on_date == closing.day) & (transfers.c.at > closing.closed_at))
        .where(closing.reopened_at.is_(None))
        .group_by(closing.day)
        .order_by(closing.day)
        .limit(SHOWN)
    )
    for row in rows:
        yield f"{row.many} transfer(s) were booked on {row.day:%m/%d/%Y} after that day was closed."
