"""Alarms and their messages: one row for each cause, however often it comes back; one message for each channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from .admin_tables import alarm_messages, alarms
from .ids import allocate

WAITING, SENT, GIVEN_UP = "waiting", "sent", "given up"
_WORDS = 500


class Standing(NamedTuple):
    """Something that stands: `until` a moment where it is over by itself."""

    kind: str
    key: str
    words: str
    until: dt.datetime | None = None


def stand(connection: Connection, found: Collection[Standing], now: dt.datetime) -> int:
    """Note what stands; returns how many are new, or came back. One whose end was not told yet just goes on."""
    c = alarms.c
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    known = {
        row.key: row
        for row in connection.execute(
            select(c.id, c.key, c.over_at).where(c.key.in_([one.key[:200] for one in found])).with_for_update()
        )
    }
    new = 0
    for one in found:
        values = {"words": one.words[:_WORDS], "seen_at": now, "until": one.until}
        row = known.get(one.key[:200])
        if row is None:
            new += 1
            made = values | {"id": allocate(connection, "alarms", 1), "kind": one.kind, "key": one.key[:200]}
            # Another process may note the same at this moment.
            statement = make(alarms).values(made | {"since": now, "told_at": None, "over_at": None})
            connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
        elif row.over_at is not None:
            new += 1
            connection.execute(update(alarms).where(c.id == row.id).values(values | {"since": now, "over_at": None}))
        else:
            connection.execute(update(alarms).where(c.id == row.id).values(values))
    return new


def end_others(connection: Connection, kinds: Collection[str], still: Collection[str], now: dt.datetime) -> int:
    """End the alarms of these kinds that do not stand any more; returns how many."""
    c = alarms.c
    ended = update(alarms).where(c.over_at.is_(None), c.kind.in_(kinds), c.key.not_in([key[:200] for key in still]))
    return connection.execute(ended.values(over_at=now)).rowcount


def end_expired(connection: Connection, now: dt.datetime) -> int:
    """End the alarms that are over by themselves; returns how many."""
    c = alarms.c
    return connection.execute(
        update(alarms).where(c.over_at.is_(None), c.until.is_not(None), c.until < now).values(over_at=now)
    ).rowcount


def standing(connection: Connection) -> Sequence[Any]:
    """What stands, the newest first."""
    return connection.execute(
        select(alarms).where(alarms.c.over_at.is_(None)).order_by(alarms.c.since.desc(), alarms.c.id)
    ).all()


def past(connection: Connection, limit: int, skip: int = 0) -> Sequence[Any]:
    """What is over, what ended last first."""
    c = alarms.c
    return connection.execute(
        select(alarms).where(c.over_at.is_not(None)).order_by(c.over_at.desc(), c.id).limit(limit).offset(skip)
    ).all()


def to_tell(connection: Connection, remind_before: dt.datetime, over_before: dt.datetime) -> Sequence[Any]:
    """What is to be told: what is new, what stands since long, and what is over and was told while it stood."""
    c = alarms.c
    stands = c.over_at.is_(None) & or_(c.told_at.is_(None), c.told_at <= remind_before)
    over = c.over_at.is_not(None) & c.told_at.is_not(None) & (c.over_at <= over_before)
    return connection.execute(select(alarms).where(or_(stands, over)).order_by(c.kind, c.since, c.id)).all()


def told(connection: Connection, ids: Collection[int], now: dt.datetime) -> None:
    """Note that these were told: what stands is told again later, what is over never."""
    c = alarms.c
    connection.execute(update(alarms).where(c.id.in_(ids), c.over_at.is_(None)).values(told_at=now))
    connection.execute(update(alarms).where(c.id.in_(ids), c.over_at.is_not(None)).values(told_at=None))


# --- messages --------------------------------------------------------------------------------------


def add_message(connection: Connection, channel: str, facts: Sequence[Any], now: dt.datetime) -> int:
    """A message that waits to be sent; its id."""
    number = allocate(connection, "alarm_messages", 1)
    connection.execute(
        insert(alarm_messages).values(
            id=number, channel=channel[:80], state=WAITING, alarms=list(facts), tries=0, error="", created_at=now
        )
    )
    return number


def message(connection: Connection, number: int) -> Any:
    """One message. Raises NoResultFound."""
    return connection.execute(select(alarm_messages).where(alarm_messages.c.id == number)).one()


def tried(connection: Connection, number: int, state: str, error: str, now: dt.datetime) -> None:
    """Note what came of a try."""
    c = alarm_messages.c
    connection.execute(
        update(alarm_messages)
        .where(c.id == number)
        .values(tries=c.tries + 1, state=state, error=error[:300], done_at=None if state == WAITING else now)
    )


def last_messages(connection: Connection, limit: int, skip: int = 0) -> Sequence[Any]:
    """The newest messages."""
    statement = select(alarm_messages).order_by(alarm_messages.c.id.desc())
    return connection.execute(statement.limit(limit).offset(skip)).all()
