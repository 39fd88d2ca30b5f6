"""What patients were given and the papers for it, looked up for many patients at once.

`owners`, in each look-up: ids of patients, each with the patient that it counts for. What comes is by patient, oldest
first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from ..model.belongings import (
    Authorization,
    Decided,
    Delivery,
    Document,
    Equipment,
    Order,
    Ownership,
    Proof,
)
from .claims import bulks
from .patients import final_ids
from .tables import authorizations, deliveries, documents, equipment, orders

RecordT = TypeVar("RecordT")


def deliveries_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Delivery]]:
    """Deliveries, by the day of the delivery."""
    return _of(connection, deliveries, owners, _delivery, lambda row: row.delivered_on)


def equipment_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Equipment]]:
    """Equipment, by its first day."""
    return _of(connection, equipment, owners, _piece, lambda row: row.started_on)


def equipment_with_serials(connection: Connection, serials: Collection[str]) -> list[tuple[int, Equipment]]:
    """Pieces with these serial numbers, by their first day, each with its patient as they count today."""
    rows: list[Any] = []
    for some in bulks(sorted(set(serials) - {""})):
        rows += connection.execute(select(equipment).where(equipment.c.serial.in_(some)).order_by(equipment.c.id))
    owners = final_ids(connection, {row.patient_id for row in rows})
    return sorted(((owners[row.patient_id], _piece(row)) for row in rows), key=lambda one: one[1].started_on)


def orders_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Order]]:
    """Orders, by order date."""
    return _of(connection, orders, owners, _order, lambda row: row.ordered_on)


def authorizations_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Authorization]]:
    """Authorizations, by the day of the decision (where none was told: of its first day, or the day it came)."""
    return _of(
        connection,
        authorizations,
        owners,
        _authorization,
        lambda row: row.decided_on or row.valid_from or row.created_at.date(),
    )


def documents_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Document]]:
    """Documents, by the day that they speak of (where none was told: the day they came)."""
    return _of(connection, documents, owners, _document, lambda row: row.dated or row.created_at.date())


def _of(
    connection: Connection,
    table: Table,
    owners: Mapping[int, int],
    record: Callable[[Any], RecordT],
    day: Callable[[Any], dt.date],
) -> dict[int, list[RecordT]]:
    found: list[tuple[dt.date, int, RecordT]] = []
    for some in bulks(sorted(owners)):
        rows = connection.execute(select(table).where(table.c.patient_id.in_(some)).order_by(table.c.id))
        found += [(day(row), owners[row.patient_id], record(row)) for row in rows]
    found.sort(key=lambda one: one[0])
    by_patient: dict[int, list[RecordT]] = defaultdict(list)
    for _, who, one in found:
        by_patient[who].append(one)
    return by_patient


# Looked up and remembered: there are thousands of records in a chunk, and few different values.
_PROOFS = {one.value: one for one in Proof}
_OWNERSHIPS = {one.value: one for one in Ownership}
_decimal = lru_cache(maxsize=4096)(Decimal)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row.order_number,
        row.code,
        _parts(row.modifiers),
        _decimal(row.quantity),
        row.serial,
        row.lot,
        row.delivered_on,
        _PROOFS[row.proof],
        row.source,
        row.claim_number,
    )


def _piece(row: Any) -> Equipment:
    return Equipment(row.code, row.serial, row.started_on, row.ended_on, _OWNERSHIPS[row.ownership], row.source)


def _order(row: Any) -> Order:
    return Order(
        row.order_number,
        tuple(row.codes.split()),
        row.ordered_on,
        row.received_on,
        row.signed_on,
        row.encounter_on,
        row.ends_on,
        _number(row.quantity),
        row.description,
        row.practitioner,
        row.practitioner_npi,
        bool(row.patient_named),
        row.source,
    )


def _authorization(row: Any) -> Authorization:
    return Authorization(
        row.number,
        row.payer_id,
        tuple(row.codes.split()),
        _parts(row.modifiers),
        Decided(row.decided),
        row.decided_on,
        row.valid_from,
        row.valid_to,
        _number(row.units),
        row.source,
    )


def _document(row: Any) -> Document:
    return Document(
        row.kind,
        row.name,
        row.media_type,
        row.sha256,
        row.dated,
        tuple(row.codes.split()),
        row.claim_number,
        row.order_number,
        row.source,
    )


def _parts(modifiers: str) -> tuple[str, ...]:
    return tuple(modifiers.split(":")) if modifiers else ()


def _number(stored: str) -> Decimal | None:
    return Decimal(stored) if stored else None
