"""The tables of cash: what the bank shows, what of it belongs to which deposit, and the days that are closed.

`deposits` itself (what a remittance announces, or a slip of checks keyed by hand) stands in `store.tables`. Its numbers
and those of `money_lines` are handed out together, so that a number names one of both.
"""

from __future__ import annotations

from sqlalchemy import JSON as Json
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)  # fmt: skip

from .tables import UtcDateTime, deposits, metadata, transfers

_BIG = BigInteger().with_variant(Integer, "sqlite")

# Money that was seen: a line of a bank's file (`origin` bank), or a check, card or cash payment in hand that is to be
# taken to the bank (`origin` hand, on the slip `deposit_id`). `counts_on` is the day for which it counts: its own, or
# the business day on which it came where its own was closed. `account` shows the last four digits alone. `state`:
# unidentified, matched, noted (no deposit of ours: nothing is booked for it). `key` makes the same line twice one.
money_lines = Table(
    "money_lines",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("origin", String(4), nullable=False),
    Column("file_id", _BIG, ForeignKey("files.id"), nullable=True, index=True),
    Column("deposit_id", _BIG, ForeignKey("deposits.id"), nullable=True, index=True),
    Column("bank", String(80), nullable=False),
    Column("account", String(20), nullable=False),
    Column("number", Integer, nullable=False),
    Column("on_date", Date, nullable=False),
    Column("counts_on", Date, nullable=False),
    Column("type_code", String(20), nullable=False),
    Column("method", String(12), nullable=False),
    Column("cents", _BIG, nullable=False),
    Column("trace_number", String(50), nullable=False),
    Column("originator", String(20), nullable=False),
    Column("payer", String(80), nullable=False),
    Column("reference", String(80), nullable=False),
    Column("told", Text, nullable=False),
    Column("state", String(14), nullable=False),
    Column("key", String(80), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("key"),
    Index("ix_money_lines_counts_on", "counts_on"),
    Index("ix_money_lines_state", "state", "cents"),
)

# Which money is which deposit. A row moves `cents` of the line: to a deposit, or (without one) to the account that a
# person named with a reason. Never changed but to be undone; the ledger has a transfer for both. `rule`: number, payer,
# slip, by hand, difference, explained.
cash_matches = Table(
    "cash_matches",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("line_id", _BIG, ForeignKey("money_lines.id"), nullable=False, index=True),
    Column("deposit_id", _BIG, ForeignKey("deposits.id"), nullable=True, index=True),
    Column("cents", _BIG, nullable=False),
    Column("account", String(60), nullable=False),
    Column("rule", String(12), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime, nullable=True),
    Column("undone_by", String(80), nullable=False),
    Column("undone_reason", String(500), nullable=False),
    # A deposit is matched once: held by the database, whatever the program does.
    Index(
        "uq_cash_matches_deposit",
        "deposit_id",
        unique=True,
        sqlite_where=text("undone_at IS NULL AND deposit_id IS NOT NULL"),
        postgresql_where=text("undone_at IS NULL AND deposit_id IS NOT NULL"),
    ),
)

# Papers of a deposit or of a line: check images, explanations of benefits, slips.
deposit_papers = Table(
    "deposit_papers",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("of_id", _BIG, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("name", String(255), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False, index=True),
    Column("size", _BIG, nullable=False),
    Column("added_by", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("of_id", "sha256"),
)

# Days that were closed: nothing is booked into one that is not reopened. `figures` are what stood at the closing; a
# variance other than zero has a reason. `time_zone`: where the supplier's days begin.
day_closings = Table(
    "day_closings",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("variance_cents", _BIG, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("who", String(80), nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("time_zone", String(60), nullable=False),
    Column("figures", Json, nullable=False),
    Column("reopened_at", UtcDateTime, nullable=True),
    Column("reopened_by", String(80), nullable=False),
    Column("reopen_reason", String(500), nullable=False),
    Index(
        "uq_day_closings_day",
        "day",
        unique=True,
        sqlite_where=text("reopened_at IS NULL"),
        postgresql_where=text("reopened_at IS NULL"),
    ),
)

# Deposits that wait for their money, among all there ever were.
Index("ix_deposits_state", deposits.c.state, deposits.c.cents)

INTO_HAND = transfers.c.debit == literal_column("'cash:in-hand'")
OUT_OF_HAND = transfers.c.credit == literal_column("'cash:in-hand'")
"""What was taken in hand and what the bank has shown of it, among all transfers. The name itself must stand in the
statement, or SQLite does not use their indexes."""
_TAKEN, _GIVEN = text("debit = 'cash:in-hand'"), text("credit = 'cash:in-hand'")
Index("ix_transfers_into_hand", transfers.c.on_date, transfers.c.cents, sqlite_where=_TAKEN, postgresql_where=_TAKEN)
Index("ix_transfers_out_of_hand", transfers.c.on_date, transfers.c.cents, sqlite_where=_GIVEN, postgresql_where=_GIVEN)
