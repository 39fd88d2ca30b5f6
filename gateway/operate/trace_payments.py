"""Remittances and claim payments as they happened: what was paid, adjusted and left, and what it did to the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ..core.ledger.accounts import in_words
from ..core.model.code_words import CLAIM_STATUSES
from ..core.store.tables import adjustments, claim_payments, files, remittances, transfers
from .looking import day, dollars

_MOST_REASONS = 6


class Payments:
    """The claim payments of one claim, by id, with all that belongs to each."""

    def __init__(self, connection: Connection, claim_id: int) -> None:
        self._connection = connection
        self.rows = {
            row.id: row
            for row in connection.execute(
                select(claim_payments.c.id.label("id"), *PAYMENT, *REMITTANCE, files.c.name, files.c.party)
                .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
                .join(files, files.c.id == remittances.c.file_id)
                .where(claim_payments.c.claim_id == claim_id)
                .order_by(claim_payments.c.id)
            )
        }

    def details(self, payment_id: int) -> list[str]:
        """The lines below the event of a payment: the 835, the amounts, how it was matched, adjustments, postings."""
        row = self.rows[payment_id]
        lines = [
            remittance_line(row),
            f"claim payment {row.ordinal} in it: {status_words(row.status)}; charged {dollars(row.charge_cents)}, paid "
            f"{dollars(row.paid_cents)}, patient {dollars(row.patient_cents)}"
            + (f"; the payer's number {row.payer_claim_number}" if row.payer_claim_number else ""),
        ]
        if row.match:
            lines.append(row.match)
        if row.reason:
            lines.append(f"waits: {row.reason}")
        lines += [f"adjusted: {line}" for line in self._adjusted(payment_id)]
        lines += [f"posted: {line}" for line in postings(self._connection, payment_id)]
        return lines

    def facts(self, payment_id: int) -> dict[str, Any]:
        """The same for a program, amounts in cents."""
        row = self.rows[payment_id]
        names = ("file_id", "remittance_id", "trace_number", "status", "charge_cents", "paid_cents", "patient_cents")
        return {"claim_payment_id": payment_id, "state": row.state} | {name: getattr(row, name) for name in names}

    def _adjusted(self, payment_id: int) -> Iterator[str]:
        kinds: dict[str, tuple[int, dict[str, int]]] = {}
        for row in self._connection.execute(
            select(adjustments).where(adjustments.c.claim_payment_id == payment_id).order_by(adjustments.c.id)
        ):
            cents, reasons = kinds.get(row.kind, (0, {}))
            code = f"{row.group_code}-{row.reason_code}"
            reasons[code] = reasons.get(code, 0) + row.cents
            kinds[row.kind] = (cents + row.cents, reasons)
        for kind, (cents, reasons) in kinds.items():
            told = [f"{code} {dollars(amount)}" for code, amount in reasons.items()]
            more = f" and {len(told) - _MOST_REASONS} more" if len(told) > _MOST_REASONS else ""
            yield f"{kind} {dollars(cents)} ({', '.join(told[:_MOST_REASONS])}{more})"


PAYMENT = (
    *(claim_payments.c.ordinal, claim_payments.c.status, claim_payments.c.charge_cents, claim_payments.c.paid_cents),
    *(claim_payments.c.patient_cents, claim_payments.c.payer_claim_number, claim_payments.c.state),
    *(claim_payments.c.match, claim_payments.c.reason, claim_payments.c.at, claim_payments.c.remittance_id),
)
REMITTANCE = (
    *(remittances.c.file_id, remittances.c.payer_name, remittances.c.trace_number, remittances.c.method),
    *(remittances.c.effective_date, remittances.c.paid_cents.label("remitted_cents")),
)


def status_words(status: str) -> str:
    """CLP02 as people say it: `decided as primary (status 1)`."""
    return f"{CLAIM_STATUSES.get(status, 'a status that the gateway does not know')} (status {status or 'missing'})"


def remittance_line(row: Any) -> str:
    """The 835 of a payment: file, payer, number, date, amount."""
    return (
        f"835 {row.name} (file {row.file_id}) from {row.party}: {row.payer_name or 'unknown payer'}, "
        f"{row.trace_number or 'no number'} of {day(row.effective_date) or 'no date'}, {dollars(row.remitted_cents)}"
    )


def postings(connection: Connection, payment_id: int) -> list[str]:
    """What a payment did to the ledger, equal moves together: amount, from where, to where."""
    moves = connection.execute(
        select(transfers.c.debit, transfers.c.credit, transfers.c.cents)
        .where(transfers.c.claim_payment_id == payment_id)
        .order_by(transfers.c.id)
    )
    return moved((row.debit, row.credit, row.cents) for row in moves)


def moved(moves: Iterator[tuple[str, str, int]] | Sequence[tuple[str, str, int]]) -> list[str]:
    """Transfers (debit, credit, cents) in words, equal moves together."""
    sums: dict[tuple[str, str], int] = {}
    for debit, credit, cents in moves:
        key = (in_words(credit), in_words(debit))
        sums[key] = sums.get(key, 0) + cents
    return [f"{dollars(cents)} from '{source}' to '{target}'" for (source, target), cents in sums.items()]
