"""What the gateway knows of one patient: the records that its store would give, kept in memory. It is both what a chain
looks up (`Lookups`) and what a desk does (`DeskLookups`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.core.model.belongings import Authorization, Delivery, Document, Equipment, Order
from gateway.core.model.belongings_file import DeliveryRow, EquipmentRow
from gateway.core.x12.claim import Claim
from gateway.plugins import HistoryLine, LinePayment
from gateway.plugins.desk_patients import PatientView
from gateway.plugins.desk_views import (
    ClaimView,
    CloseItem,
    ItemView,
    KeepRow,
    LineView,
    MakeClaim,
    OpenItem,
    TellDelivery,
    TellEquipment,
)
from gateway.plugins.past import WaitingItem
from gateway.plugins.rows import RowTable

from .house import NOON, row_tables

HELD, ACCEPTED, PAID, DENIED, CANCELLED = "held", "accepted", "paid", "denied", "cancelled"
PATIENT_ID = 1
Lines = tuple[HistoryLine, ...]


@dataclass
class Filed:
    """A claim in the gateway. `payer` is the class of payer that it is for, `kept` the rules that keep it back now,
    `told` all that ever did."""

    id: int
    claim: Claim
    source: str
    payer: str
    state: str = HELD
    kept: frozenset[str] = frozenset()
    told: set[str] = field(default_factory=set)
    lines: Lines = ()
    code: str = ""
    dos: dt.date = dt.date.min
    view: ClaimView = field(init=False)

    def read(self) -> None:
        """Read its lines again, after its state or the claim has changed; `view` is the claim as a desk's lists have
        it."""
        claim = self.claim
        day = claim.lines[0].dates.start
        assert day is not None
        self.code, self.dos = claim.lines[0].code, day
        self.lines = tuple(
            HistoryLine(
                claim.id,
                line.number,
                line.code,
                tuple(line.modifiers),
                line.dates.start,
                line.dates.end,
                str(line.units.normalize()),
                line.charge_cents,
                claim.payer.id,
                self.state,
                claim.frequency,
            )
            for line in claim.lines
        )
        lines = tuple(
            LineView(one.number, one.code, tuple(one.modifiers), str(one.units), one.charge, *one.dates)
            for one in claim.lines
        )
        created = dt.datetime.combine(day, NOON)
        about = (claim.payer.id, claim.payer.last, "practice", PATIENT_ID, claim.charge)
        self.view = ClaimView(self.id, claim.id, self.source, self.state, *about, day, day, created, lines)


class Folder:
    """The records of one patient. `plugin` of `rows` is who asks; a desk that asks is named by `turn`."""

    def __init__(self, member: tuple[str, dt.date], known_as: str) -> None:
        self.member = member
        self.known_as = known_as
        self.claims_filed: list[Filed] = []
        self.pieces: list[Equipment] = []
        self.paid: list[LinePayment] = []
        self.given: list[Delivery] = []
        self.ordered: list[Order] = []
        self.authorized: list[Authorization] = []
        self.papers: list[Document] = []
        self.deciding: int | None = None
        self._keys: dict[str, set[str]] = {}
        self._items: dict[str, dict[str, ItemView]] = {}
        self._rows: dict[tuple[str, str], dict[tuple[Any, ...], dict[str, Any]]] = {}
        self._plugin = ""
        self._history: dict[int | None, Lines] = {}

    def turn(self, plugin: str) -> Folder:
        """This folder, for a desk of this plugin."""
        self._plugin = plugin
        return self

    def file(self, claim: Claim, source: str, payer: str) -> Filed:
        """Take a claim in."""
        filed = Filed(len(self.claims_filed) + 1, claim, source, payer)
        filed.read()
        self.claims_filed.append(filed)
        self.changed()
        return filed

    def changed(self) -> None:
        """Something about the claims is not as it was."""
        self._history.clear()

    # --- a chain's look-ups

    def history(self, claim: Any = None) -> Sequence[HistoryLine]:
        found = self._history.get(self.deciding)
        if found is None:
            found = tuple(line for one in self.claims_filed if one.id != self.deciding for line in one.lines)
            self._history[self.deciding] = found
        return found

    def payments(self, *asked: Any) -> Any:
        """Of a chain and of a patient's view the patient's; a desk's own list is not kept here."""
        return iter(()) if len(asked) > 1 else self.paid

    def deliveries(self, patient_id: int = 0) -> Sequence[Delivery]:
        return self.given

    def equipment(self, patient_id: int = 0) -> Sequence[Equipment]:
        return self.pieces

    def orders(self, patient_id: int = 0) -> Sequence[Order]:
        return self.ordered

    def authorizations(self, patient_id: int = 0) -> Sequence[Authorization]:
        return self.authorized

    def documents(self, patient_id: int = 0) -> Sequence[Document]:
        return self.papers

    def work_items(self) -> Sequence[WaitingItem]:
        return ()

    def practitioner(self, npi: str) -> None:
        """Nobody has brought in a list."""

    def has_owner(self, of: str) -> bool:
        return True

    def rows(self, *asked: Any) -> Any:
        """Rows of a plugin's own table: for a step (plugin, table, payer), for a desk (table, owner), for a patient's
        view (name, patient)."""
        if len(asked) == 3:
            return list(self._of(asked[0], asked[1].name))
        first = asked[0]
        if isinstance(first, str):
            return list(self._of(self._plugin, first))
        of = {"patient": PATIENT_ID}.get(first.of, "")
        return iter([{**row, "owner": of} for row in self._of(self._plugin, first.name)])

    def _of(self, plugin: str, table: str) -> Iterable[dict[str, Any]]:
        return self._rows.get((plugin, table), {}).values()

    # --- a desk's look-ups

    def claims(
        self,
        states: Collection[str],
        payer_ids: Collection[str],
        partner: str,
        patient_id: int | None,
        number: str,
        from_day: dt.date | None,
        to_day: dt.date | None,
    ) -> Iterator[ClaimView]:
        for one in self.claims_filed:
            in_days = (from_day is None or one.dos >= from_day) and (to_day is None or one.dos <= to_day)
            if in_days and number in ("", one.claim.id) and (not states or one.state in states):
                yield one.view

    def claim(self, claim_id: int) -> Claim | None:
        return Claim(self.claims_filed[claim_id - 1].claim.stored, "desk")

    def items(
        self, kinds: Collection[str], teams: Collection[str], claim_id: int | None, state: str
    ) -> Iterator[ItemView]:
        """Work items of the plugin that asks: in these lives nobody asks for those of another."""
        for one in self._items.get(self._plugin, {}).values():
            if (not kinds or one.kind in kinds) and state in ("", one.state):
                yield one

    def holds(self, *asked: Any) -> Iterator[Any]:
        return iter(())

    def denials(self, *asked: Any) -> Iterator[Any]:
        return iter(())

    def patients(self, codes: Collection[str], patient_ids: Collection[int]) -> Iterator[PatientView]:
        known = {line.code for one in self.claims_filed for line in one.lines}
        known |= {one.code for one in self.pieces} | {one.code for one in self.given}
        if not codes or not known.isdisjoint(codes):
            yield PatientView(PATIENT_ID, _Past(self))

    def patient(self, source: str, patient_id: str, member_id: str, birth_date: dt.date | None) -> int | None:
        same = patient_id == self.known_as or (member_id, birth_date) == self.member
        return PATIENT_ID if same else None

    def equipment_out(self, serials: Collection[str], today: dt.date) -> dict[str, list[tuple[int, Equipment]]]:
        found: dict[str, list[tuple[int, Equipment]]] = {}
        for piece in self.pieces:
            if piece.serial in serials and (piece.ended_on is None or piece.ended_on > today):
                found.setdefault(piece.serial, []).append((PATIENT_ID, piece))
        return found

    def made(self, key: str) -> bool:
        return key in self._keys.get(self._plugin, ())

    def number_used(self, number: str) -> bool:
        return any(one.claim.id == number for one in self.claims_filed)

    def done(self, acts: Iterable[Any]) -> list[MakeClaim]:
        """A desk has returned: what it kept is written, its work items are opened and closed. The claims that it wants
        made."""
        items = self._items.setdefault(self._plugin, {})
        made = []
        for act in acts:
            if isinstance(act, KeepRow):
                table: RowTable = row_tables(self._plugin)[act.table]
                row = dict(zip(table.columns, table.row(act.values), strict=True))
                key = tuple(row[name] for name in table.key)
                self._rows.setdefault((self._plugin, table.name), {})[key] = row
            elif isinstance(act, OpenItem) and act.key not in items:
                # A key that was closed stays closed.
                items[act.key] = _view_of(len(items) + 1, act)
            elif isinstance(act, CloseItem) and act.key in items:
                items[act.key] = items[act.key]._replace(state="closed")
            elif isinstance(act, TellDelivery):
                self._give(DeliveryRow.model_validate(act.row), act.source)
            elif isinstance(act, TellEquipment):
                piece = EquipmentRow.model_validate(act.row)
                self.bring(Equipment(piece.code, piece.serial, piece.started_on, None, piece.ownership, act.source))
            elif isinstance(act, MakeClaim):
                self._keys.setdefault(self._plugin, set()).add(act.key)
                made.append(act)
        return made

    def _give(self, row: DeliveryRow, source: str) -> None:
        about = (row.quantity, row.serial, row.lot, row.delivered_on, row.proof, source, row.claim_number)
        self.given.append(Delivery(row.order_number, row.code, row.modifiers, *about))

    def bring(self, piece: Equipment) -> None:
        """A piece is there from now on, once."""
        same = (piece.code, piece.serial, piece.started_on)
        if not any((one.code, one.serial, one.started_on) == same for one in self.pieces):
            self.pieces.append(piece)


def _view_of(number: int, act: OpenItem) -> ItemView:
    dates = (act.work_by, act.deadline)
    about = (act.kind, act.team, act.reason, act.rule, Decimal(act.cents).scaleb(-2), *dates)
    moment = dt.datetime.combine(act.work_by or dt.date(2024, 1, 1), NOON)
    return ItemView(number, act.key, True, *about, act.payer_id, act.partner, act.claim_id, "open", moment)


class _Past:
    """The folder as a patient's view looks at it: everything, whatever is being decided."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._folder, name)
        return (lambda patient_id: found()) if name != "rows" else found

    def history(self, patient_id: int) -> Sequence[HistoryLine]:
        return self._folder.history()

    def rows(self, table: str, patient_id: int) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self._folder.rows(table, patient_id)
        return found
