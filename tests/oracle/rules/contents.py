"""2.4 oxygen contents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..chart import Chart, Trip, code_in_month, counted, current, day_after_cap, pieces_of
from ..codes import (
    OXYGEN_MONTHS,
    PORTABLE_CONTENTS,
    PORTABLE_GAS_OR_LIQUID,
    STATIONARY_CONTENTS,
    STATIONARY_GAS_OR_LIQUID,
)
from ..days import add_months
from ..life import Ask


def contents(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-C1 to O-C5."""
    yield from stationary_contents(ask, chart)
    yield from portable_contents(ask, chart)
    yield from units(ask, chart)
    yield from delivered(ask, chart)
    yield from too_soon(ask, chart)


def stationary_contents(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-C1: a gas or liquid stationary system in month 36; before that month, the one in use."""
    if ask.code not in STATIONARY_CONTENTS:
        return
    period = current(chart, "stationary")
    if period is None:
        yield Trip("hold", "O-C1", "no stationary system")
        return
    modality = code_in_month(period, OXYGEN_MONTHS)
    if modality is None:
        for piece in pieces_of(chart, "stationary", ask.dos):
            modality = piece.code
    if modality not in STATIONARY_GAS_OR_LIQUID:
        yield Trip("hold", "O-C1", f"month 36 was {modality}", also=("O-C5",))


def portable_contents(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-C2 (BG-M): portable gas or liquid equipment in use."""
    if ask.code not in PORTABLE_CONTENTS:
        return
    for piece in pieces_of(chart, "portable", ask.dos):
        if piece.code in PORTABLE_GAS_OR_LIQUID:
            return
    yield Trip("warn", "O-C2", "no portable gas or liquid equipment")


def units(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-C3: one unit a month."""
    if ask.units != 1:
        yield Trip("hold", "O-C3", f"{ask.units} units for a month")
    for code, dos in chart.contents_billed:
        same = (code in STATIONARY_CONTENTS) == (ask.code in STATIONARY_CONTENTS)
        if same and dos <= ask.dos < add_months(dos, 1):
            yield Trip("hold", "O-C3", f"the month from {dos} is billed", also=("R1.70",))


def delivered(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-C4: a proven delivery on or before the day, that lasts beyond it. O-C3: one of three months at the most."""
    too_much = False
    for given in chart.contents:
        told = given.told
        if told.code != ask.code or given.proven_on is None or told.date > ask.dos:
            continue
        if ask.dos < add_months(told.date, told.months):
            if told.months <= 3:
                return
            too_much = True
    if too_much:
        yield Trip("hold", "O-C3", "more than three months at one delivery", also=("O-C4",))
    else:
        yield Trip("hold", "O-C4", "no proven delivery covers the day")


def too_soon(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """O-C5: not before the day after the 36 stationary months, except where only portable oxygen was ever rented."""
    stationary = current(chart, "stationary") or chart.proposed.get("stationary")
    if stationary is None:
        return
    after = day_after_cap(stationary, OXYGEN_MONTHS)
    if after is None or ask.dos < after:
        yield Trip("hold", "O-C5", f"{len(counted(stationary))} of 36 months", also=("O-C2", "O-C1"))


def first_day_of_contents(chart: Chart) -> date | None:
    """The day after the 36 stationary months; None: they are not over."""
    stationary = current(chart, "stationary")
    return None if stationary is None else day_after_cap(stationary, OXYGEN_MONTHS)
