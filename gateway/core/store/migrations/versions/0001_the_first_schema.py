"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_log_at"), ["at"], unique=False)

    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_table(
        "configurations",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_configurations")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("next", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "executors",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executors")),
    )
    with op.batch_alter_table("executors", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_executors_heartbeat_at"), ["heartbeat_at"], unique=False)

    op.create_table(
        "marks",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_marks")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_outbox_kind_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_submitted_at"), ["submitted_at"], unique=False)

    op.create_table(
        "partner_states",
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("last_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("auth_failures", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("partner", name=op.f("pk_partner_states")),
    )
    op.create_table(
        "patients",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("last_name", sa.String(length=80), nullable=False),
        sa.Column("first_name", sa.String(length=80), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["patients.id"], name=op.f("fk_patients_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
    )
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.create_index(
            "ix_patients_merged_into",
            ["merged_into"],
            unique=False,
            sqlite_where=sa.text("merged_into IS NOT NULL"),
            postgresql_where=sa.text("merged_into IS NOT NULL"),
        )
        batch_op.create_index("ix_patients_name", ["last_name", "first_name", "birth_date"], unique=False)

    op.create_table(
        "schedules",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("next_due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_run", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedules")),
    )
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedules_next_due"), ["next_due"], unique=False)

    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("station", sa.String(length=16), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=True),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
    )
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tokens")),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("party", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("wire_sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("duplicate_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["duplicate_of"], ["files.id"], name=op.f("fk_files_duplicate_of")),
        sa.ForeignKeyConstraint(["parent_id"], ["files.id"], name=op.f("fk_files_parent_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_files_sha256")),
        sa.ForeignKeyConstraint(["wire_sha256"], ["blobs.sha256"], name=op.f("fk_files_wire_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_files_party_state", ["party", "state"], unique=False)
        batch_op.create_index("ix_files_received_at", ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_files_sha256"), ["sha256"], unique=False)

    op.create_table(
        "patient_ids",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scheme", sa.String(length=120), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("first_used", sa.Date(), nullable=True),
        sa.Column("last_used", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_patient_ids_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_ids")),
        sa.UniqueConstraint(
            "scheme",
            "value",
            "birth_date",
            "patient_id",
            name=op.f("uq_patient_ids_scheme_value_birth_date_patient_id"),
        ),
    )
    with op.batch_alter_table("patient_ids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_ids_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index("ix_patient_ids_value", ["value", "birth_date"], unique=False)

    op.create_table(
        "patient_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["other_id"], ["patients.id"], name=op.f("fk_patient_merges_other_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_patient_merges_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_merges")),
        sa.UniqueConstraint("patient_id", "other_id", name=op.f("uq_patient_merges_patient_id_other_id")),
    )
    with op.batch_alter_table("patient_merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_merges_other_id"), ["other_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patient_merges_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("usage", sa.String(length=1), nullable=False),
        sa.Column("sender", sa.String(length=20), nullable=False),
        sa.Column("receiver", sa.String(length=20), nullable=False),
        sa.Column("isa13", sa.String(length=9), nullable=False),
        sa.Column("gs06", sa.String(length=9), nullable=False),
        sa.Column("first_st02", sa.String(length=9), nullable=False),
        sa.Column("sets", sa.Integer(), nullable=False),
        sa.Column("bht03", sa.String(length=50), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("remote_name", sa.String(length=255), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retransmits", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ta1", sa.String(length=4), nullable=False),
        sa.Column("group_ack", sa.String(length=4), nullable=False),
        sa.Column("ta1_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("group_ack_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_acks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_batches_file_id")),
        sa.ForeignKeyConstraint(["retransmits"], ["batches.id"], name=op.f("fk_batches_retransmits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("sender", "receiver", "isa13", name=op.f("uq_batches_sender_receiver_isa13")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batches_bht03"), ["bht03"], unique=False)
        batch_op.create_index(batch_op.f("ix_batches_file_id"), ["file_id"], unique=False)
        batch_op.create_index("ix_batches_gs06", ["gs06"], unique=False)
        batch_op.create_index("ix_batches_isa13", ["isa13"], unique=False)
        batch_op.create_index("ix_batches_partner_state", ["partner", "state"], unique=False)

    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("claim_number", sa.String(length=38), nullable=False),
        sa.Column("source_claim_number", sa.String(length=38), nullable=False),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("chain", sa.String(length=80), nullable=False),
        sa.Column("payer_id", sa.String(length=80), nullable=False),
        sa.Column("payer_name", sa.String(length=80), nullable=False),
        sa.Column("filing_code", sa.String(length=4), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("billing_npi", sa.String(length=10), nullable=False),
        sa.Column("frequency", sa.String(length=1), nullable=False),
        sa.Column("charge_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("thru_date", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("usage", sa.String(length=1), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payer_claim_number", sa.String(length=80), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_claims_file_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_claims_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("file_id", "ordinal", name=op.f("uq_claims_file_id_ordinal")),
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claims_claim_number"), ["claim_number"], unique=False)
        batch_op.create_index("ix_claims_source_content", ["source", "content_hash"], unique=False)
        batch_op.create_index("ix_claims_member_id", ["member_id", "from_date"], unique=False)
        batch_op.create_index("ix_claims_partner_state", ["partner", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_claims_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claims_payer_claim_number"), ["payer_claim_number"], unique=False)
        batch_op.create_index("ix_claims_source_number", ["source", "source_claim_number"], unique=False)
        batch_op.create_index("ix_claims_state_created_at", ["state", "created_at"], unique=False)

    op.create_table(
        "interchanges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("sender", sa.String(length=20), nullable=False),
        sa.Column("receiver", sa.String(length=20), nullable=False),
        sa.Column("isa13", sa.String(length=9), nullable=False),
        sa.Column("usage", sa.String(length=1), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_interchanges_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interchanges")),
        sa.UniqueConstraint(
            "direction",
            "sender",
            "receiver",
            "isa13",
            "file_id",
            name=op.f("uq_interchanges_direction_sender_receiver_isa13_file_id"),
        ),
    )
    with op.batch_alter_table("interchanges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interchanges_file_id"), ["file_id"], unique=False)
        batch_op.create_index("ix_interchanges_isa13", ["isa13"], unique=False)

    op.create_table(
        "remittances",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("payer_name", sa.String(length=80), nullable=False),
        sa.Column("payer_id", sa.String(length=80), nullable=False),
        sa.Column("payee_npi", sa.String(length=80), nullable=False),
        sa.Column("handling", sa.String(length=2), nullable=False),
        sa.Column("method", sa.String(length=3), nullable=False),
        sa.Column("trace_number", sa.String(length=50), nullable=False),
        sa.Column("originator", sa.String(length=10), nullable=False),
        sa.Column("paid_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("effective_date", sa.Date(), nullable=True),
        sa.Column("money_key", sa.String(length=200), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("posted_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exception_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_level_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("duplicate_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["duplicate_of"], ["remittances.id"], name=op.f("fk_remittances_duplicate_of")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_remittances_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittances")),
        sa.UniqueConstraint("file_id", "ordinal", name=op.f("uq_remittances_file_id_ordinal")),
    )
    with op.batch_alter_table("remittances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remittances_body_hash"), ["body_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_remittances_money_key"), ["money_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_remittances_trace_number"), ["trace_number"], unique=False)

    op.create_table(
        "remote_files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mtime", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_remote_files_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_files")),
        sa.UniqueConstraint("partner", "path", "size", "mtime", name=op.f("uq_remote_files_partner_path_size_mtime")),
    )
    with op.batch_alter_table("remote_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remote_files_file_id"), ["file_id"], unique=False)

    op.create_table(
        "claim_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("control_number", sa.String(length=50), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("modifiers", sa.String(length=20), nullable=False),
        sa.Column("charge_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("units", sa.String(length=15), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("thru_date", sa.Date(), nullable=True),
        sa.Column("patient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_lines_claim_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_claim_lines_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_lines")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("uq_claim_lines_claim_id_number")),
    )
    with op.batch_alter_table("claim_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_lines_control_number"), ["control_number"], unique=False)
        batch_op.create_index("ix_claim_lines_patient_id", ["patient_id", "from_date"], unique=False)

    op.create_table(
        "claim_payments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("remittance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_number", sa.String(length=38), nullable=False),
        sa.Column("status", sa.String(length=2), nullable=False),
        sa.Column("charge_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("patient_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payer_claim_number", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("match", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_payments_claim_id")),
        sa.ForeignKeyConstraint(["remittance_id"], ["remittances.id"], name=op.f("fk_claim_payments_remittance_id")),
        sa.ForeignKeyConstraint(["reverses"], ["claim_payments.id"], name=op.f("fk_claim_payments_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_payments")),
        sa.UniqueConstraint("remittance_id", "ordinal", name=op.f("uq_claim_payments_remittance_id_ordinal")),
    )
    with op.batch_alter_table("claim_payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_payments_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_payments_claim_number"), ["claim_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_payments_payer_claim_number"), ["payer_claim_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_payments_remittance_id"), ["remittance_id"], unique=False)

    op.create_table(
        "deposits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("remittance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("payer_id", sa.String(length=80), nullable=False),
        sa.Column("payer_name", sa.String(length=80), nullable=False),
        sa.Column("trace_number", sa.String(length=50), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["remittance_id"], ["remittances.id"], name=op.f("fk_deposits_remittance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposits")),
    )
    with op.batch_alter_table("deposits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposits_remittance_id"), ["remittance_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deposits_trace_number"), ["trace_number"], unique=False)

    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type", sa.String(length=3), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("team", sa.String(length=30), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=False),
        sa.Column("release_reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_holds_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holds_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index("ix_holds_released_at", ["released_at"], unique=False)

    op.create_table(
        "provider_adjustments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("remittance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=50), nullable=False),
        sa.Column("reason_code", sa.String(length=2), nullable=False),
        sa.Column("reference", sa.String(length=50), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["remittance_id"], ["remittances.id"], name=op.f("fk_provider_adjustments_remittance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_adjustments")),
    )
    with op.batch_alter_table("provider_adjustments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_adjustments_remittance_id"), ["remittance_id"], unique=False)

    op.create_table(
        "submissions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim_number", sa.String(length=38), nullable=False),
        sa.Column("st02", sa.String(length=9), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("hop", sa.Integer(), nullable=False),
        sa.Column("payer_claim_number", sa.String(length=80), nullable=False),
        sa.Column("clearinghouse_number", sa.String(length=80), nullable=False),
        sa.Column("charge_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_submissions_batch_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_submissions_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_submissions_batch_id_position")),
    )
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submissions_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submissions_claim_number"), ["claim_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_submissions_payer_claim_number"), ["payer_claim_number"], unique=False)

    op.create_table(
        "work_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=30), nullable=False),
        sa.Column("assignee", sa.String(length=80), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("work_by", sa.Date(), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("payer_id", sa.String(length=80), nullable=False),
        sa.Column("partner", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_work_items_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_items")),
        sa.UniqueConstraint("key", name=op.f("uq_work_items_key")),
    )
    with op.batch_alter_table("work_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_items_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index("ix_work_items_queue", ["state", "team", "work_by"], unique=False)
        batch_op.create_index("ix_work_items_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "acknowledgments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("hop", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=14), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_acknowledgments_batch_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_acknowledgments_file_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_acknowledgments_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgments")),
        sa.UniqueConstraint("file_id", "id", name=op.f("uq_acknowledgments_file_id_id")),
    )
    with op.batch_alter_table("acknowledgments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acknowledgments_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_acknowledgments_file_id"), ["file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_acknowledgments_submission_id"), ["submission_id"], unique=False)

    op.create_table(
        "adjustments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("group_code", sa.String(length=2), nullable=False),
        sa.Column("reason_code", sa.String(length=5), nullable=False),
        sa.Column("remark_code", sa.String(length=50), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_payment_id"], ["claim_payments.id"], name=op.f("fk_adjustments_claim_payment_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["claim_lines.id"], name=op.f("fk_adjustments_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_adjustments_claim_payment_id"), ["claim_payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_adjustments_line_id"), ["line_id"], unique=False)
        batch_op.create_index("ix_adjustments_reason", ["group_code", "reason_code"], unique=False)

    op.create_table(
        "denials",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_code", sa.String(length=2), nullable=False),
        sa.Column("reason_code", sa.String(length=5), nullable=False),
        sa.Column("remark_code", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("team", sa.String(length=30), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_denials_claim_id")),
        sa.ForeignKeyConstraint(["claim_payment_id"], ["claim_payments.id"], name=op.f("fk_denials_claim_payment_id")),
        sa.ForeignKeyConstraint(["line_id"], ["claim_lines.id"], name=op.f("fk_denials_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denials")),
        sa.UniqueConstraint(
            "claim_payment_id",
            "line_id",
            "group_code",
            "reason_code",
            "remark_code",
            name=op.f("uq_denials_claim_payment_id_line_id_group_code_reason_code_remark_code"),
        ),
    )
    with op.batch_alter_table("denials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_denials_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_denials_claim_payment_id"), ["claim_payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_denials_line_id"), ["line_id"], unique=False)

    op.create_table(
        "line_payments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("charge_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_payment_id"], ["claim_payments.id"], name=op.f("fk_line_payments_claim_payment_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["claim_lines.id"], name=op.f("fk_line_payments_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_payments")),
    )
    with op.batch_alter_table("line_payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_payments_claim_payment_id"), ["claim_payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_payments_line_id"), ["line_id"], unique=False)

    op.create_table(
        "transfers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("debit", sa.String(length=60), nullable=False),
        sa.Column("credit", sa.String(length=60), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claim_payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("remittance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_transfers_claim_id")),
        sa.ForeignKeyConstraint(
            ["claim_payment_id"], ["claim_payments.id"], name=op.f("fk_transfers_claim_payment_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["claim_lines.id"], name=op.f("fk_transfers_line_id")),
        sa.ForeignKeyConstraint(["remittance_id"], ["remittances.id"], name=op.f("fk_transfers_remittance_id")),
        sa.ForeignKeyConstraint(["reverses"], ["transfers.id"], name=op.f("fk_transfers_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("key", name=op.f("uq_transfers_key")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfers_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(
            "ix_transfers_claim_payment_id",
            ["claim_payment_id"],
            unique=False,
            sqlite_where=sa.text("claim_payment_id IS NOT NULL"),
            postgresql_where=sa.text("claim_payment_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_transfers_line_id"), ["line_id"], unique=False)
        batch_op.create_index(
            "ix_transfers_remittance_id",
            ["remittance_id"],
            unique=False,
            sqlite_where=sa.text("remittance_id IS NOT NULL"),
            postgresql_where=sa.text("remittance_id IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index("ix_transfers_remittance_id")
        batch_op.drop_index(batch_op.f("ix_transfers_line_id"))
        batch_op.drop_index("ix_transfers_claim_payment_id")
        batch_op.drop_index(batch_op.f("ix_transfers_claim_id"))

    op.drop_table("transfers")
    with op.batch_alter_table("line_payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_payments_line_id"))
        batch_op.drop_index(batch_op.f("ix_line_payments_claim_payment_id"))

    op.drop_table("line_payments")
    with op.batch_alter_table("denials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_denials_line_id"))
        batch_op.drop_index(batch_op.f("ix_denials_claim_payment_id"))
        batch_op.drop_index(batch_op.f("ix_denials_claim_id"))

    op.drop_table("denials")
    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.drop_index("ix_adjustments_reason")
        batch_op.drop_index(batch_op.f("ix_adjustments_line_id"))
        batch_op.drop_index(batch_op.f("ix_adjustments_claim_payment_id"))

    op.drop_table("adjustments")
    with op.batch_alter_table("acknowledgments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_acknowledgments_submission_id"))
        batch_op.drop_index(batch_op.f("ix_acknowledgments_file_id"))
        batch_op.drop_index(batch_op.f("ix_acknowledgments_batch_id"))

    op.drop_table("acknowledgments")
    with op.batch_alter_table("work_items", schema=None) as batch_op:
        batch_op.drop_index("ix_work_items_subject")
        batch_op.drop_index("ix_work_items_queue")
        batch_op.drop_index(batch_op.f("ix_work_items_claim_id"))

    op.drop_table("work_items")
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submissions_payer_claim_number"))
        batch_op.drop_index(batch_op.f("ix_submissions_claim_number"))
        batch_op.drop_index(batch_op.f("ix_submissions_claim_id"))

    op.drop_table("submissions")
    with op.batch_alter_table("provider_adjustments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_adjustments_remittance_id"))

    op.drop_table("provider_adjustments")
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.drop_index("ix_holds_released_at")
        batch_op.drop_index(batch_op.f("ix_holds_claim_id"))

    op.drop_table("holds")
    with op.batch_alter_table("deposits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deposits_trace_number"))
        batch_op.drop_index(batch_op.f("ix_deposits_remittance_id"))

    op.drop_table("deposits")
    with op.batch_alter_table("claim_payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_payments_remittance_id"))
        batch_op.drop_index(batch_op.f("ix_claim_payments_payer_claim_number"))
        batch_op.drop_index(batch_op.f("ix_claim_payments_claim_number"))
        batch_op.drop_index(batch_op.f("ix_claim_payments_claim_id"))

    op.drop_table("claim_payments")
    with op.batch_alter_table("claim_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_lines_patient_id")
        batch_op.drop_index(batch_op.f("ix_claim_lines_control_number"))

    op.drop_table("claim_lines")
    with op.batch_alter_table("remote_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remote_files_file_id"))

    op.drop_table("remote_files")
    with op.batch_alter_table("remittances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remittances_trace_number"))
        batch_op.drop_index(batch_op.f("ix_remittances_money_key"))
        batch_op.drop_index(batch_op.f("ix_remittances_body_hash"))

    op.drop_table("remittances")
    with op.batch_alter_table("interchanges", schema=None) as batch_op:
        batch_op.drop_index("ix_interchanges_isa13")
        batch_op.drop_index(batch_op.f("ix_interchanges_file_id"))

    op.drop_table("interchanges")
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.drop_index("ix_claims_state_created_at")
        batch_op.drop_index("ix_claims_source_number")
        batch_op.drop_index(batch_op.f("ix_claims_payer_claim_number"))
        batch_op.drop_index(batch_op.f("ix_claims_patient_id"))
        batch_op.drop_index("ix_claims_partner_state")
        batch_op.drop_index("ix_claims_member_id")
        batch_op.drop_index("ix_claims_source_content")
        batch_op.drop_index(batch_op.f("ix_claims_claim_number"))

    op.drop_table("claims")
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.drop_index("ix_batches_partner_state")
        batch_op.drop_index("ix_batches_isa13")
        batch_op.drop_index("ix_batches_gs06")
        batch_op.drop_index(batch_op.f("ix_batches_file_id"))
        batch_op.drop_index(batch_op.f("ix_batches_bht03"))

    op.drop_table("batches")
    with op.batch_alter_table("patient_merges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_merges_patient_id"))
        batch_op.drop_index(batch_op.f("ix_patient_merges_other_id"))

    op.drop_table("patient_merges")
    with op.batch_alter_table("patient_ids", schema=None) as batch_op:
        batch_op.drop_index("ix_patient_ids_value")
        batch_op.drop_index(batch_op.f("ix_patient_ids_patient_id"))

    op.drop_table("patient_ids")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_sha256"))
        batch_op.drop_index("ix_files_received_at")
        batch_op.drop_index("ix_files_party_state")
        batch_op.drop_index(batch_op.f("ix_files_parent_id"))

    op.drop_table("files")
    op.drop_table("tokens")
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.drop_index("ix_timeline_subject")

    op.drop_table("timeline")
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedules_next_due"))

    op.drop_table("schedules")
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_name")
        batch_op.drop_index("ix_patients_merged_into")

    op.drop_table("patients")
    op.drop_table("partner_states")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_submitted_at"))

    op.drop_table("outbox")
    op.drop_table("marks")
    with op.batch_alter_table("executors", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_executors_heartbeat_at"))

    op.drop_table("executors")
    op.drop_table("counters")
    op.drop_table("configurations")
    op.drop_table("blobs")
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_log_at"))

    op.drop_table("access_log")
