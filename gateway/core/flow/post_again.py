"""Payments that wait are looked at again by themselves when their cause may have cleared.

A correction that came before its reversal posts when the reversal has; a payment for a claim that nobody had posts when
the claim comes. What is asked for runs as a replay does (`replay_payments`), with the configuration in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from ..store.bulk import insert_bulk
from ..store.claims import bulks
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.posting_tables import WAITS
from ..store.tables import claim_payments, requests
from .look_again import LOOK
from .release import BY_ITSELF

AT = "match/today"
_REQUEST = (
    *("id", "verb", "subject_kind", "subject_id", "part_of", "station", "config_hash", "stood", "reason", "who"),
    *("asked_at", "outcome", "key"),
)


def of_claims(
    connection: Connection, claim_ids: Collection[int], why: str, now: dt.datetime, *, but: Collection[int] = ()
) -> int:
    """Have what waits for these claims decided again, `but` for some payments; returns how many payments that are.
    Called in the transaction that changed what is open on them, or that brought a reversal which waits."""
    waiting = _waiting(connection, claim_payments.c.claim_id, claim_ids)
    return _ask(connection, [one for one in waiting if one not in but], why, now)


def of_numbers(connection: Connection, numbers: Collection[str], why: str, now: dt.datetime) -> int:
    """Have what waits for claims of these numbers (CLP01) decided again."""
    wanted = {number for number in numbers if number}
    return _ask(connection, _waiting(connection, claim_payments.c.claim_number, wanted), why, now)


def _waiting(connection: Connection, column: Any, values: Collection[Any]) -> list[int]:
    found: list[int] = []
    for some in bulks(sorted(values)):
        found += connection.execute(select(claim_payments.c.id).where(WAITS, column.in_(some))).scalars()
    return sorted(found)


def _ask(connection: Connection, payment_ids: list[int], why: str, now: dt.datetime) -> int:
    for some in bulks(payment_ids):
        first = allocate(connection, "requests", len(some))
        part_of = f"{LOOK}-{first}"
        rows = [
            (number, LOOK, "claim_payment", one, part_of, AT, "", 0, why[:500], BY_ITSELF, now, "", f"{LOOK}:{number}")
            for number, one in enumerate(some, start=first)
        ]
        insert_bulk(connection, requests, _REQUEST, rows)
        put_outbox(connection, "replay_payments", part_of, {"part_of": part_of}, now)
    return len(payment_ids)
