"""Orders and encounters, and certificates that are sent no more (hme-billing-rules 1.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gateway.core.model.belongings import Order
from gateway.core.model.decision import HoldType, Severity
from gateway.plugins.months import add_months

from .findings import Findings
from .line import Line
from .settings import Papers
from .whole import Whole

ENCOUNTER_MONTHS = 6
DOCUMENTATION = "documentation"


def check_orders(whole: Whole, out: Findings) -> None:
    """Each item has its order; listed ones had it before the delivery, and an encounter before it."""
    asked = whole.book.settings.orders
    if asked is Papers.OFF:
        return
    orders = whole.past.orders()
    if not orders and asked is Papers.KNOWN:
        return
    for line in whole.lines:
        if not line.maintenance and "EY" not in line.have:
            _ordered(line, orders, whole, out)


def _say(out: Findings, rule: str, message: str, line: Line, most: Severity | None = None) -> None:
    out.say(rule, message, line=line, most=most, team=DOCUMENTATION, hold_type=HoldType.PRESCRIPTION)


def _ordered(line: Line, orders: Sequence[Order], whole: Whole, out: Findings) -> None:
    today = whole.today
    mine = [one for one in orders if line.code in one.codes]
    good = [one for one in mine if one.ends_on is None or one.ends_on >= line.day]
    if not good:
        ended = max((one.ends_on for one in mine if one.ends_on is not None), default=None)
        what = f"its last order ended on {ended:%m/%d/%Y}" if ended is not None else "no order for it is known"
        _say(out, "R1.SWO-1", f"{what}. Get a standard written order.", line)
        return
    complete = [one for one in good if not missing(one, today, line)]
    if not complete:
        lacks = ", ".join(missing(good[-1], today, line))
        _say(out, "R1.SWO-2", f"the order of {good[-1].ordered_on:%m/%d/%Y} is not complete: {lacks}.", line)
    elif (npi := line.orderer.npi) and not any(one.practitioner_npi in ("", npi) for one in complete):
        _say(out, "R1.SWO-3", "the ordering provider's NPI is not the one on the order. Compare them.", line)
    if whole.book.wopd.of(line.code):
        _before_delivery(line, mine, whole, out)


def missing(order: Order, today: dt.date, line: Line) -> list[str]:
    """What a standard written order lacks on a day for a line's item, in words (S13); empty where it is complete. A
    quantity is wanted where several are handed over, and not of a rental."""
    lacks = []
    if not order.patient_named:
        lacks.append("the patient's name or number")
    if not order.description.strip():
        lacks.append("the description of the item")
    if order.quantity is None and line.units > 1 and not line.rented:
        lacks.append("the quantity")
    if not order.practitioner.strip() and not order.practitioner_npi.strip():
        lacks.append("the practitioner's name or NPI")
    if order.signed_on is None or order.signed_on > today:
        lacks.append("the practitioner's signature")
    if order.received_on is None or order.received_on > today:
        lacks.append("the order itself (not received)")
    return lacks


def _before_delivery(line: Line, mine: Sequence[Order], whole: Whole, out: Findings) -> None:
    """R1.WOPD-1 and R1.F2F-1, as the list stood on the day of the delivery. For a later rental month of which no
    delivery is known nothing can be said."""
    delivered = whole.past.handed_over(line)
    if delivered is None:
        return
    row = whole.book.wopd.find(line.code, delivered)
    if row is None:
        return
    before = [one for one in mine if one.ordered_on <= delivered]
    in_time = [
        one
        for one in before
        if one.received_on is not None
        and one.received_on <= delivered
        and one.signed_on is not None
        and one.signed_on <= delivered
        and not missing(one, whole.today, line)
    ]
    if not in_time:
        _say(
            out,
            "R1.WOPD-1",
            f"it was delivered on {delivered:%m/%d/%Y}, and no complete order had come by then. Without a "
            "written order before the delivery it is not paid.",
            line,
            row[0],
        )
    if not any(_seen_before(one) for one in in_time or before or mine):
        _say(
            out,
            "R1.F2F-1",
            f"no encounter in the {ENCOUNTER_MONTHS} months before the order is known. Get the visit note.",
            line,
            row[0],
        )


def _seen_before(order: Order) -> bool:
    """Whether the encounter lies in the six months before the order date."""
    seen = order.encounter_on
    return seen is not None and add_months(order.ordered_on, -ENCOUNTER_MONTHS) <= seen <= order.ordered_on


def check_certificates(whole: Whole, out: Findings) -> None:
    """R1.40: a CMN or DIF (loop 2440, CR3) is refused by the front end."""
    if not whole.has("LQ") and not whole.has("CR3"):
        return
    for line in whole.lines:
        if line.raw.forms:
            what, place = "a certificate of medical necessity (loop 2440)", "2440 LQ01"
        elif line.raw.certification is not None:
            what, place = "the data of a certificate (CR3)", "2400 CR301"
        else:
            continue
        out.say(
            "R1.40",
            f"carries {what}; Medicare refuses it since 2023. Take it off the claim, and keep it in the file.",
            line=line,
            place=place,
        )
