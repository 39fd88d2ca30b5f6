"""Claims whose payer was asked about them (276), and what it answered (277)"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("claim_id", _BIG, nullable=False),
        sa.Column("batch_id", _BIG, nullable=False),
        sa.Column("trace", sa.String(length=50), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", _BIG, nullable=True),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.Column("told", sa.String(length=1000), nullable=False),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_inquiries_claim_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_inquiries_batch_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_inquiries_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
        sa.UniqueConstraint("claim_id", "asked_on", name=op.f("uq_inquiries_claim_id_asked_on")),
        sa.UniqueConstraint("trace", name=op.f("uq_inquiries_trace")),
    )
    op.create_index(op.f("ix_inquiries_batch_id"), "inquiries", ["batch_id"])
    op.create_index("ix_inquiries_asked_on", "inquiries", ["asked_on"])


def downgrade() -> None:
    op.drop_table("inquiries")
