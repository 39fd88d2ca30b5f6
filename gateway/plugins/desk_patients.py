"""A patient as a desk shows them: the same facts that a step's context has, of one patient after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .rentals import rentals_of

if TYPE_CHECKING:
    from gateway.core.model.belongings import Authorization, Delivery, Document, Equipment, Order

    from .context import HistoryLine
    from .past import LinePayment
    from .rentals import Rental
    from .rows import RowTable


class PatientPast(Protocol):
    """The other side of a view: what there is about a patient, of each kind looked up when it is first asked for, for
    a page of patients at once."""

    def history(self, patient_id: int) -> Sequence[HistoryLine]:
        """Service lines of the patient's claims, oldest first."""

    def payments(self, patient_id: int) -> Sequence[LinePayment]:
        """What was paid on them, in the order in which it was posted."""

    def deliveries(self, patient_id: int) -> Sequence[Delivery]:
        """What was delivered, oldest first."""

    def equipment(self, patient_id: int) -> Sequence[Equipment]:
        """What the patient has or had, oldest first."""

    def orders(self, patient_id: int) -> Sequence[Order]:
        """Practitioners' orders, oldest first."""

    def authorizations(self, patient_id: int) -> Sequence[Authorization]:
        """Prior authorizations, oldest first."""

    def documents(self, patient_id: int) -> Sequence[Document]:
        """Papers, oldest first."""

    def rows(self, table: str, patient_id: int) -> Sequence[Mapping[str, Any]]:
        """Rows of a table of the plugin's own. Raises Rubbish where it has none of that name, of patients."""


class PatientLookups(Protocol):
    """What a desk asks about patients and the plugin's own rows."""

    def patients(self, codes: Collection[str], patient_ids: Collection[int]) -> Iterator[PatientView]:
        """Patients by their ids; those that were merged into another are part of that one."""

    def patient(self, source: str, patient_id: str, member_id: str, birth_date: dt.date | None) -> int | None:
        """Our id of a patient."""

    def equipment_out(self, serials: Collection[str], today: dt.date) -> dict[str, list[tuple[int, Equipment]]]:
        """Who has equipment with these serial numbers on a day."""

    def rows(self, table: RowTable, owner: Any) -> Iterator[Mapping[str, Any]]:
        """Rows of a table: of one owner (None: of all), each with `owner`."""

    def made(self, key: str) -> bool:
        """Whether the plugin has made a claim under this key."""

    def number_used(self, number: str) -> bool:
        """Whether a claim that still stands bears this number (CLM01)."""


class PatientView:
    """A patient. `id` tells patients apart and says nothing about them; all else is looked up when it is asked for,
    once for a page of patients. The records are those of a step's context."""

    __slots__ = ("_past", "_rentals", "id")

    def __init__(self, id: int, past: PatientPast) -> None:
        self.id = id
        self._past = past
        self._rentals: tuple[Rental, ...] | None = None

    @property
    def history(self) -> tuple[HistoryLine, ...]:
        """Service lines of the patient's claims, across payers, oldest first."""
        return tuple(self._past.history(self.id))

    @property
    def payments(self) -> tuple[LinePayment, ...]:
        """What was paid on these lines, in the order in which it was posted."""
        return tuple(self._past.payments(self.id))

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """What was delivered, oldest first."""
        return tuple(self._past.deliveries(self.id))

    @property
    def equipment(self) -> tuple[Equipment, ...]:
        """The equipment that the patient has or had, oldest first."""
        return tuple(self._past.equipment(self.id))

    @property
    def orders(self) -> tuple[Order, ...]:
        """Practitioners' orders, oldest first."""
        return tuple(self._past.orders(self.id))

    @property
    def authorizations(self) -> tuple[Authorization, ...]:
        """Prior authorizations, of every payer, oldest first."""
        return tuple(self._past.authorizations(self.id))

    @property
    def documents(self) -> tuple[Document, ...]:
        """Papers that are in the archive, oldest first."""
        return tuple(self._past.documents(self.id))

    @property
    def rentals(self) -> tuple[Rental, ...]:
        """What the patient rented, by item, derived from history and payments."""
        if self._rentals is None:
            self._rentals = tuple(rentals_of(self.history, self.payments))
        return self._rentals

    def rows(self, table: str) -> tuple[dict[str, Any], ...]:
        """The patient's rows in a table of the plugin's own (`of="patient"`), in the order in which they were kept.

        Raises:
            Rubbish: it declares no such table of patients.
        """
        return tuple(dict(row) for row in self._past.rows(table, self.id))

    def __repr__(self) -> str:
        return f"PatientView({self.id})"
