"""Transfers: the only rows of the ledger. Each moves cents from one account to another, and is never changed.

The `key` of a transfer says what caused it; the database refuses a second one with the same key, so posting the same
thing twice is impossible whatever the program does. A correction is a transfer the other way, which names the one it
takes back and has a key of its own: that, too, happens once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import transfers
from . import accounts, days

IN_ONE_QUERY = 500


class Transfer(NamedTuple):
    """Debit `debit`, credit `credit`, `cents` (> 0). `on_date` is the business date of what caused it, `kind` and
    `why` (short) say what that is."""

    debit: str
    credit: str
    cents: int
    on_date: dt.date
    kind: str
    key: str
    why: str = ""
    claim_id: int | None = None
    line_id: int | None = None
    claim_payment_id: int | None = None
    remittance_id: int | None = None
    reverses: int | None = None


def signed(
    debit: str,
    credit: str,
    cents: int,
    on_date: dt.date,
    kind: str,
    key: str,
    why: str = "",
    claim_id: int | None = None,
    line_id: int | None = None,
    claim_payment_id: int | None = None,
    remittance_id: int | None = None,
) -> Transfer:
    """A transfer of an amount that may be negative: then it goes the other way."""
    if cents < 0:
        debit, credit, cents = credit, debit, -cents
    return Transfer(debit, credit, cents, on_date, kind, key, why, claim_id, line_id, claim_payment_id, remittance_id)


def write(connection: Connection, rows: Sequence[Transfer], now: dt.datetime) -> int:
    """Add transfers in bulk; returns the id of the first (they count on from there, in order; 0: none given). What is
    dated on a day that is closed is booked on today's business day (`days`).

    Raises:
        ValueError: an amount is not positive, or debits and credits the same account.
        sqlalchemy.exc.IntegrityError: one of the keys is in the ledger already; nothing of this call is.
    """
    if not rows:
        return 0
    for row in rows:
        if row.cents <= 0 or row.debit == row.credit:
            raise ValueError(f"transfer {row.key} moves {row.cents} cents from {row.credit} to {row.debit}")
    # The counter's row is what the closing of a day waits for: what was closed meanwhile is seen from here on.
    first = allocate(connection, "transfers", len(rows))
    booked_on = days.bookable(connection, {row.on_date for row in rows}, now)
    if booked_on:
        rows = [row._replace(on_date=booked_on.get(row.on_date, row.on_date)) for row in rows]
    insert_bulk(
        connection,
        transfers,
        ("id", *Transfer._fields, "at"),
        ((first + index, *row, now) for index, row in enumerate(rows)),
    )
    return first


def charge_transfers(
    claim_id: int, lines: Iterable[tuple[int, int]], charge_cents: int, on_date: dt.date
) -> list[Transfer]:
    """A claim is taken in: its charge becomes receivable, line by line.

    `lines` are (line id, charge in cents), `charge_cents` is CLM02. Where the lines do not add up to it, the
    difference stands on the claim itself, so that what is owed is always the claim's charge.
    """
    made = []
    rest = charge_cents
    for line_id, cents in lines:
        rest -= cents
        if cents:
            made.append(
                signed(
                    accounts.INSURANCE,
                    accounts.CHARGES,
                    cents,
                    on_date,
                    "charge",
                    f"charge:{claim_id}:{line_id}",
                    "",
                    claim_id,
                    line_id,
                )
            )
    if rest:
        key = f"charge:{claim_id}:claim"
        made.append(signed(accounts.INSURANCE, accounts.CHARGES, rest, on_date, "charge", key, "", claim_id))
    return made


def recharge_transfers(
    connection: Connection,
    claim_id: int,
    lines: Iterable[tuple[int, int]],
    charge_cents: int,
    on_date: dt.date,
    why: str,
    key: str,
) -> list[Transfer]:
    """A claim of which nothing is posted is charged anew: where what a line (or the claim itself, beside its lines) is
    charged changes, the transfers that charged it are taken back and a new one is made.

    `lines` and `charge_cents` as in `charge_transfers`; `key` names the cause, and makes each transfer once.
    """
    columns = [transfers.c[name] for name in Transfer._fields]
    taken_back = select(transfers.c.reverses).where(transfers.c.claim_id == claim_id, transfers.c.reverses.is_not(None))
    standing: dict[int | None, list[tuple[int, Transfer]]] = {}
    for transfer_id, *values in connection.execute(
        select(transfers.c.id, *columns)
        .where(
            transfers.c.claim_id == claim_id,
            transfers.c.kind == "charge",
            transfers.c.reverses.is_(None),
            transfers.c.id.not_in(taken_back),
        )
        .order_by(transfers.c.id)
    ):
        transfer = Transfer(*values)
        standing.setdefault(transfer.line_id, []).append((transfer_id, transfer))
    wanted: dict[int | None, int] = dict(lines)
    wanted[None] = charge_cents - sum(wanted.values())
    made: list[Transfer] = []
    for line_id, cents in wanted.items():
        before = standing.get(line_id, [])
        if sum(one.cents if one.debit == accounts.INSURANCE else -one.cents for _, one in before) == cents:
            continue
        made += [
            one._replace(
                debit=one.credit,
                credit=one.debit,
                on_date=on_date,
                key=f"reverse:{transfer_id}",
                why=why,
                reverses=transfer_id,
            )
            for transfer_id, one in before
        ]
        if cents:
            new = f"charge:{claim_id}:{line_id or 'claim'}:{key}"
            made.append(
                signed(accounts.INSURANCE, accounts.CHARGES, cents, on_date, "charge", new, why, claim_id, line_id)
            )
    return made


def of_payments(connection: Connection, claim_payment_ids: Sequence[int]) -> dict[int, list[tuple[int, Transfer]]]:
    """The transfers of claim payments with their ids, by payment, in order."""
    found: dict[int, list[tuple[int, Transfer]]] = {}
    columns = [transfers.c[name] for name in Transfer._fields]
    for start in range(0, len(claim_payment_ids), IN_ONE_QUERY):
        rows = connection.execute(
            select(transfers.c.id, *columns)
            .where(transfers.c.claim_payment_id.in_(claim_payment_ids[start : start + IN_ONE_QUERY]))
            .order_by(transfers.c.id)
        )
        for transfer_id, *values in rows:
            transfer = Transfer(*values)
            found.setdefault(transfer.claim_payment_id or 0, []).append((transfer_id, transfer))
    return found


def reversal_of(
    transfer_id: int, transfer: Transfer, claim_payment_id: int, remittance_id: int, on_date: dt.date
) -> Transfer:
    """The transfer that takes another one back because a payer reversed its payment.

    Its money goes through the clearing account of the remittance that brings the reversal.
    """
    here = accounts.clearing(remittance_id)
    debit = here if transfer.credit.startswith(accounts.CLEARING) else transfer.credit
    credit = here if transfer.debit.startswith(accounts.CLEARING) else transfer.debit
    return Transfer(
        debit,
        credit,
        transfer.cents,
        on_date,
        transfer.kind,
        f"reverse:{transfer_id}",
        transfer.why,
        transfer.claim_id,
        transfer.line_id,
        claim_payment_id,
        remittance_id,
        transfer_id,
    )
