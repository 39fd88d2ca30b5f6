"""What the supplier knows of a patient on a day, and plain questions about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .codes import line_of
from .days import ONE, add_months
from .life import (
    MEDICARE,
    Ask,
    Authorized,
    ContentsDelivered,
    InpatientStay,
    Order,
    Patient,
    Period,
    Piece,
    RefillContact,
    Shipment,
)


@dataclass
class Lifetime:
    """The useful lifetime of a line of equipment. `ends` is the first day on which it may be replaced. `listed`: it has
    come on the list of those that end soon."""

    starts: date
    ends: date
    listed: bool = False


@dataclass
class Contents:
    """A delivery of contents and the day since which it is proven (None: it is not)."""

    told: ContentsDelivered
    proven_on: date | None


@dataclass
class Trip:
    """A rule that keeps an ask back, or warns of it."""

    kind: str
    rule: str
    detail: str = ""
    also: tuple[str, ...] = ()


@dataclass
class Chart:
    """Everything known up to `today`, in order."""

    patient: Patient
    today: date
    payers: list[tuple[date, str]]
    died: date | None = None
    orders: dict[str, Order] = field(default_factory=dict)
    authorizations: list[Authorized] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    stays: list[InpatientStay] = field(default_factory=list)
    losses: list[tuple[date, str]] = field(default_factory=list)
    statements: list[tuple[date, str]] = field(default_factory=list)
    periods: dict[str, list[Period]] = field(default_factory=dict)
    proposed: dict[str, Period] = field(default_factory=dict)
    lifetimes: dict[str, Lifetime] = field(default_factory=dict)
    contents: list[Contents] = field(default_factory=list)
    contents_billed: list[tuple[str, date]] = field(default_factory=list)
    maintenance_billed: list[tuple[str, date]] = field(default_factory=list)
    contacts: list[RefillContact] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    waiting: list[Ask] = field(default_factory=list)
    started: list[tuple[Period, date]] = field(default_factory=list)
    told: set[tuple[str, str, date]] = field(default_factory=set)
    open_maintenance: tuple[date, date] | None = None


def payer_on(chart: Chart, day: date) -> str:
    """The class of payer on a day."""
    found = chart.payers[0][1]
    for since, payer in chart.payers:
        if since <= day:
            found = payer
    return found


def on_medicare(chart: Chart, day: date) -> bool:
    return payer_on(chart, day) == MEDICARE


def has_piece(chart: Chart, code: str, day: date) -> bool:
    """Whether a piece of this code is at the patient's home."""
    for piece in chart.pieces:
        if piece.code == code and piece.came <= day and (piece.went is None or day < piece.went):
            return True
    return False


def pieces_of(chart: Chart, line: str, day: date) -> list[Piece]:
    """The pieces of a line that are at the patient's home, oldest first."""
    found = []
    for piece in chart.pieces:
        if line_of(piece.code) == line and piece.came <= day and (piece.went is None or day < piece.went):
            found.append(piece)
    return found


def is_away(chart: Chart, day: date) -> bool:
    """Whether the patient is in a facility; on the day of coming home not any more."""
    return any(stay.date <= day < stay.home for stay in chart.stays)


def in_use(chart: Chart, line: str, day: date) -> bool:
    """Whether the patient uses equipment of this line on a day: it is there, and the patient is."""
    if chart.died is not None and day >= chart.died:
        return False
    if is_away(chart, day):
        return False
    return bool(pieces_of(chart, line, day))


def last_use_before(chart: Chart, line: str, day: date, not_before: date) -> date | None:
    """The last day before `day` on which the line was used; None: not since `not_before`."""
    day = day - ONE
    while day >= not_before:
        if in_use(chart, line, day):
            return day
        day = day - ONE
    return None


def current(chart: Chart, line: str) -> Period | None:
    """The period of continuous use that runs, or ran last."""
    periods = chart.periods.get(line, [])
    return periods[-1] if periods else None


def counted(period: Period) -> list[date]:
    """The beginnings of the months that count: billed or paid, not denied (R1.04), in order."""
    found = []
    for month in period.months:
        if month.state != "denied":
            found.append(month.begins)
    return sorted(found)


def day_after_cap(period: Period, cap: int) -> date | None:
    """The day after the last paid month of a capped period ended; None: the cap is not reached."""
    begins = counted(period)
    if len(begins) < cap:
        return None
    for month in period.months:
        if month.begins == begins[cap - 1]:
            return add_months(month.anchor, month.step + 1)
    return None


def code_in_month(period: Period, number: int) -> str | None:
    """The code billed for the counted month of this number (1 is the first)."""
    begins = counted(period)
    if len(begins) < number:
        return None
    for month in period.months:
        if month.begins == begins[number - 1]:
            return month.code
    return None
