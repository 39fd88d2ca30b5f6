"""Indexes for the follow-up of payers and for trends of denials"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_denial_cases_received_on", "denial_cases", ["received_on"])
    op.create_index("ix_denial_cases_payer_id", "denial_cases", ["payer_id"])
    op.create_index(
        "ix_work_items_open_kind",
        "work_items",
        ["kind", "payer_id"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_index("ix_work_items_open_kind", "work_items")
    op.drop_index("ix_denial_cases_payer_id", "denial_cases")
    op.drop_index("ix_denial_cases_received_on", "denial_cases")
