"""Deliveries, equipment, orders and authorizations of patients are taken in from other systems.

A row that comes again changes what it says anew, and nothing where it says the same. What makes two rows the same one
is each kind's own: of a delivery the patient, order, item, numbers and day; of an authorization the patient, payer,
number and items. The caller holds the lock that keeps other writers of patients out (it has allocated claim ids).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select, update

from ..model.belongings_file import AuthorizationRow, DeliveryRow, EquipmentRow, OrderRow, Row
from . import patients as patient_store
from .bulk import insert_bulk
from .claims import bulks
from .ids import allocate, peek
from .patients import Person
from .tables import authorizations, claims, deliveries, equipment, orders

MOST_TOLD = 20
"""How many of the changes are told one by one."""


class Taken(NamedTuple):
    """What became of the rows of a document: new ones, those that changed what was known, and those that say what is
    known. `suggested` are merges of patients that a person should look at (patient, other patient); `patients` those
    about whom something is new, `new_patients` how many of them nobody knew before. `told`: the first of the changes,
    for a person, without names."""

    new: int
    changed: int
    same: int
    suggested: Sequence[tuple[int, int]] = ()
    patients: frozenset[int] = frozenset()
    new_patients: int = 0
    told: Sequence[str] = ()


class _Kind(NamedTuple):
    """A kind of row: its table, the columns that make it the same row, those that may come anew, its day, and what a
    person calls it."""

    table: Table
    same: Callable[[Any], dict[str, Any]]
    anew: Callable[[Any], dict[str, Any]]
    day: Callable[[Any], dt.date | None]
    called: Callable[[Any], str]


_DELIVERIES = _Kind(
    deliveries,
    lambda row: {
        "order_number": row.order_number,
        "code": row.code,
        "modifiers": ":".join(row.modifiers),
        "serial": row.serial,
        "lot": row.lot,
        "delivered_on": row.delivered_on,
    },
    lambda row: {"quantity": _number(row.quantity), "proof": row.proof.value, "claim_number": row.claim_number},
    lambda row: row.delivered_on,
    lambda row: f"order {row.order_number}, {row.code}",
)
_EQUIPMENT = _Kind(
    equipment,
    lambda row: {"code": row.code, "serial": row.serial, "started_on": row.started_on},
    lambda row: {"ended_on": row.ended_on, "ownership": row.ownership.value},
    lambda row: row.started_on,
    lambda row: f"{row.code} of {row.started_on}",
)
_ORDERS = _Kind(
    orders,
    lambda row: {"order_number": row.order_number, "codes": _codes(row)},
    lambda row: {
        "ordered_on": row.ordered_on,
        "received_on": row.received_on,
        "signed_on": row.signed_on,
        "encounter_on": row.encounter_on,
        "ends_on": row.ends_on,
        "quantity": _number(row.quantity),
        "description": row.description,
        "practitioner": row.practitioner,
        "practitioner_npi": row.practitioner_npi,
        "patient_named": row.patient_named,
    },
    lambda row: row.ordered_on,
    lambda row: f"order {row.order_number}, {_codes(row)}",
)
_AUTHORIZATIONS = _Kind(
    authorizations,
    lambda row: {
        "payer_id": row.payer_id,
        "number": row.number,
        "codes": _codes(row),
        "modifiers": ":".join(sorted(row.modifiers)),
    },
    lambda row: {
        "decided": row.decided.value,
        "decided_on": row.decided_on,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "units": _number(row.units),
    },
    lambda row: row.decided_on or row.valid_from,
    lambda row: f"authorization {row.number or '(no number)'}, {_codes(row)}",
)
_UNTOLD = frozenset({"claim_id", "practitioner", "description"})
"""Columns whose values are not told of a change: names, free text, our own ids."""


def take_deliveries(
    connection: Connection, source: str, file_id: int, rows: Sequence[DeliveryRow], now: dt.datetime
) -> Taken:
    """Take in what a source says was delivered. The same delivery again (patient, order, item, serial and lot number,
    day) changes quantity, proof and claim."""
    claim_ids = _claims_of(connection, source, {row.claim_number for row in rows} - {""})
    of_claims = _DELIVERIES._replace(
        anew=lambda row: _DELIVERIES.anew(row) | {"claim_id": claim_ids.get(row.claim_number)}
    )
    return _take(connection, of_claims, source, file_id, rows, now)


def take_equipment(
    connection: Connection, source: str, file_id: int, rows: Sequence[EquipmentRow], now: dt.datetime
) -> Taken:
    """Take in what a source says that patients have. The same piece again (patient, item, serial number, first day)
    changes its last day and whose it is."""
    return _take(connection, _EQUIPMENT, source, file_id, rows, now)


def take_orders(connection: Connection, source: str, file_id: int, rows: Sequence[OrderRow], now: dt.datetime) -> Taken:
    """Take in what practitioners ordered. The same order again (patient, number, items) changes all the rest."""
    return _take(connection, _ORDERS, source, file_id, rows, now)


def take_authorizations(
    connection: Connection, source: str, file_id: int, rows: Sequence[AuthorizationRow], now: dt.datetime
) -> Taken:
    """Take in what payers decided. The same authorization again (patient, payer, number, items, modifiers) changes the
    decision, its days and its units."""
    return _take(connection, _AUTHORIZATIONS, source, file_id, rows, now)


def _take(
    connection: Connection, kind: _Kind, source: str, file_id: int, rows: Sequence[Row], now: dt.datetime
) -> Taken:
    # Of one row twice the last says how it is.
    by_key = {_key(source, row, *kind.same(row).values()): row for row in rows}
    anew = {key: kind.anew(row) for key, row in by_key.items()}
    known = _known(connection, kind.table, list(by_key))
    changes = {
        key: [name for name, value in anew[key].items() if getattr(row, name) != value] for key, row in known.items()
    }
    changed = [key for key, names in changes.items() if names]
    new = [key for key in by_key if key not in known]
    before = peek(connection, "patients")
    linked = _link(connection, source, [(by_key[key], kind.day(by_key[key])) for key in new], now)
    if new:
        made = [
            {"patient_id": patient_id, "file_id": file_id, "source": source, "key": key, "created_at": now}
            | kind.same(by_key[key])
            | anew[key]
            for key, patient_id in zip(new, linked.patient_ids, strict=True)
        ]
        first = allocate(connection, kind.table.name, len(made))
        columns = ("id", *made[0])
        insert_bulk(connection, kind.table, columns, [(first + at, *values.values()) for at, values in enumerate(made)])
    patients = set(linked.patient_ids)
    if changed:
        _change(connection, kind.table, {key: anew[key] for key in changed})
        final = patient_store.final_ids(connection, {known[key].patient_id for key in changed})
        # `link` has said so of the patients of new rows.
        patient_store.changed(connection, set(final.values()) - patients)
        patients |= set(final.values())
    return Taken(
        len(new),
        len(changed),
        len(rows) - len(new) - len(changed),
        linked.suggested,
        frozenset(patients),
        peek(connection, "patients") - before,
        [_told(kind, by_key[key], known[key], changes[key], anew[key]) for key in changed[:MOST_TOLD]],
    )


def _key(source: str, row: Row, *parts: object) -> str:
    """What makes two rows the same one. Not the name: it may be spelled anew."""
    who = (row.patient_id,) if row.patient_id else ("", row.member_id, row.birth_date, row.first_name.upper())
    text = "\x1f".join(str(part) for part in (source, *who, *parts))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _codes(row: Any) -> str:
    return " ".join(sorted(set(row.codes)))


def _known(connection: Connection, table: Table, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for some in bulks(sorted(keys)):
        for row in connection.execute(select(table).where(table.c.key.in_(some))):
            found[row.key] = row
    return found


def _link(
    connection: Connection, source: str, rows: Sequence[tuple[Row, dt.date | None]], now: dt.datetime
) -> patient_store.Linked:
    people = [
        Person(
            row.last_name,
            row.first_name,
            row.birth_date,
            "",
            row.member_id,
            row.dependent,
            source=source,
            source_patient_id=row.patient_id,
        )
        for row, _ in rows
    ]
    if not people:
        return patient_store.Linked([], [])
    return patient_store.link(connection, people, [day for _, day in rows], now)


def _change(connection: Connection, table: Table, anew: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what changed; what was decided on the past of those patients is decided again."""
    names = list(next(iter(anew.values())))
    connection.execute(
        update(table)
        .where(table.c.key == bindparam("of_key"))
        .values({name: bindparam(f"to_{name}") for name in names}),
        [{"of_key": key} | {f"to_{name}": values[name] for name in names} for key, values in anew.items()],
    )


def _told(kind: _Kind, row: Row, before: Any, names: Sequence[str], anew: Mapping[str, Any]) -> str:
    said = [
        name if name in _UNTOLD else f"{name} {_shown(getattr(before, name))} -> {_shown(anew[name])}"
        for name in names
        if name != "claim_id"
    ]
    return f"{kind.called(row)}: {', '.join(said) or 'the claim that it belongs to'}"


def _shown(value: Any) -> str:
    return "nothing" if value is None or value == "" else str(value)


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
