"""Claims that plugins made, and documents that they took"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "made_claims",
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=38), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("file_id", _BIG, nullable=False),
        sa.Column("claim_id", _BIG, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_made_claims_file_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_made_claims_claim_id")),
        sa.PrimaryKeyConstraint("plugin", "key", name=op.f("pk_made_claims")),
    )
    for column in ("number", "file_id"):
        op.create_index(op.f(f"ix_made_claims_{column}"), "made_claims", [column])
    op.create_table(
        "drop_documents",
        sa.Column("file_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_drop_documents_file_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_drop_documents")),
    )
    op.create_index("ix_drop_documents_plugin", "drop_documents", ["plugin", "name", "source"])


def downgrade() -> None:
    op.drop_table("drop_documents")
    op.drop_table("made_claims")
