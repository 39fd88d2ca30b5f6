"""Matching by itself: what came new is held against what waits, in the same transaction.

Whoever comes second finds the other half: lines of a bank's file the remittances that posted, a remittance the money
that was there before it. What could be several things is a work item, with all of them named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ..model.money import to_dollars
from ..store import timeline
from ..store.cash_tables import money_lines
from ..store.tables import deposits, remittances
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items
from . import deposits as register
from . import matching
from .matching import Expected, Line
from .money import BANK, UNIDENTIFIED
from .standing import EXPECTED
from .transfers import IN_ONE_QUERY

NAMED = 8
"""The most candidates that a work item names."""


class Done(NamedTuple):
    """What came of it."""

    matched: int
    waiting: int


def match_open(
    connection: Connection,
    days: int,
    today: dt.date,
    now: dt.datetime,
    *,
    line_ids: Sequence[int] | None = None,
    deposit_ids: Sequence[int] | None = None,
) -> Done:
    """Match what waits (all of it, or what has the amount of these lines and deposits). After `money.my_turn`."""
    amounts = None
    if line_ids is not None or deposit_ids is not None:
        amounts = _amounts(connection, money_lines, line_ids or ()) | _amounts(connection, deposits, deposit_ids or ())
    lines = _open_lines(connection, amounts)
    expected = _open_deposits(connection, amounts)
    found = matching.find(lines, expected, days)
    for one in found.matches:
        register.match(connection, one.line_id, [one.deposit_id], today, now, rule=one.rule, why=one.why)
    by_line, by_deposit = {one.id: one for one in lines}, {one.id: one for one in expected}
    for group in found.waiting:
        _wait(connection, group, by_line, by_deposit, today, now)
    _other_amounts(connection, line_ids, deposit_ids, today, now)
    return Done(len(found.matches), len(found.waiting))


def _amounts(connection: Connection, table: Any, ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(ids), IN_ONE_QUERY):
        some = ids[start : start + IN_ONE_QUERY]
        found |= set(connection.execute(select(table.c.cents).where(table.c.id.in_(some))).scalars())
    return found


def _bulks(amounts: set[int] | None, column: Any) -> Iterable[Any]:
    if amounts is None:
        return [column.is_not(None)]
    ordered = sorted(amounts)
    return [column.in_(ordered[at : at + IN_ONE_QUERY]) for at in range(0, len(ordered), IN_ONE_QUERY)]


def _open_lines(connection: Connection, amounts: set[int] | None) -> list[Line]:
    c = money_lines.c
    found = []
    for where in _bulks(amounts, c.cents):
        for row in connection.execute(select(money_lines).where(c.state == UNIDENTIFIED, where).order_by(c.id)):
            found.append(
                Line(
                    row.id,
                    row.method,
                    row.cents,
                    row.trace_number,
                    row.originator,
                    row.payer,
                    row.told,
                    row.on_date,
                    row.origin != BANK,
                )
            )
    return found


def _open_deposits(connection: Connection, amounts: set[int] | None) -> list[Expected]:
    c = deposits.c
    found = []
    for where in _bulks(amounts, c.cents):
        for row in connection.execute(
            select(deposits, remittances.c.originator)
            .join(remittances, remittances.c.id == c.remittance_id, isouter=True)
            .where(c.state == EXPECTED, where)
            .order_by(c.id)
        ):
            method = matching.SLIP if row.remittance_id is None else row.method
            found.append(
                Expected(
                    row.id, method, row.cents, row.trace_number, row.originator or "", row.payer_name, row.expected_on
                )
            )
    return found


def _wait(
    connection: Connection,
    group: matching.Waiting,
    lines: dict[int, Line],
    expected: dict[int, Expected],
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Several could be it: each line is a work item, and all of them are told."""
    cents = lines[group.line_ids[0]].cents
    first = ", ".join(f"deposit {one} ({_called(expected[one])})" for one in group.deposit_ids[:NAMED])
    others = ", ".join(f"line {one}" for one in group.line_ids[:NAMED])
    rule = matching.WHY[group.rule]
    words = (
        f"${to_dollars(cents):,} seen as {others} could be {first}: {rule}. Look at them, then: gateway deposit match"
    )
    items = [item_of_line("unclear", one, "deposit_match", words, cents, today, 1) for one in group.line_ids]
    if open_items(connection, items, now):
        entries = [
            timeline.Entry("deposit", one, "deposit", f"Not matched: {words}")
            for one in (*group.line_ids, *group.deposit_ids)
        ]
        timeline.add(connection, entries, now)


def _called(deposit: Expected) -> str:
    day = f" of {deposit.on_date:%m/%d/%Y}" if deposit.on_date else ""
    return f"{deposit.payer or 'no payer'}, {deposit.number or 'no number'}{day}"


def item_of_line(
    what: str, line_id: int, kind: str, reason: str, cents: int, today: dt.date, business_days: int
) -> WorkItem:
    return WorkItem(
        kind=kind,
        key=f"cash:{what}:{line_id}",
        reason=reason[:1000],
        team="posting",
        subject_kind="deposit",
        subject_id=line_id,
        cents=cents,
        work_by=add_business_days(today, business_days),
    )


def _other_amounts(
    connection: Connection,
    line_ids: Sequence[int] | None,
    deposit_ids: Sequence[int] | None,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Lines that name an expected deposit's number and are another amount: a person looks at once."""
    line, of = money_lines.c, deposits.c
    joined = (
        select(
            line.id, line.cents, of.id.label("deposit_id"), of.cents.label("other"), line.method, of.method.label("by")
        )
        .join(deposits, (of.trace_number == line.trace_number) & (of.state == EXPECTED))
        .where(
            line.state == UNIDENTIFIED, line.trace_number != "", line.cents != of.cents, of.remittance_id.is_not(None)
        )
        .order_by(line.id, of.id)
    )
    wanted = []
    if line_ids is None and deposit_ids is None:
        wanted.append(joined)
    for ids, column in ((line_ids or (), line.id), (deposit_ids or (), of.id)):
        wanted += [joined.where(column.in_(ids[at : at + IN_ONE_QUERY])) for at in range(0, len(ids), IN_ONE_QUERY)]
    items = []
    for statement in wanted:
        for row in connection.execute(statement):
            if matching.kind_of(row.method) not in (matching.kind_of(row.by), "other"):
                continue
            words = (
                f"Line {row.id} has the number of deposit {row.deposit_id}: ${to_dollars(row.cents):,} were seen, "
                f"${to_dollars(row.other):,} are expected, ${to_dollars(abs(row.cents - row.other)):,} apart. Ask the "
                "payer or the bank; then match it with a reason, or to what it is."
            )
            items.append(item_of_line("amount", row.id, "deposit_match", words, row.cents, today, 1))
    open_items(connection, items, now)
