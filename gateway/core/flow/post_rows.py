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
    """Give claims their state and the payer's number, at the driver's speed (see `store.bulk`)."""
    dialect = connection.dialect
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    moment = claims.c.updated_at.type.dialect_impl(dialect).bind_processor(dialect)
    at = now if moment is None else moment(now)
    connection.exec_driver_sql(
        f"UPDATE claims SET state = {mark}, version = version + 1, payer_claim_number = {mark}, updated_at = {mark} "
        f"WHERE id = {mark}",
        [(*moved[claim_id], at, claim_id) for claim_id in sorted(moved)],
    )


def insert_rows(
    connection: Connection, name: str, table: Any, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Rows that get their ids here."""
    if rows:
        first = allocate(connection, name, len(rows))
        insert_bulk(connection, table, columns, ((first + index, *row) for index, row in enumerate(rows)))
