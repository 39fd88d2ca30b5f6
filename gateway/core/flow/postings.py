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


def _rows(connection: Connection, payments: Sequence[Any]) -> Iterator[dict[str, Any]]:
    ids = [row.id for row in payments]
    lines: dict[int, dict[int | None, dict[str, Any]]] = {}
    for row in connection.execute(
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
        # Several services of one line (a split) are one row: so they were posted.
        one = lines.setdefault(row.claim_payment_id, {}).setdefault(
            row.line_id,
            {
                "line": row.number or "",
                "line_control_number": row.control_number or "",
                "code": row.code,
                "charge": 0,
                "paid": 0,
                "patient": 0,
                "reasons": [],
            },
        )
        one["charge"] += row.charge_cents
        one["paid"] += row.paid_cents
    for row in connection.execute(
        select(adjustments).where(adjustments.c.claim_payment_id.in_(ids)).order_by(adjustments.c.id)
    ):
        if row.line_id not in lines.get(row.claim_payment_id, {}):
            continue
        one = lines[row.claim_payment_id][row.line_id]
        one["reasons"].append(f"{row.group_code}-{row.reason_code} {to_dollars(row.cents)}")
        if row.kind in _PATIENT:
            one["patient"] += row.cents
    for payment in payments:
        for one in lines.get(payment.id, {}).values():
            yield {
                "claim_number": payment.source_claim_number or payment.claim_number,
                "line": one["line"],
                "line_control_number": one["line_control_number"],
                "code": one["code"],
                "charge": to_dollars(one["charge"]),
                "paid": to_dollars(one["paid"]),
                "adjustments": " ".join(one["reasons"]),
                "patient": to_dollars(one["patient"]),
                "claim_status": payment.status,
                "payer": payment.payer_name,
                "payer_id": payment.payer_id,
                "payer_claim_number": payment.payer_claim_number,
                "check_number": payment.trace_number,
                "method": payment.method,
                "date": payment.effective_date.isoformat() if payment.effective_date else "",
            }
