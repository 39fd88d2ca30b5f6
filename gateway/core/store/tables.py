"""Every table of the business database.

Money is integer cents. Moments are UTC; dates are business dates. Ids are handed out in blocks by
`store.ids`, so that bulk inserts need no round trip for them. A claim and a payment are kept in the field's
own format (`content`: packed segments) beside the few columns that are searched.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment, aware and in UTC on both databases (SQLite keeps none of the zone by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BIG = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[Any]:
    return Column("id", _BIG, primary_key=True, autoincrement=False)


def _ref(name: str, target: str, *, nullable: bool = False, index: bool = True) -> Column[Any]:
    """A reference; without `index` where a unique constraint begins with it."""
    return Column(name, _BIG, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def _moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, UtcDateTime, nullable=nullable)


def _text(name: str, *, size: int = 80, default: str | None = "", index: bool = False) -> Column[Any]:
    return Column(name, String(size), nullable=False, default=default, index=index)


def _where(condition: str) -> dict[str, Any]:
    """The rows that an index holds, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# --- bookkeeping -----------------------------------------------------------------------------------

# The next free id of each kind; control numbers count here as well, under their own names.
counters = Table(
    "counters",
    metadata,
    Column("name", String(160), primary_key=True),
    Column("next", _BIG, nullable=False),
)

