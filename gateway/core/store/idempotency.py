"""Writes that name a key are done once: the answer is kept, and given again to whoever asks the same again.

That a request's rows are committed is marked in their own transaction. So a gateway that dies between the commit and
the answer does not do it again: it says that it was done.
"""

from __future__ import annotations

import datetime as dt
from contextvars import ContextVar
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from .api_tables import idempotent_requests

KEPT_FOR = dt.timedelta(hours=24)
UNDER_WAY = dt.timedelta(minutes=2)
"""So long a request that has neither answer nor rows is taken for one that runs."""

UNDER: ContextVar[tuple[str, str] | None] = ContextVar("under", default=None)
"""The token and key of the request that is being done."""


class Answer(NamedTuple):
    """An answer as it was given."""

    status: int
    content_type: str
    body: bytes


class Refused(Exception):
    """It is not done: `why` in a word (other, runs, done)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


_r = idempotent_requests.c


def begin(connection: Connection, who: str, key: str, asked: str, now: dt.datetime) -> Answer | None:
    """The answer that was given to the same request before; None: it is to be done now. `asked`: the hash of all that
    it asks for.

    Raises:
        Refused: other (the key stood for something else), runs (it is under way), done (it was done, and its answer is
            lost).
    """
    mine = (_r.who == who, _r.key == key)
    row = connection.execute(select(idempotent_requests).where(*mine).with_for_update()).one_or_none()
    if row is not None and row.begun_at <= now - KEPT_FOR:
        connection.execute(delete(idempotent_requests).where(*mine))
        row = None
    if row is None:
        values = {"who": who, "key": key, "asked": asked, "begun_at": now, "written": False, "content_type": ""}
        insert = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
        new = insert(idempotent_requests).values(**values).on_conflict_do_nothing().returning(_r.key)
        if connection.execute(new).first() is None:  # another one was quicker
            raise Refused("runs")
        return None
    if row.asked != asked:
        raise Refused("other")
    if row.status is not None:
        return Answer(row.status, row.content_type, row.answer)
    if row.written:
        raise Refused("done")
    if row.begun_at > now - UNDER_WAY:
        raise Refused("runs")
    connection.execute(update(idempotent_requests).where(*mine).values(begun_at=now))
    return None


def note_written(connection: Connection) -> None:
    """Mark, in the transaction that does it, that what the request under way asks for is done."""
    under = UNDER.get()
    if under is not None:
        connection.execute(
            update(idempotent_requests).where(_r.who == under[0], _r.key == under[1]).values(written=True)
        )


def end(connection: Connection, who: str, key: str, answer: Answer | None) -> None:
    """Keep the answer of a request. Where it did not do what was asked (`answer` without success, or none), and nothing
    of it is committed, the key is free again."""
    mine = (_r.who == who, _r.key == key)
    if answer is None or answer.status >= 300:
        gone = connection.execute(delete(idempotent_requests).where(*mine, _r.written.is_(False)))
        if gone.rowcount or answer is None:
            return
    values = {"status": answer.status, "content_type": answer.content_type[:100], "answer": answer.body}
    connection.execute(update(idempotent_requests).where(*mine).values(**values))


def forget(connection: Connection, now: dt.datetime) -> int:
    """Remove what is older than it is kept; returns how many."""
    return connection.execute(delete(idempotent_requests).where(_r.begun_at <= now - KEPT_FOR)).rowcount
