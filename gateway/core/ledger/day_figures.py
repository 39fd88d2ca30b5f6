"""The figures of a day: the money that the bank showed, what it is, and what of that is posted.

    variance = the bank's money - posted - provider level - what a person has named (with a reason)

so it is what nobody has identified, and what remittances bring that waits as exceptions: 0.00 where all is done.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from ..boundary import boundary, declare
from ..model.money import to_dollars
from ..store.cash_tables import INTO_HAND, OUT_OF_HAND, cash_matches, money_lines
from ..store.tables import deposits, remittances
from ..store.tables import transfers as ledger
from . import accounts, days
from .deposits import DIFFERENCE
from .money import BANK, NOTED, UNIDENTIFIED, my_turn
from .standing import STANDS
from .transfers import IN_ONE_QUERY

declare(day_written="the closing of a day is written, in a transaction that has not ended")


class Figures(msgspec.Struct, kw_only=True):
    """The money of a day in cents. `bank` = `remitted` + `unidentified` + `named` + `differences`, and `remitted` =
    `posted` + `provider_level` + `waiting`. `by_payer`: the bank's money by method and payer."""

    day: dt.date
    bank: int = 0
    remitted: int = 0
    posted: int = 0
    provider_level: int = 0
    waiting: int = 0
    unidentified: int = 0
    named: int = 0
    differences: int = 0
    in_hand: int = 0
    booked: int = 0
    lines: int = 0
    by_payer: dict[str, int] = {}

    @property
    def variance(self) -> int:
        """What keeps the day from closing at 0.00."""
        return self.bank - self.posted - self.provider_level - self.named - self.differences


def figures(connection: Connection, day: dt.date, *, booked: bool = True) -> Figures:
    """The figures of a day, as they are now. `booked`: with the number of its transfers, for which the whole ledger is
    read."""
    made = Figures(day=day, by_payer={})
    c = money_lines.c
    lines = list(
        connection.execute(
            select(money_lines).where(c.counts_on == day, c.origin == BANK, c.state != NOTED).order_by(c.id)
        )
    )
    made.bank, made.lines = sum(line.cents for line in lines), len(lines)
    _explain(connection, lines, made)
    made.in_hand = -_sum(connection, _not_at_bank(day))
    if booked:
        made.booked = _sum(connection, select(func.count()).select_from(ledger).where(ledger.c.on_date == day))
    return made


def _sum(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).scalar() or 0)


def _not_at_bank(day: dt.date) -> Any:
    """What was taken in hand by the end of this day and the bank had not shown then, as a credit."""
    out = ledger.c
    until = out.on_date <= day
    taken = select(func.coalesce(func.sum(out.cents), 0)).where(INTO_HAND, until).scalar_subquery()
    given = select(func.coalesce(func.sum(out.cents), 0)).where(OUT_OF_HAND, until).scalar_subquery()
    return select(given - taken)


def _explain(connection: Connection, lines: Sequence[Any], made: Figures) -> None:
    """What each line is: its deposits, and through slips the checks on them."""
    parts = _parts(connection, [line.id for line in lines])
    slips = [part.deposit_id for some in parts.values() for part in some if part.deposit_id and part.remitted is None]
    checks = _on_slips(connection, slips)
    of_checks = _parts(connection, [check.id for check in checks])
    on_slip: dict[int, list[Any]] = defaultdict(list)
    for check in checks:
        on_slip[check.deposit_id].append(check)
    for line in lines:
        whose = set()
        if line.state == UNIDENTIFIED:
            made.unidentified += line.cents
        for part in parts.get(line.id, ()):
            if part.deposit_id is None or part.remitted is not None:
                whose |= _count(part, made)
                continue
            for check in on_slip[part.deposit_id]:
                if check.state == UNIDENTIFIED:
                    made.unidentified += check.cents
                for one in of_checks.get(check.id, ()):
                    whose |= _count(one, made)
        name = f"{line.method}: {', '.join(sorted(whose)) or line.payer or 'payer not known'}"
        made.by_payer[name] = made.by_payer.get(name, 0) + line.cents


