"""Deposits and remittances that wait, and money in hand, are found by an index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_deposits_state", "deposits", ["state", "cents"])
    op.create_index("ix_remittances_state", "remittances", ["state"])
    for name, side in (("ix_transfers_into_hand", "debit"), ("ix_transfers_out_of_hand", "credit")):
        in_hand = sa.text(f"{side} = 'cash:in-hand'")
        op.create_index(name, "transfers", ["on_date", "cents"], sqlite_where=in_hand, postgresql_where=in_hand)


def downgrade() -> None:
    op.drop_index("ix_transfers_out_of_hand", "transfers")
    op.drop_index("ix_transfers_into_hand", "transfers")
    op.drop_index("ix_remittances_state", "remittances")
    op.drop_index("ix_deposits_state", "deposits")
