"""The past that a test gives its patient; everybody here is invented. Part of the kit, see `testing`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway.core.model.belongings import (
    Authorization,
    Decided,
    Delivery,
    Document,
    Equipment,
    Order,
    Ownership,
    Proof,
)
from gateway.core.model.practitioners import Practitioner, compared

from .context import HistoryLine
from .past import LinePayment, Reason, WaitingItem
from .rows import RowTable

TODAY = dt.date(2026, 3, 2)
"""The day on which a test plays, unless it says otherwise."""


class Given:
    """The past that a test gives its patient."""

    def __init__(
        self,
        lines: Sequence[HistoryLine],
        payments: Sequence[LinePayment],
        deliveries: Sequence[Delivery],
        equipment: Sequence[Equipment],
        waiting: Sequence[WaitingItem],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        orders: Sequence[Order] = (),
        authorizations: Sequence[Authorization] = (),
        documents: Sequence[Document] = (),
        practitioners: Sequence[Practitioner] | None = None,
    ) -> None:
        self._lines = lines
        self._payments = payments
        self._deliveries = deliveries
        self._equipment = equipment
        self._waiting = waiting
        self._rows = rows
        self._orders = orders
        self._authorizations = authorizations
        self._documents = documents
        self._practitioners = practitioners

    def history(self, claim: Any = None) -> Sequence[HistoryLine]:
        return self._lines

    def payments(self) -> Sequence[LinePayment]:
        return self._payments

    def deliveries(self) -> Sequence[Delivery]:
        return self._deliveries

    def equipment(self) -> Sequence[Equipment]:
        return self._equipment

    def orders(self) -> Sequence[Order]:
        return self._orders

    def authorizations(self) -> Sequence[Authorization]:
        return self._authorizations

    def documents(self) -> Sequence[Document]:
        return self._documents

    def practitioner(self, npi: str) -> Practitioner | None:
        if self._practitioners is None:
            return None
        known = (one for one in self._practitioners if one.npi == npi)
        return next(known, Practitioner(npi, False, "", "", TODAY))

    def work_items(self) -> Sequence[WaitingItem]:
        return self._waiting

    def rows(self, plugin: str, table: RowTable, payer_id: str) -> Sequence[Mapping[str, Any]]:
        given = self._rows.get(table.name, ())
        return [dict(zip(table.columns, table.row(row), strict=True)) for row in given]

    def has_owner(self, of: str) -> bool:
        return True


def make_history(
    code: str,
    *modifiers: str,
    from_date: dt.date,
    thru_date: dt.date | None = None,
    units: str = "1",
    charge_cents: int = 10_000,
    payer_id: str = "90101",
    state: str = "paid",
    claim_number: str = "SW0900",
    line: int = 1,
) -> HistoryLine:
    """A line that the patient had before."""
    return HistoryLine(
        claim_number, line, code, modifiers, from_date, thru_date or from_date, units, charge_cents, payer_id, state
    )


def make_line_payment(
    code: str,
    *modifiers: str,
    from_date: dt.date,
    charge: str = "100.00",
    paid: str = "80.00",
    reasons: Iterable[tuple[str, str, str, str]] = (),
    line: int = 1,
    claim_number: str = "SW0900",
    payer_id: str = "90101",
    paid_on: dt.date | None = None,
    status: str = "1",
) -> LinePayment:
    """What was paid on a line that the patient had before. `reasons` are group, CARC, amount and what posting made of
    it (`gateway.core.model.posting.Kind`): `("CO", "45", "20.00", "contractual")`."""
    told = tuple(Reason(group, carc, "", Decimal(amount), kind) for group, carc, amount, kind in reasons)

    def of(*kinds: str) -> Decimal:
        return sum((one.amount for one in told if one.kind in kinds), Decimal("0.00"))

    return LinePayment(
        claim_number,
        line,
        code,
        modifiers,
        from_date,
        from_date,
        Decimal(charge),
        Decimal(paid),
        of("contractual"),
        of("deductible", "coinsurance", "copay", "patient"),
        of("denial"),
        told,
        payer_id,
        payer_id,
        paid_on or from_date + dt.timedelta(days=21),
        status,
    )


def make_delivery(
    code: str,
    *modifiers: str,
    delivered_on: dt.date,
    quantity: str = "1",
    serial: str = "",
    lot: str = "",
    proof: Proof = Proof.SIGNED,
    order_number: str = "SO-1",
    claim_number: str = "",
) -> Delivery:
    """Something that was delivered to the patient."""
    return Delivery(
        order_number, code, modifiers, Decimal(quantity), serial, lot, delivered_on, proof, "billing", claim_number
    )


def make_equipment(
    code: str,
    *,
    started_on: dt.date,
    ended_on: dt.date | None = None,
    serial: str = "",
    ownership: Ownership = Ownership.RENTED,
) -> Equipment:
    """A piece of equipment that the patient has, or had until `ended_on`."""
    return Equipment(code, serial, started_on, ended_on, ownership, "billing")


def make_order(
    *codes: str,
    ordered_on: dt.date,
    received_on: dt.date | None = None,
    signed_on: dt.date | None = None,
    encounter_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    quantity: str = "",
    description: str = "As ordered",
    practitioner: str = "EXAMPLE, PAT",
    practitioner_npi: str = "1999999984",
    patient_named: bool = True,
    order_number: str = "RX-1",
) -> Order:
    """A practitioner's order for the patient, complete on the order date unless it is told otherwise."""
    return Order(
        order_number,
        codes,
        ordered_on,
        received_on or ordered_on,
        signed_on or ordered_on,
        encounter_on,
        ends_on,
        Decimal(quantity) if quantity else None,
        description,
        practitioner,
        practitioner_npi,
        patient_named,
        "billing",
    )


def make_authorization(
    *codes: str,
    number: str = "A1234567890123",
    payer_id: str = "90101",
    modifiers: tuple[str, ...] = (),
    decided: Decided = Decided.AFFIRMED,
    decided_on: dt.date | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    units: str = "",
) -> Authorization:
    """A prior authorization of the patient."""
    allowed = Decimal(units) if units else None
    return Authorization(
        number, payer_id, codes, modifiers, decided, decided_on, valid_from, valid_to, allowed, "billing"
    )


def make_practitioner(npi: str, last: str, first: str, as_of: dt.date = TODAY) -> Practitioner:
    """Somebody who is on the list of those who may order equipment."""
    return Practitioner(npi, True, *compared(last, first), as_of)


def make_document(
    kind: str,
    *codes: str,
    dated: dt.date | None = None,
    name: str = "scan.pdf",
    media_type: str = "application/pdf",
    claim_number: str = "",
    order_number: str = "",
) -> Document:
    """A paper of the patient."""
    return Document(kind, name, media_type, "0" * 64, dated, codes, claim_number, order_number, "billing")


def make_waiting(
    reason: str = "Get the signed order.",
    *,
    kind: str = "hold",
    rule: str = "RX-1",
    team: str = "documentation",
    due: dt.date | None = TODAY,
    deadline: dt.date | None = None,
    amount: str = "100.00",
    claim_number: str = "SW0900",
) -> WaitingItem:
    """An open work item of one of the patient's claims."""
    return WaitingItem(kind, rule, reason, team, due, deadline, Decimal(amount), claim_number)
