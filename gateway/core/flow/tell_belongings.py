"""Deliveries and equipment of which a plugin tells enter the registry: those of one call, kind and source are one
document, kept and taken in as one that another system sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from ...plugins.desk_views import TellDelivery, TellEquipment
from ..store.archive import record
from .belongings import KINDS, Kind, take_in
from .desk_rests import Call
from .make_claims import ORIGIN, Makes


def tell_deliveries(
    connection: Connection, call: Call, acts: Sequence[TellDelivery], makes: Makes, now: dt.datetime
) -> None:
    """Take in what a call tells of deliveries, in the transaction of all else that it did."""
    _tell(connection, KINDS["deliveries"], call, acts, makes, now)


def tell_equipment(
    connection: Connection, call: Call, acts: Sequence[TellEquipment], makes: Makes, now: dt.datetime
) -> None:
    """The same with what it tells of equipment."""
    _tell(connection, KINDS["equipment"], call, acts, makes, now)


def _tell(
    connection: Connection,
    kind: Kind,
    call: Call,
    acts: Sequence[TellDelivery] | Sequence[TellEquipment],
    makes: Makes,
    now: dt.datetime,
) -> None:
    if not acts:
        return
    of_source: dict[str, list[TellDelivery | TellEquipment]] = {}
    for act in acts:
        of_source.setdefault(act.source, []).append(act)
    name = f"{call.name or call.hook}-{now.astimezone(ZoneInfo(makes.time_zone)):%Y%m%d-%H%M%S}.json"
    for source, some in of_source.items():
        document = msgspec.json.encode([act.row for act in some])
        stored = makes.archive.put(document)
        record(connection, stored, "inbound", now)
        rows = kind.read(document)
        take_in(connection, kind, source, name, stored, rows, makes.time_zone, now, ORIGIN)
