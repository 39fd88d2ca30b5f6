"""Ids and control numbers, handed out in blocks inside the caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from .tables import counters


def allocate(connection: Connection, name: str, count: int, *, first: int = 1) -> int:
    """Take `count` consecutive numbers of a counter; returns the first of them.

    The counter's row is locked until the transaction ends, so two writers never get the same number. A
    transaction that is rolled back gives its numbers back; one that commits has used them for ever.

    Raises:
        ValueError: `count` is not positive.
    """
    if count < 1:
        raise ValueError("at least one number must be asked for")
    row = connection.execute(
        update(counters).where(counters.c.name == name).values(next=counters.c.next + count).returning(counters.c.next)
    ).one_or_none()
    if row is not None:
        return int(row[0]) - count
    if connection.dialect.name == "postgresql":
        # Another writer may create the row meanwhile: then count on from what it committed.
        created = connection.execute(
            pg_insert(counters)
            .values(name=name, next=first + count)
            .on_conflict_do_update(index_elements=["name"], set_={"next": counters.c.next + count})
            .returning(counters.c.next)
        ).scalar_one()
        return int(created) - count
    connection.execute(insert(counters).values(name=name, next=first + count))
    return first


def peek(connection: Connection, name: str, *, first: int = 1) -> int:
    """The number that `allocate` would hand out next."""
    value = connection.execute(select(counters.c.next).where(counters.c.name == name)).scalar_one_or_none()
    return first if value is None else int(value)
