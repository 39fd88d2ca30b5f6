"""Closed days: nothing is booked into one. What comes late is booked on today's business day.

A day is closed by a person, at a variance of 0.00 or with a reason, and reopened by a person with a reason; both stay
on record. Closing waits for whoever is writing to the ledger, and who writes afterwards sees that it is closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ..clock import business_date
from ..store.cash_tables import day_closings
from ..store.ids import allocate
from ..store.tables import counters

_DAY = dt.timedelta(days=1)


class NotDone(ValueError):
    """It cannot be done like that; the message says why, and what to do instead."""


def closed_among(connection: Connection, dates: Collection[dt.date]) -> dict[dt.date, str]:
    """Those of these days that are closed, each with the time zone in which it was."""
    rows = connection.execute(
        select(day_closings.c.day, day_closings.c.time_zone).where(
            day_closings.c.day.in_(sorted(dates)), day_closings.c.reopened_at.is_(None)
        )
    )
    return {row.day: row.time_zone for row in rows}


def bookable(connection: Connection, dates: Collection[dt.date], now: dt.datetime) -> dict[dt.date, dt.date]:
    """For each of these days that is closed: the day on which its late entries are booked, today's business day; where
    that is closed too, the first after it that is not."""
    found = {}
    for day, zone in closed_among(connection, dates).items():
        instead = max(business_date(now, zone), day + _DAY)
        while closed_among(connection, [instead]):
            instead += _DAY
        found[day] = instead
    return found


def is_closed(connection: Connection, day: dt.date) -> bool:
    """Whether nothing may be booked into a day."""
    return day in closed_among(connection, [day])


def history(connection: Connection, day: dt.date) -> list[Any]:
    """Every closing of a day, and its reopening, the oldest first."""
    statement = select(day_closings).where(day_closings.c.day == day).order_by(day_closings.c.id)
    return list(connection.execute(statement))


def closings(connection: Connection, limit: int, *, below: int = 0) -> list[Any]:
    """Every closing of every day, the latest first; those whose id is below `below`, where one is given."""
    statement = select(day_closings).order_by(day_closings.c.id.desc()).limit(limit)
    return list(connection.execute(statement.where(day_closings.c.id < below) if below else statement))


def wait_for_writers(connection: Connection) -> None:
    """Whoever is writing to the ledger finishes first, and nobody begins until this transaction ends."""
    connection.execute(select(counters.c.next).where(counters.c.name == "transfers").with_for_update())


def write_closing(
    connection: Connection,
    day: dt.date,
    zone: str,
    variance_cents: int,
    figures: dict[str, Any],
    who: str,
    reason: str,
    now: dt.datetime,
) -> int:
    """The row of a closing; after `wait_for_writers`, and after the figures were taken.

    Raises:
        NotDone: it is closed already, it is not over yet, nobody closes it, or it has a variance and no reason.
    """
    if is_closed(connection, day):
        raise NotDone(f"{day:%m/%d/%Y} is closed already.")
    if day > business_date(now, zone):
        raise NotDone(f"{day:%m/%d/%Y} is still to come.")
    if not who.strip():
        raise NotDone("Say who closes the day.")
    if variance_cents and not reason.strip():
        raise NotDone("The day has a variance: find what is missing, or close it with a reason.")
    closing_id = allocate(connection, "day_closings", 1)
    connection.execute(
        insert(day_closings).values(
            id=closing_id,
            day=day,
            variance_cents=variance_cents,
            reason=reason.strip()[:500],
            who=who.strip()[:80],
            closed_at=now,
            time_zone=zone,
            figures=figures,
            reopened_by="",
            reopen_reason="",
        )
    )
    return closing_id


def reopen(connection: Connection, day: dt.date, who: str, reason: str, now: dt.datetime) -> None:
    """Let entries into a closed day again.

    Raises:
        NotDone: it is not closed, or nobody says who does it and why.
    """
    if not who.strip() or not reason.strip():
        raise NotDone("Say who reopens the day, and why.")
    wait_for_writers(connection)
    done = connection.execute(
        update(day_closings)
        .where(day_closings.c.day == day, day_closings.c.reopened_at.is_(None))
        .values(reopened_at=now, reopened_by=who.strip()[:80], reopen_reason=reason.strip()[:500])
    )
    if not done.rowcount:
        raise NotDone(f"{day:%m/%d/%Y} is not closed.")
