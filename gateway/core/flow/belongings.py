"""Deliveries, equipment, orders and authorizations arrive: a document is kept as it came, and its rows are taken in,
all of them or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..clock import business_date
from ..model.belongings_file import AUTHORIZATIONS, DELIVERIES, EQUIPMENT, ORDERS
from ..store import files, take_belongings, timeline
from ..store.archive import Stored
from ..store.ids import allocate
from ..work.items import open_items
from .commit_claims import merge_items
from .look_again import look_again


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
    """A document that was taken in: its file, and how many of its rows are new, changed something, or were known; how
    many patients nobody knew before, and how many held claims are decided again. `told`: the first of the changes, for
    a person, without names."""

    file_id: int
    new: int
    changed: int
    same: int
    new_patients: int = 0
    again: int = 0
    told: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """For a person."""
        return f"{self.new:,} new, {self.changed:,} changed, {self.same:,} known before"

    def more_in_words(self, dry_run: bool = False) -> Iterator[str]:
        """What else there is to say, a line each. `dry_run`: nothing of it was done."""
        would = "would be " if dry_run else "are "
        if self.new_patients:
            yield f"New patients: {self.new_patients:,}; nobody had their ids."
        for line in self.told:
            yield f"Changed: {line}"
        if self.changed > len(self.told):
            yield f"And {self.changed - len(self.told):,} more that changed."
        if self.again:
            yield f"Held claims of these patients that {would}decided again: {self.again:,}."


class OnlyTried(Exception):
    """A document was taken in only to see what that would do: whoever holds the transaction rolls it back."""

    def __init__(self, done: TakenIn) -> None:
        super().__init__("nothing was taken in")
        self.done = done


def only_try(connection: Connection, *args: Any) -> None:
    """`take_in` for a dry run. Raises OnlyTried, always."""
    raise OnlyTried(take_in(connection, *args))


def take_in(
    connection: Connection,
    kind: Kind,
    source: str,
    name: str,
    stored: Stored,
    rows: Sequence[Any],
    time_zone: str,
    now: dt.datetime,
    origin: str = "upload",
) -> TakenIn:
    """Record a document of this source, whose bytes are in the archive, and take in its rows; held claims of the
    patients about whom they say something new are decided again. `time_zone` is the supplier's, `origin` the way on
    which the document came."""
    # The lock that commits of claims take as well: no other writer makes the same patients or rows meanwhile.
    allocate(connection, "claims", 1)
    file_id = allocate(connection, "files", 1)
    files.add(
        connection,
        files.NewFile("in", origin, source, name, stored, kind.name.upper(), "read"),
        now,
        file_id,
    )
    taken = kind.take(connection, source, file_id, rows, now)
    open_items(connection, merge_items(business_date(now, time_zone), taken.suggested), now)
    why = f"{kind.name} came from {source} (file {file_id})"
    again = look_again(connection, taken.patients, why[0].upper() + why[1:], now)
    done = TakenIn(file_id, taken.new, taken.changed, taken.same, taken.new_patients, again, tuple(taken.told))
    what = f"{len(rows):,} rows of {kind.name} from {source}: {done.in_words}."
    timeline.add(connection, [timeline.Entry("file", file_id, "intake", what)], now)
    return done