def _count(part: Any, made: Figures) -> set[str]:
    if part.deposit_id is None:
        if part.rule == DIFFERENCE:
            made.differences += part.cents
            return set()
        made.named += part.cents
        return {accounts.in_words(part.account)}
    made.remitted += part.cents
    made.posted += part.posted_cents
    made.provider_level += part.provider_level_cents
    made.waiting += part.cents - part.posted_cents - part.provider_level_cents
    return {part.payer_name or "payer not known"}


def _parts(connection: Connection, line_ids: Sequence[int]) -> dict[int, list[Any]]:
    """By line, what it was matched to: `remitted` is the remittance of the deposit."""
    found: dict[int, list[Any]] = defaultdict(list)
    m, r = cash_matches.c, remittances.c
    for some in _bulks(line_ids):
        for row in connection.execute(
            select(
                *(m.line_id, m.deposit_id, m.cents, m.account, m.rule, deposits.c.payer_name),
                *(r.id.label("remitted"), r.posted_cents, r.provider_level_cents),
            )
            .join(deposits, deposits.c.id == m.deposit_id, isouter=True)
            .join(remittances, r.id == deposits.c.remittance_id, isouter=True)
            .where(m.line_id.in_(some), STANDS)
            .order_by(m.id)
        ):
            found[row.line_id].append(row)
    return found


def _on_slips(connection: Connection, slip_ids: Sequence[int]) -> list[Any]:
    found: list[Any] = []
    for some in _bulks(slip_ids):
        found += connection.execute(
            select(money_lines).where(money_lines.c.deposit_id.in_(some)).order_by(money_lines.c.id)
        )
    return found


def _bulks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[at : at + IN_ONE_QUERY] for at in range(0, len(ids), IN_ONE_QUERY))


def close(connection: Connection, day: dt.date, zone: str, who: str, reason: str, now: dt.datetime) -> Figures:
    """Close a day with its figures of this moment; nothing is booked into it any more.

    Raises:
        NotDone: see `days.write_closing`.
    """
    my_turn(connection)
    days.wait_for_writers(connection)
    found = figures(connection, day)
    kept = msgspec.to_builtins(found) | {"variance": found.variance}
    days.write_closing(connection, day, zone, found.variance, kept, who, reason, now)
    boundary("day.written")
    return found


def open_days(connection: Connection, before: dt.date) -> list[dt.date]:
    """The days before this one with money of the bank that are not closed, the oldest first."""
    c = money_lines.c
    statement = (
        select(c.counts_on)
        .where(c.counts_on < before, c.origin == BANK, c.state != NOTED)
        .distinct()
        .order_by(c.counts_on)
    )
    found = list(connection.execute(statement).scalars())
    closed: set[dt.date] = set()
    for at in range(0, len(found), IN_ONE_QUERY):
        closed |= set(days.closed_among(connection, found[at : at + IN_ONE_QUERY]))
    return [day for day in found if day not in closed]


def figures_data(found: Figures, closings: Sequence[Any]) -> dict[str, Any]:
    """The figures for a program, in dollars as text, with every closing of the day."""
    figures = {
        name: str(to_dollars(cents))
        for name, cents in msgspec.structs.asdict(found).items()
        if name not in ("day", "lines", "booked", "by_payer")
    }
    return {
        "day": found.day.isoformat(),
        **figures,
        "variance": str(to_dollars(found.variance)),
        "lines": found.lines,
        "booked": found.booked,
        "by_payer": {name: str(to_dollars(cents)) for name, cents in found.by_payer.items()},
        "closed": bool(closings) and closings[-1].reopened_at is None,
        "closings": [
            {
                "variance": str(to_dollars(row.variance_cents)),
                "reason": row.reason,
                "who": row.who,
                "closed_at": row.closed_at.isoformat(),
                "reopened_at": row.reopened_at.isoformat() if row.reopened_at else None,
                "reopened_by": row.reopened_by,
                "reopen_reason": row.reopen_reason,
            }
            for row in closings
        ],
    }
