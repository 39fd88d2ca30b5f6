"""The tables of the API: writes that name a key, and what is told to other systems (webhooks)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from .tables import UtcDateTime, metadata

_BIG = BigInteger().with_variant(Integer(), "sqlite")

# A write that named an `Idempotency-Key`: of which token, the hash of what it asked for, and (once it is done) its
# answer. `written`: what it wrote is committed; set in that very transaction.
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("who", String(80), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("asked", String(64), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("written", Boolean, nullable=False),
    Column("status", Integer, nullable=True),
    Column("content_type", String(100), nullable=False),
    Column("answer", LargeBinary, nullable=True),
    Index("ix_idempotent_requests_begun_at", "begun_at"),
)

# What is told to one webhook: ids, never a patient. `key` makes telling the same twice one. `state`: waiting,
# delivered, given up. `next_at`: when it is tried (again).
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("webhook", String(80), nullable=False),
    Column("event", String(40), nullable=False),
    Column("key", String(200), nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("status", Integer, nullable=True),
    Column("why", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=True),
    Index("ix_webhook_deliveries_ended_at", "ended_at"),
    Index("ix_webhook_deliveries_webhook", "webhook", "id"),
    # Of those that are still to be delivered, which are few.
    Index(
        "ix_webhook_deliveries_due",
        "webhook",
        "next_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_webhook_deliveries_given_up",
        "webhook",
        "id",
        sqlite_where=text("state = 'given up'"),
        postgresql_where=text("state = 'given up'"),
    ),
)

# Up to which row of each stream of events a webhook has been told.
webhook_places = Table(
    "webhook_places",
    metadata,
    Column("webhook", String(80), primary_key=True),
    Column("stream", String(40), primary_key=True),
    Column("place", _BIG, nullable=False),
)
