"""RS-1 to RS-6 for one line of a claim: what makes it wait, and what is told with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from gateway.core.model.belongings import Order, Proof
from gateway.core.model.decision import Finding, Hold, HoldType, Severity
from gateway.plugins.months import add_months

from .items import Item
from .limits import Book
from .requests import days_of_yes
from .settings import ResupplySettings
from .supply import Quantity, answered, contact_open, months_at_once, quantity, ship_open, supply_before

TEAM = "resupply"
DAYS_OF_A_MONTH = 31
RECORD = "medical_record"


def refill_holds(item: Item, book: Book) -> Iterator[Hold]:
    """RS-1 and RS-2: a refill was asked for in time, and is not delivered too soon."""
    rule = book.rule(item.day)
    supply = supply_before(item.given, item.day, book.limits(item.day, item.line.code))
    if rule is None or supply is None or book.is_exempt(item.day, item.line.code):
        return
    what = f"Line {item.line.number}, {item.line.code}"
    opened = contact_open(rule, supply.end, item.day)
    if opened is not None and not _said_yes(item, opened) and not _picked_up(item):
        asked = (
            f"it was dispensed on {item.day:%m/%d/%Y}, before the patient may be asked (from {opened:%m/%d/%Y})"
            if opened > item.day
            else f"no request of the patient between {opened:%m/%d/%Y} and {item.day:%m/%d/%Y} is on record"
        )
        yield _hold(
            "RS-1",
            item,
            f"{what}: the last supply ends on {supply.end:%m/%d/%Y}, and {asked}. Record the refill request; without "
            "one the item is not billed.",
        )
    earliest = ship_open(rule, supply.end)
    if earliest is not None and item.day < earliest:
        yield _hold(
            "RS-2",
            item,
            f"{what}: dispensed on {item.day:%m/%d/%Y}, and the supply of {supply.on:%m/%d/%Y} lasts until "
            f"{supply.end:%m/%d/%Y}; not to be delivered before {earliest:%m/%d/%Y}. Check the dates and the quantity "
            "of the last supply.",
        )


def _said_yes(item: Item, opened: dt.date) -> bool:
    days = days_of_yes(item.past.requests, item.past.documents, (item.line.code,))
    return answered(days, opened, item.day)


def _picked_up(item: Item) -> bool:
    """Whether the patient took it in the store and signed for it, which is request enough (4.1.3)."""
    return any(
        one.code == item.line.code and one.proof is Proof.PICKUP and one.delivered_on == item.day
        for one in item.past.deliveries
    )


def over_maximum(item: Item, book: Book) -> Quantity | None:
    """By which maximum the line's units are too many, the most generous one; None where they are not, or no maximum is
    known (RS-3)."""
    rule = book.rule(item.day)
    found = None
    left: Quantity | None
    for limit in item.limits:
        if limit.per_day is not None:
            most = limit.per_day * min(item.days, DAYS_OF_A_MONTH)
            left = Quantity(most, item.beside, item.day, 1)
        else:
            at_once = months_at_once(limit, rule, item.at_facility)
            early = 0 if rule is None or book.is_exempt(item.day, item.line.code) else rule.early_days
            left = quantity(item.given, item.day, limit, at_once, early, item.beside)
        if left is None or item.line.units <= left.eligible:
            return None
        found = left if found is None or left.eligible > found.eligible else found
    return found


def too_much(item: Item, book: Book, settings: ResupplySettings) -> str:
    """RS-3: no more than usual, and for no longer than may be dispensed at once, unless the reason is documented. What
    is wrong, in words; empty where nothing is."""
    rule = book.rule(item.day)
    if rule is not None and rule.partial and "RS-6" not in settings.skip:
        return ""
    what = f"Line {item.line.number}, {item.line.code}"
    months = max(months_at_once(limit, rule, item.at_facility) for limit in item.limits)
    over = over_maximum(item, book)
    if over is not None:
        daily = any(limit.per_day is not None for limit in item.limits)
        period = f"for {min(item.days, DAYS_OF_A_MONTH)} day(s)" if daily else f"in {over.months} month(s)"
        why = (
            f"{what}: {_number(item.line.units)} unit(s) now and {_number(over.earlier)} since "
            f"{over.since:%m/%d/%Y}; usual is {_number(over.limit)} {period}. Lower the quantity, wait until it is "
            "due, or add the record that says why more is needed."
        )
    elif item.days > months * DAYS_OF_A_MONTH:
        why = (
            f"{what}: it spans {item.days} days, and at most {months} month(s) may be dispensed at once. Check the "
            "dates."
        )
    else:
        return ""
    return "" if documented(item, settings.documented_months) else why


def quantity_holds(item: Item, book: Book, settings: ResupplySettings) -> Iterator[Hold]:
    """RS-3, where the maximum is certain."""
    if not all(limit.warns for limit in item.limits) and (why := too_much(item, book, settings)):
        yield _hold("RS-3", item, why)


def quantity_warnings(item: Item, book: Book, settings: ResupplySettings) -> Iterator[Finding]:
    """RS-3, where it is not."""
    if all(limit.warns for limit in item.limits) and (why := too_much(item, book, settings)):
        yield _warning("RS-3", item, why, "2400 SV104")


def documented(item: Item, months: int) -> bool:
    """Whether a medical record of the last months speaks of this item: why more of it is needed (RS-3)."""
    since = add_months(item.day, -months)
    return any(
        paper.kind == RECORD
        and item.line.code in paper.codes
        and paper.dated is not None
        and since <= paper.dated <= item.day
        for paper in item.past.documents
    )


def order_holds(item: Item, settings: ResupplySettings) -> Iterator[Hold]:
    """RS-4: of the orders that are known for the item, one is still good. None known is not this rule's (1.5)."""
    orders = [one for one in item.past.orders if item.line.code in one.codes and one.ordered_on <= item.day]
    ends = [_order_end(one, settings.order_months) for one in orders]
    if orders and all(end is not None and end < item.day for end in ends):
        last = max(end for end in ends if end is not None)
        yield Hold(
            rule="RS-4",
            reason=f"Line {item.line.number}, {item.line.code}: the order ended on {last:%m/%d/%Y}, before it was "
            f"dispensed on {item.day:%m/%d/%Y}. Get a new order from the practitioner.",
            type=HoldType.PRESCRIPTION,
            team="documentation",
            line=item.line.number,
        )


