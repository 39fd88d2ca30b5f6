"""What patients were given and the papers for it, looked up for many patients at once.

`owners`, in each look-up: ids of patients, each with the patient that it counts for. What comes is by patient, oldest
first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
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
    return _of(connection, deliveries, _DELIVERY, owners, _delivery)


def equipment_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Equipment]]:
    """Equipment, by its first day."""
    return _of(connection, equipment, _PIECE, owners, _piece)


def equipment_with_serials(connection: Connection, serials: Collection[str]) -> list[tuple[int, Equipment]]:
    """Pieces with these serial numbers, by their first day, each with its patient as they count today."""
    rows: list[Any] = []
    for some in bulks(sorted(set(serials) - {""})):
        wanted = equipment.c.serial.in_(some)
        rows += connection.execute(select(*_columns(equipment, _PIECE)).where(wanted).order_by(equipment.c.id))
    owners = final_ids(connection, {row[0] for row in rows})
    return sorted(((owners[row[0]], _piece(row)) for row in rows), key=lambda one: one[1].started_on)


def orders_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Order]]:
    """Orders, by order date."""
    return _of(connection, orders, _ORDER, owners, _order)


def authorizations_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Authorization]]:
    """Authorizations, by the day of the decision (where none was told: of its first day, or the day it came)."""
    return _of(
        connection,
        authorizations,
        _AUTHORIZATION,
        owners,
        _authorization,
        # decided_on, valid_from, created_at
        lambda row: row[1] or row[2] or row[3].date(),
    )


def documents_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Document]]:
    """Documents, by the day that they speak of (where none was told: the day they came)."""
    return _of(connection, documents, _DOCUMENT, owners, _document, lambda row: row[1] or row[2].date())


def _columns(table: Table, names: Iterable[str]) -> list[Any]:
    """What is read of a record: whose it is, and what it says, the day by which it is sorted first."""
    return [table.c.patient_id, *(table.c[name] for name in names)]


def _of(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    owners: Mapping[int, int],
    record: Callable[[Any], RecordT],
    day: Callable[[Any], dt.date] = itemgetter(1),
) -> dict[int, list[RecordT]]:
    columns = _columns(table, names)
    found: list[tuple[dt.date, int, RecordT]] = []
    for some in bulks(sorted(owners)):
        rows = connection.execute(select(*columns).where(table.c.patient_id.in_(some)).order_by(table.c.id))
        found += [(day(row), owners[row[0]], record(row)) for row in rows]
    found.sort(key=itemgetter(0))
    by_patient: dict[int, list[RecordT]] = defaultdict(list)
    for _, who, one in found:
        by_patient[who].append(one)
    return by_patient


# Looked up and remembered: there are thousands of records in a chunk, and few different values.
_PROOFS = {one.value: one for one in Proof}
_OWNERSHIPS = {one.value: one for one in Ownership}
_decimal = lru_cache(maxsize=4096)(Decimal)

# What stands in a row, behind whose it is. Rows are taken apart as a whole: by its name, each value costs several times
# as much.
_DELIVERY = (
    *("delivered_on", "order_number", "code", "modifiers", "quantity", "serial", "lot", "proof", "source"),
    "claim_number",
)
_PIECE = ("started_on", "ended_on", "code", "serial", "ownership", "source")
_ORDER = (
    *("ordered_on", "received_on", "signed_on", "encounter_on", "ends_on", "order_number", "codes", "quantity"),
    *("description", "practitioner", "practitioner_npi", "patient_named", "source"),
)
_AUTHORIZATION = (
    *("decided_on", "valid_from", "created_at", "valid_to", "number", "payer_id", "codes", "modifiers", "decided"),
    *("units", "source"),
)
_DOCUMENT = (
    *("dated", "created_at", "kind", "name", "media_type", "sha256", "codes", "claim_number", "order_number", "source"),
)


def _delivery(row: Any) -> Delivery:
    _, day, order, code, modifiers, quantity, serial, lot, proof, source, claim_number = row
    proven = _PROOFS[proof]
    return Delivery(order, code, _parts(modifiers), _decimal(quantity), serial, lot, day, proven, source, claim_number)


def _piece(row: Any) -> Equipment:
    _, started_on, ended_on, code, serial, ownership, source = row
    return Equipment(code, serial, started_on, ended_on, _OWNERSHIPS[ownership], source)


def _order(row: Any) -> Order:
    _, ordered, received, signed, encounter, ends, number, codes, quantity, description, who, npi, named, source = row
    return Order(
        number,
        tuple(codes.split()),
        ordered,
        received,
        signed,
        encounter,
        ends,
        _number(quantity),
        description,
        who,
        npi,
        bool(named),
        source,
    )


def _authorization(row: Any) -> Authorization:
    _, decided_on, valid_from, _, valid_to, number, payer_id, codes, modifiers, decided, units, source = row
    return Authorization(
        number,
        payer_id,
        tuple(codes.split()),
        _parts(modifiers),
        Decided(decided),
        decided_on,
        valid_from,
        valid_to,
        _number(units),
        source,
    )


def _document(row: Any) -> Document:
    _, dated, _, kind, name, media_type, sha256, codes, claim_number, order_number, source = row
    return Document(kind, name, media_type, sha256, dated, tuple(codes.split()), claim_number, order_number, source)


def _parts(modifiers: str) -> tuple[str, ...]:
    return tuple(modifiers.split(":")) if modifiers else ()


def _number(stored: str) -> Decimal | None:
    return Decimal(stored) if stored else None
