"""3. reasonable useful lifetime, and 2.6 replacement of oxygen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..chart import Chart, Lifetime, Trip, current
from ..codes import OXYGEN, line_of
from ..days import add_months
from ..life import Ask, Delivered
from .papers import orders_for

LIFETIME_MONTHS = 60
LISTED_DAYS = 90


def end_of_lifetime(delivered: date) -> date:
    """3: the same calendar day five years later; of 29 February, 28 February."""
    return add_months(delivered, LIFETIME_MONTHS)


def restart(chart: Chart, told: Delivered) -> None:
    """A line's lifetime begins with this delivery. O-R3: the stationary date governs the portable."""
    line = line_of(told.code)
    ends = end_of_lifetime(told.date)
    if line == "portable" and "stationary" in chart.lifetimes:
        ends = chart.lifetimes["stationary"].ends
        if "stationary" in chart.proposed:
            # The new stationary one came as well; its claim only waits.
            ends = end_of_lifetime(chart.proposed["stationary"].delivered)
    chart.lifetimes[line] = Lifetime(told.date, ends)
    portable = chart.lifetimes.get("portable")
    if line != "stationary" or portable is None or portable.ends == ends:
        return
    if told.how != "lifetime" or portable.starts >= told.date:
        portable.ends, portable.listed = ends, False


def replacement(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """RUL-1, RUL-3, O-R1, O-R2 for a delivery that replaces."""
    told = ask.event
    if not isinstance(told, Delivered) or told.how not in ("lost", "lifetime"):
        return
    line = line_of(ask.code)
    lifetime = chart.lifetimes.get(line)
    has_reason = "RA" in ask.modifiers and ask.narrative != ""
    if told.how == "lost":
        if lifetime is not None and told.date < lifetime.ends and not has_reason:
            yield Trip("hold", "RUL-1", "replaced within the lifetime without RA and a reason", also=("O-R2",))
        if ask.code in OXYGEN and not has_statement(chart, ask.code):
            yield Trip("hold", "O-R2", "no statement about the loss in the file", also=("RUL-1",))
        return
    if lifetime is not None and told.date < lifetime.ends:
        yield Trip("hold", "RUL-1", f"the lifetime ends on {lifetime.ends}", also=("O-R1", "O-R3", "RUL-3"))
    if ask.code in OXYGEN:
        if not has_reason:
            yield Trip(
                "hold", "O-R1", "a replacement at the end of the lifetime takes RA and its reason", also=("RUL-1",)
            )
        if not has_new_order(ask, chart):
            yield Trip("hold", "O-R1", "no new order", also=("SWO", "WOPD"))
    elif "RA" in ask.modifiers:
        yield Trip("hold", "RUL-3", "no RA at the end of the lifetime", also=("RUL-1",))


def has_statement(chart: Chart, code: str) -> bool:
    """Whether something about the last loss of this code is in the file."""
    lost = None
    for day, about in chart.losses:
        if about == code:
            lost = day
    return any(about == code and (lost is None or day >= lost) for day, about in chart.statements)


def has_new_order(ask: Ask, chart: Chart) -> bool:
    """O-R1: an order dated after the equipment that it replaces was furnished."""
    period = current(chart, line_of(ask.code))
    return any(period is None or order.ordered > period.delivered for order in orders_for(chart, ask.code, ask.dos))


def kept_replacement_modifier(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-R2: RA on the first month only."""
    if ask.code in OXYGEN and ask.what == "rental" and "RA" in ask.modifiers:
        yield Trip("hold", "O-R2", "RA belongs on the first month", also=("O-R1", "RA"))
