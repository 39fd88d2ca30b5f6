"""The list of practitioners who may order equipment: taking one in beside the one in use, and looking somebody up.

A list has millions of rows, so it comes in pieces, each a transaction of its own; it is in use when it is whole, and
the one before is forgotten piece by piece afterwards. Until then everybody looks into the one before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from ..model.practitioners import Listed, Practitioner
from .bulk import insert_bulk
from .ids import allocate
from .practitioner_tables import practitioner_lists, practitioners

IN_USE, READING, BEFORE, OLD = "in use", "reading", "before", "old"
"""`before`: the one that was in use until the last came; a chunk that began with it may still ask it."""
LONGEST = dt.timedelta(hours=2)
"""One that has been coming in for longer has broken off."""
AT_ONCE = 20_000
"""So many rows are written, or forgotten, in one transaction."""


class InUse(NamedTuple):
    """The list that is in use."""

    id: int
    as_of: dt.date
    practitioners: int
    sha256: str
    name: str
    at: dt.datetime


def in_use(connection: Connection) -> InUse | None:
    """The list that is in use; None where none was ever brought in."""
    c = practitioner_lists.c
    row = connection.execute(select(*(c[name] for name in InUse._fields)).where(c.state == IN_USE)).one_or_none()
    return InUse(*row) if row is not None else None


def begin(connection: Connection, name: str, sha256: str, as_of: dt.date, who: str, now: dt.datetime) -> int:
    """A list begins to come in; returns its id."""
    list_id = allocate(connection, "practitioner_lists", 1)
    values = {"id": list_id, "name": name[:200], "sha256": sha256, "as_of": as_of, "who": who[:80], "at": now}
    connection.execute(insert(practitioner_lists).values(**values, practitioners=0, state=READING))
    return list_id


def add(connection: Connection, list_id: int, some: Iterable[Listed]) -> int:
    """Add people to a list; returns how many. Who stands there twice is taken once."""
    rows = ((list_id, *one) for one in some)
    columns = ("list_id", "npi", "last", "first")
    return insert_bulk(connection, practitioners, columns, rows, keep=("list_id", "npi"))


class NotWhole(ValueError):
    """A list that came in cannot be used. The message says why."""


def use(connection: Connection, list_id: int, added: int) -> None:
    """The list is whole, with so many people: it is in use from now on, and the one before no more.

    Raises:
        NotWhole: another list came in meanwhile, or somebody is missing.
    """
    c = practitioner_lists.c
    mine = select(c.state).where(c.id == list_id).with_for_update()
    if connection.execute(mine).scalar() != READING:
        raise NotWhole("Another list was taken in meanwhile: that one is in use.")
    number = connection.execute(
        select(func.count()).select_from(practitioners).where(practitioners.c.list_id == list_id)
    ).scalar_one()
    if number != added:
        raise NotWhole(f"Of {added:,} people {int(number):,} came in. Take it in once more.")
    connection.execute(update(practitioner_lists).where(c.state == BEFORE).values(state=OLD))
    connection.execute(update(practitioner_lists).where(c.state == IN_USE).values(state=BEFORE))
    connection.execute(update(practitioner_lists).where(c.id == list_id).values(state=IN_USE, practitioners=added))


def broke_off(connection: Connection, list_id: int) -> None:
    """A list does not come in after all."""
    c = practitioner_lists.c
    connection.execute(update(practitioner_lists).where(c.id == list_id, c.state == READING).values(state=OLD))


def forget_some(connection: Connection) -> bool:
    """Delete a piece of a list that nobody asks any more; returns whether there may be more."""
    c = practitioner_lists.c
    list_id = connection.execute(select(c.id).where(c.state == OLD).order_by(c.id).limit(1)).scalar()
    if list_id is None:
        return False
    p = practitioners.c
    last = connection.execute(
        select(p.npi).where(p.list_id == list_id).order_by(p.npi).offset(AT_ONCE - 1).limit(1)
    ).scalar()
    mine = delete(practitioners).where(p.list_id == list_id)
    connection.execute(mine if last is None else mine.where(p.npi <= last))
    if last is None:
        connection.execute(delete(practitioner_lists).where(c.id == list_id))
    return True


def coming_in(connection: Connection, now: dt.datetime) -> bool:
    """Whether a list is coming in. One that began long ago and never became whole is old from now on."""
    c = practitioner_lists.c
    connection.execute(update(practitioner_lists).where(c.state == READING, c.at < now - LONGEST).values(state=OLD))
    return connection.execute(select(c.id).where(c.state == READING).limit(1)).first() is not None


def find(connection: Connection, of: InUse, npis: Collection[str]) -> dict[str, Practitioner]:
    """What the list in use says of these NPIs."""
    p = practitioners.c
    rows = connection.execute(select(p.npi, p.last, p.first).where(p.list_id == of.id, p.npi.in_(sorted(npis))))
    found = {row.npi: Practitioner(row.npi, True, row.last, row.first, of.as_of) for row in rows}
    return {npi: found.get(npi) or Practitioner(npi, False, "", "", of.as_of) for npi in npis}
