"""Where the claims and the money stand, in one look: what `gateway demo` prints at its end, and anyone may ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from ..core.ledger.accounts import balances_by_kind
from ..core.store.tables import (
    batches,
    claim_payments,
    claims,
    denials,
    holds,
    remittances,
    work_items,
)


class Tally(NamedTuple):
    """A line of the overview: so many, of so many cents."""

    name: str
    number: int
    cents: int


class Overview(NamedTuple):
    """Everything that a manager asks in the morning. Money in cents."""

    claims: list[Tally]
    holds: list[Tally]
    batches: list[Tally]
    rejections: list[Tally]
    remittances: list[Tally]
    denials: list[Tally]
    waiting: list[Tally]
    charged: int
    paid: int
    balances: dict[str, int]
    remitted: int
    posted: int
    exceptions: int
    provider_level: int

    @property
    def to_the_cent(self) -> bool:
        """Whether what was remitted is what was posted, waits, or stands at provider level."""
        return self.remitted == self.posted + self.exceptions + self.provider_level


def _tallies(connection: Connection, statement: Select[Any]) -> list[Tally]:
    return [Tally(str(row[0] or "(none)"), int(row[1]), int(row[2] or 0)) for row in connection.execute(statement)]


def _by(column: ColumnElement[Any], cents: ColumnElement[int], *where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(column, func.count(), func.sum(cents))
        .where(*where)
        .group_by(column)
        .order_by(func.sum(cents).desc(), column)
    )


def _sum(connection: Connection, column: ColumnElement[Any], *where: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.sum(column)).where(*where)).scalar() or 0)


# What came as a payment of money; a copy, a prenote or plain information moves none.
COUNTED: Sequence[str] = ("posting", "posted", "partly posted", "exception", "review")


def overview(connection: Connection) -> Overview:
    """Look at the whole database once."""
    counted = remittances.c.state.in_(COUNTED)
    return Overview(
        claims=_tallies(connection, _by(claims.c.state, claims.c.charge_cents)),
        holds=_tallies(
            connection,
            select(holds.c.rule, func.count(), func.sum(claims.c.charge_cents))
            .join(claims, claims.c.id == holds.c.claim_id)
            .where(holds.c.released_at.is_(None))
            .group_by(holds.c.rule)
            .order_by(func.count().desc()),
        ),
        batches=_tallies(connection, _by(batches.c.state, batches.c.cents)),
        rejections=_tallies(connection, _by(work_items.c.rule, work_items.c.cents, work_items.c.kind == "rejection")),
        remittances=_tallies(connection, _by(remittances.c.state, remittances.c.paid_cents)),
        denials=_tallies(connection, _by(denials.c.category, denials.c.cents)),
        waiting=_tallies(connection, _by(work_items.c.kind, work_items.c.cents, work_items.c.state == "open")),
        charged=_sum(connection, claims.c.charge_cents, claims.c.state.notin_(["faulty", "cancelled"])),
        paid=_sum(connection, claim_payments.c.paid_cents, claim_payments.c.state == "posted"),
        balances=balances_by_kind(connection),
        remitted=_sum(connection, remittances.c.paid_cents, counted),
        posted=_sum(connection, remittances.c.posted_cents, counted),
        exceptions=_sum(connection, remittances.c.exception_cents, counted),
        provider_level=_sum(connection, remittances.c.provider_level_cents, counted),
    )
