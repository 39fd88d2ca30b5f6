"""Where each deposit stands, from what it is matched to.

expected     a remittance announces it (or it is a slip in hand); the money has not been seen
matched      the money was found; not all of the remittance is posted
posted       found and all posted, but the money was seen in hand alone: the bank has not shown it
reconciled   found at the bank, and all posted
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from ..store import timeline
from ..store.cash_tables import cash_matches, money_lines
from ..store.tables import deposits, remittances
from .money import BANK, MATCHED
from .transfers import IN_ONE_QUERY

EXPECTED, POSTED, RECONCILED = "expected", "posted", "reconciled"
STANDS = cash_matches.c.undone_at.is_(None)
"""Of the rows of `cash_matches`: those that were not taken back."""


def settle(connection: Connection, ids: Iterable[int], now: dt.datetime) -> int:
    """Say of deposits where they stand; returns of how many it changed."""
    changed = 0
    # Slips last: where they stand follows from the deposits of their checks.
    for slips in (False, True):
        rows = _rows(connection, sorted(set(ids)), slips=slips)
        found = states(connection, rows)
        for row in rows:
            if found[row.id] == row.state:
                continue
            connection.execute(update(deposits).where(deposits.c.id == row.id).values(state=found[row.id]))
            tell(connection, [row.id], f"It is {found[row.id]}; it was {row.state}.", "", now)
            changed += 1
    return changed


def settle_remittances(connection: Connection, remittance_ids: Sequence[int], now: dt.datetime) -> int:
    """Something of these remittances was posted: say where their deposits stand."""
    ids: list[int] = []
    for start in range(0, len(remittance_ids), IN_ONE_QUERY):
        some = remittance_ids[start : start + IN_ONE_QUERY]
        ids += connection.execute(select(deposits.c.id).where(deposits.c.remittance_id.in_(some))).scalars()
    return settle(connection, near_of(connection, ids), now)


def _rows(connection: Connection, ids: Sequence[int], *, slips: bool) -> list[Any]:
    of_kind = deposits.c.remittance_id.is_(None) if slips else deposits.c.remittance_id.is_not(None)
    found: list[Any] = []
    for start in range(0, len(ids), IN_ONE_QUERY):
        some = ids[start : start + IN_ONE_QUERY]
        found += connection.execute(
            select(deposits, remittances.c.state.label("remitted"))
            .join(remittances, remittances.c.id == deposits.c.remittance_id, isouter=True)
            .where(deposits.c.id.in_(some), of_kind)
            .order_by(deposits.c.id)
        )
    return found


def states(connection: Connection, rows: Sequence[Any]) -> dict[int, str]:
    """Where deposits stand (rows of `deposits`, with `remitted`, the state of their remittance), from what they are
    matched to."""
    lines = _lines_of(connection, [row.id for row in rows])
    slips = sorted({line.deposit_id for line in lines.values() if line.origin != BANK and line.deposit_id})
    at_bank = set(_lines_of(connection, slips))
    checks = _checks(connection, [row.id for row in rows if row.remittance_id is None and row.id in lines])
    found = {}
    for row in rows:
        line = lines.get(row.id)
        if line is None:
            found[row.id] = EXPECTED
        elif row.remittance_id is None:
            found[row.id] = RECONCILED if all(checks[row.id]) else MATCHED
        elif row.remitted != "posted":
            found[row.id] = MATCHED
        else:
            found[row.id] = RECONCILED if line.origin == BANK or line.deposit_id in at_bank else POSTED
    return found


def _lines_of(connection: Connection, deposit_ids: Sequence[int]) -> dict[int, Any]:
    """By deposit, the line that it is matched to."""
    found: dict[int, Any] = {}
    for start in range(0, len(deposit_ids), IN_ONE_QUERY):
        some = deposit_ids[start : start + IN_ONE_QUERY]
        for row in connection.execute(
            select(
                cash_matches.c.deposit_id.label("of"), money_lines.c.id, money_lines.c.origin, money_lines.c.deposit_id
            )
            .join(money_lines, money_lines.c.id == cash_matches.c.line_id)
            .where(cash_matches.c.deposit_id.in_(some), STANDS)
        ):
            found[row.of] = row
    return found


def _checks(connection: Connection, slip_ids: Sequence[int]) -> dict[int, list[bool]]:
    """By slip, of each of its checks whether all is said: it is a deposit that is posted, or a person has named it."""
    found: dict[int, list[bool]] = defaultdict(list)
    for start in range(0, len(slip_ids), IN_ONE_QUERY):
        some = slip_ids[start : start + IN_ONE_QUERY]
        for row in connection.execute(
            select(
                money_lines.c.deposit_id, cash_matches.c.id, cash_matches.c.deposit_id.label("is_"), remittances.c.state
            )
            .select_from(money_lines)
            .join(cash_matches, and_(cash_matches.c.line_id == money_lines.c.id, STANDS), isouter=True)
            .join(deposits, deposits.c.id == cash_matches.c.deposit_id, isouter=True)
            .join(remittances, remittances.c.id == deposits.c.remittance_id, isouter=True)
            .where(money_lines.c.deposit_id.in_(some))
        ):
            found[row.deposit_id].append(row.id is not None and (row.is_ is None or row.state == "posted"))
    return found


def near_of(connection: Connection, ids: Iterable[int]) -> set[int]:
    """These deposits, the slips on which their checks are, and the deposits of the checks of slips."""
    near = set(ids)
    some = sorted(near)
    for start in range(0, len(some), IN_ONE_QUERY):
        part = some[start : start + IN_ONE_QUERY]
        for row in connection.execute(
            select(cash_matches.c.deposit_id.label("of"), money_lines.c.deposit_id.label("slip"))
            .join(money_lines, money_lines.c.id == cash_matches.c.line_id)
            .where(
                STANDS,
                money_lines.c.deposit_id.is_not(None),
                or_(cash_matches.c.deposit_id.in_(part), money_lines.c.deposit_id.in_(part)),
            )
        ):
            near |= {one for one in (row.of, row.slip) if one is not None}
    return near


def tell(connection: Connection, ids: Iterable[int], words: str, who: str, now: dt.datetime) -> None:
    """An event on the timelines of deposits and lines."""
    entries = [timeline.Entry("deposit", one, "deposit", words, who=who) for one in dict.fromkeys(ids)]
    timeline.add(connection, entries, now)
