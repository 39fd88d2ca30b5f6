"""What a patient had before: one look-up of each kind for a whole chunk, and what the chunk itself has decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ...plugins.context import HistoryLine
from ...plugins.past import LinePayment, WaitingItem
from ...plugins.rows import KeptRow, RowTable
from ..model.belongings import Authorization, Delivery, Document, Equipment, Order
from ..model.practitioners import Practitioner
from ..model.states import ClaimState
from ..store import patients as patient_store
from ..store.patients import Key, Known, Person
from .kept_rows import KeptRows, owner_of
from .past import Opens, Past, in_parts
from .verdicts import Columns

NOBODY = Known(0, 0)
"""A patient that the store does not know."""


class History:
    """The `Lookups` of a chunk of claims. The station says whose turn it is (`turn`) before it runs a claim's chain.

    Without `opens` nobody has a past but what the chunk itself decides. `without_file`: as if that file had not come.
    `before`: for each of the people, the id of a claim; they have no lines but those that came before it. `paused` as
    in `Past`.
    """

    def __init__(
        self,
        opens: Opens | None,
        people: Sequence[Person],
        *,
        without_file: int = 0,
        before: Sequence[int] = (),
        paused: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._keys = [patient_store.keys_of(person) for person in people]
        self._known: dict[Key, Known] = {}
        if opens is not None:
            with opens() as connection:
                self._known = patient_store.find(connection, {key for keys in self._keys for key in keys})
        ids = {known.patient_id for known in self._known.values()}
        until = {self.turn(index).patient_id: claim_id for index, claim_id in enumerate(before)}
        self._past = Past(opens, ids, without_file=without_file, until=until, paused=paused)
        # Patients that are new in this chunk, by each of their keys.
        self._newcomers: dict[Key, int] = {}
        # What the chunk has decided so far, by patient.
        self._lines: dict[int, list[tuple[Columns, ClaimState]]] = {}
        self._items: dict[int, list[WaitingItem]] = {}
        self._rows = KeptRows(self._past)
        self._index = 0
        # Whose turn it is, and what plugin after plugin asks about them; None: nobody has asked yet.
        self._whose: int | None = None
        self._history: tuple[HistoryLine, ...] | None = None
        self._payments: tuple[LinePayment, ...] | None = None

    def turn(self, index: int) -> Known:
        """It is the turn of claim number `index` of the chunk; returns its patient and the version seen."""
        self._index = index
        self._forget()
        return next((self._known[key] for key in self._keys[index] if key in self._known), NOBODY)

    def history(self, claim: Any = None) -> Sequence[HistoryLine]:
        """The earlier lines of the patient whose turn it is."""
        found = self._history
        if found is None:
            who = self._patient()
            now = (line for one in self._lines.get(who, ()) for line in _lines_of(*one))
            found = self._history = (*self._past.lines(who), *now) if who else ()
        return found

    def payments(self) -> Sequence[LinePayment]:
        """What was paid on them."""
        found = self._payments
        if found is None:
            found = self._payments = tuple([one for _, one in self._past.payments(self._patient())])
        return found

    def deliveries(self) -> Sequence[Delivery]:
        """What was delivered to the patient."""
        return self._past.deliveries(self._patient())

    def equipment(self) -> Sequence[Equipment]:
        """The equipment that the patient has or had."""
        return self._past.equipment(self._patient())

    def orders(self) -> Sequence[Order]:
        """What practitioners ordered for the patient."""
        return self._past.orders(self._patient())

    def authorizations(self) -> Sequence[Authorization]:
        """Prior authorizations of the patient."""
        return self._past.authorizations(self._patient())

    def documents(self) -> Sequence[Document]:
        """Papers of the patient."""
        return self._past.documents(self._patient())

    def practitioner(self, npi: str) -> Practitioner | None:
        """What the list of who may order equipment says of an NPI."""
        return self._past.practitioner(npi)

    def rows(self, plugin: str, table: RowTable, payer_id: str) -> Sequence[Mapping[str, Any]]:
        """Rows of a plugin's own table."""
        return self._rows.of(plugin, table, owner_of(table.of, self._patient(), 0, payer_id))

    def has_owner(self, of: str) -> bool:
        """Every claim has a patient and will have its id."""
        return True

    def work_items(self) -> Sequence[WaitingItem]:
        """What waits for a person about the patient's claims."""
        who = self._patient()
        return (*self._past.items(who), *self._items.get(who, ())) if who else ()

    def decided(
        self,
        index: int,
        columns: Columns,
        state: ClaimState,
        items: Callable[[], Iterable[WaitingItem]] = tuple,
        rows: Sequence[KeptRow] = (),
    ) -> None:
        """A claim of the chunk has been decided: later claims of its patient see its lines, its work items, and what
        plugins keep."""
        who = self._who(index)
        self._forget()
        # No two claims of a chunk share rows of their own: they get their ids when they are committed.
        self._rows.keep((row for row in rows if row.table.of != "claim"), who, 0)
        if not who:
            return
        self._lines.setdefault(who, []).append((columns, state))
        waiting = list(items())
        if waiting:
            self._items.setdefault(who, []).extend(waiting)

    def _forget(self) -> None:
        """It is another claim's turn, or its patient has one more line."""
        self._whose = self._history = self._payments = None

    def _patient(self) -> int:
        """`_who` of the claim whose turn it is."""
        who = self._whose
        if who is None:
            who = self._whose = self._who(self._index)
        return who

    def _who(self, index: int) -> int:
        """A number for the patient of a claim: ours, or a negative one for somebody new; 0 for nobody at all."""
        keys = self._keys[index]
        for key in keys:
            if key in self._known:
                return self._known[key].patient_id
        for key in keys:
            if key in self._newcomers:
                who = self._newcomers[key]
                break
        else:
            who = -len(self._newcomers) - 1
        for key in keys:
            self._newcomers.setdefault(key, who)
        return who if keys else 0


def _lines_of(columns: Columns, state: ClaimState) -> Iterator[HistoryLine]:
    """The lines of a claim that the chunk has decided."""
    for line in columns.lines:
        yield HistoryLine(
            columns.claim_number,
            line.number,
            line.code,
            in_parts(line.modifiers),
            line.from_date,
            line.thru_date,
            line.units,
            line.charge_cents,
            columns.payer_id,
            state.value,
            columns.frequency,
        )
