"""How a commit of payments writes its rows: the columns, in bulk, and the claims that they move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import claims

PAYMENT = (
    *("id", "remittance_id", "ordinal", "claim_id", "claim_number", "status", "charge_cents", "paid_cents"),
    *("patient_cents", "payer_claim_number", "state", "match", "reason", "reverses", "content", "at"),
)
LINE = ("id", "claim_payment_id", "line_id", "code", "charge_cents", "paid_cents", "denied")
REASON = ("id", "claim_payment_id", "line_id", "group_code", "reason_code", "remark_code", "cents", "kind")
DENIAL = (
    *("id", "claim_id", "line_id", "claim_payment_id", "group_code", "reason_code", "remark_code", "category", "team"),
    *("cents", "state", "opened_at"),
)


def update_claims(connection: Connection, moved: dict[int, tuple[str, str]], now: dt.datetime) -> None:
    """Give claims their state and the payer's number, at the driver's speed (see `store.bulk`). The caller has locked
    them in the order of their ids."""
    if not moved:
        return
    dialect = connection.dialect
    moment = claims.c.updated_at.type.dialect_impl(dialect).bind_processor(dialect)
    at = now if moment is None else moment(now)
    if dialect.name == "postgresql":
        # One statement for all: each of their own costs the server and the line several times as much.
        ids = sorted(moved)
        columns = (ids, [moved[one][0] for one in ids], [moved[one][1] for one in ids])
        connection.exec_driver_sql(
            "UPDATE claims SET state = moved.state, version = version + 1, payer_claim_number = moved.number, "
            "updated_at = %s FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS moved (id, state, number) "
            "WHERE claims.id = moved.id",
            (at, *columns),
        )
        return
    connection.exec_driver_sql(
        "UPDATE claims SET state = ?, version = version + 1, payer_claim_number = ?, updated_at = ? WHERE id = ?",
        [(*moved[claim_id], at, claim_id) for claim_id in sorted(moved)],
    )


def insert_rows(
    connection: Connection, name: str, table: Any, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Rows that get their ids here."""
    if rows:
        first = allocate(connection, name, len(rows))
        insert_bulk(connection, table, columns, ((first + index, *row) for index, row in enumerate(rows)))
