"""The table of who somebody is at the provider where everybody signs in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from .tables import UtcDateTime, metadata

_BIG = BigInteger().with_variant(Integer(), "sqlite")

# A user who came in through an OpenID Connect provider: `subject` is who they are there, whatever their name becomes.
user_logins = Table(
    "user_logins",
    metadata,
    Column("user_id", _BIG, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("issuer", String(200), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("linked_at", UtcDateTime, nullable=False),
    UniqueConstraint("issuer", "subject"),
)
