"""How often each plugin was called"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plugin_calls",
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", _BIG, nullable=False),
        sa.Column("failures", _BIG, nullable=False),
        sa.Column("microseconds", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("plugin", "version", "day", name=op.f("pk_plugin_calls")),
    )


def downgrade() -> None:
    op.drop_table("plugin_calls")
