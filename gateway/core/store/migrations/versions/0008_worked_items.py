"""What people do about work items, the dates that order them, and who put a hold"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DATES = ("refile_by", "appeal_by", "priority_date", "follow_up", "snoozed_until")
_MOMENTS = ("assigned_at", "touched_at")


def upgrade() -> None:
    for name in _DATES:
        op.add_column("work_items", sa.Column(name, sa.Date(), nullable=True))
    for name in _MOMENTS:
        op.add_column("work_items", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # As `work.priority` says it: what has no date that costs money goes by the day it should be worked, unless it is of
    # a kind whose claim must reach the payer in time (`gateway queue redate` gives these their date).
    op.execute("UPDATE work_items SET priority_date = deadline WHERE state = 'open'")
    op.execute(
        "UPDATE work_items SET priority_date = work_by "
        "WHERE state = 'open' AND priority_date IS NULL AND kind NOT IN ('hold', 'plugin_failure', 'duplicate_claim', "
        "'faulty_claim', 'rejection', 'denial', 'claim_review')"
    )
    op.create_index(
        "ix_work_items_assignee",
        "work_items",
        ["assignee", "state"],
        sqlite_where=sa.text("assignee <> ''"),
        postgresql_where=sa.text("assignee <> ''"),
    )
    op.add_column("holds", sa.Column("opened_by", sa.String(length=80), nullable=False, server_default=""))
    op.create_table(
        "touches",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("item_id", _BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("verb", sa.String(length=8), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("follow_up", sa.Date(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cents", _BIG, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name=op.f("fk_touches_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touches")),
        sa.UniqueConstraint("key", name=op.f("uq_touches_key")),
    )
    op.create_index(op.f("ix_touches_item_id"), "touches", ["item_id"])
    op.create_index("ix_touches_at", "touches", ["at"])
    op.create_index(
        "ix_touches_follow_up",
        "touches",
        ["follow_up"],
        sqlite_where=sa.text("follow_up IS NOT NULL"),
        postgresql_where=sa.text("follow_up IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("touches")
    op.drop_column("holds", "opened_by")
    op.drop_index("ix_work_items_assignee", "work_items")
    for name in (*_DATES, *_MOMENTS):
        op.drop_column("work_items", name)