def _order_end(order: Order, months: int) -> dt.date | None:
    """The last day that an order is good for: what it says, or so many months from its date (0: without end)."""
    if order.ends_on is not None or not months:
        return order.ends_on
    return add_months(order.ordered_on, months) - dt.timedelta(days=1)


def base_warnings(item: Item, book: Book) -> Iterator[Finding]:
    """RS-5: the equipment that the supply is for is known, or stands in a note of the claim or the line."""
    bases = book.bases(item.day, [limit.family for limit in book.limits(item.day, item.line.code)])
    if not bases or _knows(item, bases):
        return
    yield _warning(
        "RS-5",
        item,
        f"Line {item.line.number}, {item.line.code}: the equipment that it is used with is not on file. Add a "
        "note with its HCPCS code and about when the patient got it, or the payer may ask for it.",
        "2400 NTE02",
    )


def _knows(item: Item, bases: frozenset[str]) -> bool:
    if any(line.code in bases for line in item.claim.lines) or item.past.has(bases, item.day):
        return True
    said = " ".join(note.text for note in (*item.claim.notes, *item.line.notes)).upper()
    return any(code in said for code in bases)


def partial_warnings(item: Item, book: Book) -> Iterator[Finding]:
    """RS-6: what is over the maximum of a payer that pays partly."""
    rule = book.rule(item.day)
    over = over_maximum(item, book) if rule is not None and rule.partial else None
    if over is not None:
        yield _warning(
            "RS-6",
            item,
            f"Line {item.line.number}, {item.line.code}: of {_number(item.line.units)} unit(s) this payer pays "
            f"{_number(over.eligible)}; usual is {_number(over.limit)} in {over.months} month(s).",
            "2400 SV104",
        )


def _hold(rule: str, item: Item, reason: str) -> Hold:
    return Hold(rule=rule, reason=reason, type=HoldType.SYSTEM, team=TEAM, line=item.line.number)


def _warning(rule: str, item: Item, message: str, place: str) -> Finding:
    return Finding(rule=rule, message=message, severity=Severity.WARN, line=item.line.number, place=place, team=TEAM)


def _number(units: Decimal) -> str:
    return f"{units.normalize():f}"
