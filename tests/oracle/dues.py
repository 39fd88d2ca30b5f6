"""What comes on a list on a day: ends of lifetimes (RUL-2), maintenance (2.5) and refills (4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from .chart import Chart, has_piece, in_use, on_medicare, pieces_of
from .codes import BASES, line_of
from .days import add_days
from .life import Expected, Period, Shipment
from .rules import lifetime, maintenance, resupply


def dues(chart: Chart) -> Iterator[Expected]:
    """What is new on the lists today, for a patient who lives and whom Medicare pays."""
    if (chart.died is not None and chart.died <= chart.today) or not on_medicare(chart, chart.today):
        chart.open_maintenance = None
        return
    yield from lifetimes_that_end(chart)
    yield from maintenance_due(chart)
    yield from refills_due(chart)


def lifetimes_that_end(chart: Chart) -> Iterator[Expected]:
    """RUL-2: equipment at home whose lifetime ends within 90 days."""
    for line, found in chart.lifetimes.items():
        pieces = pieces_of(chart, line, chart.today)
        if not pieces or found.listed:
            continue
        if add_days(found.ends, -lifetime.LISTED_DAYS) <= chart.today <= found.ends:
            found.listed = True
            also = ("O-R3",) if line == "portable" else ()
            yield Expected(chart.today, "due", pieces[-1].code, found.ends, None, "RUL-2", "lifetime ends", also)


def maintenance_due(chart: Chart) -> Iterator[Expected]:
    """2.5: shown 30 days ahead, open on the day, lapsed where it closes without a visit. One for all machines."""
    for line, period in maintenance.lines(chart)[:1]:
        if not in_use(chart, line, chart.today) or was_lost(chart, line, period):
            chart.open_maintenance = None
            continue
        code = pieces_of(chart, line, chart.today)[-1].code
        if chart.open_maintenance is not None:
            opened, closes = chart.open_maintenance
            last = maintenance.last_paid(chart, period)
            if last is not None and last >= opened:
                chart.open_maintenance = None
            elif chart.today >= closes:
                chart.open_maintenance = None
                yield Expected(chart.today, "due", code, opened, None, "O-M2", "lapsed")
        window = maintenance.window(chart, line, period)
        if window is None:
            continue
        if add_days(window.opens, -30) <= chart.today < window.opens:
            yield from once(chart, Expected(chart.today, "due", code, window.opens, None, "O-M2", "due"))
        if window.opens <= chart.today and chart.open_maintenance is None:
            chart.open_maintenance = (window.opens, window.closes)
            yield from once(chart, Expected(chart.today, "due", code, window.opens, None, "O-M2", "open"))
        # 2.5: "alert 30 days ahead" of every window: of the next one as well while this one is still open. A window of
        # 25 April closes on 25 October, when the next opens: that is shown from 25 September on.
        is_last = window.closes >= chart.lifetimes[line].ends
        if window.opens <= chart.today and not is_last and add_days(window.closes, -30) <= chart.today:
            yield from once(chart, Expected(chart.today, "due", code, window.closes, None, "O-M2", "due"))


def was_lost(chart: Chart, line: str, period: Period) -> bool:
    """Whether the machine of a period was lost: what replaces it begins new 36 months with its delivery (2.2), also
    while its claim waits."""
    return any(line_of(code) == line and day >= period.delivered for day, code in chart.losses)


def refills_due(chart: Chart) -> Iterator[Expected]:
    """4.1: the patient may be asked again from 30 days before the supply ends, and sent to from 10 days before it."""
    last: dict[str, Shipment] = {}
    for shipment in chart.shipments:
        last[shipment.code] = shipment
    for code, shipment in last.items():
        if chart.today < resupply.contact_open(shipment):
            continue
        if ("contact", code, shipment.date) in chart.told:
            continue
        has_base = shipment.narrative
        for base in BASES[code]:
            has_base = has_base or has_piece(chart, base, chart.today)
        if not has_base:
            continue
        chart.told.add(("contact", code, shipment.date))
        ends = resupply.supply_end(shipment)
        units = resupply.eligible(Shipment(ends, code, 0, shipment.days), chart)
        detail = f"ship from {resupply.ship_open(shipment)}"
        yield Expected(chart.today, "due", code, ends, None, "RS-1", detail, units=units)


def once(chart: Chart, due: Expected) -> Iterator[Expected]:
    """A due that was not told yet."""
    if (due.detail, due.code, due.dos) not in chart.told:
        chart.told.add((due.detail, due.code, due.dos))
        yield due
