"""What a person said about payments that waited; what was set aside"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITS = sa.text("state = 'exception'")


def upgrade() -> None:
    op.create_table(
        "payment_directions",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("claim_payment_id", _BIG, nullable=False),
        sa.Column("claim_id", _BIG, nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("reverses", _BIG, nullable=True),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_payment_directions_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_directions")),
    )
    op.create_index(op.f("ix_payment_directions_claim_payment_id"), "payment_directions", ["claim_payment_id"])
    op.create_index(op.f("ix_payment_directions_claim_id"), "payment_directions", ["claim_id"])
    op.create_table(
        "set_asides",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("claim_payment_id", _BIG, nullable=False),
        sa.Column("transfer_id", _BIG, nullable=True),
        sa.Column("cents", _BIG, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_by", sa.String(length=80), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_asides")),
    )
    op.create_index(op.f("ix_set_asides_claim_payment_id"), "set_asides", ["claim_payment_id"])
    op.create_index(
        "ix_claim_payments_waiting", "claim_payments", ["claim_id"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.create_index("ix_provider_adjustments_reference", "provider_adjustments", ["reference"])


def downgrade() -> None:
    op.drop_index("ix_provider_adjustments_reference", "provider_adjustments")
    op.drop_index("ix_claim_payments_waiting", "claim_payments")
    op.drop_table("set_asides")
    op.drop_table("payment_directions")
