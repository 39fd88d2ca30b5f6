"""What keeps a day from closing at 0.00, by name: the money of the day that nobody has identified, and the remittances
of which payments wait. Together they are the variance (`day_figures`)."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from ..store.cash_tables import cash_matches, money_lines
from ..store.tables import deposits, remittances
from .money import BANK, NOTED, UNIDENTIFIED
from .standing import STANDS

MOST = 500


class Unknown(NamedTuple):
    """Money of the day of which nobody knows what it is."""

    id: int
    method: str
    cents: int
    payer: str
    number: str


class Unposted(NamedTuple):
    """A remittance whose money the bank showed that day, and the cents of it that are not posted."""

    remittance_id: int
    deposit_id: int
    payer: str
    number: str
    cents: int


def unknown(connection: Connection, day: dt.date) -> list[Unknown]:
    """Lines of the bank, and checks on slips that the bank has shown, that nobody has identified."""
    c = money_lines.c
    on_slips = c.deposit_id.in_(select(_of_day(day, remitted=False).subquery().c.deposit_id))
    found = [
        Unknown(row.id, row.method, row.cents, row.payer, row.trace_number)
        for where in ((c.counts_on == day, c.origin == BANK), (c.origin != BANK, on_slips))
        for row in connection.execute(
            select(money_lines).where(c.state == UNIDENTIFIED, *where).order_by(c.id).limit(MOST)
        )
    ]
    return sorted(found, key=lambda one: (-abs(one.cents), one.id))


def unposted(connection: Connection, day: dt.date) -> list[Unposted]:
    """Remittances whose money is of this day, and of which something waits."""
    d, r, m = deposits.c, remittances.c, cash_matches.c
    at_bank = _of_day(day, remitted=True).subquery()
    slips = select(_of_day(day, remitted=False).subquery().c.deposit_id)
    on_slips = (
        select(m.deposit_id)
        .join(money_lines, money_lines.c.id == m.line_id)
        .where(STANDS, money_lines.c.origin != BANK, money_lines.c.deposit_id.in_(slips))
    )
    found: dict[int, Unposted] = {}
    for ids in (select(at_bank.c.deposit_id), on_slips):
        for row in connection.execute(
            select(
                d.id,
                d.cents,
                r.id.label("remitted"),
                r.payer_name,
                r.trace_number,
                r.posted_cents,
                r.provider_level_cents,
            )
            .join(remittances, r.id == d.remittance_id)
            .where(d.id.in_(ids), d.cents - r.posted_cents - r.provider_level_cents != 0)
            .order_by(d.id)
            .limit(MOST)
        ):
            cents = row.cents - row.posted_cents - row.provider_level_cents
            found[row.id] = Unposted(row.remitted, row.id, row.payer_name, row.trace_number, cents)
    return sorted(found.values(), key=lambda one: (-abs(one.cents), one.remittance_id))


def _of_day(day: dt.date, *, remitted: bool) -> Select[Any]:
    """The deposits that are lines of the bank of this day: of remittances, or slips."""
    c, m = money_lines.c, cash_matches.c
    is_one = deposits.c.remittance_id.is_not(None) if remitted else deposits.c.remittance_id.is_(None)
    return (
        select(m.deposit_id)
        .join(money_lines, c.id == m.line_id)
        .join(deposits, deposits.c.id == m.deposit_id)
        .where(STANDS, c.counts_on == day, c.origin == BANK, c.state != NOTED, is_one)
    )
