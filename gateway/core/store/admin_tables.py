"""Tables of what an administrator watches: calls of each step, failures of plugins, alarms and their messages."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Index, Integer, String, Table, UniqueConstraint

from .tables import _BIG, _id, _moment, _text, metadata

# Calls of each step of each chain, day by day. `place`: where it stands at its station, from 0. `holds`: calls that
# kept their claim or payment back; `failures`: calls that failed.
step_calls = Table(
    "step_calls",
    metadata,
    Column("chain", String(80), primary_key=True),
    Column("station", String(16), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("plugin", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("calls", _BIG, nullable=False),
    Column("holds", _BIG, nullable=False),
    Column("failures", _BIG, nullable=False),
    Column("microseconds", _BIG, nullable=False),
    Index("ix_step_calls_day", "day"),
)

# What failed in a plugin and how often: where (a chain and its station, or what it declares), and what, in words
# without anybody's data.
plugin_failures = Table(
    "plugin_failures",
    metadata,
    Column("plugin", String(80), primary_key=True),
    Column("place", String(160), primary_key=True),
    Column("what", String(300), primary_key=True),
    _text("version", size=40),
    Column("times", _BIG, nullable=False),
    _moment("first_at"),
    _moment("last_at"),
    Index("ix_plugin_failures_last_at", "plugin", "last_at"),
)

# When a plugin's schedule did its work last, by itself or by hand: what its worklists show is of then.
plugin_turns = Table(
    "plugin_turns",
    metadata,
    Column("plugin", String(80), primary_key=True),
    Column("name", String(40), primary_key=True),
    _moment("ended_at"),
)

# Something that people outside are told of. One row for each cause (`key`), however often it comes back; `over_at` is
# set while it does not stand. `told_at`: when it was last told, null before it was; `until`: it is over then by itself.
alarms = Table(
    "alarms",
    metadata,
    _id(),
    _text("key", size=200),
    _text("kind", size=24),
    _text("words", size=500),
    _moment("since"),
    _moment("seen_at"),
    _moment("until", nullable=True),
    _moment("told_at", nullable=True),
    _moment("over_at", nullable=True),
    UniqueConstraint("key"),
    Index("ix_alarms_over_at", "over_at"),
)

# What goes to one channel (a plugin) in one message. `state`: waiting, sent, given up. `alarms`: what it tells.
alarm_messages = Table(
    "alarm_messages",
    metadata,
    _id(),
    _text("channel", size=80),
    _text("state", size=12),
    Column("alarms", JSON, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    _text("error", size=300),
    _moment("created_at"),
    _moment("done_at", nullable=True),
)
