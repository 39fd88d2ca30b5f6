"""Tables of claim status inquiries (276 and 277)."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Index, Table, UniqueConstraint

from .tables import _id, _moment, _ref, _text, metadata

# A claim that was asked about. `trace` is ours and comes back; a claim is asked about once a day. `category`: what was
# answered (F1, P1 ...), `told` in a biller's words; `details` the codes, amounts and dates as received.
inquiries = Table(
    "inquiries",
    metadata,
    _id(),
    _ref("claim_id", "claims", index=False),
    _ref("batch_id", "batches"),
    _text("trace", size=50),
    Column("asked_on", Date, nullable=False),
    _text("asked_by"),
    _moment("asked_at"),
    _moment("answered_at", nullable=True),
    _ref("file_id", "files", nullable=True, index=False),
    _text("category", size=4),
    _text("told", size=1000),
    Column("details", JSON, nullable=True),
    UniqueConstraint("claim_id", "asked_on"),
    UniqueConstraint("trace"),
    Index("ix_inquiries_asked_on", "asked_on"),
)
