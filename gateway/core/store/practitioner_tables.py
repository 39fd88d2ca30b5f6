"""Tables of the list of practitioners who may order equipment."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table

from .tables import _BIG, _id, _moment, _text, metadata

# A list that was brought in. `state`: reading (not whole yet), in use (one of them, at most), old. `as_of`: its day.
practitioner_lists = Table(
    "practitioner_lists",
    metadata,
    _id(),
    _text("name", size=200),
    _text("sha256", size=64),
    Column("as_of", Date, nullable=False),
    Column("practitioners", Integer, nullable=False),
    _text("state", size=8),
    _text("who", size=80),
    _moment("at"),
    Index("ix_practitioner_lists_state", "state"),
)

# Who is on it: the letters of each name that are compared, and no more.
practitioners = Table(
    "practitioners",
    metadata,
    Column("list_id", _BIG, ForeignKey("practitioner_lists.id"), primary_key=True),
    Column("npi", String(10), primary_key=True),
    _text("last", size=4),
    _text("first", size=1),
)
