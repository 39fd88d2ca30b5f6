"""Who somebody is at the provider through which they sign in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_logins",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_logins_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_logins")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_user_logins_issuer_subject")),
    )


def downgrade() -> None:
    op.drop_table("user_logins")
