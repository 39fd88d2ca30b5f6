"""Denials as they are worked, write-offs, and claims that go to the next payer"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)


def _column(name: str, type_: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=nullable)


def _id() -> sa.Column[Any]:
    return sa.Column("id", _BIG, autoincrement=False, nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "denial_cases",
        sa.Column("denial_id", _BIG, autoincrement=False, nullable=False),
        _column("status", sa.String(12)),
        _column("way", sa.String(10)),
        _column("level", sa.Integer()),
        _column("payer_id", sa.String(80)),
        _column("filing_code", sa.String(2)),
        _column("code", sa.String(48)),
        _column("received_on", sa.Date()),
        _column("noticed_on", sa.Date()),
        _column("appeal_by", sa.Date(), nullable=True),
        _column("reopen_by", sa.Date(), nullable=True),
        _column("recovered_cents", _BIG),
        _column("ended_on", sa.Date(), nullable=True),
        _column("ended_by", _BIG, nullable=True),
        _to("denial_cases", "denial_id", "denials"),
        sa.PrimaryKeyConstraint("denial_id", name=op.f("pk_denial_cases")),
    )
    op.create_index("ix_denial_cases_status", "denial_cases", ["status"])
    op.create_table(
        "denial_acts",
        _id(),
        _column("denial_id", _BIG),
        _column("at", _AT),
        _column("who", sa.String(80)),
        _column("verb", sa.String(12)),
        _column("level", sa.Integer()),
        _column("cents", _BIG),
        _column("why", sa.String(1000)),
        _column("outcome", sa.String(1000)),
        _column("sha256", sa.String(64)),
        _column("name", sa.String(120)),
        _column("key", sa.String(200)),
        _to("denial_acts", "denial_id", "denials"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denial_acts")),
        sa.UniqueConstraint("key", name=op.f("uq_denial_acts_key")),
    )
    op.create_index(op.f("ix_denial_acts_denial_id"), "denial_acts", ["denial_id"])
    _write_offs()
    _next_claims()


def _write_offs() -> None:
    op.create_table(
        "write_offs",
        _id(),
        _column("denial_id", _BIG),
        _column("claim_id", _BIG),
        _column("line_id", _BIG, nullable=True),
        _column("cents", _BIG),
        _column("rule", sa.String(40)),
        _column("reason", sa.String(1000)),
        _column("state", sa.String(8)),
        _column("asked_by", sa.String(80)),
        _column("asked_at", _AT),
        _column("decided_by", sa.String(80)),
        _column("decided_at", _AT, nullable=True),
        _column("decision", sa.String(1000)),
        _to("write_offs", "denial_id", "denials"),
        _to("write_offs", "claim_id", "claims"),
        _to("write_offs", "line_id", "claim_lines"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_offs")),
    )
    for column in ("denial_id", "claim_id", "line_id"):
        op.create_index(op.f(f"ix_write_offs_{column}"), "write_offs", [column])
    asked = sa.text("state = 'asked'")
    op.create_index(
        "ix_write_offs_asked", "write_offs", ["denial_id"], unique=True, sqlite_where=asked, postgresql_where=asked
    )


def _next_claims() -> None:
    op.create_table(
        "next_claims",
        _id(),
        _column("claim_id", _BIG),
        _column("payment_id", _BIG),
        _column("state", sa.String(8)),
        _column("crossed", sa.Boolean()),
        _column("then", sa.String(8)),
        _column("due_on", sa.Date()),
        _column("cents", _BIG),
        _column("number", sa.String(38)),
        _column("made_claim_id", _BIG, nullable=True),
        _column("why", sa.Text()),
        _column("at", _AT),
        _to("next_claims", "claim_id", "claims"),
        _to("next_claims", "payment_id", "claim_payments"),
        _to("next_claims", "made_claim_id", "claims"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_next_claims")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_next_claims_payment_id")),
    )
    for column in ("claim_id", "payment_id", "number", "made_claim_id"):
        op.create_index(op.f(f"ix_next_claims_{column}"), "next_claims", [column])
    waits = sa.text("state IN ('due', 'waits')")
    op.create_index("ix_next_claims_waits", "next_claims", ["due_on"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    for table in ("next_claims", "write_offs", "denial_acts", "denial_cases"):
        op.drop_table(table)
