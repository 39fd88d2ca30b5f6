"""Tables of payments that waited: what a person said about them; and what finds those that may be posted now."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, literal_column, text

from .tables import UtcDateTime, claim_payments, metadata, provider_adjustments, remittances

_BIG = BigInteger().with_variant(Integer, "sqlite")
_WAITS = text("state = 'exception'")

# For which claim a waiting payment is, as a person says (the latest row counts). `lines`: [number of the SVC from 1,
# number of its line] each, where that was said. `reverses`: which of the posted payments a reversal takes back. A
# payment that is decided again is written anew, so these rows only name it.
payment_directions = Table(
    "payment_directions",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("claim_payment_id", _BIG, nullable=False, index=True),
    Column("claim_id", _BIG, ForeignKey("claims.id"), nullable=False, index=True),
    Column("lines", JSON, nullable=False),
    Column("reverses", _BIG, nullable=True),
    Column("who", String(80), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# The money of a payment that a person has moved to the payer's account of what is not applied, and has not taken back.
set_asides = Table(
    "set_asides",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("claim_payment_id", _BIG, nullable=False, index=True),
    Column("transfer_id", _BIG, nullable=True),
    Column("cents", _BIG, nullable=False),
    Column("who", String(80), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("taken_back_by", String(80), nullable=False, default=""),
    Column("taken_back_at", UtcDateTime, nullable=True),
)

Index("ix_claim_payments_waiting", claim_payments.c.claim_id, sqlite_where=_WAITS, postgresql_where=_WAITS)
WAITS = claim_payments.c.state == literal_column("'exception'")
"""What that index holds. The word itself must stand in the statement, or SQLite does not use the index."""
# Takebacks are told apart by the payer's reference.
Index("ix_provider_adjustments_reference", provider_adjustments.c.reference)
# Whole remittances that wait, among all there ever were.
Index("ix_remittances_state", remittances.c.state)
