"""Cash: what the bank shows, what of it belongs to which deposit, and the days that are closed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _money_lines()
    _cash_matches()
    _deposit_papers()
    _day_closings()


def _money_lines() -> None:
    op.create_table(
        "money_lines",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=4), nullable=False),
        sa.Column("file_id", _BIG, nullable=True),
        sa.Column("deposit_id", _BIG, nullable=True),
        sa.Column("bank", sa.String(length=80), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("counts_on", sa.Date(), nullable=False),
        sa.Column("type_code", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("cents", _BIG, nullable=False),
        sa.Column("trace_number", sa.String(length=50), nullable=False),
        sa.Column("originator", sa.String(length=20), nullable=False),
        sa.Column("payer", sa.String(length=80), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_money_lines_file_id")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposits.id"], name=op.f("fk_money_lines_deposit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_lines")),
        sa.UniqueConstraint("key", name=op.f("uq_money_lines_key")),
    )
    op.create_index(op.f("ix_money_lines_file_id"), "money_lines", ["file_id"])
    op.create_index(op.f("ix_money_lines_deposit_id"), "money_lines", ["deposit_id"])
    op.create_index("ix_money_lines_counts_on", "money_lines", ["counts_on"])
    op.create_index("ix_money_lines_state", "money_lines", ["state", "cents"])


def _cash_matches() -> None:
    op.create_table(
        "cash_matches",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("line_id", _BIG, nullable=False),
        sa.Column("deposit_id", _BIG, nullable=True),
        sa.Column("cents", _BIG, nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("rule", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=80), nullable=False),
        sa.Column("undone_reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["money_lines.id"], name=op.f("fk_cash_matches_line_id")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposits.id"], name=op.f("fk_cash_matches_deposit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_matches")),
    )
    op.create_index(op.f("ix_cash_matches_line_id"), "cash_matches", ["line_id"])
    op.create_index(op.f("ix_cash_matches_deposit_id"), "cash_matches", ["deposit_id"])
    standing = sa.text("undone_at IS NULL AND deposit_id IS NOT NULL")
    op.create_index(
        "uq_cash_matches_deposit",
        "cash_matches",
        ["deposit_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def _deposit_papers() -> None:
    op.create_table(
        "deposit_papers",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("of_id", _BIG, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_deposit_papers_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_papers")),
        sa.UniqueConstraint("of_id", "sha256", name=op.f("uq_deposit_papers_of_id_sha256")),
    )
    op.create_index(op.f("ix_deposit_papers_sha256"), "deposit_papers", ["sha256"])


def _day_closings() -> None:
    op.create_table(
        "day_closings",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("variance_cents", _BIG, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.String(length=80), nullable=False),
        sa.Column("reopen_reason", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_closings")),
    )
    standing = sa.text("reopened_at IS NULL")
    op.create_index(
        "uq_day_closings_day", "day_closings", ["day"], unique=True, sqlite_where=standing, postgresql_where=standing
    )


def downgrade() -> None:
    for table in ("day_closings", "deposit_papers", "cash_matches", "money_lines"):
        op.drop_table(table)
