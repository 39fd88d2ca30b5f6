"""The calendar of maintenance for people: what comes, what is open, what has lapsed; and its work items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal, NamedTuple

from pydantic import Field

from gateway.plugins import Desk, PluginSettings, Rows
from gateway.plugins.at_home import back_since

from .calendar import Maintained, State, Window, billed_visits, days_of, maintained, windows
from .items import items_of
from .record import facts_of
from .settings import MaintenanceDesk
from .visits import complete_days, warranties_in

KIND = "maintenance_due"
WEEKS_LEFT = dt.timedelta(days=14)


class Duty(NamedTuple):
    """A window of a patient's equipment. `back`: when that came back after it was gone (None: it was not)."""

    patient: int
    of: Maintained
    window: Window
    back: dt.date | None

    @property
    def key(self) -> str:
        """Names it among the work items; anew when the equipment is back, for its item was closed when it went."""
        back = f":{self.back.isoformat()}" if self.back is not None and self.back > self.of.cap_end else ""
        return f"{self.patient}:{self.window.due.isoformat()}{back}"


class CalendarAsked(PluginSettings):
    """What the calendar may be asked."""

    state: Literal["coming", "open", "done", "lapsed"] | None = Field(default=None, description="Only these; else all.")
    days: int | None = Field(default=None, ge=1, le=1830, description="So many days ahead; else as the settings say.")


class LapsedAsked(PluginSettings):
    """What the report of visits that were not made may be asked."""

    days: int = Field(default=365, ge=1, le=3660, description="Windows that closed so many days ago or later.")


def duties(desk: Desk[MaintenanceDesk]) -> Iterator[Duty]:
    """Every window of every patient with maintained equipment."""
    items = items_of(desk.table("oxygen_items"))
    for patient in desk.patients(codes=items.maintained):
        facts = facts_of(patient)
        of = maintained(facts, items, desk.today, warranties_in(patient.rows("warranties")))
        if of is None:
            continue
        done = [*days_of(billed_visits(facts, items)), *complete_days(patient.rows("visits"))]
        back = back_since(patient.equipment, items.kinds[items.kind(of.code)], desk.today)
        for window in windows(of, done, desk.today):
            yield Duty(patient.id, of, window, back)


def keep_calendar(desk: Desk[MaintenanceDesk]) -> None:
    """Open an item for each visit that is due soon or now; close what was done, has lapsed, or is no longer due."""
    ahead = desk.today + dt.timedelta(days=desk.settings.days_ahead)
    standing = {item.key for item in desk.items(kinds=[KIND]) if item.own}
    wanted: dict[str, Duty] = {}
    outcome: dict[str, str] = {}
    for one in duties(desk):
        state = one.window.state
        if state is State.OPEN or (state is State.COMING and one.window.due <= ahead):
            wanted[one.key] = one
        elif state is State.DONE:
            outcome[one.key] = f"The visit was on {one.window.done:%m/%d/%Y}."
        else:
            outcome[one.key] = "No visit was made while it was due; it has lapsed."
    for key in sorted(standing - set(wanted)):
        desk.close_item(key, outcome.get(key, "It is no longer due."))
    for key, one in wanted.items():
        if key not in standing:
            last = one.window.until - dt.timedelta(days=1)
            desk.open_item(
                kind=KIND,
                key=key,
                reason=f"{one.of.code} of patient {one.patient} is to be maintained between "
                f"{one.window.due:%m/%d/%Y} and {last:%m/%d/%Y}. Make the visit, and record it with its checks.",
                team=desk.settings.team,
                rule="O-M2",
                work_by=max(desk.today, min(one.window.due + WEEKS_LEFT, last)),
                deadline=last,
            )


def run_calendar(desk: Desk[MaintenanceDesk], options: object) -> str:
    """The command that brings the calendar up to date."""
    before = len(desk.acts)
    keep_calendar(desk)
    return f"The calendar is up to date: {len(desk.acts) - before} item(s) opened or closed."


def calendar(desk: Desk[MaintenanceDesk], asked: CalendarAsked) -> Rows:
    """The report: every window that is done, open or lapsed, and those that come soon."""
    ahead = desk.today + dt.timedelta(days=asked.days or desk.settings.days_ahead)
    found = [
        one
        for one in duties(desk)
        if (asked.state is None or one.window.state == asked.state)
        and (one.window.state is not State.COMING or one.window.due <= ahead)
    ]
    return _rows(found)


def lapsed(desk: Desk[MaintenanceDesk], asked: LapsedAsked) -> Rows:
    """The report: windows that closed without a visit."""
    since = desk.today - dt.timedelta(days=asked.days)
    found = [one for one in duties(desk) if one.window.state is State.LAPSED and one.window.until >= since]
    return _rows(found)


def _rows(found: list[Duty]) -> Rows:
    ordered = sorted(found, key=lambda one: (one.window.due, one.patient))
    return Rows(
        ("patient", "code", "month 36 ended", "due", "until", "state", "visited on", "ends"),
        [
            (
                one.patient,
                one.of.code,
                one.of.cap_end,
                one.window.due,
                one.window.until - dt.timedelta(days=1),
                str(one.window.state),
                one.window.done,
                one.of.end,
            )
            for one in ordered
        ],
    )