# How often each plugin was called, by day.
plugin_calls = Table(
    "plugin_calls",
    metadata,
    Column("plugin", String(80), primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("calls", _BIG, nullable=False),
    Column("failures", _BIG, nullable=False),
    Column("microseconds", _BIG, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("kind"),
    _text("key", size=200),
    Column("payload", JSON, nullable=False),
    _moment("created_at"),
    Column("submitted_at", UtcDateTime, nullable=True, index=True),
    UniqueConstraint("kind", "key"),
)

executors = Table(
    "executors",
    metadata,
    Column("id", String(120), primary_key=True),
    _text("host", size=200),
    Column("pid", Integer, nullable=False),
    _moment("started_at"),
    Column("heartbeat_at", UtcDateTime, nullable=False, index=True),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("next_due", UtcDateTime, nullable=False, index=True),
    Column("last_run", UtcDateTime, nullable=True),
    _text("last_error", size=500),
)

# What a chunk of work did is marked here in its own transaction: a second application finds the mark.
marks = Table(
    "marks",
    metadata,
    Column("key", String(200), primary_key=True),
    _moment("at"),
    Column("result", JSON, nullable=True),
)

# Configurations that decided something, by hash; the text is in the archive.
configurations = Table(
    "configurations",
    metadata,
    Column("hash", String(64), primary_key=True),
    _moment("first_used_at"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", String(80), primary_key=True),
    _text("hash", size=64),
    Column("scopes", JSON, nullable=False),
    _moment("created_at"),
    _moment("last_used_at", nullable=True),
    _moment("revoked_at", nullable=True),
    _moment("expires_at", nullable=True),
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    _text("who"),
    _text("what", size=200),
    _text("source", size=60),
)

# --- files -----------------------------------------------------------------------------------------

# One row per distinct content in the archive, written after its bytes are on disk.
blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", _BIG, nullable=False),
    _text("purpose", size=20),
    _moment("stored_at"),
    _moment("purged_at", nullable=True),
)

# A file that came in or goes out. `origin`: source, partner, upload, plugin, gateway; `party` its name.
# `state` in: received, reading, read, failed, duplicate, quarantined, empty; out: written, delivered, withdrawn.
files = Table(
    "files",
    metadata,
    _id(),
    _text("direction", size=3),
    _text("origin", size=12),
    _text("party"),
    _text("name", size=255),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False, index=True),
    # The bytes as they travelled, where that is not what was read (PGP).
    Column("wire_sha256", String(64), ForeignKey("blobs.sha256"), nullable=True),
    Column("size", _BIG, nullable=False),
    _text("kind", size=20),
    _text("state", size=16),
    _text("reason", size=1000),
    _ref("parent_id", "files", nullable=True),
    _ref("duplicate_of", "files", nullable=True, index=False),
    Column("claims", Integer, nullable=False, default=0),
    Column("cents", _BIG, nullable=False, default=0),
    _moment("received_at"),
    _moment("finished_at", nullable=True),
    Index("ix_files_party_state", "party", "state"),
    Index("ix_files_received_at", "received_at"),
)

# Where a file of a partner stands on its server: seen, fetched, settled (deleted, moved or left).
remote_files = Table(
    "remote_files",
    metadata,
    _id(),
    _text("partner"),
    _text("path", size=500),
    Column("size", _BIG, nullable=False),
    Column("mtime", _BIG, nullable=False),
    _text("state", size=12),
    _ref("file_id", "files", nullable=True),
    _moment("first_seen_at"),
    _moment("settled_at", nullable=True),
    UniqueConstraint("partner", "path", "size", "mtime"),
)

# Every ISA read or written. Outgoing control numbers are unique for ever per sender and receiver.
interchanges = Table(
    "interchanges",
    metadata,
    _id(),
    _ref("file_id", "files", nullable=True),
    _text("direction", size=3),
    _text("partner"),
    _text("sender", size=20),
    _text("receiver", size=20),
    _text("isa13", size=9),
    _text("usage", size=1),
    _moment("at"),
    UniqueConstraint("direction", "sender", "receiver", "isa13", "file_id"),
    Index("ix_interchanges_isa13", "isa13"),
)

partner_states = Table(
    "partner_states",
    metadata,
    Column("partner", String(80), primary_key=True),
    _moment("last_poll_at", nullable=True),
    _moment("last_success_at", nullable=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("auth_failures", Integer, nullable=False, default=0),
    _moment("stopped_at", nullable=True),
    _text("reason", size=1000),
)

# --- patients --------------------------------------------------------------------------------------

patients = Table(
    "patients",
    metadata,
    _id(),
    _text("last_name"),
    _text("first_name"),
    Column("birth_date", Date, nullable=True),
    _text("sex", size=1),
    Column("version", Integer, nullable=False, default=1),
    # Set when this patient was merged into another; undone by clearing it.
    _ref("merged_into", "patients", nullable=True, index=False),
    _moment("created_at"),
    Index("ix_patients_name", "last_name", "first_name", "birth_date"),
    # Of the few that are: with an index of all, SQLite would look for a name among everybody who is not.
    Index("ix_patients_merged_into", "merged_into", **_where("merged_into IS NOT NULL")),
)

# Member ids and the sources' own ids of a patient, with the dates they were seen for.
patient_ids = Table(
    "patient_ids",
    metadata,
    Column("id", Integer, primary_key=True),
    _ref("patient_id", "patients"),
    _text("scheme", size=120),
    _text("value"),
    Column("birth_date", Date, nullable=True),
    Column("first_used", Date, nullable=True),
    Column("last_used", Date, nullable=True),
    UniqueConstraint("scheme", "value", "birth_date", "patient_id"),
    Index("ix_patient_ids_value", "value", "birth_date"),
)

patient_merges = Table(
    "patient_merges",
    metadata,
    Column("id", Integer, primary_key=True),
    _ref("patient_id", "patients"),
    _ref("other_id", "patients"),
    _text("reason", size=300),
    _text("state", size=12, default="suggested"),
    _moment("created_at"),
    _moment("decided_at", nullable=True),
    UniqueConstraint("patient_id", "other_id"),
)

# --- claims ----------------------------------------------------------------------------------------

# `state`: faulty, held, ready, batched, sent, acknowledged, accepted, rejected, paid, denied, closed,
# cancelled (`model.states` says what each means).
claims = Table(
    "claims",
    metadata,
    _id(),
    _text("source"),
    _ref("file_id", "files", index=False),
    Column("ordinal", Integer, nullable=False),
    _text("claim_number", size=38, index=True),
    _text("source_claim_number", size=38),
    _ref("patient_id", "patients", nullable=True),
    _text("partner"),
    _text("chain"),
    _text("payer_id"),
    _text("payer_name"),
    _text("filing_code", size=4),
    _text("member_id"),
    _text("billing_npi", size=10),
    _text("frequency", size=1, default="1"),
    Column("charge_cents", _BIG, nullable=False),
    Column("from_date", Date, nullable=True),
    Column("thru_date", Date, nullable=True),
    _text("state", size=14),
    _text("usage", size=1),
    Column("version", Integer, nullable=False, default=1),
    _text("payer_claim_number", index=True),
    _text("config_hash", size=64),
    # Of the segments as they came, without CLM01: the same claim under another number is found by it.
    _text("content_hash", size=32),
    # The submission that the next one repeats, where somebody asked to resubmit it.
    Column("resubmits", _BIG, nullable=True),
    Column("content", LargeBinary, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    UniqueConstraint("file_id", "ordinal"),
    Index("ix_claims_source_number", "source", "source_claim_number"),
    Index("ix_claims_source_content", "source", "content_hash"),
    Index("ix_claims_partner_state", "partner", "state"),
    # With the charge: what the claims of each state come to is summed from the index alone.
    Index("ix_claims_state_created_at", "state", "created_at", "charge_cents"),
    Index("ix_claims_member_id", "member_id", "from_date"),
)

claim_lines = Table(
    "claim_lines",
    metadata,
    _id(),
    _ref("claim_id", "claims", index=False),
    Column("number", Integer, nullable=False),
    _text("control_number", size=50, index=True),
    _text("code", size=48),
    _text("modifiers", size=20),
    Column("charge_cents", _BIG, nullable=False),
    _text("units", size=15),
    Column("from_date", Date, nullable=True),
    Column("thru_date", Date, nullable=True),
    _ref("patient_id", "patients", nullable=True, index=False),
    UniqueConstraint("claim_id", "number"),
    Index("ix_claim_lines_patient_id", "patient_id", "from_date"),
)

holds = Table(
    "holds",
    metadata,
    _id(),
    _ref("claim_id", "claims"),
    _text("type", size=3),
    _text("rule", size=40),
    _text("plugin", size=80),
    _text("reason", size=1000),
    _text("team", size=30),
    Column("line", Integer, nullable=False, default=0),
    Column("due", Date, nullable=True),
    Column("expires", Date, nullable=True),
    _moment("opened_at"),
    _moment("released_at", nullable=True),
    _text("released_by"),
    _text("release_reason", size=500),
    # Of the plugin's step that put it; empty where the gateway itself or a person did.
    _text("station", size=16),
    # The paper that released it.
    Column("document_id", _BIG, nullable=True),
    # The person who put it; empty where a plugin or the gateway did.
    Column("opened_by", String(80), nullable=False, default="", server_default=""),
    Index("ix_holds_released_at", "released_at"),
)

# --- what patients were given ------------------------------------------------------------------------

# Items that were delivered; `key` makes the same row twice one.
deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _ref("patient_id", "patients", index=False),
    _ref("claim_id", "claims", nullable=True),
    _ref("file_id", "files"),
    _text("source"),
    _text("key", size=32),
    _text("order_number", size=50),
    _text("code", size=48),
    _text("modifiers", size=20),
    _text("quantity", size=15),
    _text("serial", size=50, index=True),
    _text("lot", size=50),
    Column("delivered_on", Date, nullable=False),
    _text("proof", size=10),
    _text("claim_number", size=38),
    _moment("created_at"),
    UniqueConstraint("key"),
    Index("ix_deliveries_patient_id", "patient_id", "delivered_on"),
)

# Equipment that a patient has (`ended_on` empty) or had.
equipment = Table(
    "equipment",
    metadata,
    _id(),
    _ref("patient_id", "patients", index=False),
    _ref("file_id", "files"),
    _text("source"),
    _text("key", size=32),
    _text("code", size=48),
    _text("serial", size=50, index=True),
    Column("started_on", Date, nullable=False),
    Column("ended_on", Date, nullable=True),
    _text("ownership", size=10),
    _moment("created_at"),
    UniqueConstraint("key"),
    Index("ix_equipment_patient_id", "patient_id", "started_on"),
)

# What practitioners ordered. `codes`, here and below: HCPCS codes with a blank between them.
orders = Table(
    "orders",
    metadata,
    _id(),
    _ref("patient_id", "patients", index=False),
    _ref("file_id", "files"),
    _text("source"),
    _text("key", size=32),
    _text("order_number", size=50),
    _text("codes", size=1500),
    Column("ordered_on", Date, nullable=False),
    Column("received_on", Date, nullable=True),
    Column("signed_on", Date, nullable=True),
    Column("encounter_on", Date, nullable=True),
    Column("ends_on", Date, nullable=True),
    _text("quantity", size=15),
    _text("description", size=1000),
    _text("practitioner"),
    _text("practitioner_npi", size=10),
    Column("patient_named", Boolean, nullable=False, default=True),
    _moment("created_at"),
    UniqueConstraint("key"),
    Index("ix_orders_patient_id", "patient_id", "ordered_on"),
)

# What payers decided beforehand.
authorizations = Table(
    "authorizations",
    metadata,
    _id(),
    _ref("patient_id", "patients"),
    _ref("file_id", "files"),
    _text("source"),
    _text("key", size=32),
    _text("number", size=50, index=True),
    _text("payer_id"),
    _text("codes", size=1500),
    _text("modifiers", size=20),
    _text("decided", size=16),
    Column("decided_on", Date, nullable=True),
    Column("valid_from", Date, nullable=True),
    Column("valid_to", Date, nullable=True),
    _text("units", size=15),
    _moment("created_at"),
    UniqueConstraint("key"),
)

# Papers of patients; their bytes are in the archive, and stay there.
documents = Table(
    "documents",
    metadata,
    _id(),
    _ref("patient_id", "patients"),
    _ref("claim_id", "claims", nullable=True),
    _text("source"),
    _text("key", size=32),
    _text("kind", size=20),
    _text("name", size=255),
    _text("media_type", size=40),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False, index=True),
    Column("size", _BIG, nullable=False),
    Column("dated", Date, nullable=True),
    _text("codes", size=1500),
    _text("claim_number", size=38),
    _text("order_number", size=50),
    _text("added_by"),
    _moment("created_at"),
    UniqueConstraint("key"),
)

# The tables that plugins keep rows in, as they were declared; they are made at the start (`store.plugin_tables`).
plugin_tables = Table(
    "plugin_tables",
    metadata,
    Column("name", String(63), primary_key=True),
    _text("plugin"),
    _text("table", size=30),
    Column("declared", JSON, nullable=False),
    _moment("created_at"),
    UniqueConstraint("plugin", "table"),
)

# Claims that plugins made: `key` names the cause within the plugin, so that it makes one claim; `claim_id` is there
# from when the document has been taken in.
made_claims = Table(
    "made_claims",
    metadata,
    Column("plugin", String(80), primary_key=True),
    Column("key", String(100), primary_key=True),
    _text("number", size=38, index=True),
    _text("why", size=300),
    _ref("file_id", "files"),
    # Without an index: SQLite would look among all that are not taken in, and not by number.
    _ref("claim_id", "claims", nullable=True, index=False),
    _moment("made_at"),
)

# Files that are documents for a drop of a plugin. `source` is whose ids of patients it uses; `why` is what was said of
# one that was refused, line by line.
drop_documents = Table(
    "drop_documents",
    metadata,
    Column("file_id", _BIG, ForeignKey("files.id"), primary_key=True, autoincrement=False),
    _text("plugin"),
    _text("name", size=40),
    _text("source"),
    Column("why", Text, nullable=False, default=""),
    Index("ix_drop_documents_plugin", "plugin", "name", "source"),
)

# --- batches and submissions -----------------------------------------------------------------------

# `state`: allocated, written, sending, unknown (sent or not, nobody knows), sent, waiting (its partner is
# stopped), refused (a person must look), empty (nothing was left in it); acknowledgments in the four columns.
batches = Table(
    "batches",
    metadata,
    _id(),
    _text("partner"),
    _text("state", size=12),
    _text("usage", size=1),
    _text("sender", size=20),
    _text("receiver", size=20),
    _text("isa13", size=9),
    _text("gs06", size=9),
    # Transaction sets of the group, as ST02 of the first and how many.
    _text("first_st02", size=9),
    Column("sets", Integer, nullable=False),
    _text("bht03", size=50, index=True),
    Column("claims", Integer, nullable=False),
    Column("cents", _BIG, nullable=False),
    _text("remote_name", size=255),
    _ref("file_id", "files", nullable=True),
    _ref("retransmits", "batches", nullable=True, index=False),
    _text("ta1", size=4),
    _text("group_ack", size=4),
    Column("ta1_at", UtcDateTime, nullable=True),
    Column("group_ack_at", UtcDateTime, nullable=True),
    Column("claim_acks", Integer, nullable=False, default=0),
    _moment("created_at"),
    # The first try to send it; without one nothing of it can be with the partner.
    _moment("tried_at", nullable=True),
    _moment("sent_at", nullable=True),
    _text("reason", size=1000),
    UniqueConstraint("sender", "receiver", "isa13"),
    Index("ix_batches_isa13", "isa13"),
    Index("ix_batches_gs06", "gs06"),
    Index("ix_batches_partner_state", "partner", "state"),
)

# A claim in a batch. `state`: batched, sent, acknowledged, received, accepted, rejected, unknown;
# `hop` the strongest hop that has spoken: 0 none, 1 TA1, 2 999, 3 clearinghouse 277CA, 4 payer 277CA, 5 835.
WAITING = "state IN ('sent', 'acknowledged', 'accepted')"
"""A submission that still waits for an answer. A query that says it in these words finds the index of the few."""

submissions = Table(
    "submissions",
    metadata,
    _id(),
    _ref("claim_id", "claims"),
    _ref("batch_id", "batches", index=False),
    _text("claim_number", size=38, index=True),
    _text("st02", size=9),
    Column("position", Integer, nullable=False),
    _text("state", size=14),
    Column("hop", Integer, nullable=False, default=0),
    _text("payer_claim_number", index=True),
    _text("clearinghouse_number"),
    Column("charge_cents", _BIG, nullable=False),
    # The earlier submission of the same claim that this one repeats (resubmit).
    Column("resubmits", _BIG, nullable=True),
    _moment("created_at"),
    _moment("updated_at"),
    UniqueConstraint("batch_id", "position"),
    Index("ix_submissions_waiting", "batch_id", "state", **_where(WAITING)),
)

REFUSED = "acknowledgments.verdict IN ('rejected', 'investigate')"
"""An acknowledgment that refuses, or does not know the claim. A query in these words finds the index of the few."""

# Every acknowledgment as it was said, attached to a submission or (file level) to a batch.
acknowledgments = Table(
    "acknowledgments",
    metadata,
    _id(),
    _ref("file_id", "files"),
    _ref("batch_id", "batches", nullable=True),
    _ref("submission_id", "submissions", nullable=True),
    _text("kind", size=8),
    Column("hop", Integer, nullable=False),
    _text("verdict", size=14),
    # Category, status and entity codes, levels, IK3/IK4 places: as received, without names.
    Column("details", JSON, nullable=False),
    _moment("at"),
    UniqueConstraint("file_id", "id"),
    # What was said of a whole batch, set or provider: a few among those of each claim.
    Index("ix_acknowledgments_whole", "batch_id", **_where("submission_id IS NULL")),
    Index("ix_acknowledgments_refused", "at", **_where(REFUSED.replace("acknowledgments.", ""))),
)

# --- what waits for a person -----------------------------------------------------------------------

_DATES = ("priority_date", "cents", "opened_at", "snoozed_until", "kind", "team", "assignee", "id")
WITH_PARTNER = "state = 'open' AND partner <> ''"
"""The open work items that a partner has caused; the condition of an index, word for word."""

# `subject_kind`: claim, line, file, batch, remittance, claim_payment, partner, patient, plugin.
# `key` makes opening the same item twice once. `priority_date` is the earliest of the dates that cost money (deadline,
# refile_by, appeal_by; `work.priority`): queues are in its order. `touched_at`: the last time that a person did
# something about it. `follow_up`: the next date that a person has set themselves; `snoozed_until`: not shown before.
work_items = Table(
    "work_items",
    metadata,
    _id(),
    _text("kind", size=24),
    _text("key", size=200),
    _text("subject_kind", size=16),
    Column("subject_id", _BIG, nullable=True),
    _ref("claim_id", "claims", nullable=True),
    _text("reason", size=1000),
    _text("rule", size=40),
    _text("team", size=30),
    _text("assignee"),
    Column("cents", _BIG, nullable=False, default=0),
    _text("state", size=12, default="open"),
    Column("work_by", Date, nullable=True),
    Column("deadline", Date, nullable=True),
    _text("payer_id"),
    _text("partner"),
    _text("outcome", size=200),
    _moment("opened_at"),
    _moment("closed_at", nullable=True),
    Column("refile_by", Date, nullable=True),
    Column("appeal_by", Date, nullable=True),
    Column("priority_date", Date, nullable=True),
    Column("follow_up", Date, nullable=True),
    Column("snoozed_until", Date, nullable=True),
    _moment("assigned_at", nullable=True),
    _moment("touched_at", nullable=True),
    UniqueConstraint("key"),
    # All that a queue is narrowed by, sorted by and counted by: a long one is walked in the index, not in its rows.
    Index(
        "ix_work_items_queue",
        *("state", "team", "kind", "opened_at", "cents", "priority_date", "work_by", "touched_at", "assignee"),
        *("snoozed_until", "follow_up"),
    ),
    Index("ix_work_items_subject", "subject_kind", "subject_id"),
    # What is open of a kind, among all that ever was.
    Index("ix_work_items_open_kind", "kind", "payer_id", **_where("state = 'open'")),
    # What is open, by the date that costs money, with all that a queue is mostly narrowed by and sorted by. SQLite
    # takes it where it begins with the state; PostgreSQL, where it does not.
    Index("ix_work_items_open_dates", "state", *_DATES, **_where("state = 'open'")).ddl_if(dialect="sqlite"),
    Index("ix_work_items_open_by_date", *_DATES, **_where("state = 'open'")).ddl_if(dialect="postgresql"),
    Index("ix_work_items_kind_partner", "kind", "partner", **_where(WITH_PARTNER)),
    # Of the few that somebody has.
    Index("ix_work_items_assignee", "assignee", "state", **_where("assignee <> ''")),
)

# What people did about work items: `verb` claim, release, assign, touch, snooze, close, reopen. A touch has the code of
# an action (table `actions`); `follow_up` is the next date that it promises, `kept_at` when the next touch came or the
# item was closed. `cents`: what was at stake when it was closed. `key` makes the same touch sent twice one.
touches = Table(
    "touches",
    metadata,
    _id(),
    _ref("item_id", "work_items"),
    _moment("at"),
    _text("who"),
    _text("verb", size=8),
    _text("action", size=24),
    _text("note", size=1000),
    Column("follow_up", Date, nullable=True),
    _moment("kept_at", nullable=True),
    Column("cents", _BIG, nullable=False, default=0),
    Column("key", String(120), nullable=True),
    UniqueConstraint("key"),
    Index("ix_touches_at", "at"),
    Index("ix_touches_follow_up", "follow_up", **_where("follow_up IS NOT NULL")),
)

# What a person (resubmit, replay) or the gateway (look) asked to have done again, and what came of it. `key` makes
# asking twice once; `part_of` names what was asked for in one go. `stood` and `stands` are the subject's version before
# and after.
requests = Table(
    "requests",
    metadata,
    _id(),
    _text("verb", size=12),
    _text("subject_kind", size=16),
    Column("subject_id", _BIG, nullable=False),
    _text("part_of", size=40, index=True),
    _text("station", size=16),
    _text("config_hash", size=64),
    Column("stood", _BIG, nullable=False, default=0),
    Column("stands", _BIG, nullable=True),
    _text("reason", size=500),
    _text("who"),
    _moment("asked_at"),
    _moment("done_at", nullable=True),
    _text("outcome", size=1000),
    _text("key", size=200),
    UniqueConstraint("key"),
    Index("ix_requests_subject", "subject_kind", "subject_id"),
)

# A claim corrected by a person: the packed claim before and after, and what it answers. `edit`: what was refused
# (`A7:164:IL`, `999:7`), or the rule of the hold that kept it back; `root_cause` is of table root_causes. `state`:
# asked, made, refused (nothing was changed).
corrections = Table(
    "corrections",
    metadata,
    _id(),
    _ref("claim_id", "claims"),
    _ref("request_id", "requests"),
    # The sending that was refused; none of a claim that was held.
    _ref("submission_id", "submissions", nullable=True),
    _text("edit", size=40),
    _text("root_cause", size=40),
    _text("who"),
    _text("state", size=8),
    # Each change in words, values only where they are not the patient's.
    Column("told", JSON, nullable=False),
    Column("before", LargeBinary, nullable=False),
    Column("after", LargeBinary, nullable=False),
    _moment("at"),
)

# One row per claim (file, batch, remittance, payment) and station; what each step decided is in `steps`.
timeline = Table(
    "timeline",
    metadata,
    _id(),
    _text("subject_kind", size=16),
    Column("subject_id", _BIG, nullable=False),
    _moment("at"),
    _text("station", size=16),
    Column("what", Text, nullable=False),
    Column("steps", JSON, nullable=True),
    _text("config_hash", size=64),
    _text("who"),
    Index("ix_timeline_subject", "subject_kind", "subject_id"),
)

# --- remittances -----------------------------------------------------------------------------------

# A transaction set (ST) of an 835. `state`: received, posting, posted, partly posted, exception, duplicate,
# information (prenote, remittance only), review.
remittances = Table(
    "remittances",
    metadata,
    _id(),
    _ref("file_id", "files", index=False),
    Column("ordinal", Integer, nullable=False),
    _text("partner"),
    _text("state", size=16),
    _text("payer_name"),
    _text("payer_id"),
    _text("payee_npi"),
    _text("handling", size=2),
    _text("method", size=3),
    _text("trace_number", size=50, index=True),
    _text("originator", size=10),
    Column("paid_cents", _BIG, nullable=False),
    Column("effective_date", Date, nullable=True),
    # Key 1 and key 2 of hme-billing-rules 5.2.
    _text("money_key", size=200, index=True),
    _text("body_hash", size=64, index=True),
    Column("claims", Integer, nullable=False, default=0),
    Column("posted_cents", _BIG, nullable=False, default=0),
    Column("exception_cents", _BIG, nullable=False, default=0),
    Column("provider_level_cents", _BIG, nullable=False, default=0),
    _text("reason", size=1000),
    _ref("duplicate_of", "remittances", nullable=True, index=False),
    _moment("received_at"),
    _moment("posted_at", nullable=True),
    UniqueConstraint("file_id", "ordinal"),
)

# A CLP. `state`: posted, exception, information; `match`: how the claim was found, in words.
claim_payments = Table(
    "claim_payments",
    metadata,
    _id(),
    _ref("remittance_id", "remittances"),
    Column("ordinal", Integer, nullable=False),
    _ref("claim_id", "claims", nullable=True),
    _text("claim_number", size=38, index=True),
    _text("status", size=2),
    Column("charge_cents", _BIG, nullable=False),
    Column("paid_cents", _BIG, nullable=False),
    Column("patient_cents", _BIG, nullable=False),
    _text("payer_claim_number", index=True),
    _text("state", size=12),
    _text("match", size=200),
    _text("reason", size=1000),
    _ref("reverses", "claim_payments", nullable=True, index=False),
    Column("content", LargeBinary, nullable=False),
    _moment("at"),
    UniqueConstraint("remittance_id", "ordinal"),
)

# A service line of a claim payment, as posted (line_id empty: posted at claim level).
line_payments = Table(
    "line_payments",
    metadata,
    _id(),
    _ref("claim_payment_id", "claim_payments"),
    _ref("line_id", "claim_lines", nullable=True),
    _text("code", size=48),
    Column("charge_cents", _BIG, nullable=False),
    Column("paid_cents", _BIG, nullable=False),
    Column("denied", Boolean, nullable=False, default=False),
)

# Each CAS reason; `kind` is what posting made of it: contractual, patient, denial, sequestration, ...
adjustments = Table(
    "adjustments",
    metadata,
    _id(),
    _ref("claim_payment_id", "claim_payments"),
    _ref("line_id", "claim_lines", nullable=True),
    _text("group_code", size=2),
    _text("reason_code", size=5),
    _text("remark_code", size=50),
    Column("cents", _BIG, nullable=False),
    _text("kind", size=24),
    Index("ix_adjustments_reason", "group_code", "reason_code"),
)

# A reason and amount of a PLB; positive takes money from the payment (hme-billing-rules 5.7).
provider_adjustments = Table(
    "provider_adjustments",
    metadata,
    _id(),
    _ref("remittance_id", "remittances"),
    _text("provider", size=50),
    _text("reason_code", size=2),
    _text("reference", size=50),
    Column("cents", _BIG, nullable=False),
)

denials = Table(
    "denials",
    metadata,
    _id(),
    _ref("claim_id", "claims"),
    _ref("line_id", "claim_lines", nullable=True),
    _ref("claim_payment_id", "claim_payments"),
    _text("group_code", size=2),
    _text("reason_code", size=5),
    _text("remark_code", size=8),
    _text("category", size=32),
    _text("team", size=30),
    Column("cents", _BIG, nullable=False),
    _text("state", size=12, default="open"),
    _moment("opened_at"),
    UniqueConstraint("claim_payment_id", "line_id", "group_code", "reason_code", "remark_code"),
)

deposits = Table(
    "deposits",
    metadata,
    _id(),
    _ref("remittance_id", "remittances", nullable=True),
    _text("method", size=12),
    _text("payer_id"),
    _text("payer_name"),
    _text("trace_number", size=50, index=True),
    Column("cents", _BIG, nullable=False),
    Column("expected_on", Date, nullable=True),
    _text("state", size=14),
    _moment("created_at"),
)

# --- the ledger ------------------------------------------------------------------------------------

# Double entry: one row moves `cents` (> 0) from `credit` to `debit`. Rows are only ever added.
# Accounts are names (`ledger.accounts`); the claim they belong to, where they do, stands beside.
transfers = Table(
    "transfers",
    metadata,
    _id(),
    _text("debit", size=60),
    _text("credit", size=60),
    Column("cents", _BIG, nullable=False),
    Column("on_date", Date, nullable=False),
    _text("kind", size=24),
    _text("why", size=300),
    _ref("claim_id", "claims", nullable=True),
    _ref("line_id", "claim_lines", nullable=True),
    _ref("claim_payment_id", "claim_payments", nullable=True, index=False),
    _ref("remittance_id", "remittances", nullable=True, index=False),
    _ref("reverses", "transfers", nullable=True, index=False),
    # Posting the same thing twice is refused by the database itself.
    Column("key", String(120), nullable=False, unique=True),
    _moment("at"),
    # A charge has neither.
    Index("ix_transfers_claim_payment_id", "claim_payment_id", **_where("claim_payment_id IS NOT NULL")),
    Index("ix_transfers_remittance_id", "remittance_id", **_where("remittance_id IS NOT NULL")),
)

# Tables that stand in modules of their own belong to the same schema.
from . import posting_tables as posting_tables  # noqa: E402
