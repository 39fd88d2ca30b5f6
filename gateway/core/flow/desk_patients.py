"""What a plugin's desk looks up about patients and about the plugin's own rows, a page at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from heapq import merge
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from ...plugins.context import HistoryLine
from ...plugins.desk_patients import PatientView
from ...plugins.past import LinePayment
from ...plugins.rows import DeclaredTable, RowTable
from ...plugins.rubbish import Rubbish
from ..model.belongings import Authorization, Delivery, Document, Equipment, Order
from ..store import made_claims, plugin_rows
from ..store import patients as patient_store
from ..store.belongings import equipment_with_serials
from ..store.claims import bulks
from ..store.patients import Key
from ..store.tables import claim_lines, deliveries, equipment, patients
from .past import Past

PAGE = 200


class PageOfPatients:
    """The past of a page of patients (`plugins.desk_patients.PatientPast`): one query for each kind, when a view first
    asks for it."""

    def __init__(
        self, connection: Connection, ids: Collection[int], plugin: str, tables: Mapping[str, RowTable]
    ) -> None:
        self._past = Past(lambda: nullcontext(connection), ids)
        self._plugin = plugin
        self._tables = tables

    def history(self, patient_id: int) -> Sequence[HistoryLine]:
        return self._past.lines(patient_id)

    def payments(self, patient_id: int) -> Sequence[LinePayment]:
        return [one for _, one in self._past.payments(patient_id)]

    def deliveries(self, patient_id: int) -> Sequence[Delivery]:
        return self._past.deliveries(patient_id)

    def equipment(self, patient_id: int) -> Sequence[Equipment]:
        return self._past.equipment(patient_id)

    def orders(self, patient_id: int) -> Sequence[Order]:
        return self._past.orders(patient_id)

    def authorizations(self, patient_id: int) -> Sequence[Authorization]:
        return self._past.authorizations(patient_id)

    def documents(self, patient_id: int) -> Sequence[Document]:
        return self._past.documents(patient_id)

    def rows(self, table: str, patient_id: int) -> Sequence[Mapping[str, Any]]:
        declared = DeclaredTable(self._plugin, table_of_patients(self._tables, table))
        return self._past.of(
            f"rows:{declared.name}", lambda c, owners: plugin_rows.rows_by_owner(c, declared, owners), patient_id
        )


def table_of_patients(tables: Mapping[str, RowTable], name: str) -> RowTable:
    """A table of a plugin's own that belongs to patients. Raises Rubbish."""
    found = tables.get(name)
    if found is None:
        raise Rubbish(f"it has no table of its own with that name (it declares {', '.join(tables) or 'none'})")
    if found.of != "patient":
        raise Rubbish(f"it asks the table {name} for rows of a patient: it is of {found.of}")
    return found


class StorePatients:
    """Look-ups of patients on one connection that only reads (`plugins.desk_patients.PatientLookups`)."""

    def __init__(self, connection: Connection, plugin: str, row_tables: Mapping[str, RowTable]) -> None:
        self._connection = connection
        self._plugin = plugin
        self._row_tables = row_tables

    def patients(self, codes: Collection[str], patient_ids: Collection[int]) -> Iterator[PatientView]:
        page: list[int] = []
        for patient_id in self._ids(codes, patient_ids):
            page.append(patient_id)
            if len(page) >= PAGE:
                yield from self._views(page)
                page = []
        yield from self._views(page)

    def _views(self, ids: Sequence[int]) -> Iterator[PatientView]:
        past = PageOfPatients(self._connection, ids, self._plugin, self._row_tables)
        return (PatientView(patient_id, past) for patient_id in ids)

    def _ids(self, codes: Collection[str], patient_ids: Collection[int]) -> Iterator[int]:
        """Who is wanted, by id. Who was merged into somebody else makes that one wanted; few are, so these are in
        memory."""
        finals = set(patient_store.final_ids(self._connection, self._that_are(patient_ids)).values())
        if patient_ids and not codes:
            yield from sorted(finals)
            return
        merged = self._column(select(patients.c.id).where(patients.c.merged_into.is_not(None), *_of_codes(codes)))
        through = set(patient_store.final_ids(self._connection, merged).values()) if codes else set()
        own = self._roots(_of_codes(codes))
        last = 0
        for patient_id in merge(own, sorted(through)):
            if patient_id != last and (not patient_ids or patient_id in finals):
                yield patient_id
            last = patient_id

    def _roots(self, where: Sequence[ColumnElement[bool]]) -> Iterator[int]:
        last = 0
        while True:
            statement = select(patients.c.id).where(patients.c.merged_into.is_(None), patients.c.id > last, *where)
            page = self._column(statement.order_by(patients.c.id).limit(PAGE))
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]

    def _that_are(self, ids: Collection[int]) -> set[int]:
        found: set[int] = set()
        for some in bulks(sorted(ids)):
            found.update(self._column(select(patients.c.id).where(patients.c.id.in_(some))))
        return found

    def _column(self, statement: Select[Any]) -> list[int]:
        return list(self._connection.execute(statement).scalars())

    def patient(self, source: str, patient_id: str, member_id: str, birth_date: dt.date | None) -> int | None:
        keys = [Key(f"source:{source}", patient_id[:80], None)] if source and patient_id else []
        if member_id and birth_date is not None:
            keys.append(Key("member", member_id[:80], birth_date))
        found = patient_store.find(self._connection, keys)
        known = next((found[key].patient_id for key in keys if key in found), None)
        if known is None and member_id and birth_date is not None:
            # Whoever is insured through somebody else has that one's member id; two of one birth date stay unknown.
            through = patient_store.dependents(self._connection, member_id, birth_date)
            known = through.pop() if len(through) == 1 else None
        return known

    def equipment_out(self, serials: Collection[str], today: dt.date) -> dict[str, list[tuple[int, Equipment]]]:
        found: dict[str, list[tuple[int, Equipment]]] = {}
        for patient_id, piece in equipment_with_serials(self._connection, serials):
            if piece.ended_on is None or piece.ended_on > today:
                found.setdefault(piece.serial, []).append((patient_id, piece))
        return found

    def rows(self, table: RowTable, owner: Any) -> Iterator[Mapping[str, Any]]:
        declared = DeclaredTable(self._plugin, table)
        if table.of == "none" or owner is None:
            return plugin_rows.every_row(self._connection, declared)
        return self._rows_of(declared, owner)

    def _rows_of(self, declared: DeclaredTable, owner: Any) -> Iterator[Mapping[str, Any]]:
        owners = {owner: owner}
        if declared.table.of == "patient":
            owners = patient_store.with_merged(self._connection, [owner])
        for rows in plugin_rows.rows_by_owner(self._connection, declared, owners).values():
            yield from ({**row, "owner": owner} for row in rows)

    def made(self, key: str) -> bool:
        return bool(made_claims.known(self._connection, self._plugin, [key]))

    def number_used(self, number: str) -> bool:
        return bool(made_claims.numbers_used(self._connection, [number]))


def _of_codes(codes: Collection[str]) -> list[ColumnElement[bool]]:
    """Of these items something was billed, delivered or is there: asked patient by patient, by their indexes."""
    if not codes:
        return []
    wanted = sorted(set(codes))
    found = [
        exists().where(table.c.patient_id == patients.c.id, table.c.code.in_(wanted))
        for table in (claim_lines, deliveries, equipment)
    ]
    return [found[0] | found[1] | found[2]]
