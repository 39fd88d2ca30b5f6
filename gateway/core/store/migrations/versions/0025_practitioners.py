"""The list of practitioners who may order equipment"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.core.store.tables import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "practitioner_lists",
        sa.Column("id", _BIG, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("practitioners", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_practitioner_lists_state", "practitioner_lists", ["state"])
    op.create_table(
        "practitioners",
        sa.Column("list_id", _BIG, sa.ForeignKey("practitioner_lists.id"), primary_key=True, autoincrement=False),
        sa.Column("npi", sa.String(10), primary_key=True),
        sa.Column("last", sa.String(4), nullable=False),
        sa.Column("first", sa.String(1), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("practitioners")
    op.drop_table("practitioner_lists")
