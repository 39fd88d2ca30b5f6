"""The past of a chunk's patients, each kind of it looked up when a plugin first asks for it, for all patients at once.

The version of each patient is read before any of this. What is looked up later may be newer than that version: then the
commit finds another one, and decides again.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, select

from ...plugins.context import HistoryLine
from ...plugins.past import LinePayment, Reason, WaitingItem
from ..model.belongings import Authorization, Delivery, Document, Equipment, Order
from ..model.money import to_dollars
from ..model.posting import PATIENT_KINDS, Kind
from ..model.practitioners import Practitioner
from ..store import practitioners as practitioner_store
from ..store.belongings import authorizations_of, deliveries_of, documents_of, equipment_of, orders_of
from ..store.claims import bulks
from ..store.patients import with_merged
from ..store.tables import (
    adjustments,
    claim_lines,
    claim_payments,
    claims,
    line_payments,
    remittances,
    work_items,
)
from .plugin_items import start_of

T = TypeVar("T")
Opens = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection for look-ups, for a moment."""
Owners = Mapping[int, int]
"""Each patient and everybody who was merged into them, with the patient they count for."""
Load = Callable[[Connection, Owners], Mapping[int, Sequence[Any]]]

MOST_PRACTITIONERS = 20_000
_PRACTITIONERS: dict[tuple[str, dt.datetime, str], Practitioner] = {}
"""What was looked up last: a list that is in use does not change, and the same few practitioners order again."""

PATIENT_KIND_NAMES = frozenset(kind.value for kind in PATIENT_KINDS)


