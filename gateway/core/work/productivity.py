"""What people got done by day: touches, items closed, dollars resolved, denials worked within two business days,
follow-ups done against due (hme-billing-rules 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, not_, select

from ..clock import business_date, day_begins
from ..store.tables import claims, touches, work_items
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
    of their coming. `team`: whose work it was, where it is told by team."""

    who: str
    day: dt.date
    touches: int
    closed: int
    cents: int
    due: int
    done: int
    denials: int = 0
    denials_in_time: int = 0
    team: str = ""


class _Tally:
    __slots__ = ("cents", "closed", "denials", "done", "due", "in_time", "touches")

    def __init__(self) -> None:
        self.touches = self.closed = self.cents = self.due = self.done = self.denials = self.in_time = 0


class _Asked(NamedTuple):
    """Which days, and whose; `by_team`: a day for each team that a person worked for."""

    first: dt.date
    last: dt.date
    zone: str
    who: str
    team: str
    by_team: bool

    def narrowed(self, statement: Select[Any]) -> Select[Any]:
        """Touches of the person and of the team's items alone, with the team of the item."""
        statement = statement.add_columns(work_items.c.team).join(work_items, work_items.c.id == touches.c.item_id)
        if self.who:
            statement = statement.where(touches.c.who == self.who)
        if self.team:
            statement = statement.where(work_items.c.team == self.team)
        return statement.execution_options(yield_per=1000)

    @property
    def within(self) -> tuple[Any, Any]:
        """Touches of these days, in SQL."""
        at = touches.c.at
        return at >= day_begins(self.first, self.zone), at < day_begins(self.last + dt.timedelta(days=1), self.zone)


class _Days(dict[tuple[dt.date, str, str], _Tally]):
    """Tallies by day, person and team (empty: of all teams)."""

    def of(self, asked: _Asked, day: dt.date, row: Any) -> _Tally:
        return self.setdefault((day, row.who, row.team if asked.by_team else ""), _Tally())


def productivity(
    connection: Connection,
    first: dt.date,
    last: dt.date,
    zone: str,
    *,
    who: str = "",
    team: str = "",
    by_team: bool = False,
) -> list[Day]:
    """Each person's days from `first` to `last`, in the supplier's time zone, by day and person; days on which nothing
    was done and nothing was due are not in it. `team`: only the work of this team; `by_team`: each team's apart. Work
    is of the team that has the item now.

    Raises:
        ValueError: `last` lies before `first`, or they are more than a year apart.
    """
    check_days(first, last)
    asked, days = _Asked(first, last, zone, who, team, by_team), _Days()
    c = touches.c
    done = select(c.who, c.verb, c.at, c.cents).where(*asked.within, c.verb.in_(("touch", "close")))
    for row in connection.execute(asked.narrowed(done)):
        tally = days.of(asked, business_date(row.at, zone), row)
        tally.touches += 1
        if row.verb == "close":
            tally.closed += 1
            tally.cents += row.cents
    _denials(connection, asked, days)
    _follow_ups(connection, asked, days)
    return [
        Day(name, day, one.touches, one.closed, one.cents, one.due, one.done, one.denials, one.in_time, of_team)
        for (day, name, of_team), one in sorted(days.items(), key=lambda found: found[0])
    ]


def check_days(first: dt.date, last: dt.date) -> None:
    """Raises ValueError where `last` lies before `first`, or they are more than a year apart."""
    if last < first:
        raise ValueError("The last day lies before the first.")
    if (last - first).days >= MOST_DAYS:
        raise ValueError(f"At most {MOST_DAYS} days at once.")


def _denials(connection: Connection, asked: _Asked, days: _Days) -> None:
    """Denials by the day on which somebody worked them first, and who it was."""
    c, earlier = touches.c, touches.alias("earlier")
    worked = ("touch", "close")
    before = (
        select(earlier.c.id)
        .where(earlier.c.item_id == c.item_id, earlier.c.id < c.id, earlier.c.verb.in_(worked))
        .exists()
    )
    statement = select(c.who, c.at, work_items.c.opened_at).where(
        *asked.within, c.verb.in_(worked), work_items.c.kind == DENIAL, not_(before)
    )
    for row in connection.execute(asked.narrowed(statement)):
        day = business_date(row.at, asked.zone)
        tally = days.of(asked, day, row)
        tally.denials += 1
        tally.in_time += day <= add_business_days(business_date(row.opened_at, asked.zone), DENIAL_DAYS)


def _follow_ups(connection: Connection, asked: _Asked, days: _Days) -> None:
    """Promises by the day for which they were made. One whose item has gone before that day is done."""
    c = touches.c
    statement = select(c.who, c.follow_up, c.kept_at, work_items.c.state, work_items.c.closed_at).where(
        c.follow_up.is_not(None), c.follow_up >= asked.first, c.follow_up <= asked.last
    )
    for row in connection.execute(asked.narrowed(statement)):
        tally = days.of(asked, row.follow_up, row)
        tally.due += 1
        at = row.kept_at or (row.closed_at if row.state == "closed" else None)
        tally.done += at is not None and business_date(at, asked.zone) <= row.follow_up


# --- in all ----------------------------------------------------------------------------------------


class Total(NamedTuple):
    """Some days together; see Day."""

    touches: int
    closed: int
    cents: int
    due: int
    done: int
    denials: int
    denials_in_time: int


def totals(days: Iterable[Day], name: Callable[[Day], str]) -> dict[str, Total]:
    """The sums of days by what `name` calls each of them, sorted by it."""
    found: dict[str, list[int]] = {}
    for day in days:
        sums = found.setdefault(name(day), [0] * len(Total._fields))
        for at, field in enumerate(Total._fields):
            sums[at] += getattr(day, field)
    return {one: Total(*sums) for one, sums in sorted(found.items())}


# --- what it was -----------------------------------------------------------------------------------


class Done(NamedTuple):
    """Something that a person did about an item: `verb`, `action` and `note` as in its history."""

    id: int
    at: dt.datetime
    who: str
    verb: str
    action: str
    note: str
    cents: int
    follow_up: dt.date | None
    item_id: int
    kind: str
    team: str
    claim_id: int | None
    claim: str


def worked(
    connection: Connection,
    first: dt.date,
    last: dt.date,
    zone: str,
    *,
    who: str = "",
    team: str = "",
    limit: int = 100,
    before: int | None = None,
) -> list[Done]:
    """What was done in these days, the latest first; from before the touch with this id on.

    Raises:
        ValueError: `last` lies before `first`, or they are more than a year apart.
    """
    check_days(first, last)
    c, item = touches.c, work_items.c
    statement = (
        select(c.id, c.at, c.who, c.verb, c.action, c.note, c.cents, c.follow_up, c.item_id)
        .add_columns(item.kind, item.team, item.claim_id, claims.c.source_claim_number)
        .join(work_items, item.id == c.item_id)
        .outerjoin(claims, claims.c.id == item.claim_id)
        .where(*_Asked(first, last, zone, who, team, by_team=False).within)
    )
    for column, value in ((c.who, who), (item.team, team)):
        if value:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(c.id < before)
    rows = connection.execute(statement.order_by(c.id.desc()).limit(limit))
    return [_done(row) for row in rows]


def _done(row: Any) -> Done:
    return Done(
        row.id,
        row.at,
        row.who,
        row.verb,
        row.action,
        row.note,
        row.cents,
        row.follow_up,
        row.item_id,
        row.kind,
        row.team,
        row.claim_id,
        row.source_claim_number or "",
    )
