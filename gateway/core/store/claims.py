"""Claims, their lines and their holds: bulk writes and the few questions the stations ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, select, update

from ..model.states import ClaimState
from .tables import claim_lines, claims, files, holds

BULK = 500

MAY_COME_AGAIN = (ClaimState.FAULTY, ClaimState.REJECTED, ClaimState.CANCELLED)
"""A claim that ended in one of these may be sent in again under its number: the new one corrects it."""

T = TypeVar("T")


def bulks(values: Sequence[T], size: int = BULK) -> Iterator[Sequence[T]]:
    """The values in slices that a database takes in one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def numbers_in_use(connection: Connection, source: str, numbers: Iterable[str]) -> dict[str, int]:
    """Which of these CLM01 the source has used for a claim that still stands: number to the first claim's id."""
    return _first_ids(connection, claims.c.source_claim_number, sorted(set(numbers) - {""}), claims.c.source == source)


def contents_in_use(connection: Connection, source: str, hashes: Iterable[str]) -> dict[str, int]:
    """Which of these content hashes the source has sent as a claim that still stands: hash to claim id."""
    return _first_ids(connection, claims.c.content_hash, sorted(set(hashes) - {""}), claims.c.source == source)


def _first_ids(connection: Connection, column: Any, values: Sequence[str], *where: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in bulks(values):
        rows = connection.execute(
            select(column, claims.c.id)
            .where(column.in_(some), *where, claims.c.state.not_in(MAY_COME_AGAIN))
            .order_by(claims.c.id)
        ).all()
        for value, claim_id in rows:
            found.setdefault(value, claim_id)
    return found


def waiting_for_another(
    connection: Connection, source: str, numbers: Iterable[str], before: int
) -> list[tuple[str, int]]:
    """The claims of a source, older than the id `before`, that could not be used or were rejected under one of these
    numbers: (number, claim id)."""
    found: list[tuple[str, int]] = []
    for some in bulks(sorted(set(numbers) - {""})):
        rows = connection.execute(
            select(claims.c.source_claim_number, claims.c.id).where(
                claims.c.source == source,
                claims.c.source_claim_number.in_(some),
                claims.c.state.in_((ClaimState.FAULTY, ClaimState.REJECTED)),
                claims.c.id < before,
            )
        )
        found += [(row.source_claim_number, row.id) for row in rows]
    return found


def ids_with_number(connection: Connection, number: str, sources: Iterable[str] = ()) -> list[int]:
    """The claims that bear a number (CLM01): ours, or the one that their source gave them. `sources`: those that are
    looked through beside all that have sent a file."""
    sent = select(files.c.party).where(files.c.origin.in_(("source", "upload", "plugin"))).distinct()
    names = {*sources, *connection.execute(sent).scalars()}
    found: set[int] = set()
    for where in (
        claims.c.claim_number == number,
        # By source: so the index is asked, and not every claim.
        claims.c.source.in_(sorted(names)) & (claims.c.source_claim_number == number),
    ):
        found.update(connection.execute(select(claims.c.id).where(where)).scalars())
    return sorted(found)


def set_state(
    connection: Connection,
    claim_ids: Sequence[int],
    state: ClaimState,
    now: dt.datetime,
    *,
    only_from: Sequence[ClaimState] = (),
) -> int:
    """Move claims to a state (those that are in one of `only_from`, where given); returns how many moved."""
    moved = 0
    for some in bulks(claim_ids):
        statement = update(claims).where(claims.c.id.in_(some))
        if only_from:
            statement = statement.where(claims.c.state.in_(only_from))
        moved += connection.execute(
            statement.values(state=state, version=claims.c.version + 1, updated_at=now)
        ).rowcount
    return moved


def get(connection: Connection, claim_id: int, *, lock: bool = False) -> Row[Any]:
    """The row of a claim; locked until the transaction ends, where asked. Raises NoResultFound."""
    statement = select(claims).where(claims.c.id == claim_id)
    return connection.execute(statement.with_for_update() if lock else statement).one()


def exists(connection: Connection, claim_id: int) -> bool:
    """Whether there is a claim of this id."""
    return connection.execute(select(claims.c.id).where(claims.c.id == claim_id)).first() is not None


def lines_of(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The service lines of claims, by claim id, in their order."""
    found: dict[int, list[Row[Any]]] = {claim_id: [] for claim_id in claim_ids}
    for some in bulks(claim_ids):
        rows = connection.execute(
            select(claim_lines)
            .where(claim_lines.c.claim_id.in_(some))
            .order_by(claim_lines.c.claim_id, claim_lines.c.number)
        ).all()
        for row in rows:
            found[row.claim_id].append(row)
    return found


def open_holds(connection: Connection, claim_id: int) -> list[Row[Any]]:
    """The holds of a claim that nobody has released yet."""
    return list(
        connection.execute(
            select(holds).where(holds.c.claim_id == claim_id, holds.c.released_at.is_(None)).order_by(holds.c.id)
        )
    )
