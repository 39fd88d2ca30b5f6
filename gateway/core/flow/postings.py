"""The export of postings for the billing systems: a row for each line of each posted payment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from ..model.money import to_dollars
from ..model.posting import PATIENT_KINDS
from ..store.tables import adjustments, claim_lines, claim_payments, claims, line_payments, remittances

AT_ONCE = 500
_PATIENT = frozenset(kind.value for kind in PATIENT_KINDS)


def postings_rows(
    connection: Connection,
    *,
    file_id: int | None = None,
    remittance_ids: Sequence[int] = (),
    source: str = "",
    payments: Collection[int] = (),
) -> Iterator[dict[str, Any]]:
    """What was posted from a file (or from remittances), in their order; of one source's claims where it is named, and
    of these payments where any are.

    Amounts are Decimal dollars; `adjustments` are `CO-45 50.00` and the like, with blanks between; dates are ISO. A
    payment that was posted to the claim as a whole has an empty `line`. Reads in the memory of some hundred payments.
    """
    if file_id is not None:
        of_file = select(remittances.c.id).where(remittances.c.file_id == file_id).order_by(remittances.c.ordinal)
        remittance_ids = connection.execute(of_file).scalars().all()
    for remittance_id in remittance_ids:
        last = min(payments, default=1) - 1
        while found := connection.execute(_page(remittance_id, last)).all():
            wanted = [row for row in found if source in ("", row.source) and (not payments or row.id in payments)]
            yield from _rows(connection, wanted)
            last = found[-1].id
            if payments and last >= max(payments):
                break


def _page(remittance_id: int, last: int) -> Select[Any]:
    """The next posted payments of a remittance. (Those of one source are picked out afterwards: asked for it, SQLite
    would begin with every claim that the source ever sent.)"""
    return (
        select(
            claim_payments.c.id,
            claim_payments.c.claim_number,
            claim_payments.c.status,
            claim_payments.c.payer_claim_number,
            claims.c.source_claim_number,
            claims.c.source,
            remittances.c.trace_number,
            remittances.c.effective_date,
            remittances.c.payer_name,
            remittances.c.payer_id,
            remittances.c.method,
        )
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .join(claims, claims.c.id == claim_payments.c.claim_id)
        .where(
            claim_payments.c.remittance_id == remittance_id,
            claim_payments.c.state == "posted",
            claim_payments.c.id > last,
        )
        .order_by(claim_payments.c.id)
        .limit(AT_ONCE)
    )


class _Line:
    """What was posted to one line of a payment: several services of one line (a split) are one row."""

    __slots__ = ("charge", "code", "control_number", "number", "paid", "patient", "reasons")

    def __init__(self, code: str, control_number: str | None, number: int | None) -> None:
        self.code = code
        self.control_number = control_number or ""
        self.number = number or ""
        self.charge = self.paid = self.patient = 0
        self.reasons: list[str] = []


def _rows(connection: Connection, payments: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The rows of these payments (of `_page`). A remittance may have millions: rows are taken apart as a whole, for by
    its name each value costs several times as much."""
    ids = [row[0] for row in payments]
    lines: dict[int, dict[int | None, _Line]] = {}
    for payment_id, line_id, code, charge, paid, control_number, number in connection.execute(
        select(
            line_payments.c.claim_payment_id,
            line_payments.c.line_id,
            line_payments.c.code,
            line_payments.c.charge_cents,
            line_payments.c.paid_cents,
            claim_lines.c.control_number,
            claim_lines.c.number,
        )
        .join(claim_lines, claim_lines.c.id == line_payments.c.line_id, isouter=True)
        .where(line_payments.c.claim_payment_id.in_(ids))
        .order_by(line_payments.c.id)
    ):
        of_payment = lines.setdefault(payment_id, {})
        one = of_payment.get(line_id)
        if one is None:
            one = of_payment[line_id] = _Line(code, control_number, number)
        one.charge += charge
        one.paid += paid
    for payment_id, line_id, group, reason, cents, kind in connection.execute(
        select(
            adjustments.c.claim_payment_id,
            adjustments.c.line_id,
            adjustments.c.group_code,
            adjustments.c.reason_code,
            adjustments.c.cents,
            adjustments.c.kind,
        )
        .where(adjustments.c.claim_payment_id.in_(ids))
        .order_by(adjustments.c.id)
    ):
        one = lines.get(payment_id, {}).get(line_id)
        if one is None:
            continue
        one.reasons.append(f"{group}-{reason} {to_dollars(cents)}")
        if kind in _PATIENT:
            one.patient += cents
    for payment in payments:
        payment_id, claim_number, status, payer_number, given_number, _, check, day, payer, payer_id, method = payment
        for one in lines.get(payment_id, {}).values():
            yield {
                "claim_number": given_number or claim_number,
                "line": one.number,
                "line_control_number": one.control_number,
                "code": one.code,
                "charge": to_dollars(one.charge),
                "paid": to_dollars(one.paid),
                "adjustments": " ".join(one.reasons),
                "patient": to_dollars(one.patient),
                "claim_status": status,
                "payer": payer,
                "payer_id": payer_id,
                "payer_claim_number": payer_number,
                "check_number": check,
                "method": method,
                "date": day.isoformat() if day else "",
            }
