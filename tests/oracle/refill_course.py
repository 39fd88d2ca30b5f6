"""How supplies go through a life: shipments on time, and some that are early, unasked, too many or without an order.

After anything irregular a long time passes, so that every reading of the rolling windows says the same of what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .builder import Builder
from .days import add_days
from .life import RefillContact, Shipment


@dataclass(frozen=True)
class Item:
    """What is shipped each time: so many units, which last so many days."""

    code: str
    units: int
    days: int
    modifiers: tuple[str, ...]


@dataclass(frozen=True)
class Supplied:
    """Until when the patient has enough: by the last shipment alone (`ends`), and with what was left when it came or
    the long time that is to pass (`lasts`)."""

    ends: date
    lasts: date


@dataclass(frozen=True)
class Refill:
    """One shipment, and the contact before it (None: nobody asked)."""

    ship: date
    contact: date | None
    answer: bool = True
    times: int = 1
    reason: bool = False
    early: bool = False
    regular: bool = True


def supplies(builder: Builder, item: Item, start: date, stop: date, own_base: bool) -> None:
    """Shipments of one item from about `start` until `stop`. `own_base`: the machine that it belongs to is ours."""
    order_ends = add_days(start, 365) if builder.chance(0.4) else None
    builder.good_order((item.code,), start, order_ends)
    stop = min(stop, builder.ends)
    refill = Refill(add_days(start, builder.between(0, 10)), None)
    while refill.ship < stop:
        renewed = True
        if order_ends is not None and refill.ship > order_ends:
            renewed = not builder.mistake(0.1)
            order_ends = renew(builder, item.code, order_ends, refill.ship) if renewed else order_ends
        if refill.contact is not None:
            builder.add(RefillContact(refill.contact, item.code, refill.answer))
        narrative = not own_base and not builder.mistake(0.15)
        units = item.units * refill.times
        builder.add(Shipment(refill.ship, item.code, units, item.days, item.modifiers, refill.reason, narrative))
        if not renewed:
            return
        refill = plan(builder, after(item, refill, add_days(refill.ship, item.days)))


def renew(builder: Builder, code: str, order_ends: date, ship: date) -> date:
    """An order for each year until the shipment, each before the last one ends. The end of the last."""
    while order_ends < ship:
        following = add_days(order_ends, 365)
        builder.good_order((code,), order_ends, following)
        order_ends = following
    return order_ends


def after(item: Item, refill: Refill, ends: date) -> Supplied:
    """What the patient has after a shipment that lasts until `ends` by itself."""
    if not refill.regular:
        return Supplied(ends, add_days(ends, 2 * max(item.days, 180) + 30))
    # A regular one that came early did so by ten days at the most.
    return Supplied(ends, add_days(ends, 10) if refill.early else ends)


def plan(builder: Builder, has: Supplied) -> Refill:
    """The next shipment: on time; or early, too early, unasked, too many. Early only where `ends` says it all."""
    luck = builder.rng.random() if builder.medicare else 0.0
    ship = add_days(has.lasts, builder.between(0, 6))
    contact = add_days(has.lasts, -builder.between(0, 19))
    edge_of_contact = add_days(has.ends, -builder.rng.choice((30, 25, 24)))
    if luck < 0.8 or (luck < 0.9 and has.lasts != has.ends):
        return Refill(ship, contact)
    if luck < 0.87:
        return Refill(add_days(has.ends, -builder.rng.choice((10, 10, 7, 3))), edge_of_contact, early=True)
    if luck < 0.9:
        return Refill(add_days(has.ends, -builder.rng.choice((11, 11, 15, 19))), edge_of_contact, regular=False)
    if luck < 0.91:
        return Refill(ship, None, regular=False)
    if luck < 0.925:
        return Refill(ship, add_days(ship, -2), answer=False, regular=False)
    if luck < 0.95:
        return Refill(ship, add_days(has.ends, -builder.between(31, 45)), regular=False)
    return Refill(ship, contact, times=2, reason=builder.chance(0.4), regular=False)
