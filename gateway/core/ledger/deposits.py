"""The verbs of deposits: matching money to them, taking that back, naming what other money is for.

Money without a deposit is `unidentified`, on its line. Every match is one transfer or more, and is undone by reversing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from ..boundary import boundary, declare
from ..model.bank_file import PURPOSES
from ..model.money import to_dollars
from ..store.cash_tables import cash_matches, money_lines
from ..store.ids import allocate
from ..store.tables import deposits, work_items
from ..store.tables import transfers as ledger
from ..work.items import close_items
from . import accounts, patient_money, transfers
from .days import NotDone, bookable
from .money import BANK, MATCHED, NOTED, UNIDENTIFIED
from .standing import STANDS, near_of, settle, tell
from .transfers import Transfer, signed

BY_HAND, DIFFERENCE, EXPLAINED = "by hand", "difference", "explained"


declare(cash_matched="a line is matched to its deposits, in a transaction that has not ended")


class _Part(NamedTuple):
    """A part of a line: to a deposit, or to an account."""

    deposit_id: int | None
    cents: int
    account: str
    rule: str
    reason: str


def keys_of_line(line_id: int) -> list[str]:
    """The keys of the work items that may be open about a line."""
    return [f"cash:{what}:{line_id}" for what in ("unclear", "amount", "no-era", "unidentified", "review")]


def key_of_deposit(deposit_id: int) -> str:
    """The key of the work item about a deposit whose money does not come."""
    return f"cash:no-money:{deposit_id}"


def account_of(deposit: Any) -> str:
    """The account on which a deposit's money is expected."""
    return accounts.CASH_EXPECTED if deposit.remittance_id is not None else accounts.CASH_IN_HAND


# --- matching --------------------------------------------------------------------------------------


def match(
    connection: Connection,
    line_id: int,
    deposit_ids: Sequence[int],
    today: dt.date,
    now: dt.datetime,
    *,
    rule: str = BY_HAND,
    why: str = "",
    who: str = "",
    difference_reason: str = "",
) -> None:
    """A line is these deposits. What they do not add up to needs a reason, and stands on its own account. After
    `money.my_turn`.

    Raises:
        NotDone: the line or a deposit is not there or matched already, a slip would be matched to itself, or the
            amounts differ and nobody says why.
    """
    line = _line(connection, line_id)
    found = [_deposit(connection, one) for one in dict.fromkeys(deposit_ids)]
    if not found:
        raise NotDone("Say which deposit it is.")
    for deposit in found:
        if line.origin != BANK and deposit.remittance_id is None:
            raise NotDone(f"Deposit {deposit.id} is a slip: only a line of the bank can be it.")
    parts = [_Part(one.id, one.cents, account_of(one), rule, why) for one in found]
    left = line.cents - sum(one.cents for one in found)
    if left and not difference_reason.strip():
        raise NotDone(
            f"Line {line_id} is ${to_dollars(line.cents):,}, and the deposits are "
            f"${to_dollars(line.cents - left):,}: ${to_dollars(abs(left)):,} apart. Name what is missing, or say why."
        )
    if left:
        parts.append(_Part(None, left, accounts.CASH_DIFFERENCE, DIFFERENCE, difference_reason.strip()))
    _write(connection, line, parts, who, today, now)
    names = ", ".join(str(one.id) for one in found)
    words = f"Matched: line {line_id} of ${to_dollars(line.cents):,} is deposit {names}; {why or rule}."
    if left:
        words += f" ${to_dollars(abs(left)):,} apart: {difference_reason.strip()}"
    ids = [one.id for one in found]
    tell(connection, [line_id, *ids], words, who, now)
    keys = [*keys_of_line(line_id), *(key_of_deposit(one) for one in ids)]
    close_items(connection, keys, "The other half has come.", now, who=who)
    settle(connection, near_of(connection, ids), now)
    boundary("cash.matched")


def explain(
    connection: Connection, line_id: int, purpose: str, reason: str, who: str, today: dt.date, now: dt.datetime
) -> None:
    """A person says what money is for that no remittance announces. After `money.my_turn`.

    Raises:
        NotDone: the line is not there or matched already, there is no such purpose, or who and why are missing.
    """
    if purpose not in PURPOSES:
        raise NotDone(f"There is no purpose {purpose!r}; there are {', '.join(PURPOSES)}.")
    if not reason.strip() or not who.strip():
        raise NotDone("Say who names what the money is for, and why.")
    line = _line(connection, line_id)
    part = _Part(None, line.cents, f"{accounts.CASH_NAMED}{purpose}", EXPLAINED, reason.strip())
    _write(connection, line, [part], who, today, now)
    words = f"${to_dollars(line.cents):,} {PURPOSES[purpose]}: {reason.strip()}"
    tell(connection, [line_id], words, who, now)
    close_items(connection, keys_of_line(line_id), words[:200], now, who=who)
    if line.deposit_id is not None:
        settle(connection, near_of(connection, [line.deposit_id]), now)


def take(connection: Connection, line_id: int, reason: str, who: str, today: dt.date, now: dt.datetime) -> None:
    """A line that was only noted is money of ours after all. After `money.my_turn`.

    Raises:
        NotDone: it is not there, it counts already, or who and why are missing.
    """
    line = _any_line(connection, line_id)
    if line.state != NOTED:
        raise NotDone(f"Line {line_id} counts already: it is {line.state}.")
    if not reason.strip() or not who.strip():
        raise NotDone("Say who takes it as money of ours, and why.")
    moved = signed(
        accounts.CASH_BANK, accounts.CASH_UNIDENTIFIED, line.cents, today, "cash", f"cash:{line_id}", line.method
    )
    transfers.write(connection, [moved] if line.cents else [], now)
    # It counts for a day that is still to be closed.
    counts_on = bookable(connection, [line.counts_on], now).get(line.counts_on, line.counts_on)
    values = {"state": UNIDENTIFIED, "counts_on": counts_on}
    connection.execute(update(money_lines).where(money_lines.c.id == line_id).values(**values))
    tell(connection, [line_id], f"Taken as money of ours: {reason.strip()}", who, now)
    close_items(connection, [f"cash:review:{line_id}"], "Taken as money of ours.", now, who=who)


