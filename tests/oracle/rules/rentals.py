"""1.1 capped rentals and the oxygen cap, breaks in need; 1.4 the place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..chart import Chart, Trip, counted, current, last_use_before
from ..codes import CAPPED, cap_of, line_of
from ..days import add_days, add_months
from ..life import Ask, Delivered, Month, Period


def month_modifier(number: int) -> str:
    """R1.02: 1 is KH, 2 and 3 are KI, 4 to 13 are KJ."""
    if number == 1:
        return "KH"
    if number in (2, 3):
        return "KI"
    return "KJ"


def period_for(ask: Ask, chart: Chart) -> Period | None:
    """The period that this month would belong to: a delivery that asks for a new one has it proposed."""
    if ask.period is not None:
        return ask.period
    line = line_of(ask.code)
    if isinstance(ask.event, Delivered) and ask.event.how != "again":
        return chart.proposed.get(line)
    return current(chart, line) or chart.proposed.get(line)


def number_of(ask: Ask, chart: Chart) -> int:
    """R1.04: the months billed or paid before this one in the period, and one."""
    if ask.decided == "new":
        return 1
    period = period_for(ask, chart)
    if period is None:
        return 1
    count = 0
    for begins in counted(period):
        if begins < ask.dos:
            count = count + 1
    return count + 1


def month_of(period: Period, day: date) -> Month | None:
    """The billed month, denied or not, that began last on or before a day."""
    found = None
    for month in period.months:
        if month.begins <= day and (found is None or month.begins > found.begins):
            found = month
    return found


def first_day_of_new_need(month: Month) -> date:
    """R1.05: the day from which a break that began in this rental month is long.

    By the regulation more than 60 days beside the rest of the month; by the contractors two full rental months beside
    it; the later of the two.
    """
    next_month = add_months(month.anchor, month.step + 1)
    by_the_regulation = add_days(next_month, 61)
    by_the_contractors = add_months(month.anchor, month.step + 3)
    return max(by_the_regulation, by_the_contractors)


def is_long_break(ask: Ask, chart: Chart) -> bool:
    """R1.05: whether the month comes back after a break longer than a temporary one."""
    line = line_of(ask.code)
    period = period_for(ask, chart)
    if period is None or not period.months:
        return False
    used = last_use_before(chart, line, ask.dos, period.delivered)
    if used is None:
        return False
    if add_days(used, 1) == ask.dos:
        return False
    month = month_of(period, used)
    if month is None:
        return False
    return ask.dos >= first_day_of_new_need(month)


def is_over_cap(ask: Ask, chart: Chart) -> bool:
    """R1.03: whether all the months that are paid are billed or paid already."""
    period = period_for(ask, chart)
    return period is not None and len(counted(period)) >= cap_of(ask.code) and ask.decided != "new"


def rental_modifiers(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """R1.01, R1.02."""
    if "RR" not in ask.modifiers:
        yield Trip("reject", "R1.01", "a rental without RR", also=("R1.02",))
        return
    if ask.code not in CAPPED:
        return
    given = []
    for modifier in ask.modifiers:
        if modifier in ("KH", "KI", "KJ"):
            given.append(modifier)
    right = month_modifier(number_of(ask, chart))
    if given != [right]:
        yield Trip("reject", "R1.02", f"month {number_of(ask, chart)} takes {right}")


def rental_month(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """R1.03 and R1.05, and R1.01 and R1.02 where the month may be billed at all."""
    if is_over_cap(ask, chart):
        yield Trip("hold", "R1.03", f"month {number_of(ask, chart)}", also=("R1.02",))
        return
    is_new = isinstance(ask.event, Delivered) and ask.event.how in ("new", "lost", "lifetime")
    if not is_new and not ask.decided and is_long_break(ask, chart):
        yield Trip("hold", "R1.05", "a long break: a new period, or does the count go on?", also=("R1.02", "RUL-1"))
        return
    yield from rental_modifiers(ask, chart)


def place(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """1.4: equipment at 21 or 31 waits."""
    if ask.place in ("21", "31"):
        yield Trip("hold", "POS", f"place of service {ask.place}", also=("1.4", "R1.25"))
