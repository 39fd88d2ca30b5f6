"""Deliveries, equipment, orders and authorizations arrive: a document is kept as it came, and its rows are taken in,
all of them or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..clock import business_date
from ..model.belongings_file import AUTHORIZATIONS, DELIVERIES, EQUIPMENT, ORDERS
from ..store import files, take_belongings, timeline
from ..store.archive import Stored
from ..store.ids import allocate
from ..work.items import open_items
from .commit_claims import merge_items


class Kind(NamedTuple):
    """A kind of document: its name, how its bytes are read (raises DocumentRefused), and how its rows are taken."""

    name: str
    read: Callable[[bytes], Sequence[Any]]
    take: Callable[[Connection, str, int, Sequence[Any], dt.datetime], take_belongings.Taken]


KINDS = {
    "deliveries": Kind("deliveries", DELIVERIES.read, take_belongings.take_deliveries),
    "equipment": Kind("equipment", EQUIPMENT.read, take_belongings.take_equipment),
    "orders": Kind("orders", ORDERS.read, take_belongings.take_orders),
    "authorizations": Kind("authorizations", AUTHORIZATIONS.read, take_belongings.take_authorizations),
}


class TakenIn(NamedTuple):
    """A document that was taken in: its file, and how many of its rows are new, changed something, or were known."""

    file_id: int
    new: int
    changed: int
    same: int

    @property
    def in_words(self) -> str:
        """For a person."""
        return f"{self.new:,} new, {self.changed:,} changed, {self.same:,} known before"


def take_in(
    connection: Connection,
    kind: Kind,
    source: str,
    name: str,
    stored: Stored,
    rows: Sequence[Any],
    time_zone: str,
    now: dt.datetime,
) -> TakenIn:
    """Record a document of this source, whose bytes are in the archive, and take in its rows. `time_zone` is the
    supplier's."""
    file_id = allocate(connection, "files", 1)
    files.add(
        connection,
        files.NewFile("in", "upload", source, name, stored, kind.name.upper(), "read"),
        now,
        file_id,
    )
    taken = kind.take(connection, source, file_id, rows, now)
    open_items(connection, merge_items(business_date(now, time_zone), taken.suggested), now)
    done = TakenIn(file_id, taken.new, taken.changed, taken.same)
    what = f"{len(rows):,} rows of {kind.name} from {source}: {done.in_words}."
    timeline.add(connection, [timeline.Entry("file", file_id, "intake", what)], now)
    return done
