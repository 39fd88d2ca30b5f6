"""What people got done by day: touches, items closed, dollars resolved, denials worked within two business days,
follow-ups done against due (hme-billing-rules 10)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, not_, select

from ..clock import business_date, day_begins
from ..store.tables import touches, work_items
from .calendar import add_business_days

MOST_DAYS = 366
DENIAL = "denial"
DENIAL_DAYS = 2
"""Business days in which a denial should be worked (6.1)."""


class Day(NamedTuple):
    """A person's day. `touches`: what was done about items, closing them included; `closed`: items that they closed, or
    whose cause they cleared (a hold released, a claim resubmitted); `cents`: what was at stake in these. Of the
    follow-ups that they promised for this day: how many are `due`, how many were `done` by its end. `denials`: denials
    that nobody had worked and that they worked on this day; `denials_in_time`: those of them within two business days
    of their coming."""

    who: str
    day: dt.date
    touches: int
    closed: int
    cents: int
    due: int
    done: int
    denials: int = 0
    denials_in_time: int = 0


class _Tally:
    __slots__ = ("cents", "closed", "denials", "done", "due", "in_time", "touches")

    def __init__(self) -> None:
        self.touches = self.closed = self.cents = self.due = self.done = self.denials = self.in_time = 0


def productivity(connection: Connection, first: dt.date, last: dt.date, zone: str, *, who: str = "") -> list[Day]:
    """Each person's days from `first` to `last`, in the supplier's time zone, by day and person; days on which nothing
    was done and nothing was due are not in it.

    Raises:
        ValueError: `last` lies before `first`, or they are more than a year apart.
    """
    if last < first:
        raise ValueError("The last day lies before the first.")
    if (last - first).days >= MOST_DAYS:
        raise ValueError(f"At most {MOST_DAYS} days at once.")
    days: dict[tuple[dt.date, str], _Tally] = {}
    c = touches.c
    statement = select(c.who, c.verb, c.at, c.cents).where(
        c.at >= day_begins(first, zone),
        c.at < day_begins(last + dt.timedelta(days=1), zone),
        c.verb.in_(("touch", "close")),
    )
    if who:
        statement = statement.where(c.who == who)
    for row in connection.execute(statement.execution_options(yield_per=1000)):
        tally = days.setdefault((business_date(row.at, zone), row.who), _Tally())
        tally.touches += 1
        if row.verb == "close":
            tally.closed += 1
            tally.cents += row.cents
    _denials(connection, first, last, zone, who, days)
    _follow_ups(connection, first, last, zone, who, days)
    return [
        Day(name, day, one.touches, one.closed, one.cents, one.due, one.done, one.denials, one.in_time)
        for (day, name), one in sorted(days.items(), key=lambda found: found[0])
    ]


def _denials(
    connection: Connection,
    first: dt.date,
    last: dt.date,
    zone: str,
    who: str,
    days: dict[tuple[dt.date, str], _Tally],
) -> None:
    """Denials by the day on which somebody worked them first, and who it was."""
    c, earlier = touches.c, touches.alias("earlier")
    worked = ("touch", "close")
    before = (
        select(earlier.c.id)
        .where(earlier.c.item_id == c.item_id, earlier.c.id < c.id, earlier.c.verb.in_(worked))
        .exists()
    )
    statement = (
        select(c.who, c.at, work_items.c.opened_at)
        .join(work_items, work_items.c.id == c.item_id)
        .where(
            c.at >= day_begins(first, zone),
            c.at < day_begins(last + dt.timedelta(days=1), zone),
            c.verb.in_(worked),
            work_items.c.kind == DENIAL,
            not_(before),
        )
    )
    if who:
        statement = statement.where(c.who == who)
    for row in connection.execute(statement.execution_options(yield_per=1000)):
        day = business_date(row.at, zone)
        tally = days.setdefault((day, row.who), _Tally())
        tally.denials += 1
        tally.in_time += day <= add_business_days(business_date(row.opened_at, zone), DENIAL_DAYS)


def _follow_ups(
    connection: Connection,
    first: dt.date,
    last: dt.date,
    zone: str,
    who: str,
    days: dict[tuple[dt.date, str], _Tally],
) -> None:
    """Promises by the day for which they were made. One whose item has gone before that day is done."""
    c = touches.c
    statement = (
        select(c.who, c.follow_up, c.kept_at, work_items.c.state, work_items.c.closed_at)
        .join(work_items, work_items.c.id == c.item_id)
        .where(c.follow_up.is_not(None), c.follow_up >= first, c.follow_up <= last)
    )
    if who:
        statement = statement.where(c.who == who)
    for row in connection.execute(statement.execution_options(yield_per=1000)):
        tally = days.setdefault((row.follow_up, row.who), _Tally())
        tally.due += 1
        at = row.kept_at or (row.closed_at if row.state == "closed" else None)
        tally.done += at is not None and business_date(at, zone) <= row.follow_up
