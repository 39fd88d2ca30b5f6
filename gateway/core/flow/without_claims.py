"""Interchanges of ours that carry no claims: answers (999) and inquiries (276). They go as batches do."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert

from ...config.partner import Partner
from ...plugins.transport import OutgoingFacts
from ..store.ids import allocate
from ..store.tables import batches
from .batch import LAST_NUMBER


class Allocated(NamedTuple):
    """A batch without claims: its id, and its interchange control number (ISA13)."""

    batch_id: int
    isa13: str


def allocate_batch(
    connection: Connection, partner: Partner, transport: Any, sets: int, now: dt.datetime
) -> Allocated | None:
    """A batch without claims, with its numbers and its name, before anything of it is sent; None where all interchange
    control numbers to the partner are used. `sets`: its transaction sets, where they are known."""
    interchange = partner.interchange
    sender, receiver = interchange.sender_id.strip(), interchange.receiver_id.strip()
    pair = f"{interchange.sender_qualifier}{sender}:{interchange.receiver_qualifier}{receiver}"
    number = allocate(connection, f"isa13:{pair}", 1)
    if number > LAST_NUMBER:
        return None
    batch_id = allocate(connection, "batches", 1)
    group = allocate(connection, f"gs06:{interchange.gs02}:{interchange.gs03}", 1)
    isa13 = f"{number:09d}"
    facts = OutgoingFacts(
        isa13=isa13, at=now, batch=str(batch_id), usage=partner.usage, sender=sender, receiver=receiver
    )
    connection.execute(
        insert(batches).values(
            id=batch_id,
            partner=partner.name,
            state="allocated",
            usage=partner.usage,
            sender=sender,
            receiver=receiver,
            isa13=isa13,
            gs06=str(group),
            first_st02="0001",
            sets=sets,
            # Not BHT03 of claims: no 277CA answers it.
            bht03="",
            claims=0,
            cents=0,
            remote_name=transport.final_path(facts),
            created_at=now,
        )
    )
    return Allocated(batch_id, isa13)
