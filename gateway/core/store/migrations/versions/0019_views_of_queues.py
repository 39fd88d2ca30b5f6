"""Saved views of queues; what claims of a state come to is summed from their index alone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0014"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BY_STATE = "ix_claims_state_created_at"


def upgrade() -> None:
    op.create_table(
        "queue_views",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("shared", sa.String(length=30), server_default="", nullable=False),
        sa.Column("filters", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_views")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_queue_views_owner_name")),
    )
    op.create_index("ix_queue_views_shared", "queue_views", ["shared"])
    op.drop_index(_BY_STATE, table_name="claims")
    op.create_index(_BY_STATE, "claims", ["state", "created_at", "charge_cents"])


def downgrade() -> None:
    op.drop_index(_BY_STATE, table_name="claims")
    op.create_index(_BY_STATE, "claims", ["state", "created_at"])
    op.drop_table("queue_views")