class Past:
    """What the store has of some patients. `until`: of a patient here, only lines of claims with a smaller id. `paused`
    is entered around each look-up: it is nobody's time but ours."""

    def __init__(
        self,
        opens: Opens | None,
        ids: Collection[int],
        *,
        without_file: int = 0,
        until: Mapping[int, int] | None = None,
        paused: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._opens = opens
        self._ids = ids
        self._without_file = without_file
        self._until = until or {}
        self._paused = paused
        self._owners: Owners | None = None
        self._found: dict[str, Mapping[int, Sequence[Any]]] = {}
        self._other: dict[str, Any] = {}

    def of(self, kind: str, load: Load, who: int) -> Sequence[Any]:
        """What there is of this kind about a patient. `load` looks it up for all of them, once."""
        if self._opens is None or who <= 0:
            return ()
        found = self._found.get(kind)
        if found is None:
            with self._paused(), self._opens() as connection:
                if self._owners is None:
                    self._owners = with_merged(connection, self._ids)
                found = self._found[kind] = load(connection, self._owners)
        return found.get(who, ())

    def once(self, kind: str, load: Callable[[Connection], T]) -> T | None:
        """Something that is no patient's: what `load` finds, looked up once; None where nothing is looked up."""
        if self._opens is None:
            return None
        if kind not in self._other:
            with self._paused(), self._opens() as connection:
                self._other[kind] = load(connection)
        found: T = self._other[kind]
        return found

    def lines(self, who: int) -> Sequence[HistoryLine]:
        """Service lines, oldest first."""
        return self.of("lines", self._load_lines, who)

    def payments(self, who: int) -> Sequence[tuple[int, LinePayment]]:
        """What was paid on lines, in the order in which it was posted, each with the id of its claim payment."""
        return self.of("payments", _load_payments, who)

    def deliveries(self, who: int) -> Sequence[Delivery]:
        """What was delivered, oldest first."""
        return self.of("deliveries", deliveries_of, who)

    def equipment(self, who: int) -> Sequence[Equipment]:
        """What the patient has or had, oldest first."""
        return self.of("equipment", equipment_of, who)

    def orders(self, who: int) -> Sequence[Order]:
        """What practitioners ordered, oldest first."""
        return self.of("orders", orders_of, who)

    def authorizations(self, who: int) -> Sequence[Authorization]:
        """Prior authorizations, oldest first."""
        return self.of("authorizations", authorizations_of, who)

    def documents(self, who: int) -> Sequence[Document]:
        """Papers in the archive, oldest first."""
        return self.of("documents", documents_of, who)

    def practitioner(self, npi: str) -> Practitioner | None:
        """What the list of who may order equipment says of an NPI; None where there is none."""
        used = self.once("practitioners", practitioner_store.in_use)
        if used is None:
            return None
        key = (used.sha256, used.at, npi)
        found = _PRACTITIONERS.get(key)
        if found is None:
            looked_up = self.once(f"practitioner:{npi}", lambda c: practitioner_store.find(c, used, [npi]))
            if looked_up is None:
                return None
            if len(_PRACTITIONERS) >= MOST_PRACTITIONERS:
                _PRACTITIONERS.clear()
            found = _PRACTITIONERS[key] = looked_up[npi]
        return found

    def items(self, who: int) -> Sequence[WaitingItem]:
        """Open work items, oldest first."""
        return self.of("items", self._load_items, who)

    def _load_items(self, connection: Connection, owners: Owners) -> Mapping[int, Sequence[Any]]:
        """Without what the steps have opened about the very claim that is decided again: that is for them to say."""
        return by_patient(
            [
                (owner, item)
                for owner, claim_id, of_a_step, item in _open_items(connection, owners)
                if not (of_a_step and claim_id == self._until.get(owner))
            ]
        )

    def _load_lines(self, connection: Connection, owners: Owners) -> Mapping[int, Sequence[Any]]:
        but_not = [claims.c.file_id != self._without_file] if self._without_file else []
        found: list[tuple[int, dt.date, int, HistoryLine]] = []
        for some in bulks(sorted(owners)):
            rows = connection.execute(
                select(
                    claim_lines.c.patient_id,
                    claims.c.id,
                    claims.c.claim_number,
                    claim_lines.c.number,
                    claim_lines.c.code,
                    claim_lines.c.modifiers,
                    claim_lines.c.from_date,
                    claim_lines.c.thru_date,
                    claim_lines.c.units,
                    claim_lines.c.charge_cents,
                    claims.c.payer_id,
                    claims.c.state,
                    claims.c.frequency,
                )
                .join(claims, claims.c.id == claim_lines.c.claim_id)
                .where(claim_lines.c.patient_id.in_(some), *but_not)
            ).all()
            # Taken apart as a whole: by its name, each value costs several times as much.
            for patient_id, claim_id, claim_number, number, code, modifiers, first, last, *others in rows:
                who = owners[patient_id]
                if claim_id >= self._until.get(who, claim_id + 1):
                    continue
                line = HistoryLine(claim_number, number, code, in_parts(modifiers), first, last, *others)
                found.append((who, first or dt.date.min, claim_id, line))
        found.sort(key=lambda one: (one[1], one[2], one[3].line))
        return by_patient((who, line) for who, _, _, line in found)


def in_parts(modifiers: str) -> tuple[str, ...]:
    """Modifiers as a tuple from how they are stored."""
    return tuple(modifiers.split(":")) if modifiers else ()


def by_patient(found: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    """Records by patient, in their order."""
    sorted_out: dict[int, list[Any]] = defaultdict(list)
    for who, one in found:
        sorted_out[who].append(one)
    return sorted_out


def _load_payments(connection: Connection, owners: Owners) -> Mapping[int, Sequence[Any]]:
    found: list[tuple[int, tuple[int, LinePayment]]] = []
    for some in bulks(sorted(owners)):
        # One row for each reason of a line, or one without any; they come in the order of line and reason.
        same_line = (adjustments.c.line_id == line_payments.c.line_id) | (
            adjustments.c.line_id.is_(None) & line_payments.c.line_id.is_(None)
        )
        rows = connection.execute(
            select(
                claims.c.patient_id,
                claims.c.claim_number,
                claims.c.payer_id,
                claim_payments.c.id.label("payment_id"),
                claim_payments.c.status,
                claim_payments.c.at,
                remittances.c.effective_date,
                remittances.c.payer_id.label("paid_by"),
                line_payments.c.id,
                line_payments.c.code,
                line_payments.c.charge_cents,
                line_payments.c.paid_cents,
                line_payments.c.line_id,
                claim_lines.c.number,
                claim_lines.c.modifiers,
                claim_lines.c.from_date,
                claim_lines.c.thru_date,
                adjustments.c.id.label("reason_id"),
                adjustments.c.group_code,
                adjustments.c.reason_code,
                adjustments.c.remark_code,
                adjustments.c.cents,
                adjustments.c.kind,
            )
            .select_from(claims)
            .join(claim_payments, claim_payments.c.claim_id == claims.c.id)
            .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
            .join(line_payments, line_payments.c.claim_payment_id == claim_payments.c.id)
            .outerjoin(claim_lines, claim_lines.c.id == line_payments.c.line_id)
            .outerjoin(adjustments, and_(adjustments.c.claim_payment_id == claim_payments.c.id, same_line))
            .where(claims.c.patient_id.in_(some), claim_payments.c.state == "posted")
            .order_by(line_payments.c.id, adjustments.c.id)
        ).all()
        found += _paid(rows, owners)
    return by_patient(found)


def _paid(rows: Sequence[Any], owners: Owners) -> Iterable[tuple[int, tuple[int, LinePayment]]]:
    """One record for each claim payment and line. A line that a payer reported in parts has one."""
    lines: dict[tuple[int, int | None], list[Any]] = {}
    for row in rows:
        lines.setdefault((row.payment_id, row.line_id), []).append(row)
    for several in lines.values():
        first = several[0]
        parts = {row.id: row for row in several}
        reasons = {row.reason_id: row for row in several if row.reason_id is not None}
        made = line_payment(
            claim_number=first.claim_number,
            line=first.number or 0,
            code=first.code,
            modifiers=in_parts(first.modifiers or ""),
            days=(first.from_date, first.thru_date),
            charge_cents=sum(row.charge_cents for row in parts.values()),
            paid_cents=sum(row.paid_cents for row in parts.values()),
            reasons=[
                (row.group_code, row.reason_code, row.remark_code, row.cents, row.kind) for row in reasons.values()
            ],
            payer_id=first.payer_id,
            paid_by=first.paid_by,
            paid_on=first.effective_date or first.at.date(),
            status=first.status,
        )
        yield owners[first.patient_id], (first.payment_id, made)


def line_payment(
    *,
    claim_number: str,
    line: int,
    code: str,
    modifiers: tuple[str, ...],
    days: tuple[dt.date | None, dt.date | None],
    charge_cents: int,
    paid_cents: int,
    reasons: Sequence[tuple[str, str, str, int, str]],
    payer_id: str,
    paid_by: str,
    paid_on: dt.date | None,
    status: str,
) -> LinePayment:
    """The record from what is stored; `reasons` are group, reason, remark, cents and kind."""

    def of_kinds(kinds: Collection[str]) -> int:
        return sum(cents for _, _, _, cents, kind in reasons if kind in kinds)

    return LinePayment(
        claim_number,
        line,
        code,
        modifiers,
        *days,
        to_dollars(charge_cents),
        to_dollars(paid_cents),
        to_dollars(of_kinds((Kind.CONTRACTUAL.value,))),
        to_dollars(of_kinds(PATIENT_KIND_NAMES)),
        to_dollars(of_kinds((Kind.DENIAL.value,))),
        tuple(Reason(group, code, remark, to_dollars(cents), kind) for group, code, remark, cents, kind in reasons),
        payer_id,
        paid_by,
        paid_on,
        status,
    )


def _open_items(connection: Connection, owners: Owners) -> list[tuple[int, int, bool, WaitingItem]]:
    """Patient, claim, whether a step of its chain has opened it, and the item."""
    found: list[tuple[int, int, bool, WaitingItem]] = []
    for some in bulks(sorted(owners)):
        rows = connection.execute(
            select(work_items, claims.c.patient_id, claims.c.claim_number)
            .join(claims, claims.c.id == work_items.c.claim_id)
            .where(claims.c.patient_id.in_(some), work_items.c.state == "open")
            .order_by(work_items.c.id)
        ).all()
        found += [
            (
                owners[row.patient_id],
                row.claim_id,
                row.key.startswith(start_of(row.claim_id)),
                WaitingItem(
                    row.kind,
                    row.rule,
                    row.reason,
                    row.team,
                    row.work_by,
                    row.deadline,
                    to_dollars(row.cents),
                    row.claim_number,
                ),
            )
            for row in rows
        ]
    return found
