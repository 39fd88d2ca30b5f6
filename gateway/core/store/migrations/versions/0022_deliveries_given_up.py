"""Deliveries to webhooks that were given up are found without looking at the others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_GIVEN_UP = sa.text("state = 'given up'")


def upgrade() -> None:
    op.create_index(
        "ix_webhook_deliveries_given_up",
        "webhook_deliveries",
        ["webhook", "id"],
        sqlite_where=_GIVEN_UP,
        postgresql_where=_GIVEN_UP,
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_given_up", "webhook_deliveries")
