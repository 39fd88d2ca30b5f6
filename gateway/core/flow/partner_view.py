"""How a partner's line stands, for people: when it was asked and is asked next, what waits, what went wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, text

from ...plugins.transport import TransportError
from ..store import partners
from ..store.tables import WITH_PARTNER, batches, claims, work_items
from .services import Services

WAITING = ("allocated", "written", "sending", "waiting", "unknown")
"""Batches that have not arrived."""
MOST_READY = 10_000
TROUBLES = ("partner_stopped", "overdue_ack", "file_problem", "file_rejection")
SHOWN = 10


class Standing(NamedTuple):
    """A partner's line. `next_look`: when it is asked next, None where it is not (stopped, or never); `batches`:
    those that have not arrived, by state; `ready`: claims that wait for company, at most MOST_READY counted."""

    line: partners.Line
    next_look: dt.datetime | None
    batches: dict[str, int]
    ready: int

    @property
    def backlog(self) -> int:
        """Batches that have not arrived."""
        return sum(self.batches.values())


def standing(connection: Connection, services: Services, partner: str, now: dt.datetime) -> Standing:
    """How the line of one partner stands."""
    line = partners.line(connection, partner)
    rows = connection.execute(
        select(batches.c.state, func.count())
        .where(batches.c.partner == partner, batches.c.state.in_(WAITING))
        .group_by(batches.c.state)
    )
    some = (
        select(claims.c.id).where(claims.c.partner == partner, claims.c.state == "ready").limit(MOST_READY).subquery()
    )
    ready = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return Standing(line, _next_look(services, partner, line, now), {row[0]: row[1] for row in rows}, int(ready))


def _next_look(services: Services, partner: str, line: partners.Line, now: dt.datetime) -> dt.datetime | None:
    """When it is asked next, about: the pause is spread by chance."""
    if line.stopped:
        return None
    if line.last_poll_at is None:
        return now
    try:
        pause = services.transports.describe(partner).pause(now, line.failures, 0.5)
    except (TransportError, LookupError):
        return None
    return max(line.last_poll_at + dt.timedelta(seconds=pause), now)


def troubles(connection: Connection, partner: str) -> Sequence[Any]:
    """What waits for a person because of this partner's line or its silence, the newest first."""
    c = work_items.c
    found: list[Any] = []
    for kind in TROUBLES:  # one by one: each reads its own part of an index
        found += connection.execute(
            select(c.id, c.kind, c.reason, c.opened_at, c.work_by)
            .where(text(WITH_PARTNER), c.kind == kind, c.partner == partner)
            .order_by(c.id.desc())
            .limit(SHOWN)
        ).all()
    return sorted(found, key=lambda row: -row.id)[:SHOWN]


def last_batches(connection: Connection, partner: str) -> Sequence[Any]:
    """Its newest batches."""
    c = batches.c
    return connection.execute(
        select(c.id, c.isa13, c.state, c.claims, c.cents, c.created_at, c.sent_at, c.group_ack_at, c.reason)
        .where(c.partner == partner)
        .order_by(c.id.desc())
        .limit(SHOWN)
    ).all()
