"""What is missing: remittances without money, money without a remittance, money that nobody can name.

Each is one work item, opened when its business days are over, and closed by itself when the other half comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from ..model.money import to_dollars
from ..store.cash_tables import money_lines
from ..store.tables import deposits, remittances, work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from . import deposits as register
from .automatch import item_of_line
from .money import BANK, UNIDENTIFIED
from .standing import EXPECTED
from .transfers import IN_ONE_QUERY


def alarms(connection: Connection, era_days: int, money_days: int, today: dt.date, now: dt.datetime) -> tuple[int, int]:
    """A work item for each remittance without money and for money without a remittance, when their business days are
    over. Closed when the other half comes. Returns how many are new, and how many were closed."""
    before_era, before_money = add_business_days(today, -era_days), add_business_days(today, -money_days)
    items = list(_without_money(connection, before_era, today)) + list(_without_era(connection, before_money, today))
    return open_items(connection, items, now), _clear(connection, now)


def _without_money(connection: Connection, before: dt.date, today: dt.date) -> Iterable[WorkItem]:
    c = deposits.c
    for row in connection.execute(
        select(deposits, remittances.c.received_at)
        .join(remittances, remittances.c.id == c.remittance_id)
        .where(c.state == EXPECTED, c.cents != 0)
        .order_by(c.id)
    ):
        since = max(row.expected_on or dt.date.min, row.received_at.date())
        if since >= before:
            continue
        yield WorkItem(
            kind="era_without_money",
            key=register.key_of_deposit(row.id),
            reason=f"{row.payer_name or 'A payer'} announced ${to_dollars(row.cents):,} by {row.method}, number "
            f"{row.trace_number or '(none)'}, and the bank has not shown it since {since:%m/%d/%Y}. Ask the bank, then "
            "the payer."[:1000],
            team="posting",
            subject_kind="deposit",
            subject_id=row.id,
            cents=row.cents,
            work_by=today,
            payer_id=row.payer_id,
        )


def _without_era(connection: Connection, before: dt.date, today: dt.date) -> Iterable[WorkItem]:
    c = money_lines.c
    for row in connection.execute(
        select(money_lines).where(c.state == UNIDENTIFIED, c.on_date < before, c.cents != 0).order_by(c.id)
    ):
        number = f", number {row.trace_number}" if row.trace_number else ""
        yield WorkItem(
            kind="money_without_era",
            key=f"cash:no-era:{row.id}",
            reason=f"${to_dollars(row.cents):,} came by {row.method} on {row.on_date:%m/%d/%Y}{number} (line "
            f"{row.id}), and no remittance announces it. Ask the payer for its remittance, key its explanation of "
            "benefits, or name what it is for."[:1000],
            team="posting",
            subject_kind="deposit",
            subject_id=row.id,
            cents=row.cents,
            work_by=today,
        )


def _clear(connection: Connection, now: dt.datetime) -> int:
    """Alarms whose deposit is not expected any more, or whose line is identified (also where nobody matched it: its
    state is what counts)."""
    rows = connection.execute(
        select(work_items.c.key, work_items.c.kind, work_items.c.subject_id).where(
            work_items.c.kind.in_(("era_without_money", "money_without_era", "deposit_match")),
            work_items.c.state == "open",
        )
    ).all()
    over = []
    for kind, table, state in (
        ("era_without_money", deposits, EXPECTED),
        ("money_without_era", money_lines, UNIDENTIFIED),
        ("deposit_match", money_lines, UNIDENTIFIED),
    ):
        of_kind = {row.subject_id: row.key for row in rows if row.kind == kind}
        ids = sorted(of_kind)
        for start in range(0, len(ids), IN_ONE_QUERY):
            some = ids[start : start + IN_ONE_QUERY]
            still = set(
                connection.execute(select(table.c.id).where(table.c.id.in_(some), table.c.state == state)).scalars()
            )
            over += [of_kind[one] for one in some if one not in still]
    return close_items(connection, over, "The other half has come.", now)


def not_yet_known(connection: Connection, line_ids: Sequence[int], today: dt.date, now: dt.datetime) -> int:
    """Money for which no remittance can come (cards, cash, what the bank does not name) is a work item at once; for
    what a payer may still announce there are days (`alarms`). Returns how many are new."""
    items = []
    for start in range(0, len(line_ids), IN_ONE_QUERY):
        some = line_ids[start : start + IN_ONE_QUERY]
        c = money_lines.c
        for row in connection.execute(
            select(money_lines)
            .where(c.id.in_(some), c.state == UNIDENTIFIED, c.method.in_(("card", "cash", "other")), c.origin == BANK)
            .order_by(c.id)
        ):
            words = (
                f"${to_dollars(row.cents):,} came by {row.method} on {row.on_date:%m/%d/%Y} (line {row.id}). Say what "
                f"it is: gateway deposit explain {row.id}, or match it to a slip."
            )
            items.append(item_of_line("unidentified", row.id, "money_unidentified", words, row.cents, today, 1))
    return open_items(connection, items, now)
