"""When a plugin's schedule did its work last"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.core.store.tables import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plugin_turns",
        sa.Column("plugin", sa.String(80), primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("plugin_turns")
