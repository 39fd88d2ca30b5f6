"""Calls of each step, failures of plugins, alarms and their messages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_WITH_PARTNER = sa.text("state = 'open' AND partner <> ''")


def upgrade() -> None:
    op.create_index(
        "ix_work_items_kind_partner",
        "work_items",
        ["kind", "partner"],
        sqlite_where=_WITH_PARTNER,
        postgresql_where=_WITH_PARTNER,
    )
    op.create_table(
        "step_calls",
        sa.Column("chain", sa.String(length=80), nullable=False),
        sa.Column("station", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", _BIG, nullable=False),
        sa.Column("holds", _BIG, nullable=False),
        sa.Column("failures", _BIG, nullable=False),
        sa.Column("microseconds", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("chain", "station", "place", "plugin", "day", name=op.f("pk_step_calls")),
    )
    op.create_index("ix_step_calls_day", "step_calls", ["day"])
    op.create_table(
        "plugin_failures",
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=160), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("times", _BIG, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plugin", "place", "what", name=op.f("pk_plugin_failures")),
    )
    op.create_index("ix_plugin_failures_last_at", "plugin_failures", ["plugin", "last_at"])
    op.create_table(
        "alarms",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("key", name=op.f("uq_alarms_key")),
    )
    op.create_index("ix_alarms_over_at", "alarms", ["over_at"])
    op.create_table(
        "alarm_messages",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("alarms", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_messages")),
    )


def downgrade() -> None:
    op.drop_index("ix_work_items_kind_partner", "work_items")
    for name in ("alarm_messages", "alarms", "plugin_failures", "step_calls"):
        op.drop_table(name)
