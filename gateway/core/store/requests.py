"""What a person asked to have done again, kept with its reason, its subject and what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from .ids import allocate
from .tables import requests


class NewRequest(NamedTuple):
    """A request to be noted. `verb`: resubmit, replay or look. `key` makes asking twice once; `part_of` names all that
    was asked in one go; `stood` is the version of the subject that the person saw."""

    verb: str
    subject_kind: str
    subject_id: int
    key: str
    reason: str
    who: str
    part_of: str = ""
    station: str = ""
    stood: int = 0


def add(connection: Connection, new: NewRequest, now: dt.datetime) -> int:
    """Note a request; returns its id. The caller has looked for its key (`find`) with the subject's row locked."""
    request_id = allocate(connection, "requests", 1)
    values = new._asdict() | {"reason": new.reason[:500], "who": new.who[:80]}
    connection.execute(insert(requests).values(id=request_id, asked_at=now, **values))
    return request_id


def find(connection: Connection, key: str) -> Row[Any] | None:
    """The request with this key."""
    return connection.execute(select(requests).where(requests.c.key == key)).one_or_none()


def latest(connection: Connection, verb: str, subject_kind: str, subject_id: int, station: str) -> Row[Any] | None:
    """The last request of this kind for a subject."""
    return connection.execute(
        select(requests)
        .where(
            requests.c.verb == verb,
            requests.c.subject_kind == subject_kind,
            requests.c.subject_id == subject_id,
            requests.c.station == station,
        )
        .order_by(requests.c.id.desc())
        .limit(1)
    ).one_or_none()


def open_ones(connection: Connection, part_of: str) -> Sequence[Row[Any]]:
    """Those of one go that are not done yet, oldest first."""
    return connection.execute(
        select(requests).where(requests.c.part_of == part_of, requests.c.done_at.is_(None)).order_by(requests.c.id)
    ).all()


def done(
    connection: Connection,
    request_id: int,
    outcome: str,
    now: dt.datetime,
    *,
    stands: int | None = None,
    config_hash: str = "",
) -> None:
    """A request is done: what came of it, the subject's version now, and the configuration that was used."""
    connection.execute(
        update(requests)
        .where(requests.c.id == request_id)
        .values(done_at=now, outcome=outcome[:1000], stands=stands, config_hash=config_hash)
    )


def get(connection: Connection, request_id: int) -> Row[Any]:
    """The row of a request. Raises NoResultFound."""
    return connection.execute(select(requests).where(requests.c.id == request_id)).one()
