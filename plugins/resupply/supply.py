"""What a patient was given of an item, how long it lasts, and when the next may come (hme-billing-rules 4.1).

Pure functions over records; nothing here knows what today is. `supply_end = last day of service + days of supply`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from gateway.core.model.belongings import Delivery
from gateway.plugins import HistoryLine

from .limits import MOST_AT_ONCE, SHIP_DATE, Limit, RefillRule, for_line

DAYS_PER_MONTH = 30
"""A three-month dispensing is one of 90 days (4.2)."""
TRANSIT_DAYS = 10
"""A delivery and a line that bills it lie at most so many days apart: shipped on one day, received on another."""
NOT_BILLED = frozenset({"faulty", "cancelled", "rejected"})
DENIED = "denied"
REPLACES, VOID = "7", "8"


class Dispensed(NamedTuple):
    """Units of an item that the patient was given on a day; `thru`: the last day that they were billed for."""

    on: dt.date
    thru: dt.date
    units: Decimal
    modifiers: tuple[str, ...]
    claim_number: str
    payer_id: str
    counts: bool
    """Whether it counts against the usual maximum: what the payer refused does not."""


def dispensed(
    history: Iterable[HistoryLine],
    deliveries: Iterable[Delivery],
    code: str,
    own_claim: str = "",
    own_day: dt.date | None = None,
) -> tuple[Dispensed, ...]:
    """What the patient was given of an item, oldest first: lines that were billed, and deliveries that are not.

    A replacement (frequency 7) takes the place of what it bills again, a void (8) takes it out. `own_claim` and
    `own_day` are of the claim that is being looked at: what was delivered for it is not yet past.
    """
    by_day: dict[dt.date, list[HistoryLine]] = {}
    for line in history:
        if line.code != code or line.from_date is None or line.state in NOT_BILLED:
            continue
        same = by_day.setdefault(line.from_date, [])
        if line.frequency in (REPLACES, VOID):
            # The lines of one replacement take nothing from each other.
            same[:] = [one for one in same if line.frequency == one.frequency == REPLACES and one.line != line.line]
        if line.frequency != VOID:
            same.append(line)
    billed = [_billed(day, line) for day, same in by_day.items() for line in same]
    numbers = {one.claim_number for one in billed} | {own_claim}
    days = [one.on for one in billed] + ([own_day] if own_day else [])
    unbilled = [
        Dispensed(one.delivered_on, one.delivered_on, one.quantity, one.modifiers, one.claim_number, "", True)
        for one in deliveries
        if one.code == code
        and not (one.claim_number and one.claim_number in numbers)
        and all(abs((one.delivered_on - day).days) > TRANSIT_DAYS for day in days)
    ]
    return tuple(sorted([*billed, *unbilled], key=lambda one: (one.on, one.claim_number)))


def _billed(day: dt.date, line: HistoryLine) -> Dispensed:
    thru = max(line.thru_date or day, day)
    about = (units_of(line.units), line.modifiers, line.claim_number, line.payer_id)
    return Dispensed(day, thru, *about, line.state != DENIED)


def units_of(text: str) -> Decimal:
    """Units as billed; 0 where they cannot be read."""
    try:
        units = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return units if units.is_finite() and units > 0 else Decimal(0)


class Supply(NamedTuple):
    """The supply that a patient has of an item: when it was dispensed, how much, for how many days, and by which claim
    (empty: none is known yet)."""

    on: dt.date
    units: Decimal
    days: int
    modifiers: tuple[str, ...]
    claim_number: str
    payer_id: str

    @property
    def end(self) -> dt.date:
        """The day on which it is expected to be used up."""
        return self.on + dt.timedelta(days=self.days)


def supply_before(given: Sequence[Dispensed], day: dt.date, limits: Sequence[Limit]) -> Supply | None:
    """The supply that the patient has when the next comes on `day`: what was dispensed last before it; None where
    nothing was, and the next one is no refill, and where neither a span nor a maximum says how long it lasts."""
    last = max((one.on for one in given if one.on < day), default=None)
    if last is None:
        return None
    # What was refused and billed again was dispensed once.
    same = [one for one in given if one.on == last and one.counts] or [one for one in given if one.on == last]
    units = sum((one.units for one in same), Decimal(0))
    modifiers, thru = same[-1].modifiers, max(one.thru for one in same)
    if thru == last and not any(limit.units is not None for limit in limits):
        return None
    # A span ends on the last day that the supply should last (R1.30): both of its ends are days of supply.
    days = (thru - last).days + 1 if thru > last else days_supplied(units, for_line(limits, modifiers))
    return Supply(last, units, days, modifiers, same[-1].claim_number, same[-1].payer_id)


def days_supplied(units: Decimal, limits: Sequence[Limit]) -> int:
    """For how many days so many units last at the usual maximum: two filters at two a month are thirty days. Of several
    maximums the one by which they are used up first; 0 where none is known."""
    return min(
        (math.ceil(units * limit.months * DAYS_PER_MONTH / limit.units) for limit in limits if limit.units), default=0
    )


def contact_open(rule: RefillRule, supply_end: dt.date, ship_date: dt.date) -> dt.date | None:
    """The first day on which the patient's answer counts (RS-1): 30 days before the supply ends; before 2024, 14 days
    before the refill was shipped. None where no answer is asked for."""
    if rule.contact_days is None:
        return None
    counted_from = ship_date if rule.contact_from == SHIP_DATE else supply_end
    return counted_from - dt.timedelta(days=rule.contact_days)


def ship_open(rule: RefillRule, supply_end: dt.date) -> dt.date | None:
    """The first day on which the refill may be delivered (RS-2); None where it may on any."""
    return None if rule.ship_days is None else supply_end - dt.timedelta(days=rule.early_days)


class Quantity(NamedTuple):
    """What may be dispensed of an item on a day: `limit` in the days after `since`, of which `earlier` were already."""

    limit: Decimal
    earlier: Decimal
    since: dt.date
    months: int

    @property
    def eligible(self) -> Decimal:
        """How many units are left."""
        return max(self.limit - self.earlier, Decimal(0))


def quantity(
    given: Sequence[Dispensed], day: dt.date, limit: Limit, at_once: int, early_days: int, beside: Decimal = Decimal(0)
) -> Quantity | None:
    """What is left of a usual maximum in the rolling period that ends on `day` (RS-3); None where no maximum is known.

    Args:
        at_once: how many months may be dispensed at once: monthly items are looked at over so many months, so many
            times as much.
        early_days: how early a refill may come: what was dispensed that long before the period ended does not count.
        beside: units that are dispensed with it on the same claim.
    """
    if limit.units is None:
        return None
    times = at_once // limit.months if at_once % limit.months == 0 else 1
    months = limit.months * times
    since = day - dt.timedelta(days=months * DAYS_PER_MONTH - early_days)
    earlier = sum((one.units for one in given if one.counts and since < one.on <= day), beside)
    return Quantity(limit.units * times, earlier, since, months)


def months_at_once(limit: Limit, rule: RefillRule | None, facility: bool) -> int:
    """How many months of an item may be dispensed at once (4.1.5)."""
    most = MOST_AT_ONCE if rule is None else rule.facility_months if facility else rule.most_months
    return min(most, limit.at_once or most)


def answered(days: Collection[dt.date], opened: dt.date, ship_date: dt.date) -> bool:
    """Whether one of the days on which the patient said yes lies in the window (RS-1)."""
    return any(opened <= day <= ship_date for day in days)
