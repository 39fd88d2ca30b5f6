"""Patients of a test, as a desk shows them; everybody here is invented. Part of the kit, see `testing_desk`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.core.model.belongings import Authorization, Delivery, Document, Equipment, Order

from .context import HistoryLine
from .desk_patients import PatientView
from .desk_views import Act, KeepRow, MakeClaim
from .past import LinePayment
from .rows import RowTable
from .rubbish import Rubbish


class GivenPatient:
    """What a test says of a patient (`desk_patients.PatientPast`)."""

    def __init__(
        self,
        records: Mapping[str, Sequence[Any]],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        known: Collection[tuple[str, str]],
        member: tuple[str, dt.date | None],
    ) -> None:
        self._records = records
        self.given_rows = rows
        self.known = known
        self.member = member

    def history(self, patient_id: int) -> Sequence[HistoryLine]:
        return self._records["history"]

    def payments(self, patient_id: int) -> Sequence[LinePayment]:
        return self._records["payments"]

    def deliveries(self, patient_id: int) -> Sequence[Delivery]:
        return self._records["deliveries"]

    def equipment(self, patient_id: int) -> Sequence[Equipment]:
        return self._records["equipment"]

    def orders(self, patient_id: int) -> Sequence[Order]:
        return self._records["orders"]

    def authorizations(self, patient_id: int) -> Sequence[Authorization]:
        return self._records["authorizations"]

    def documents(self, patient_id: int) -> Sequence[Document]:
        return self._records["documents"]

    def rows(self, table: str, patient_id: int) -> Sequence[Mapping[str, Any]]:
        return self.given_rows.get(table, ())


def make_patient_view(
    id: int = 1,
    *,
    history: Sequence[HistoryLine] = (),
    payments: Sequence[LinePayment] = (),
    deliveries: Sequence[Delivery] = (),
    equipment: Sequence[Equipment] = (),
    orders: Sequence[Order] = (),
    authorizations: Sequence[Authorization] = (),
    documents: Sequence[Document] = (),
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    source_ids: Mapping[str, str] | None = None,
    member_id: str = "",
    birth_date: dt.date | None = None,
) -> PatientView:
    """A patient with the past that the test says, see `make_history`, `make_line_payment`, `make_delivery`,
    `make_equipment`, `make_order`, `make_authorization` and `make_document`.

    `rows` are those of the plugin's own tables, by table. What `desk.patient` finds the patient by: `source_ids`, the
    source's own id by its name, and `member_id` with `birth_date`.
    """
    records: dict[str, Sequence[Any]] = {
        "history": history,
        "payments": payments,
        "deliveries": deliveries,
        "equipment": equipment,
        "orders": orders,
        "authorizations": authorizations,
        "documents": documents,
    }
    known = set((source_ids or {}).items())
    return PatientView(id, GivenPatient(records, rows or {}, known, (member_id, birth_date)))


class KitRows:
    """The rows of a plugin's tables in a test, by table, owner and key; what is kept is here from the next call on."""

    def __init__(
        self,
        tables: Mapping[str, RowTable],
        patients: Sequence[PatientView],
        given: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        self._tables = tables
        self._rows: dict[tuple[str, Any], dict[tuple[Any, ...], dict[str, Any]]] = {}
        for view in patients:
            of_patient = view._past.given_rows if isinstance(view._past, GivenPatient) else {}
            for name, rows in of_patient.items():
                for row in rows:
                    self._put(self.table(name, of="patient"), view.id, row)
        for name, rows in given.items():
            table = self.table(name)
            for row in rows:
                values = dict(row)
                owner = values.pop("owner", "")
                if (table.of == "none") != (owner == ""):
                    raise ValueError(f"a row of the table {name} in rows= has its owner under 'owner': {table.of}")
                self._put(table, owner, values)

    def table(self, name: str, *, of: str = "") -> RowTable:
        """A table that the plugin declares.

        Raises:
            Rubbish: it declares no such table, or it is not of such owners.
        """
        table = self._tables.get(name)
        if table is None:
            known = ", ".join(self._tables) or "none"
            raise Rubbish(f"it has no table of its own with that name (it declares {known})")
        if of and table.of != of:
            raise Rubbish(f"it asks the table {name} for rows of a {of}: it is of {table.of}")
        return table

    def _put(self, table: RowTable, owner: Any, values: Mapping[str, Any]) -> None:
        row = dict(zip(table.columns, table.row(values), strict=True))
        self._rows.setdefault((table.name, owner), {})[tuple(row[name] for name in table.key)] = row

    def keep(self, act: KeepRow) -> None:
        """What a call kept is written."""
        table = self.table(act.table)
        owner = {"patient": act.patient_id, "claim": act.claim_id, "payer": act.payer_id}.get(table.of, "")
        self._put(table, owner, act.values)

    def of(self, table: RowTable, owner: Any) -> Iterator[dict[str, Any]]:
        """Rows of one owner, or (None) of all by owner, each with `owner`."""
        owners = [who for name, who in self._rows if name == table.name and owner in (None, who)]
        for who in sorted(owners, key=lambda one: (str(type(one)), one)):
            for row in self._rows[table.name, who].values():
                yield {**row, "owner": who}


class _InKit:
    """The past of a patient whose rows are those of the kit: the view of another test's call is never changed."""

    def __init__(self, given: Any, rows: KitRows) -> None:
        self._given = given
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._given, name)

    def rows(self, table: str, patient_id: int) -> Sequence[Mapping[str, Any]]:
        found = self._rows.of(self._rows.table(table, of="patient"), patient_id)
        return [{name: value for name, value in row.items() if name != "owner"} for row in found]


