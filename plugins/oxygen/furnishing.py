"""Where each oxygen patient stands: month of 36, or what the supplier owes from month 37 to month 60 (2.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal, NamedTuple

from pydantic import Field

from gateway.plugins import Desk, PatientView, PluginSettings, Rows
from gateway.plugins.months import BreakKind, break_between
from gateway.plugins.rental_clock import Clock, Facts

from .clock import CAP, make_clock
from .items import DELIVERED_SYSTEMS, EQUIPMENT, Items, make_items

RENTING, BROKEN, FURNISHING, OVER = "renting", "not billed", "furnishing", "lifetime over"


class Standing(NamedTuple):
    """A patient's equipment of one kind on a day. `stage`: renting (months 1 to 36), not billed (a break within them),
    furnishing (equipment, contents and maintenance without rent, until the lifetime ends), lifetime over."""

    patient: int
    kind: str
    code: str
    months: int
    stage: str
    started: dt.date
    cap_end: dt.date | None
    lifetime_end: dt.date
    owed: tuple[str, ...]
    complete: bool


class StandingAsked(PluginSettings):
    """What the report may be asked."""

    stage: Literal["renting", "not billed", "furnishing", "lifetime over"] | None = Field(
        default=None, description="Only patients at this stage; else all."
    )


def standings(patient: PatientView, today: dt.date, items: Items) -> Iterator[Standing]:
    """Where a patient stands, for the stationary equipment and the portable."""
    facts = Facts(patient.history, patient.payments, patient.deliveries, patient.equipment, patient.orders)
    for kind in EQUIPMENT:
        clock = make_clock(facts, items.codes[kind], today)
        if clock is None:
            continue
        code = _code(clock, facts, items, kind, today)
        stage = stage_of(clock, today)
        yield Standing(
            patient.id,
            kind,
            code,
            min(clock.period.length, CAP),
            stage,
            clock.period.start,
            clock.cap_end,
            clock.lifetime_end,
            _owed(code, items, today) if stage == FURNISHING else (),
            clock.complete,
        )


def _code(clock: Clock, facts: Facts, items: Items, kind: str, today: dt.date) -> str:
    """What the patient has: the last that was billed, or delivered where nothing was."""
    shown = [month.code for month in clock.months if month.day <= today]
    given = [one.code for one in facts.deliveries if one.code in items.codes[kind] and one.delivered_on <= today]
    given += [one.code for one in facts.equipment if one.code in items.codes[kind] and one.started_on <= today]
    return (shown or given or [""])[-1]


def stage_of(clock: Clock, today: dt.date) -> str:
    """At which stage a clock is on a day."""
    if today >= clock.lifetime_end:
        return OVER
    if clock.period.length >= CAP:
        return FURNISHING if clock.cap_end is not None and today > clock.cap_end else RENTING
    gap = break_between(clock.period.used_until, today)
    return BROKEN if gap is not None and gap.kind is not BreakKind.TEMPORARY else RENTING


def _owed(code: str, items: Items, today: dt.date) -> tuple[str, ...]:
    """What the supplier of month 36 furnishes without rent, and what it may bill for."""
    if items.system(code, today) in DELIVERED_SYSTEMS:
        return ("equipment", "contents (billed each month)", "repairs")
    return ("equipment", "maintenance (billed every six months)", "repairs")


def standing_now(desk: Desk[None], asked: StandingAsked) -> Rows:
    """The report: every oxygen patient, by the end of what runs."""
    items = make_items(None, {name: desk.table(name) for name in ("oxygen_items", "oxygen_modifiers")})
    found = [
        one
        for patient in desk.patients(codes=items.equipment)
        for one in standings(patient, desk.today, items)
        if asked.stage in (None, one.stage)
    ]
    found.sort(key=lambda one: (one.lifetime_end, one.patient, one.kind))
    columns = ("patient", "kind", "code", "month", "stage", "began", "month 36 ended", "lifetime ends", "owed", "sure")
    return Rows(
        columns,
        [
            (
                one.patient,
                one.kind,
                one.code,
                one.months,
                one.stage,
                one.started,
                one.cap_end,
                one.lifetime_end,
                ", ".join(one.owed),
                one.complete,
            )
            for one in found
        ],
    )
