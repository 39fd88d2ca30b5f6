"""Deliveries to webhooks: put down once, taken in turn, tried again with back-off, given up after two days."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, false, func, literal_column, or_, select, update

from .api_tables import webhook_deliveries, webhook_places
from .bulk import insert_bulk
from .ids import allocate

WAITS = (10, 60, 300, 1800, 7200, 21600, 43200, 86400)
"""Seconds before a delivery is tried again, by how often it was tried."""
LEASE = dt.timedelta(minutes=3)
"""So long nobody else takes what is being delivered."""
KEPT_FOR = dt.timedelta(days=30)
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
STATES = (WAITING, DELIVERED, GIVEN_UP)
_COLUMNS = ("id", "webhook", "event", "key", "body", "state", "attempts", "next_at", "status", "why", "created_at")
_d = webhook_deliveries.c


class Event(NamedTuple):
    """Something that happened. `key` makes telling it twice one; `data` is ids, never a patient."""

    event: str
    key: str
    data: Mapping[str, Any]


class Result(NamedTuple):
    """What came of a delivery. `status`: of the answer, None without one; `why`: why it is none that counts."""

    id: int
    status: int | None
    why: str


def put(connection: Connection, webhook: str, events: Collection[Event], now: dt.datetime) -> int:
    """Put events down for a webhook; those that it is told already stay as they are. Returns how many are new."""
    if not events:
        return 0
    first = allocate(connection, "webhook_deliveries", len(events))
    rows = (
        (
            first + at,
            webhook,
            one.event,
            f"{webhook}:{one.event}:{one.key}"[:200],
            json.dumps({"id": _name(first + at), "event": one.event, "at": now.isoformat(), "data": dict(one.data)}),
            WAITING,
            0,
            now,
            None,
            "",
            now,
        )
        for at, one in enumerate(events)
    )
    return insert_bulk(connection, webhook_deliveries, _COLUMNS, rows, keep=("key",))


def _name(delivery_id: int) -> str:
    return f"evt_{delivery_id}"


def message_id(delivery_id: int) -> str:
    """How a delivery is called to whoever gets it; the same each time it is tried."""
    return _name(delivery_id)


def place(connection: Connection, webhook: str, stream: str) -> int | None:
    """Up to which row of a stream a webhook has been told; None: of nothing yet."""
    p = webhook_places.c
    wanted = select(p.place).where(p.webhook == webhook, p.stream == stream)
    return connection.execute(wanted).scalar_one_or_none()


def set_place(connection: Connection, webhook: str, stream: str, at: int) -> None:
    """Note up to which row of a stream a webhook has been told."""
    p = webhook_places.c
    mine = (p.webhook == webhook, p.stream == stream)
    if not connection.execute(update(webhook_places).where(*mine).values(place=at)).rowcount:
        connection.execute(webhook_places.insert().values(webhook=webhook, stream=stream, place=at))


def forget_others(connection: Connection, webhooks: Collection[str]) -> None:
    """Webhooks that the configuration has no more: one of that name begins anew when it comes back, and what was still
    to be told them is given up."""
    gone = webhook_places.c.webhook.not_in(list(webhooks))
    connection.execute(delete(webhook_places).where(gone))
    connection.execute(
        update(webhook_deliveries)
        .where(_d.state == WAITING, _d.webhook.not_in(list(webhooks)))
        .values(state=GIVEN_UP, why="the configuration has this webhook no more", ended_at=_d.next_at)
    )


def _stands(state: str) -> ColumnElement[bool]:
    """Of those that stand so. The state is in the statement itself: each has an index of its own."""
    return _d.state == literal_column(f"'{state}'")


def _rests(now: dt.datetime) -> Any:
    """A delivery that is under way, or that found nobody who could take it: the others wait for it."""
    nobody = or_(_d.status.is_(None), _d.status >= 500, _d.status == 429)
    return and_(_d.state == WAITING, _d.attempts > 0, _d.next_at > now, nobody)


def due(connection: Connection, webhook: str, now: dt.datetime) -> bool:
    """Whether something is to be delivered now."""
    mine = select(_d.id).where(_d.webhook == webhook)
    if connection.execute(mine.where(_rests(now)).limit(1)).first() is not None:
        return False
    return connection.execute(mine.where(_d.state == WAITING, _d.next_at <= now).limit(1)).first() is not None


def take(connection: Connection, webhook: str, now: dt.datetime, limit: int) -> list[int]:
    """Take the next deliveries of a webhook, the oldest first; their ids."""
    if not due(connection, webhook, now):
        return []
    wanted = select(_d.id).where(_d.webhook == webhook, _d.state == WAITING, _d.next_at <= now)
    ids = list(connection.execute(wanted.order_by(_d.id).limit(limit).with_for_update(skip_locked=True)).scalars())
    values = {"attempts": _d.attempts + 1, "next_at": now + LEASE, "status": None}
    connection.execute(update(webhook_deliveries).where(_d.id.in_(ids)).values(**values))
    return ids


def bodies(connection: Connection, ids: Collection[int]) -> list[tuple[int, str]]:
    """What is delivered, by its id, the oldest first."""
    rows = connection.execute(select(_d.id, _d.body).where(_d.id.in_(list(ids))).order_by(_d.id))
    return [(row.id, row.body) for row in rows]


def record(connection: Connection, results: Iterable[Result], now: dt.datetime) -> int:
    """Note what came of deliveries; returns how many are given up now."""
    given_up = 0
    for one in results:
        row = connection.execute(select(_d.attempts).where(_d.id == one.id, _d.state == WAITING)).one_or_none()
        if row is None:
            continue
        values: dict[str, Any] = {"status": one.status, "why": one.why[:200]}
        if not one.why:
            values |= {"state": DELIVERED, "ended_at": now}
        elif row.attempts > len(WAITS):
            values |= {"state": GIVEN_UP, "ended_at": now}
            given_up += 1
        else:
            values["next_at"] = now + dt.timedelta(seconds=WAITS[row.attempts - 1])
        connection.execute(update(webhook_deliveries).where(_d.id == one.id).values(**values))
    return given_up


def leave(connection: Connection, ids: Collection[int], now: dt.datetime) -> None:
    """Deliveries that were taken and not tried, because one before them found nobody: they wait as they did."""
    values = {"attempts": _d.attempts - 1, "next_at": now}
    waiting = (_d.id.in_(list(ids)), _d.state == WAITING)
    connection.execute(update(webhook_deliveries).where(*waiting).values(**values))


def send_again(connection: Connection, ids: Collection[int], now: dt.datetime) -> list[int]:
    """Deliver again, from now on; the ids of those that there are."""
    found = list(connection.execute(select(_d.id).where(_d.id.in_(list(ids))).order_by(_d.id)).scalars())
    values = {"state": WAITING, "attempts": 0, "next_at": now, "ended_at": None, "why": "", "status": None}
    connection.execute(update(webhook_deliveries).where(_d.id.in_(found)).values(**values))
    return found


def listed(
    connection: Connection, *, webhook: str = "", state: str = "", event: str = "", below: int = 0, limit: int = 100
) -> list[Any]:
    """Deliveries, the newest first."""
    statement = select(webhook_deliveries).order_by(_d.id.desc()).limit(limit)
    for column, value in ((_d.webhook, webhook), (_d.event, event)):
        if value:
            statement = statement.where(column == value)
    if state:
        statement = statement.where(_stands(state) if state in STATES else false())
    if below:
        statement = statement.where(_d.id < below)
    return list(connection.execute(statement))


def not_delivered(connection: Connection) -> dict[tuple[str, str], int]:
    """How many deliveries wait or are given up, by webhook and state."""
    found: dict[tuple[str, str], int] = {}
    for state in (WAITING, GIVEN_UP):
        mine = select(_d.webhook, func.count()).where(_stands(state)).group_by(_d.webhook)
        for webhook, count in connection.execute(mine):
            found[webhook, state] = count
    return found


def as_data(row: Any) -> dict[str, Any]:
    """A delivery for a program."""
    return {
        "id": row.id,
        "webhook": row.webhook,
        "event": row.event,
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "why": row.why,
        "created_at": row.created_at.isoformat(),
        "next_at": row.next_at.isoformat() if row.state == WAITING else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at is not None else None,
        "data": json.loads(row.body)["data"],
    }


def forget(connection: Connection, now: dt.datetime) -> int:
    """Remove deliveries that ended long ago; returns how many."""
    return connection.execute(delete(webhook_deliveries).where(_d.ended_at < now - KEPT_FOR)).rowcount
