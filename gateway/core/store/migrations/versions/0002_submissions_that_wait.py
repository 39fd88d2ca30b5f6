"""An index of the submissions that still wait for an answer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('sent', 'acknowledged', 'accepted')")


def upgrade() -> None:
    op.create_index(
        "ix_submissions_waiting",
        "submissions",
        ["batch_id", "state"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_submissions_waiting", "submissions")
