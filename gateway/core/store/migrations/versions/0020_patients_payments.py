"""What patients paid, posted to their claims"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TO = {"money_line_id": "money_lines", "match_id": "cash_matches", "claim_id": "claims", "line_id": "claim_lines"}


def upgrade() -> None:
    op.create_table(
        "patient_payments",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("money_line_id", _BIG, nullable=False),
        sa.Column("match_id", _BIG, nullable=False),
        sa.Column("claim_id", _BIG, nullable=False),
        sa.Column("line_id", _BIG, nullable=True),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("cents", _BIG, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("undone_reason", sa.String(length=500), server_default="", nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_patient_payments_{column}"))
            for column, table in _TO.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_payments")),
    )
    for column in ("money_line_id", "claim_id"):
        op.create_index(f"ix_patient_payments_{column}", "patient_payments", [column])


def downgrade() -> None:
    op.drop_table("patient_payments")
