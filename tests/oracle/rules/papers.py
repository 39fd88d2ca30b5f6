"""1.5 orders and encounters, 1.6 prior authorization."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..chart import Chart, Trip
from ..codes import (
    AUTHORIZED_MONTHS,
    ORDER_BEFORE_DELIVERY_OXYGEN,
    ORDER_BEFORE_DELIVERY_PROBABLY,
    OXYGEN_ORDERS_FROM,
    POWER_MOBILITY,
)
from ..days import add_months
from ..life import Ask, Order


def is_complete(order: Order) -> bool:
    """1.5: name or MBI, order date, description, practitioner's name or NPI, practitioner's signature."""
    return order.signed and order.patient_named and order.practitioner_named and order.described


def orders_for(chart: Chart, code: str, day: date) -> list[Order]:
    """Complete orders for this code, dated not after `day`; whether they have ended is not looked at."""
    found = []
    for order in chart.orders.values():
        if code in order.codes and is_complete(order) and order.ordered <= day:
            found.append(order)
    return found


def has_order(chart: Chart, code: str, day: date) -> bool:
    """Whether a complete order covers this code on a day of service."""
    return any(order.ends is None or order.ends >= day for order in orders_for(chart, code, day))


def written_order(ask: Ask, chart: Chart) -> Iterator[Trip]:
    """SWO: before any claim. RS-4: where there was one and it has ended."""
    if has_order(chart, ask.code, ask.dos):
        return
    if orders_for(chart, ask.code, ask.dos):
        yield Trip("hold", "RS-4", "the order has ended", also=("SWO",))
    else:
        yield Trip("hold", "SWO", "no complete written order", also=("RX",))


def needs_order_before_delivery(code: str, delivered: date) -> str:
    """WOPD: `yes`, `probably` (the eighth oxygen code, BG-M) or `no`."""
    if code in POWER_MOBILITY:
        return "yes"
    if delivered >= OXYGEN_ORDERS_FROM and code in ORDER_BEFORE_DELIVERY_OXYGEN:
        return "yes"
    if delivered >= OXYGEN_ORDERS_FROM and code in ORDER_BEFORE_DELIVERY_PROBABLY:
        return "probably"
    return "no"


def is_good_before_delivery(order: Order, delivered: date) -> bool:
    """WOPD: complete before delivery, and an encounter in the six months before the order."""
    if order.date > delivered or order.ordered > delivered:
        return False
    if order.encounter is None or order.encounter > order.ordered:
        return False
    return order.encounter >= add_months(order.ordered, -6)


def order_before_delivery(ask: Ask, chart: Chart, delivered: date) -> Iterator[Trip]:
    """WOPD for the listed codes, by the day of delivery."""
    needed = needs_order_before_delivery(ask.code, delivered)
    if needed == "no":
        return
    for order in orders_for(chart, ask.code, delivered):
        if is_good_before_delivery(order, delivered):
            return
    kind = "hold" if needed == "yes" else "warn"
    yield Trip(kind, "WOPD", "no order before delivery with an encounter in six months", also=("SWO", "RX", "F2F"))


def authorization(ask: Ask, chart: Chart, delivered: date) -> Iterator[Trip]:
    """R1.50: no affirmed decision, or none that was good on the day of delivery."""
    if ask.code not in AUTHORIZED_MONTHS:
        return
    for decision in chart.authorizations:
        if decision.code == ask.code and decision.affirmed:
            good_until = add_months(decision.date, AUTHORIZED_MONTHS[ask.code])
            if good_until >= delivered:
                return
    yield Trip("hold", "R1.50", "no affirmed authorization that was good at delivery", also=("PAR",))
