"""Claims that a person has corrected: before, after, and why they were refused"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("claim_id", _BIG, nullable=False),
        sa.Column("request_id", _BIG, nullable=False),
        sa.Column("submission_id", _BIG, nullable=True),
        sa.Column("edit", sa.String(length=40), nullable=False),
        sa.Column("root_cause", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_corrections_claim_id")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_corrections_request_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_corrections_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_claim_id"), "corrections", ["claim_id"])
    op.create_index(op.f("ix_corrections_request_id"), "corrections", ["request_id"])
    op.create_index(op.f("ix_corrections_submission_id"), "corrections", ["submission_id"])
    whole, refused = sa.text("submission_id IS NULL"), sa.text("verdict IN ('rejected', 'investigate')")
    op.create_index(
        "ix_acknowledgments_whole", "acknowledgments", ["batch_id"], sqlite_where=whole, postgresql_where=whole
    )
    op.create_index(
        "ix_acknowledgments_refused", "acknowledgments", ["at"], sqlite_where=refused, postgresql_where=refused
    )


def downgrade() -> None:
    op.drop_index("ix_acknowledgments_refused", "acknowledgments")
    op.drop_index("ix_acknowledgments_whole", "acknowledgments")
    op.drop_table("corrections")
