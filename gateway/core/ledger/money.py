"""Money that was seen: lines of a bank's files, checks and cash in hand. Each is booked once, and waits on
`cash:unidentified` until somebody knows what it is for."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from ..store.bulk import insert_bulk
from ..store.cash_tables import money_lines
from ..store.ids import allocate
from . import accounts, days, transfers
from .transfers import IN_ONE_QUERY, signed

BANK, HAND = "bank", "hand"
UNIDENTIFIED, MATCHED, NOTED = "unidentified", "matched", "noted"


class NewLine(NamedTuple):
    """Money that was seen; see table `money_lines`."""

    origin: str
    bank: str
    on_date: dt.date
    method: str
    cents: int
    key: str
    account: str = ""
    number: int = 0
    type_code: str = ""
    trace_number: str = ""
    originator: str = ""
    payer: str = ""
    reference: str = ""
    told: str = ""
    state: str = UNIDENTIFIED
    deposit_id: int | None = None
    who: str = ""


class Added(NamedTuple):
    """What was new: ids by key, in the order in which the lines were given; how many were known."""

    ids: dict[str, int]
    known: int


def line_key(*parts: object) -> str:
    """What makes a line the same line again."""
    return hashlib.blake2b("\x1f".join(str(one) for one in parts).encode(), digest_size=20).hexdigest()


def my_turn(connection: Connection) -> None:
    """Lock out others who match cash, until the transaction ends. Call it before anything of that is read, and before
    anything is written to the ledger."""
    allocate(connection, "turn:cash", 1)


def account_of(origin: str) -> str:
    """The account that holds money of this origin."""
    return accounts.CASH_BANK if origin == BANK else accounts.CASH_IN_HAND


def add_lines(connection: Connection, lines: Sequence[NewLine], now: dt.datetime, file_id: int | None = None) -> Added:
    """Record and book the lines that are not known by their key. After `my_turn`."""
    known = _known(connection, [line.key for line in lines])
    fresh = {line.key: line for line in lines if line.key not in known}
    if not fresh:
        return Added({}, len(lines))
    first = allocate(connection, "deposits", len(fresh))
    ids = {key: first + index for index, key in enumerate(fresh)}
    # Nothing is dated into a closed day: neither the entry nor what the day's closing counts.
    days.wait_for_writers(connection)
    late = days.bookable(connection, {line.on_date for line in fresh.values()}, now)
    insert_bulk(
        connection,
        money_lines,
        _COLUMNS,
        [_row(ids[key], line, late.get(line.on_date, line.on_date), file_id, now) for key, line in fresh.items()],
    )
    moves = [
        signed(
            account_of(line.origin),
            accounts.CASH_UNIDENTIFIED,
            line.cents,
            late.get(line.on_date, line.on_date),
            "cash",
            f"cash:{ids[key]}",
            line.method,
        )
        for key, line in fresh.items()
        if line.state != NOTED and line.cents
    ]
    transfers.write(connection, moves, now)
    return Added(ids, len(lines) - len(fresh))


_COLUMNS = (
    *("id", "origin", "file_id", "deposit_id", "bank", "account", "number", "on_date", "counts_on", "type_code"),
    *("method", "cents", "trace_number", "originator", "payer", "reference", "told", "state", "key", "created_by"),
    "created_at",
)


def _row(line_id: int, line: NewLine, counts_on: dt.date, file_id: int | None, now: dt.datetime) -> tuple[object, ...]:
    return (
        line_id,
        line.origin,
        file_id,
        line.deposit_id,
        line.bank[:80],
        line.account[:20],
        line.number,
        line.on_date,
        counts_on,
        line.type_code[:20],
        line.method[:12],
        line.cents,
        line.trace_number[:50],
        line.originator[:20],
        line.payer[:80],
        line.reference[:80],
        line.told[:2000],
        line.state,
        line.key,
        line.who[:80],
        now,
    )


def _known(connection: Connection, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), IN_ONE_QUERY):
        some = keys[start : start + IN_ONE_QUERY]
        found |= set(connection.execute(select(money_lines.c.key).where(money_lines.c.key.in_(some))).scalars())
    return found
