"""The table of saved views: a queue as somebody wants to see it again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint

from .tables import UtcDateTime, metadata

_BIG = BigInteger().with_variant(Integer(), "sqlite")

# `shared`: nobody else's (empty), a team's, or everybody's (`all`). `filters`: those of the queue as they stand in its
# address, its order among them.
queue_views = Table(
    "queue_views",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("owner", String(80), nullable=False),
    Column("name", String(60), nullable=False),
    Column("shared", String(30), nullable=False, default="", server_default=""),
    Column("filters", String(1000), nullable=False, default="", server_default=""),
    Column("saved_at", UtcDateTime, nullable=False),
    UniqueConstraint("owner", "name"),
    Index("ix_queue_views_shared", "shared"),
)