def unmatch(connection: Connection, line_id: int, reason: str, who: str, today: dt.date, now: dt.datetime) -> None:
    """Take back what was said about a line: it is unidentified again, and its deposits are expected. After
    `money.my_turn`.

    Raises:
        NotDone: it is not matched, or who and why are missing.
    """
    if not reason.strip() or not who.strip():
        raise NotDone("Say who takes the match back, and why.")
    line = _any_line(connection, line_id)
    rows = list(
        connection.execute(
            select(cash_matches).where(cash_matches.c.line_id == line_id, STANDS).order_by(cash_matches.c.id)
        )
    )
    if not rows:
        raise NotDone(f"Line {line_id} is not matched.")
    near = near_of(connection, [one.deposit_id for one in rows if one.deposit_id is not None])
    posted = patient_money.take_back(connection, line_id, reason.strip(), who.strip(), today, now)
    columns = [ledger.c[name] for name in Transfer._fields]
    booked = {
        values[5]: (transfer_id, Transfer(*values))
        for transfer_id, *values in connection.execute(
            select(ledger.c.id, *columns).where(ledger.c.key.in_([f"match:{one.id}" for one in rows]))
        )
    }
    back = [
        one._replace(
            debit=one.credit,
            credit=one.debit,
            on_date=today,
            key=f"reverse:{transfer_id}",
            why=reason.strip()[:300],
            reverses=transfer_id,
        )
        for transfer_id, one in booked.values()
    ]
    transfers.write(connection, back, now)
    undone = {"undone_at": now, "undone_by": who.strip()[:80], "undone_reason": reason.strip()[:500]}
    connection.execute(update(cash_matches).where(cash_matches.c.id.in_([one.id for one in rows])).values(**undone))
    connection.execute(update(money_lines).where(money_lines.c.id == line_id).values(state=UNIDENTIFIED))
    ids = [one.deposit_id for one in rows if one.deposit_id is not None]
    keys = [*keys_of_line(line_id), patient_money.key_of(line_id)]
    _may_come_again(connection, [*keys, *(key_of_deposit(one) for one in ids)], rows[0].id)
    words = f"The match of line {line_id} is taken back: {reason.strip()}"
    if posted:
        words += f" The ${to_dollars(sum(posted.values())):,} posted to claims are open on them again."
    tell(connection, [line_id, *ids], words, who, now)
    if line.deposit_id is not None:
        near |= {line.deposit_id}
    settle(connection, near | near_of(connection, near), now)


def _may_come_again(connection: Connection, keys: Sequence[str], match_id: int) -> None:
    """What closed when the other half came may be opened anew: its items keep their story under another key."""
    for key in keys:
        connection.execute(
            update(work_items)
            .where(work_items.c.key == key, work_items.c.state == "closed")
            .values(key=f"{key}:before:{match_id}")
        )


def _line(connection: Connection, line_id: int) -> Any:
    """A line that may be matched."""
    line = _any_line(connection, line_id)
    if line.state == NOTED:
        raise NotDone(f"Line {line_id} is only noted, no deposit. Take it first: gateway deposit take {line_id}")
    if line.state != UNIDENTIFIED:
        raise NotDone(f"Line {line_id} is matched already; unmatch it first, with a reason.")
    return line


def _any_line(connection: Connection, line_id: int) -> Any:
    line = connection.execute(select(money_lines).where(money_lines.c.id == line_id)).one_or_none()
    if line is None:
        raise NotDone(f"There is no line {line_id} of money. See: gateway deposit list --state unidentified")
    return line


def _deposit(connection: Connection, deposit_id: int) -> Any:
    row = connection.execute(select(deposits).where(deposits.c.id == deposit_id)).one_or_none()
    if row is None:
        raise NotDone(f"There is no deposit {deposit_id}. See: gateway deposit list")
    taken = connection.execute(
        select(cash_matches.c.line_id).where(cash_matches.c.deposit_id == deposit_id, STANDS)
    ).first()
    if taken is not None:
        raise NotDone(f"Deposit {deposit_id} is matched already, to line {taken.line_id}; unmatch that first.")
    return row


def _write(
    connection: Connection, line: Any, parts: Sequence[_Part], who: str, today: dt.date, now: dt.datetime
) -> None:
    first = allocate(connection, "cash_matches", len(parts))
    rows, moves = [], []
    for match_id, part in enumerate(parts, first):
        rows.append(
            {
                "id": match_id,
                "line_id": line.id,
                "deposit_id": part.deposit_id,
                "cents": part.cents,
                "account": part.account,
                "rule": part.rule,
                "reason": part.reason[:500],
                "who": who[:80],
                "at": now,
                "undone_by": "",
                "undone_reason": "",
            }
        )
        if part.cents:
            moves.append(
                signed(
                    accounts.CASH_UNIDENTIFIED, part.account, part.cents, today, "match", f"match:{match_id}", part.rule
                )
            )
    connection.execute(insert(cash_matches), rows)
    connection.execute(update(money_lines).where(money_lines.c.id == line.id).values(state=MATCHED))
    transfers.write(connection, moves, now)
