"""Saved views of queues; what claims of a state come to, and a long queue, are read from their index alone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BY_STATE, _QUEUE = "ix_claims_state_created_at", "ix_work_items_queue"
_COLUMNS = (
    *("state", "team", "kind", "opened_at", "cents", "priority_date", "work_by", "touched_at", "assignee"),
    *("snoozed_until", "follow_up"),
)


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
    op.drop_index(_QUEUE, table_name="work_items")
    op.create_index(_QUEUE, "work_items", list(_COLUMNS))


def downgrade() -> None:
    op.drop_index(_QUEUE, table_name="work_items")
    op.create_index(_QUEUE, "work_items", ["state", "team", "work_by"])
    op.drop_index(_BY_STATE, table_name="claims")
    op.create_index(_BY_STATE, "claims", ["state", "created_at"])
    op.drop_table("queue_views")
