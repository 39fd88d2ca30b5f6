"""Claims that plugins made: under which key, with which number, why, in which document they came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from .bulk import insert_bulk
from .claims import MAY_COME_AGAIN, bulks
from .tables import claims, made_claims


class Made(NamedTuple):
    """A claim that a plugin made; `number` is its CLM01."""

    key: str
    number: str
    why: str


def known(connection: Connection, plugin: str, keys: Iterable[str]) -> set[str]:
    """Those keys under which the plugin has made a claim."""
    found: set[str] = set()
    for some in bulks(sorted(set(keys))):
        statement = select(made_claims.c.key).where(made_claims.c.plugin == plugin, made_claims.c.key.in_(some))
        found.update(connection.execute(statement).scalars())
    return found


def numbers_used(connection: Connection, numbers: Iterable[str]) -> set[str]:
    """Those numbers that a claim bears which still stands, or one that was made and is not taken in yet."""
    found: set[str] = set()
    for some in bulks(sorted(set(numbers))):
        standing = select(claims.c.claim_number).where(
            claims.c.claim_number.in_(some), claims.c.state.not_in(MAY_COME_AGAIN)
        )
        found.update(connection.execute(standing).scalars())
        on_the_way = select(made_claims.c.number).where(
            made_claims.c.number.in_(some), made_claims.c.claim_id.is_(None)
        )
        found.update(connection.execute(on_the_way).scalars())
    return found


def add(connection: Connection, plugin: str, file_id: int, made: Sequence[Made], now: dt.datetime) -> None:
    """Note claims that are on their way in, in the document that is this file."""
    insert_bulk(
        connection,
        made_claims,
        ("plugin", "key", "number", "why", "file_id", "claim_id", "made_at"),
        ((plugin, *one, file_id, None, now) for one in made),
    )


def taken_in(connection: Connection, file_id: int) -> list[tuple[int, str]]:
    """Note which claims of a document have come in since it was asked last; returns their ids, each with why it was
    made."""
    last = connection.execute(
        select(func.max(made_claims.c.claim_id)).where(made_claims.c.file_id == file_id)
    ).scalar_one()
    rows = connection.execute(
        select(claims.c.id, claims.c.source_claim_number)
        .where(claims.c.file_id == file_id, claims.c.id > (last or 0))
        .order_by(claims.c.id)
    ).all()
    of_number = {row.source_claim_number: row.id for row in rows}
    found: list[tuple[int, str]] = []
    for some in bulks(sorted(of_number)):
        noted = connection.execute(
            select(made_claims).where(made_claims.c.number.in_(some), made_claims.c.file_id == file_id)
        ).all()
        if noted:
            connection.execute(
                update(made_claims)
                .where(made_claims.c.plugin == bindparam("of_plugin"), made_claims.c.key == bindparam("of_key"))
                .values(claim_id=bindparam("is_claim")),
                [{"of_plugin": one.plugin, "of_key": one.key, "is_claim": of_number[one.number]} for one in noted],
            )
        found += [(of_number[one.number], one.why) for one in noted]
    return sorted(found)
