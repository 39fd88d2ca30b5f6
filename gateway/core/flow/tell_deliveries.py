"""Deliveries of which a plugin tells enter the registry: those of one call and source are one document, kept and taken
in as one that another system sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from ...plugins.desk_views import TellDelivery
from ..store.archive import record
from .belongings import KINDS, take_in
from .desk_rests import Call
from .make_claims import ORIGIN, Makes

_DELIVERIES = KINDS["deliveries"]


def tell_deliveries(
    connection: Connection, call: Call, acts: Sequence[TellDelivery], makes: Makes, now: dt.datetime
) -> None:
    """Take in what a call tells of deliveries, in the transaction of all else that it did."""
    if not acts:
        return
    of_source: dict[str, list[TellDelivery]] = {}
    for act in acts:
        of_source.setdefault(act.source, []).append(act)
    name = f"{call.name or call.hook}-{now.astimezone(ZoneInfo(makes.time_zone)):%Y%m%d-%H%M%S}.json"
    for source, some in of_source.items():
        document = msgspec.json.encode([act.row for act in some])
        stored = makes.archive.put(document)
        record(connection, stored, "inbound", now)
        rows = _DELIVERIES.read(document)
        take_in(connection, _DELIVERIES, source, name, stored, rows, makes.time_zone, now, ORIGIN)
