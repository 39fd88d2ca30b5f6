"""How each step of each chain did, day by day: counted with the work itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from .admin_tables import step_calls

_NUMBERS = ("calls", "holds", "failures", "microseconds")


class StepKey(NamedTuple):
    """A step: its chain, its station, where it stands there (from 0), and its plugin."""

    chain: str
    station: str
    place: int
    plugin: str


class StepCounted(NamedTuple):
    """The calls of a step over some days."""

    calls: int = 0
    holds: int = 0
    failures: int = 0
    microseconds: int = 0

    @property
    def each(self) -> int:
        """Microseconds of one call, on average."""
        return round(self.microseconds / self.calls) if self.calls else 0

    def plus(self, other: StepCounted) -> StepCounted:
        """Both together."""
        return StepCounted(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def add(connection: Connection, calls: Iterable[tuple[StepKey, StepCounted]], day: dt.date) -> None:
    """Count calls of steps. In the transaction of the work that they did."""
    sums: dict[StepKey, StepCounted] = {}
    for step, counted in calls:
        key = step._replace(chain=step.chain[:80], plugin=step.plugin[:80])
        sums[key] = sums.get(key, StepCounted()).plus(counted)
    if not sums:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # In one order, so that two transactions never wait for each other.
    rows = [
        key._asdict() | {"day": day} | dict(zip(_NUMBERS, numbers, strict=True))
        for key, numbers in sorted(sums.items())
    ]
    statement = make(step_calls).values(rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["chain", "station", "place", "plugin", "day"],
            set_={name: step_calls.c[name] + statement.excluded[name] for name in _NUMBERS},
        )
    )


def since(connection: Connection, day: dt.date) -> dict[StepKey, StepCounted]:
    """The calls of each step from a day on."""
    c = step_calls.c
    rows = connection.execute(
        select(c.chain, c.station, c.place, c.plugin, *(func.sum(c[name]) for name in _NUMBERS))
        .where(c.day >= day)
        .group_by(c.chain, c.station, c.place, c.plugin)
    )
    return {StepKey(*row[:4]): StepCounted(*(int(number) for number in row[4:])) for row in rows}