class PatientStock:
    """The patients of a test, the rows of its plugin, and the claims that it made (`desk_patients.PatientLookups`)."""

    def __init__(
        self,
        tables: Mapping[str, RowTable],
        patients: Sequence[PatientView] = (),
        rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        numbers: Iterable[str] = (),
    ) -> None:
        ids = [view.id for view in patients]
        if len(set(ids)) != len(ids):
            raise ValueError("two of the patients have one id; make_patient_view(id=...) tells them apart")
        self._rows = KitRows(tables, patients, rows or {})
        self._patients = sorted(patients, key=lambda view: view.id)
        self._numbers = set(numbers)
        self._keys: set[str] = set()

    def patients(self, codes: Collection[str], patient_ids: Collection[int]) -> Iterator[PatientView]:
        for view in self._patients:
            of_codes = not codes or bool(_codes_of(view) & set(codes))
            if of_codes and (not patient_ids or view.id in patient_ids):
                yield PatientView(view.id, _InKit(view._past, self._rows))

    def patient(self, source: str, patient_id: str, member_id: str, birth_date: dt.date | None) -> int | None:
        for view in self._patients:
            past = view._past
            if isinstance(past, GivenPatient) and (
                (patient_id and (source, patient_id) in past.known)
                or (member_id and birth_date is not None and past.member == (member_id, birth_date))
            ):
                return view.id
        return None

    def equipment_out(self, serials: Collection[str], today: dt.date) -> dict[str, list[tuple[int, Equipment]]]:
        found: dict[str, list[tuple[int, Equipment]]] = {}
        for view in self._patients:
            for piece in view.equipment:
                if piece.serial and piece.serial in serials and (piece.ended_on is None or piece.ended_on > today):
                    found.setdefault(piece.serial, []).append((view.id, piece))
        return found

    def rows(self, table: RowTable, owner: Any) -> Iterator[Mapping[str, Any]]:
        return self._rows.of(table, owner)

    def made(self, key: str) -> bool:
        return key in self._keys

    def number_used(self, number: str) -> bool:
        return number in self._numbers

    def done(self, acts: Iterable[Act]) -> None:
        """A call has returned: what it kept and made is there for the next."""
        for act in acts:
            if isinstance(act, KeepRow):
                self._rows.keep(act)
            elif isinstance(act, MakeClaim):
                self._keys.add(act.key)
                self._numbers.add(act.number)


def _codes_of(view: PatientView) -> set[str]:
    billed, delivered = {one.code for one in view.history}, {one.code for one in view.deliveries}
    return billed | delivered | {one.code for one in view.equipment}
