"""The tables of people who sign in: users, and the sessions that they have open."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from .tables import UtcDateTime, metadata

_BIG = BigInteger().with_variant(Integer(), "sqlite")

# A person who signs in. `teams`: those whose work is theirs, with a blank between (empty: every team's).
users = Table(
    "users",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("name", String(80), nullable=False),
    Column("full_name", String(80), nullable=False, default="", server_default=""),
    Column("role", String(16), nullable=False),
    Column("teams", String(400), nullable=False, default="", server_default=""),
    Column("password", String(200), nullable=False),
    # Wrong passwords since the last right one; after some of them nobody comes in before `locked_until`.
    Column("failures", Integer, nullable=False, default=0, server_default="0"),
    Column("locked_until", UtcDateTime, nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime, nullable=True),
    Column("signed_in_at", UtcDateTime, nullable=True),
    UniqueConstraint("name"),
)

# A browser that is signed in. Of what its cookie holds only the hash is kept; `csrf` stands in each of its forms.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", _BIG, ForeignKey("users.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("source", String(60), nullable=False, default="", server_default=""),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_seen_at", "seen_at"),
)
