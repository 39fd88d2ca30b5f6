"""4. resupply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..chart import Chart, Trip, has_piece
from ..codes import BASES, usual_of
from ..days import add_days
from ..life import Ask, Shipment

NEW_RULE = date(2024, 1, 1)


def earlier(chart: Chart, told: Shipment) -> list[Shipment]:
    """What was shipped of the same code before, oldest first."""
    found = []
    for shipment in chart.shipments:
        if shipment.code == told.code and shipment is not told and shipment.date <= told.date:
            found.append(shipment)
    return found


def supply_end(shipment: Shipment) -> date:
    """4.1: the last date of service and the days that it lasts."""
    return add_days(shipment.date, shipment.days)


def contact_open(shipment: Shipment) -> date:
    return add_days(supply_end(shipment), -30)


def ship_open(shipment: Shipment) -> date:
    return add_days(supply_end(shipment), -10)


def asked_and_answered(told: Shipment, last: Shipment, chart: Chart) -> Iterator[Trip]:
    """RS-1: an affirmative answer between the opening and the shipment."""
    opens = contact_open(last)
    if told.date < NEW_RULE:
        opens = add_days(told.date, -14)
    for contact in chart.contacts:
        if contact.code == told.code and contact.answer and opens <= contact.date <= told.date:
            return
    yield Trip("hold", "RS-1", f"no affirmative answer from {opens} on")


def not_too_early(told: Shipment, last: Shipment) -> Iterator[Trip]:
    """RS-2."""
    if told.date < ship_open(last):
        yield Trip("hold", "RS-2", f"not before {ship_open(last)}", also=("RS-3",))


def carries_from(told: Shipment, before: list[Shipment]) -> date:
    """From when a shipment is used: from its day, or from the end of what the patient still has."""
    starts = told.date
    if before and supply_end(before[-1]) > starts:
        starts = supply_end(before[-1])
    return starts


def eligible(told: Shipment, chart: Chart) -> int:
    """The usual maximum less what was delivered in the rolling window; months are of 30 days, and a shipment of more
    months than the table's has the window and the maximum of its months."""
    units, months = usual_of(told.code, chart.patient.insulin)
    window = months
    while window * 30 < told.days:
        window = window + months
    allowed = units * (window // months)
    before = earlier(chart, told)
    starts = carries_from(told, before)
    opens = add_days(starts, -30 * window)
    for place, shipment in enumerate(before):
        if opens < carries_from(shipment, before[:place]) <= starts:
            allowed = allowed - shipment.units
    return max(allowed, 0)


def not_too_much(told: Shipment, chart: Chart) -> Iterator[Trip]:
    """RS-3."""
    if told.units > eligible(told, chart) and not told.reason:
        yield Trip("hold", "RS-3", f"{told.units} units, {eligible(told, chart)} are usual")


def base_equipment(told: Shipment, chart: Chart) -> Iterator[Trip]:
    """RS-5."""
    for code in BASES[told.code]:
        if has_piece(chart, code, told.date):
            return
    if not told.narrative:
        yield Trip("hold", "RS-5", "no base equipment on file")


def refill(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """RS-1, RS-2, RS-3, RS-5 for a shipment; RS-4 is looked at with the order."""
    told = ask.event
    assert isinstance(told, Shipment)
    before = earlier(chart, told)
    if before:
        yield from asked_and_answered(told, before[-1], chart)
        yield from not_too_early(told, before[-1])
    yield from not_too_much(told, chart)
    yield from base_equipment(told, chart)
