"""How much of the maintenance that was due was billed (hme-billing-rules 10: MS visits billed / due)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from gateway.plugins import Desk, PluginSettings, Rows

from .calendar import State, Window, billed_visits, days_of, maintained, windows
from .items import items_of
from .record import facts_of
from .settings import MaintenanceDesk
from .visits import complete_days, warranties_in

FORMULA = "maintenance visits billed / visits that came due in the period"


class CaptureAsked(PluginSettings):
    """The period, and whether what was missed is listed."""

    first: dt.date | None = Field(default=None, description="Visits that came due from this day on; else a year back.")
    last: dt.date | None = Field(default=None, description="Until this day; else today.")
    missed: bool = Field(default=False, description="The visits that were not billed, instead of the figure.")


class Came(NamedTuple):
    """A visit that came due: of whom, when, and whether it was billed."""

    patient: int
    code: str
    window: Window
    billed: bool


def came_due(desk: Desk[MaintenanceDesk], first: dt.date, last: dt.date) -> Iterator[Came]:
    """The visits that came due in a period, by patient."""
    items = items_of(desk.table("oxygen_items"))
    for patient in desk.patients(codes=items.maintained):
        facts = facts_of(patient)
        of = maintained(facts, items, desk.today, warranties_in(patient.rows("warranties")))
        if of is None:
            continue
        billed = days_of(billed_visits(facts, items))
        for window in windows(of, [*billed, *complete_days(patient.rows("visits"))], desk.today):
            if first <= window.due <= last and window.state is not State.COMING:
                yield Came(patient.id, of.code, window, any(window.due <= day < window.until for day in billed))


def capture(desk: Desk[MaintenanceDesk], asked: CaptureAsked) -> Rows:
    """The report: the figure with its numbers, or what was missed."""
    last = asked.last or desk.today
    first = asked.first or last - dt.timedelta(days=364)
    found = list(came_due(desk, first, last))
    if asked.missed:
        missed = sorted((one.window.due, one.patient, one) for one in found if not one.billed)
        return Rows(
            ("patient", "code", "due", "until", "state", "visited on"),
            [
                (
                    patient,
                    one.code,
                    due,
                    one.window.until - dt.timedelta(days=1),
                    str(one.window.state),
                    one.window.done,
                )
                for due, patient, one in missed
            ],
        )
    due, billed = len(found), sum(one.billed for one in found)
    visited = sum(one.window.state is State.DONE and not one.billed for one in found)
    lapsed = sum(one.window.state is State.LAPSED for one in found)
    share = (Decimal(100 * billed) / due).quantize(Decimal("0.01")) if due else None
    columns = ("from", "to", "percent", "billed", "due", "visited, not billed", "lapsed", "formula")
    return Rows(columns, [(first, last, share, billed, due, visited, lapsed, FORMULA)])
