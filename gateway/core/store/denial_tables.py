"""The tables of what becomes of money that a payer did not pay: denials as they are worked, write-offs, and the claims
that go to the next payer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from .tables import _BIG, _id, _moment, _ref, _text, _where, metadata

ENDED = ("paid", "written off", "patient", "closed")
"""How a denial stands (`status`) that is over."""
WORKED = ("new", "resubmitted", "reopening", "appealed")
"""How one stands that is worked on."""

# How a denial stands (`status`): new, resubmitted, reopening, appealed, paid, written off, patient, closed; somebody
# has it in progress where its work item says so. `way`: what may be done about it: appeal, resubmit (unprocessable, no
# appeal rights), none (filed too late, no appeal). `level`: the appeal that it stands at, 0 before the first. `code`:
# the HCPCS of its line. `recovered_cents`: what was paid on it afterwards. By when it is worked and filed anew stands
# on its work item.
denial_cases = Table(
    "denial_cases",
    metadata,
    Column("denial_id", _BIG, ForeignKey("denials.id"), primary_key=True, autoincrement=False),
    _text("status", size=12, default="new"),
    _text("way", size=10, default="appeal"),
    Column("level", Integer, nullable=False, default=0),
    _text("payer_id"),
    _text("filing_code", size=2),
    _text("code", size=48),
    Column("received_on", Date, nullable=False),
    # The day of the payer's notice (BPR16), from which the limits of 6.2 count.
    Column("noticed_on", Date, nullable=False),
    Column("appeal_by", Date, nullable=True),
    Column("reopen_by", Date, nullable=True),
    Column("recovered_cents", _BIG, nullable=False, default=0),
    Column("ended_on", Date, nullable=True),
    # The claim payment that decided it anew; it is written in the same transaction, after this.
    Column("ended_by", _BIG, nullable=True),
    Index("ix_denial_cases_status", "status"),
    Index("ix_denial_cases_received_on", "received_on"),
    Index("ix_denial_cases_payer_id", "payer_id"),
)

# What a person did about a denial. `verb`: correct, resubmit, reopen, appeal, sent, decided, write-off, ask, refuse,
# undo, to-patient, close. A letter is in the archive under `sha256`, with the name under which it is saved. `key` makes
# doing it twice once.
denial_acts = Table(
    "denial_acts",
    metadata,
    _id(),
    _ref("denial_id", "denials"),
    _moment("at"),
    _text("who"),
    _text("verb", size=12),
    Column("level", Integer, nullable=False, default=0),
    Column("cents", _BIG, nullable=False, default=0),
    _text("why", size=1000),
    _text("outcome", size=1000),
    _text("sha256", size=64),
    _text("name", size=120),
    _text("key", size=200),
    UniqueConstraint("key"),
)

# A denied amount that is given up. `state`: asked, done, refused, undone. Done by a person who may (`decided_by`) or
# by a named rule within its limit (`rule`).
write_offs = Table(
    "write_offs",
    metadata,
    _id(),
    _ref("denial_id", "denials"),
    _ref("claim_id", "claims"),
    _ref("line_id", "claim_lines", nullable=True),
    Column("cents", _BIG, nullable=False),
    _text("rule", size=40),
    _text("reason", size=1000),
    _text("state", size=8),
    _text("asked_by"),
    _moment("asked_at"),
    _text("decided_by"),
    _moment("decided_at", nullable=True),
    _text("decision", size=1000),
    # One request of a denial is open at a time.
    Index("ix_write_offs_asked", "denial_id", unique=True, **_where("state = 'asked'")),
)

WAITS = "state IN ('due', 'waits')"
"""A next claim that is still to be made, or made and to be looked at. A query that says it in these words finds the
index of the few."""
RETURNED = "returned"

# What a payer left goes to the next payer of the claim. `state`: due, waits (the payer sent it on itself; `due_on` is
# when that is not believed any more), made, person (a person has to do it; a work item says why), ended (the next payer
# decided, or the payment was reversed), returned (its claim was withdrawn or voided; what it was asked for is back).
# `payment_id`: the claim payment that left it. `made_claim_id`: the new claim, from which `cents` are receivable (until
# it is returned); one that is due and has it is looked at again, because the next payer took its decision back.
next_claims = Table(
    "next_claims",
    metadata,
    _id(),
    _ref("claim_id", "claims"),
    _ref("payment_id", "claim_payments"),
    _text("state", size=8),
    Column("crossed", Boolean, nullable=False, default=False),
    _text("then", size=8, default="claim"),
    Column("due_on", Date, nullable=False),
    Column("cents", _BIG, nullable=False),
    _text("number", size=38, index=True),
    _ref("made_claim_id", "claims", nullable=True),
    Column("why", Text, nullable=False, default=""),
    _moment("at"),
    UniqueConstraint("payment_id"),
    Index("ix_next_claims_waits", "due_on", **_where(WAITS)),
)

__all__ = ["ENDED", "RETURNED", "WAITS", "WORKED", "denial_acts", "denial_cases", "next_claims", "write_offs"]
