"""Deliveries and equipment of patients: taken in from other systems, and looked up for many patients at once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select, update

from ..model.belongings import Delivery, Equipment, Ownership, Proof
from ..model.belongings_file import DeliveryRow, EquipmentRow
from . import patients as patient_store
from .bulk import insert_bulk
from .claims import bulks
from .ids import allocate
from .patients import Person
from .tables import claims, deliveries, equipment

_DELIVERY = (
    *("id", "patient_id", "claim_id", "file_id", "source", "key", "order_number", "code", "modifiers", "quantity"),
    *("serial", "lot", "delivered_on", "proof", "claim_number", "created_at"),
)
_EQUIPMENT = (
    *("id", "patient_id", "file_id", "source", "key", "code", "serial", "started_on", "ended_on", "ownership"),
    "created_at",
)


class Taken(NamedTuple):
    """What became of the rows of a document: new ones, those that changed what was known, and those that say what is
    known. `suggested` are merges of patients that a person should look at (patient, other patient)."""

    new: int
    changed: int
    same: int
    suggested: Sequence[tuple[int, int]] = ()


def take_deliveries(
    connection: Connection, source: str, file_id: int, rows: Sequence[DeliveryRow], now: dt.datetime
) -> Taken:
    """Take in what a source says was delivered. The same delivery again (patient, order, item, serial and lot number,
    day) changes quantity, proof and claim, and nothing where it says the same."""
    by_key = {
        _key(
            source, row, row.order_number, row.code, ":".join(row.modifiers), row.serial, row.lot, row.delivered_on
        ): row
        for row in rows
    }
    claim_ids = _claims_of(connection, source, {row.claim_number for row in by_key.values()} - {""})
    told = {
        key: {
            "quantity": f"{row.quantity.normalize():f}",
            "proof": row.proof.value,
            "claim_number": row.claim_number,
            "claim_id": claim_ids.get(row.claim_number),
        }
        for key, row in by_key.items()
    }
    work = _compare(connection, deliveries, told)
    linked = _link(connection, source, [(by_key[key], by_key[key].delivered_on) for key in work.new], now)
    if work.new:
        first = allocate(connection, "deliveries", len(work.new))
        insert_bulk(
            connection,
            deliveries,
            _DELIVERY,
            [
                (
                    first + at,
                    patient_id,
                    told[key]["claim_id"],
                    file_id,
                    source,
                    key,
                    by_key[key].order_number,
                    by_key[key].code,
                    ":".join(by_key[key].modifiers),
                    told[key]["quantity"],
                    by_key[key].serial,
                    by_key[key].lot,
                    by_key[key].delivered_on,
                    told[key]["proof"],
                    by_key[key].claim_number,
                    now,
                )
                for at, (key, patient_id) in enumerate(zip(work.new, linked.patient_ids, strict=True))
            ],
        )
    return _done(connection, deliveries, told, work, linked, len(rows))


def take_equipment(
    connection: Connection, source: str, file_id: int, rows: Sequence[EquipmentRow], now: dt.datetime
) -> Taken:
    """Take in what a source says that patients have. The same piece again (patient, item, serial number, first day)
    changes its last day and whose it is."""
    by_key = {_key(source, row, row.code, row.serial, row.started_on): row for row in rows}
    told = {key: {"ended_on": row.ended_on, "ownership": row.ownership.value} for key, row in by_key.items()}
    work = _compare(connection, equipment, told)
    linked = _link(connection, source, [(by_key[key], by_key[key].started_on) for key in work.new], now)
    if work.new:
        first = allocate(connection, "equipment", len(work.new))
        insert_bulk(
            connection,
            equipment,
            _EQUIPMENT,
            [
                (
                    first + at,
                    patient_id,
                    file_id,
                    source,
                    key,
                    by_key[key].code,
                    by_key[key].serial,
                    by_key[key].started_on,
                    by_key[key].ended_on,
                    told[key]["ownership"],
                    now,
                )
                for at, (key, patient_id) in enumerate(zip(work.new, linked.patient_ids, strict=True))
            ],
        )
    return _done(connection, equipment, told, work, linked, len(rows))


class _Work(NamedTuple):
    new: list[str]
    changed: list[str]
    patients: dict[str, int]


def _key(source: str, row: DeliveryRow | EquipmentRow, *parts: object) -> str:
    """What makes two rows the same one. Not the name: it may be spelled anew."""
    who = (row.patient_id,) if row.patient_id else ("", row.member_id, row.birth_date, row.first_name.upper())
    text = "\x1f".join(str(part) for part in (source, *who, *parts))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _compare(connection: Connection, table: Table, told: Mapping[str, Mapping[str, Any]]) -> _Work:
    """Which rows are new, and which change what is known. From here on no other writer may make the same patients or
    rows: the counter of claims is the lock that commits of claims take as well."""
    allocate(connection, "claims", 1)
    known: dict[str, Any] = {}
    for some in bulks(sorted(told)):
        for row in connection.execute(select(table).where(table.c.key.in_(some))):
            known[row.key] = row
    changed = [
        key
        for key, row in known.items()
        if any(getattr(row, name) != value for name, value in told[key].items())
    ]  # fmt: skip
    return _Work([key for key in told if key not in known], changed, {key: known[key].patient_id for key in changed})


def _link(
    connection: Connection,
    source: str,
    rows: Sequence[tuple[DeliveryRow | EquipmentRow, dt.date]],
    now: dt.datetime,
) -> patient_store.Linked:
    people = [
        Person(
            row.last_name,
            row.first_name,
            row.birth_date,
            "",
            row.member_id,
            source=source,
            source_patient_id=row.patient_id,
        )
        for row, _ in rows
    ]
    if not people:
        return patient_store.Linked([], [])
    return patient_store.link(connection, people, [day for _, day in rows], now)


def _done(
    connection: Connection,
    table: Table,
    told: Mapping[str, Mapping[str, Any]],
    work: _Work,
    linked: patient_store.Linked,
    count: int,
) -> Taken:
    """Change what changed; what was decided on the past of those patients is decided again. (`link` has said so of the
    patients of new rows.)"""
    if work.changed:
        names = list(told[work.changed[0]])
        connection.execute(
            update(table)
            .where(table.c.key == bindparam("of_key"))
            .values({name: bindparam(f"to_{name}") for name in names}),
            [{"of_key": key} | {f"to_{name}": told[key][name] for name in names} for key in work.changed],
        )
        final = patient_store.final_ids(connection, work.patients.values())
        patient_store.changed(connection, set(final.values()) - set(linked.patient_ids))
    same = count - len(work.new) - len(work.changed)
    return Taken(len(work.new), len(work.changed), same, linked.suggested)


def _claims_of(connection: Connection, source: str, numbers: set[str]) -> dict[str, int]:
    """The claim of each number of this source; without those that it used twice."""
    found: dict[str, list[int]] = defaultdict(list)
    for some in bulks(sorted(numbers)):
        for row in connection.execute(
            select(claims.c.id, claims.c.source_claim_number).where(
                claims.c.source == source, claims.c.source_claim_number.in_(some)
            )
        ):
            found[row.source_claim_number].append(row.id)
    return {number: ids[0] for number, ids in found.items() if len(ids) == 1}


# --- looked up -------------------------------------------------------------------------------------


def deliveries_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Delivery]]:
    """Deliveries by patient, oldest first. `owners`: ids, each with the patient that it counts for."""
    found: list[tuple[int, Delivery]] = []
    for some in bulks(sorted(owners)):
        rows = connection.execute(select(deliveries).where(deliveries.c.patient_id.in_(some)).order_by(deliveries.c.id))
        found += [
            (
                owners[row.patient_id],
                Delivery(
                    row.order_number,
                    row.code,
                    tuple(row.modifiers.split(":")) if row.modifiers else (),
                    Decimal(row.quantity),
                    row.serial,
                    row.lot,
                    row.delivered_on,
                    Proof(row.proof),
                    row.source,
                    row.claim_number,
                ),
            )
            for row in rows
        ]
    found.sort(key=lambda one: one[1].delivered_on)
    by_patient: dict[int, list[Delivery]] = defaultdict(list)
    for who, delivery in found:
        by_patient[who].append(delivery)
    return by_patient


def equipment_of(connection: Connection, owners: Mapping[int, int]) -> dict[int, list[Equipment]]:
    """Equipment by patient, oldest first; as `deliveries_of`."""
    found: list[tuple[int, Equipment]] = []
    for some in bulks(sorted(owners)):
        rows = connection.execute(select(equipment).where(equipment.c.patient_id.in_(some)).order_by(equipment.c.id))
        found += [
            (
                owners[row.patient_id],
                Equipment(row.code, row.serial, row.started_on, row.ended_on, Ownership(row.ownership), row.source),
            )
            for row in rows
        ]
    found.sort(key=lambda one: one[1].started_on)
    by_patient: dict[int, list[Equipment]] = defaultdict(list)
    for who, piece in found:
        by_patient[who].append(piece)
    return by_patient
