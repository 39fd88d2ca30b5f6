"""What waits to be matched by a person: money that nobody knows, deposits whose money has not come; and what each of
them could be.

Nothing here is certain: what is certain was matched by itself (`automatch`). Nothing here changes anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from ..store.cash_tables import money_lines
from ..store.tables import deposits, remittances
from .matching import SLIP, Expected, Line, plain_number, same_payer
from .money import BANK, UNIDENTIFIED
from .standing import EXPECTED

LOOKED_AT = 500
"""The most of each kind that one number is held against; those of its amount or number are looked at before others."""
NUMBER, AMOUNT, PAYER = "the same number", "the same amount", "the same payer"
_WEIGHT = {NUMBER: 4, AMOUNT: 2, PAYER: 1}


class Sum(NamedTuple):
    """How many wait, their cents, and the day of the oldest."""

    many: int
    cents: int
    oldest: dt.date | None


class Open(NamedTuple):
    """Money or a deposit that waits. `kind`: bank, in hand, remittance, slip. `told`: what the bank says."""

    id: int
    kind: str
    method: str
    cents: int
    on_date: dt.date | None
    payer: str
    number: str
    told: str = ""

    def days(self, today: dt.date) -> int:
        """How long it waits."""
        return max((today - self.on_date).days, 0) if self.on_date is not None else 0


class Candidate(NamedTuple):
    """What something could be, and what the two have in common."""

    open: Open
    alike: tuple[str, ...]


# --- what waits ------------------------------------------------------------------------------------


def sum_of_money(connection: Connection) -> Sum:
    """The money that nobody has identified."""
    c = money_lines.c
    return _sum(connection, c.cents, c.on_date, c.state == UNIDENTIFIED)


def sum_of_deposits(connection: Connection) -> Sum:
    """The deposits whose money nobody has seen."""
    c = deposits.c
    return _sum(connection, c.cents, c.expected_on, c.state == EXPECTED, c.cents != 0)


def _sum(connection: Connection, cents: Any, on_date: Any, *where: ColumnElement[bool]) -> Sum:
    many, total, oldest = connection.execute(
        select(func.count(), func.sum(cents), func.min(on_date)).where(*where)
    ).one()
    return Sum(int(many), int(total or 0), oldest)


def money(connection: Connection, limit: int) -> list[Open]:
    """Money that nobody has identified, the oldest first."""
    rows = connection.execute(_lines().order_by(money_lines.c.on_date, money_lines.c.id).limit(limit))
    return [_open_line(row) for row in rows]


def awaited(connection: Connection, limit: int) -> list[Open]:
    """Deposits whose money nobody has seen, the oldest first."""
    rows = connection.execute(_deposits().order_by(deposits.c.expected_on, deposits.c.id).limit(limit))
    return [_open_deposit(row) for row in rows]


def _lines(*where: ColumnElement[bool]) -> Select[Any]:
    return select(money_lines).where(money_lines.c.state == UNIDENTIFIED, *where)


def _deposits(*where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(deposits, remittances.c.originator)
        .outerjoin(remittances, remittances.c.id == deposits.c.remittance_id)
        .where(deposits.c.state == EXPECTED, deposits.c.cents != 0, *where)
    )


def _open_line(row: Any) -> Open:
    kind = "bank" if row.origin == BANK else "in hand"
    return Open(row.id, kind, row.method, row.cents, row.on_date, row.payer, row.trace_number, row.told)


def _open_deposit(row: Any) -> Open:
    kind = "slip" if row.remittance_id is None else "remittance"
    payer = row.payer_name or row.payer_id
    return Open(row.id, kind, row.method, row.cents, row.expected_on, payer, row.trace_number)


# --- what it could be ------------------------------------------------------------------------------


def for_line(connection: Connection, line_id: int, limit: int = 20) -> list[Candidate]:
    """The deposits that a line of money could be, the likeliest first; nothing where it is matched."""
    row = connection.execute(_lines(money_lines.c.id == line_id)).one_or_none()
    if row is None:
        return []
    c = deposits.c
    # Only a line of the bank can be a slip.
    may_be = [] if row.origin == BANK else [c.remittance_id.is_not(None)]
    rows = _near(connection, _deposits(*may_be), c.id, c.cents == row.cents, c.trace_number, row.trace_number)
    line = _line(row)
    found = [Candidate(_open_deposit(one), _alike(line, _expected(one))) for one in rows]
    return _likeliest(found, row.on_date, limit)


def for_deposit(connection: Connection, deposit_id: int, limit: int = 20) -> list[Candidate]:
    """The lines of money that could be a deposit's, the likeliest first; nothing where its money was found."""
    row = connection.execute(_deposits(deposits.c.id == deposit_id)).one_or_none()
    if row is None:
        return []
    c = money_lines.c
    may_be = [c.origin == BANK] if row.remittance_id is None else []
    rows = _near(connection, _lines(*may_be), c.id, c.cents == row.cents, c.trace_number, row.trace_number)
    expected = _expected(row)
    found = [Candidate(_open_line(one), _alike(_line(one), expected)) for one in rows]
    return _likeliest(found, row.expected_on, limit)


def _near(
    connection: Connection, wanted: Select[Any], id_: Any, same_amount: Any, number: Any, its_number: str
) -> list[Any]:
    """Those of the amount or the number, and the newest of the others."""
    alike = or_(same_amount, number == its_number) if its_number else same_amount
    found = {row.id: row for row in connection.execute(wanted.where(alike).order_by(id_.desc()).limit(LOOKED_AT))}
    for row in connection.execute(wanted.order_by(id_.desc()).limit(LOOKED_AT)):
        found.setdefault(row.id, row)
    return list(found.values())


def _line(row: Any) -> Line:
    in_hand = row.origin != BANK
    return Line(
        row.id, row.method, row.cents, row.trace_number, row.originator, row.payer, row.told, row.on_date, in_hand
    )


def _expected(row: Any) -> Expected:
    method = SLIP if row.remittance_id is None else row.method
    return Expected(row.id, method, row.cents, row.trace_number, row.originator or "", row.payer_name, row.expected_on)


def _alike(line: Line, deposit: Expected) -> tuple[str, ...]:
    number = plain_number(line.number)
    found = {
        NUMBER: bool(number) and number == plain_number(deposit.number),
        AMOUNT: line.cents == deposit.cents,
        PAYER: deposit.method != SLIP and same_payer(line, deposit),
    }
    return tuple(words for words, same in found.items() if same)


def _likeliest(found: Sequence[Candidate], day: dt.date | None, limit: int) -> list[Candidate]:
    def order(one: Candidate) -> tuple[int, int, int]:
        apart = abs((one.open.on_date - day).days) if one.open.on_date is not None and day is not None else 9999
        return -sum(_WEIGHT[words] for words in one.alike), apart, -one.open.id

    return sorted((one for one in found if one.alike), key=order)[:limit]
