"""2.5 maintenance and servicing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ..chart import Chart, Trip, code_in_month, counted, current, in_use
from ..codes import MAINTAINED, OXYGEN, OXYGEN_MONTHS, line_of
from ..days import add_months
from ..life import Ask, Period, RepairAsked, Visit


def first_due(period: Period) -> date | None:
    """O-M2: six months after the end of month 36 (day 1 of month 43), or after the labor warranty, the later."""
    begins = counted(period)
    if len(begins) < OXYGEN_MONTHS:
        return None
    due = None
    for month in period.months:
        if month.begins == begins[OXYGEN_MONTHS - 1]:
            due = add_months(month.anchor, month.step + 1 + 6)
    if due is not None and period.warranty_until is not None:
        due = max(due, add_months(period.warranty_until, 6))
    return due


def lines(chart: Chart) -> list[tuple[str, Period]]:
    """The lines whose month 36 was a machine that is maintained; the stationary first."""
    found = []
    for line in ("stationary", "portable"):
        period = current(chart, line)
        if period is not None and code_in_month(period, OXYGEN_MONTHS) in MAINTAINED:
            found.append((line, period))
    return found


def last_paid(chart: Chart, period: Period) -> date | None:
    """The last maintenance that was billed in this period's lifetime, of whichever machine (O-M4)."""
    found = None
    for _, dos in chart.maintenance_billed:
        if dos >= period.delivered and (found is None or dos > found):
            found = dos
    return found


def maintenance(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-M1 to O-M6 for a visit."""
    told = ask.event
    assert isinstance(told, Visit)
    period = current(chart, line_of(ask.code))
    if ask.code not in MAINTAINED:
        yield Trip("hold", "O-M1", f"{ask.code} takes no MS")
        return
    if period is None or first_due(period) is None:
        yield Trip("hold", "O-M2", "month 36 is not over")
        return
    if code_in_month(period, OXYGEN_MONTHS) not in MAINTAINED:
        yield Trip("hold", "O-M1", "another system was in use in month 36", also=("O-M2",))
        return
    due = first_due(period)
    last = last_paid(chart, period)
    if due is not None and ask.dos < due:
        yield Trip("hold", "O-M2", f"not before {due}")
    elif last is not None and ask.dos < add_months(last, 6):
        yield Trip("hold", "O-M2", f"the last was on {last}", also=("O-M4",))
    if not told.documented:
        yield Trip("hold", "O-M3", "the visit is not written down")
    if not in_use(chart, line_of(ask.code), ask.dos):
        yield Trip("hold", "O-M5", "the equipment is not in use any more")
    lifetime = chart.lifetimes.get(line_of(ask.code))
    if lifetime is not None and ask.dos >= lifetime.ends:
        yield Trip("hold", "O-M5", f"the lifetime ended on {lifetime.ends}", also=("O-M2",))


def repair(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-M6, and the first table of the page: labor and parts of oxygen equipment are not paid."""
    told = ask.event
    assert isinstance(told, RepairAsked)
    if told.machine in OXYGEN:
        yield Trip("hold", "O-M6", "labor or parts for oxygen equipment")


@dataclass
class Window:
    """From when a maintenance may be made, and the day on which that chance is over. `alert`: from when it is shown."""

    opens: date
    closes: date


def window(chart: Chart, line: str, period: Period) -> Window | None:
    """The window that is open today, or opens next; None: none comes any more.

    Without visits: months 43, 49 and 55. After one: six months later. Each is open until the next; none opens from the
    end of the lifetime on (O-M5).
    """
    lifetime = chart.lifetimes[line]
    begins = counted(period)
    if len(begins) < OXYGEN_MONTHS:
        return None
    starts = []
    last = last_paid(chart, period)
    if last is not None:
        for times in range(1, 20):
            starts.append(add_months(last, 6 * times))
    else:
        first = first_due(period)
        assert first is not None
        grid = None
        for month in period.months:
            if month.begins == begins[OXYGEN_MONTHS - 1]:
                grid = month
        assert grid is not None
        on_grid = add_months(grid.anchor, grid.step + 7) == first
        for times in range(20):
            if on_grid:
                starts.append(add_months(grid.anchor, grid.step + 7 + 6 * times))
            else:
                starts.append(add_months(first, 6 * times))
    for opens, following in itertools.pairwise(starts):
        closes = min(following, lifetime.ends)
        if chart.today < closes:
            return Window(opens, closes) if opens < lifetime.ends else None
    return None
