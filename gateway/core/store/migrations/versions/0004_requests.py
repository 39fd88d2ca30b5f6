"""What a person asked to have done again, and what a submission repeats"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("verb", sa.String(length=12), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", _BIG, nullable=False),
        sa.Column("part_of", sa.String(length=40), nullable=False),
        sa.Column("station", sa.String(length=16), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("stood", _BIG, nullable=False),
        sa.Column("stands", _BIG, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=1000), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("key", name=op.f("uq_requests_key")),
    )
    op.create_index("ix_requests_part_of", "requests", ["part_of"])
    op.create_index("ix_requests_subject", "requests", ["subject_kind", "subject_id"])
    op.add_column("claims", sa.Column("resubmits", _BIG, nullable=True))
    op.add_column("submissions", sa.Column("resubmits", _BIG, nullable=True))
    op.add_column("holds", sa.Column("station", sa.String(length=16), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("holds", "station")
    op.drop_column("submissions", "resubmits")
    op.drop_column("claims", "resubmits")
    op.drop_table("requests")
