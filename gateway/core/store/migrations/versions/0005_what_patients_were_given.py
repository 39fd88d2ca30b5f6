"""Deliveries, equipment, and the tables that plugins keep rows in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=size), nullable=False)


def _ref(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("patient_id", _BIG, nullable=False),
        sa.Column("claim_id", _BIG, nullable=True),
        sa.Column("file_id", _BIG, nullable=False),
        _text("source", 80),
        _text("key", 32),
        _text("order_number", 50),
        _text("code", 48),
        _text("modifiers", 20),
        _text("quantity", 15),
        _text("serial", 50),
        _text("lot", 50),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        _text("proof", 10),
        _text("claim_number", 38),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _ref("deliveries", "patient_id", "patients"),
        _ref("deliveries", "claim_id", "claims"),
        _ref("deliveries", "file_id", "files"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
    )
    op.create_index("ix_deliveries_patient_id", "deliveries", ["patient_id", "delivered_on"])
    op.create_index(op.f("ix_deliveries_claim_id"), "deliveries", ["claim_id"])
    op.create_index(op.f("ix_deliveries_file_id"), "deliveries", ["file_id"])
    op.create_index(op.f("ix_deliveries_serial"), "deliveries", ["serial"])
    op.create_table(
        "equipment",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("patient_id", _BIG, nullable=False),
        sa.Column("file_id", _BIG, nullable=False),
        _text("source", 80),
        _text("key", 32),
        _text("code", 48),
        _text("serial", 50),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        _text("ownership", 10),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _ref("equipment", "patient_id", "patients"),
        _ref("equipment", "file_id", "files"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
        sa.UniqueConstraint("key", name=op.f("uq_equipment_key")),
    )
    op.create_index("ix_equipment_patient_id", "equipment", ["patient_id", "started_on"])
    op.create_index(op.f("ix_equipment_file_id"), "equipment", ["file_id"])
    op.create_index(op.f("ix_equipment_serial"), "equipment", ["serial"])
    op.create_table(
        "plugin_tables",
        sa.Column("name", sa.String(length=63), nullable=False),
        _text("plugin", 80),
        _text("table", 30),
        sa.Column("declared", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_plugin_tables")),
        sa.UniqueConstraint("plugin", "table", name=op.f("uq_plugin_tables_plugin_table")),
    )


def downgrade() -> None:
    for table in ("plugin_tables", "equipment", "deliveries"):
        op.drop_table(table)
