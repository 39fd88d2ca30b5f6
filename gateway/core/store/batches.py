"""Batches and submissions: what is ready, what is in a batch, and where each batch stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, select, update

from ..model.states import ClaimState, SubmissionState
from .claims import bulks
from .tables import batches, claims, files, submissions

GONE = frozenset({"sent", "empty"})
"""States of a batch with which nothing is left to do for the station that sends."""


class Waiting(NamedTuple):
    """The ready claims of one partner: how many, how many bytes of content, and since when the oldest waits."""

    partner: str
    claims: int
    size: int
    oldest: dt.datetime


def waiting(connection: Connection, partner: str = "") -> list[Waiting]:
    """What is ready to leave, by partner (one of them, where named). Claims without a partner are left out."""
    statement = (
        select(
            claims.c.partner,
            func.count(),
            func.sum(func.length(claims.c.content)),
            func.min(claims.c.updated_at),
        )
        .where(claims.c.state == ClaimState.READY, claims.c.partner != "")
        .group_by(claims.c.partner)
        .order_by(claims.c.partner)
    )
    if partner:
        statement = statement.where(claims.c.partner == partner)
    return [Waiting(name, count, int(size or 0), oldest) for name, count, size, oldest in connection.execute(statement)]


def ready_claims(connection: Connection, partner: str, limit: int) -> Sequence[Any]:
    """The claims that have waited longest, locked until the transaction ends."""
    return connection.execute(
        select(
            claims.c.id,
            claims.c.claim_number,
            claims.c.charge_cents,
            claims.c.usage,
            claims.c.payer_id,
            claims.c.partner,
            claims.c.billing_npi,
            claims.c.member_id,
            claims.c.resubmits,
            claims.c.content,
        )
        .where(claims.c.state == ClaimState.READY, claims.c.partner == partner)
        .order_by(claims.c.id)
        .limit(limit)
        .with_for_update()
    ).all()


def get(connection: Connection, batch_id: int, *, lock: bool = False) -> Row[Any]:
    """The row of a batch; locked until the transaction ends, where asked. Raises NoResultFound."""
    statement = select(batches).where(batches.c.id == batch_id)
    return connection.execute(statement.with_for_update() if lock else statement).one()


def file_of(connection: Connection, batch_id: int) -> Row[Any]:
    """The row of the file that a batch was written to. Raises NoResultFound."""
    return connection.execute(
        select(files).join(batches, batches.c.file_id == files.c.id).where(batches.c.id == batch_id)
    ).one()


def contents(connection: Connection, batch_id: int) -> Sequence[Any]:
    """The claims of a batch with their content, in the order in which they are written."""
    return connection.execute(
        select(
            submissions.c.claim_id,
            submissions.c.st02,
            submissions.c.position,
            claims.c.payer_id,
            claims.c.content,
        )
        .join(claims, claims.c.id == submissions.c.claim_id)
        .where(submissions.c.batch_id == batch_id)
        .order_by(submissions.c.position)
    ).all()


def numbers(connection: Connection, batch_id: int) -> list[tuple[str, str]]:
    """CLM01 and ST02 of the claims of a batch, in the order in which they are written."""
    rows = connection.execute(
        select(submissions.c.claim_number, submissions.c.st02)
        .where(submissions.c.batch_id == batch_id)
        .order_by(submissions.c.position)
    )
    return [(number, st02) for number, st02 in rows]


def claim_ids(connection: Connection, batch_id: int) -> list[int]:
    """The claims of a batch, in the order in which they are written."""
    return list(
        connection.execute(
            select(submissions.c.claim_id).where(submissions.c.batch_id == batch_id).order_by(submissions.c.position)
        ).scalars()
    )


def set_state(connection: Connection, batch_id: int, state: str, **values: Any) -> None:
    """Set where a batch stands, and other columns of it."""
    connection.execute(update(batches).where(batches.c.id == batch_id).values(state=state, **values))


def submitted(connection: Connection, batch_id: int, now: dt.datetime) -> None:
    """The submissions of a batch are with the partner; those that were answered already stay what they are."""
    # Claims before submissions, as everybody else.
    connection.execute(
        update(claims)
        .where(
            claims.c.id.in_(select(submissions.c.claim_id).where(submissions.c.batch_id == batch_id)),
            claims.c.state == ClaimState.BATCHED,
        )
        .values(state=ClaimState.SENT, version=claims.c.version + 1, updated_at=now)
    )
    connection.execute(
        update(submissions)
        .where(submissions.c.batch_id == batch_id, submissions.c.state == SubmissionState.BATCHED)
        .values(state=SubmissionState.SENT, updated_at=now)
    )


def take_out(connection: Connection, batch_id: int, taken: Sequence[int]) -> None:
    """Take claims out of a batch that has not left: they were never submitted with it. Its count and sum follow."""
    for some in bulks(taken):
        connection.execute(
            delete(submissions).where(submissions.c.batch_id == batch_id, submissions.c.claim_id.in_(some))
        )
    left = connection.execute(
        select(func.count(), func.coalesce(func.sum(submissions.c.charge_cents), 0)).where(
            submissions.c.batch_id == batch_id
        )
    ).one()
    connection.execute(update(batches).where(batches.c.id == batch_id).values(claims=left[0], cents=int(left[1])))


def in_state(connection: Connection, partner: str, states: Sequence[str]) -> list[int]:
    """The batches of a partner in one of these states, oldest first."""
    return list(
        connection.execute(
            select(batches.c.id).where(batches.c.partner == partner, batches.c.state.in_(states)).order_by(batches.c.id)
        ).scalars()
    )
