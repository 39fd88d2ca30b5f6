"""The timeline: one row for each subject and station, with what every step decided packed inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from .bulk import insert_bulk
from .ids import allocate
from .tables import timeline


class Entry(NamedTuple):
    """One event. `subject_kind`: claim, file, batch, remittance, claim_payment, partner. `what` is one plain
    sentence without patient data; `steps` a list of {plugin, version, outcome, findings, ...}; `who` the
    person, where a person did it."""

    subject_kind: str
    subject_id: int
    station: str
    what: str
    steps: Any = None
    config_hash: str = ""
    who: str = ""


def add(connection: Connection, entries: Sequence[Entry], at: dt.datetime) -> None:
    """Write events, in their order, in bulk."""
    if not entries:
        return
    first = allocate(connection, "timeline", len(entries))
    insert_bulk(
        connection,
        timeline,
        ("id", "subject_kind", "subject_id", "at", "station", "what", "steps", "config_hash", "who"),
        (
            (
                first + index,
                entry.subject_kind,
                entry.subject_id,
                at,
                entry.station,
                entry.what,
                entry.steps,
                entry.config_hash,
                entry.who,
            )
            for index, entry in enumerate(entries)
        ),
    )


def of(connection: Connection, subject_kind: str, subject_id: int, station: str = "") -> list[dict[str, Any]]:
    """The events of one subject, oldest first. `station`: only those of this one."""
    c = timeline.c
    only = [c.station == station] if station else []
    rows = connection.execute(
        select(timeline).where(c.subject_kind == subject_kind, c.subject_id == subject_id, *only).order_by(c.id)
    )
    return [dict(row._mapping) for row in rows]
