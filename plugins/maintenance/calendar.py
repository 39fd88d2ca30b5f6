"""When oxygen equipment is maintained (hme-billing-rules 2.5, O-M2 and O-M5): plain functions over records.

The first visit is due six months after month 36 has ended, or after the labor warranty has, whichever is later; the
next six months after the one before. A window is open until the next would be due; a visit that was not made in it has
lapsed. Nothing is due from the day on which the useful lifetime ends, or the equipment was given back.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gateway.plugins import HistoryLine
from gateway.plugins.months import add_months, billed
from gateway.plugins.rental_clock import Clock, Facts, make_clock

from .items import Items

CAP = 36
LIFETIME = 60
EVERY = 6
"""Months from one maintenance to the next."""
MAINTENANCE, REPLACED = "MS", "RA"
HELD = "held"
ONE_DAY = dt.timedelta(days=1)


class State(enum.StrEnum):
    """A window of the calendar on a day: not yet due, open, done (visited or billed), lapsed."""

    COMING = "coming"
    OPEN = "open"
    DONE = "done"
    LAPSED = "lapsed"


class Window(NamedTuple):
    """The days on which one visit is due: from `due` to the day before `until`. `done` is the day of the visit, or of
    the claim for it."""

    due: dt.date
    until: dt.date
    state: State
    done: dt.date | None = None


class Maintained(NamedTuple):
    """Equipment with maintenance: its code in month 36, the clock, the end of month 36, the day from which the six
    months to the first maintenance run, and the day from which none is due. `grid`: a day and how many months later
    `base` is: the months of a rental from the 29th begin on the 29th, also where month 37 begins on February 28."""

    code: str
    clock: Clock
    cap_end: dt.date
    base: dt.date
    end: dt.date
    grid: tuple[dt.date, int]

    @property
    def first(self) -> dt.date:
        """The first day on which maintenance is due."""
        return self.due(EVERY)

    def due(self, months: int) -> dt.date:
        """The day so many months after the one from which they run."""
        day, before = self.grid
        return add_months(day, before + months)


def clocks(facts: Facts, items: Items, day: dt.date) -> dict[str, Clock]:
    """The clocks of the patient's oxygen equipment, by its kind."""
    found = {}
    for kind, codes in items.kinds.items():
        history = [line for line in facts.history if not _is_pending(line, facts, codes)]
        clock = make_clock(facts._replace(history=history), codes, day, cap=CAP, lifetime=LIFETIME)
        if clock is not None:
            found[kind] = clock
    return found


def _is_pending(line: HistoryLine, facts: Facts, codes: Collection[str]) -> bool:
    """Whether a replacement is held while what it replaces is still there: it may be taken back, and the calendar is
    the old equipment's until then."""
    day = line.from_date
    if line.state != HELD or day is None or REPLACED not in line.modifiers or line.code not in codes:
        return False
    return any(
        one.code in codes and one.started_on < day and (one.ended_on is None or one.ended_on > day)
        for one in facts.equipment
    )


def maintained(
    facts: Facts, items: Items, day: dt.date, warranties: Iterable[tuple[str, dt.date]] = ()
) -> Maintained | None:
    """The equipment whose maintenance is due one day: the stationary, or the portable where that alone has maintenance
    (one payment is made for both, O-M4). None where nothing was in use in month 36 that has any.

    Args:
        warranties: codes with the last day of their labor warranty.
    """
    known = clocks(facts, items, day)
    for kind, clock in known.items():
        code = in_month_36(facts, clock, items.kinds[kind])
        if clock.cap_end is None or code not in items.maintained:
            continue
        ends = [clock.cap_end, *(until for of, until in warranties if of == code)]
        base = max(ends) + ONE_DAY
        # The stationary equipment's lifetime is the portable's too (O-R3).
        lifetime_end = known.get("stationary", clock).lifetime_end
        gone = given_back(facts, items.kinds[kind], day)
        end = min(lifetime_end, gone) if gone else lifetime_end
        return Maintained(code, clock, clock.cap_end, base, end, _grid(clock, base))
    return None


def _grid(clock: Clock, base: dt.date) -> tuple[dt.date, int]:
    """The last rental month that began on the day of the month on which the months begin, with how many months later
    `base` is; `base` itself where it is no first day of a month (a warranty's end, months after a break)."""
    day = clock.period.anchor_day
    begun = [month.from_date for month in clock.period.months if month.from_date.day == day and month.from_date < base]
    for start in reversed(begun):
        months = (base.year - start.year) * 12 + base.month - start.month
        if add_months(start, months) == base:
            return start, months
    return base, 0


def in_month_36(facts: Facts, clock: Clock, codes: Collection[str]) -> str:
    """Which item was in use in month 36: as billed; where the record does not show that month, as the equipment and
    deliveries then were, or what was billed before it."""
    end = clock.cap_end
    shown = clock.code_of(CAP)
    if shown or end is None:
        return shown
    pieces = [
        one for one in facts.equipment if one.code in codes and one.started_on <= end and (one.ended_on or end) >= end
    ]
    if pieces:
        return max(pieces, key=lambda one: one.started_on).code
    given = [one for one in facts.deliveries if one.code in codes and one.delivered_on <= end]
    if given:
        return max(given, key=lambda one: one.delivered_on).code
    return next((month.code for month in reversed(clock.months) if month.day <= end), "")


def given_back(facts: Facts, codes: Collection[str], day: dt.date) -> dt.date | None:
    """When the last of the equipment was given back; None where some of it is there, or none is on record."""
    pieces = [one for one in facts.equipment if one.code in codes and one.started_on <= day]
    ended = [one.ended_on for one in pieces if one.ended_on is not None]
    return max(ended) if pieces and len(ended) == len(pieces) else None


def windows(of: Maintained, done: Iterable[dt.date], today: dt.date) -> list[Window]:
    """Every window of the equipment, oldest first, as they stand today. `done`: days of visits and of maintenance
    claims."""
    visits = sorted(day for day in set(done) if day >= of.first)
    found: list[Window] = []
    # Always from the day on which it began: from August 29 to February 28, and to August 29 again.
    base, step = of.grid[0], of.grid[1] + EVERY
    while True:
        due = add_months(base, step)
        if due >= of.end:
            return found
        until = min(add_months(base, step + EVERY), of.end)
        visit = next((day for day in visits if due <= day < until), None)
        if visit is not None:
            # From the visit on, not from when it was due: six months lie between two of them. From September 30 the
            # next opens on March 30, also where the months begin on the 31st.
            found.append(Window(due, min(until, add_months(visit, EVERY)), State.DONE, visit))
            base, step = visit, EVERY
            continue
        state = State.COMING if today < due else State.OPEN if today < until else State.LAPSED
        found.append(Window(due, until, state))
        step += EVERY


def billed_visits(facts: Facts, items: Items) -> tuple[HistoryLine, ...]:
    """Maintenance that was paid, or billed and not denied."""
    return billed(facts.history, facts.payments, items.maintained, modifier=MAINTENANCE)


def days_of(lines: Sequence[HistoryLine]) -> list[dt.date]:
    """The days of service of lines."""
    return [line.from_date for line in lines if line.from_date is not None]
