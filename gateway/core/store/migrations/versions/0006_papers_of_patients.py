"""Orders, authorizations and documents of patients"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=size), nullable=False)


def _day(name: str, *, nullable: bool = True) -> sa.Column[dt.date]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _moment() -> sa.Column[dt.datetime]:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False)


def _ref(table: str, name: str, target: str, column: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{target}.{column}"], name=op.f(f"fk_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("patient_id", _BIG, nullable=False),
        sa.Column("file_id", _BIG, nullable=False),
        _text("source", 80),
        _text("key", 32),
        _text("order_number", 50),
        _text("codes", 1500),
        _day("ordered_on", nullable=False),
        _day("received_on"),
        _day("signed_on"),
        _day("encounter_on"),
        _day("ends_on"),
        _text("quantity", 15),
        _text("description", 1000),
        _text("practitioner", 80),
        _text("practitioner_npi", 10),
        sa.Column("patient_named", sa.Boolean(), nullable=False),
        _moment(),
        _ref("orders", "patient_id", "patients"),
        _ref("orders", "file_id", "files"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("key", name=op.f("uq_orders_key")),
    )
    op.create_index("ix_orders_patient_id", "orders", ["patient_id", "ordered_on"])
    op.create_index(op.f("ix_orders_file_id"), "orders", ["file_id"])
    op.create_table(
        "authorizations",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("patient_id", _BIG, nullable=False),
        sa.Column("file_id", _BIG, nullable=False),
        _text("source", 80),
        _text("key", 32),
        _text("number", 50),
        _text("payer_id", 80),
        _text("codes", 1500),
        _text("modifiers", 20),
        _text("decided", 16),
        _day("decided_on"),
        _day("valid_from"),
        _day("valid_to"),
        _text("units", 15),
        _moment(),
        _ref("authorizations", "patient_id", "patients"),
        _ref("authorizations", "file_id", "files"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorizations")),
        sa.UniqueConstraint("key", name=op.f("uq_authorizations_key")),
    )
    for column in ("patient_id", "file_id", "number"):
        op.create_index(op.f(f"ix_authorizations_{column}"), "authorizations", [column])
    op.create_table(
        "documents",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("patient_id", _BIG, nullable=False),
        sa.Column("claim_id", _BIG, nullable=True),
        _text("source", 80),
        _text("key", 32),
        _text("kind", 20),
        _text("name", 255),
        _text("media_type", 40),
        _text("sha256", 64),
        sa.Column("size", _BIG, nullable=False),
        _day("dated"),
        _text("codes", 1500),
        _text("claim_number", 38),
        _text("order_number", 50),
        _text("added_by", 80),
        _moment(),
        _ref("documents", "patient_id", "patients"),
        _ref("documents", "claim_id", "claims"),
        _ref("documents", "sha256", "blobs", "sha256"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("key", name=op.f("uq_documents_key")),
    )
    for column in ("patient_id", "claim_id", "sha256"):
        op.create_index(op.f(f"ix_documents_{column}"), "documents", [column])
    op.add_column("holds", sa.Column("document_id", _BIG, nullable=True))


def downgrade() -> None:
    op.drop_column("holds", "document_id")
    for table in ("documents", "authorizations", "orders"):
        op.drop_table(table)
