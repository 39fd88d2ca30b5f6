"""The table of what patients paid: which part of a line of money is for which line of which claim."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from .tables import UtcDateTime, metadata

_BIG = BigInteger().with_variant(Integer(), "sqlite")

# A part of a line of money that was named as a patient's (`match_id`), posted to what the patient owes: `account` of a
# line of a claim (without one: of the claim as a whole). Never changed but to be taken back with the match; the ledger
# has a transfer for both.
patient_payments = Table(
    "patient_payments",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("money_line_id", _BIG, ForeignKey("money_lines.id"), nullable=False),
    Column("match_id", _BIG, ForeignKey("cash_matches.id"), nullable=False),
    Column("claim_id", _BIG, ForeignKey("claims.id"), nullable=False),
    Column("line_id", _BIG, ForeignKey("claim_lines.id"), nullable=True),
    Column("account", String(60), nullable=False),
    Column("cents", _BIG, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime, nullable=True),
    Column("undone_by", String(80), nullable=False, server_default="", default=""),
    Column("undone_reason", String(500), nullable=False, server_default="", default=""),
    Index("ix_patient_payments_money_line_id", "money_line_id"),
    Index("ix_patient_payments_claim_id", "claim_id"),
)
