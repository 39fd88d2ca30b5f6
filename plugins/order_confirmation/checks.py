"""What is asked of a delivered order before it becomes claims (hme-billing-rules 11.1; OC-1 to OC-9).

Plain functions over the order and what is known beside it; each gives the problems that it finds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from gateway.core.model.belongings import Proof
from gateway.plugins import HistoryLine
from gateway.plugins.months import rental_month_end

from .authorizations import MAINTENANCE, Listed
from .items import Items
from .order import Order, OrderHead, OrderLine
from .settings import DeskSettings

DISCHARGE_DAYS = 2
"""An item that is fitted at most so many days before the patient leaves the facility is billed with the day of leaving
(1.4)."""
NOT_BILLED = frozenset({"faulty", "cancelled", "rejected", "denied"})
SIDES = ("RT", "LT")
ONLY_RENTED = frozenset({"CR", "FS", "OX"})
BOUGHT_OPTION = "BP"


class Problem(NamedTuple):
    """Why an order waits: the code of its reason, the number of the line (0: the order itself), and what is wrong with
    it in particular, without names."""

    reason: str
    line: int
    what: str


class Known(NamedTuple):
    """What is known beside the order. `billed`: lines of the patient's claims. `out`: serial numbers that somebody else
    has. `before`: the claim that this order became earlier, in other words than now (empty: none)."""

    today: dt.date
    billed: Sequence[HistoryLine]
    out: Collection[str]
    before: str


def service_day(line: OrderLine, settings: DeskSettings) -> dt.date | None:
    """The date of service that a line is billed with (1.4): of a delivery in person, the day of receipt; of what a
    carrier brought, by the supplier's policy; in a facility, shortly before leaving it, the day of leaving."""
    if line.service_on is not None:
        return line.service_on
    return _right_day(line, settings)


def _right_day(line: OrderLine, settings: DeskSettings) -> dt.date | None:
    if line.delivered_on and line.discharged_on:
        days = (line.discharged_on - line.delivered_on).days
        if 0 <= days <= DISCHARGE_DAYS:
            return line.discharged_on
    if line.proof is Proof.CARRIER and settings.shipped_service_date == "shipped" and line.shipped_on:
        return line.shipped_on
    return line.delivered_on


def problems_of(order: Order, known: Known, items: Items, settings: DeskSettings) -> list[Problem]:
    """Everything that is wrong with an order, the order itself first."""
    found = [*_order_itself(order, settings)]
    seen: set[str] = set()
    for number, line in enumerate(order.lines, start=1):
        found += _fields(number, line, order, items, settings)
        found += _serials(number, line, known, items, seen)
        found += _quantities(number, line, items, known.today)
        found += _delivery(number, line, known, settings)
        found += _price(number, line)
        found += _rental(number, line, order, items, settings)
        found += _duplicate(number, line, known, settings)
    if known.before:
        found.append(Problem("DUPLICATE", 0, f"it became claim {known.before}, and comes in other words; correct that"))
    return found


def _order_itself(order: Order, settings: DeskSettings) -> Iterator[Problem]:
    head = order.head
    if not order.alike:
        yield Problem("FIELDS", 0, "its rows do not agree about patient, payer or practitioner")
    needed = {
        "the patient's name": head.last and head.first,
        "the birth date": head.birth_date,
        "the sex": head.sex,
        "the address": head.address1 and head.city and head.state and head.zip,
        "a diagnosis": head.diagnoses,
        "the subscriber's name": head.relationship == "18" or head.subscriber_last,
    }
    missing = [what for what, value in needed.items() if not value]
    if missing:
        yield Problem("FIELDS", 0, f"{', '.join(missing)} is missing")
    if head.billing_provider is None and settings.provider(head.billing_npi) is None:
        yield Problem("FIELDS", 0, "the supplier that bills it is not known; see billing_providers in gateway.yaml")
    coverage = {"the payer": head.payer_id and head.payer_name, "the member id": head.member_id}
    coverage["the kind of insurance (filing_code)"] = head.filing_code
    missing = [what for what, value in coverage.items() if not value]
    if missing:
        yield Problem("COVERAGE", 0, f"{', '.join(missing)} is missing")
    if not (head.orderer_last and head.orderer_first and head.orderer_npi):
        yield Problem("ORDERER", 0, "the name or the NPI of the practitioner is missing")


def _fields(number: int, line: OrderLine, order: Order, items: Items, settings: DeskSettings) -> Iterator[Problem]:
    if not line.code:
        yield Problem("FIELDS", number, "the HCPCS code is missing")
    if not line.pointers or max(line.pointers) > max(len(order.head.diagnoses), 1):
        yield Problem("FIELDS", number, "it points to a diagnosis that the order does not have")
    day = service_day(line, settings)
    payers = (order.head.payer_id, settings.kind(order.head.filing_code))
    spanned = day is not None and items.has_span(day, line.code, line.modifiers, payers)
    if spanned and line.days is None and line.kind != "rental":
        yield Problem("FIELDS", number, f"{line.code} is billed with a span, and days, how long it lasts, is missing")
    if not line.authorization and needs_decision(line, order.head, items, settings):
        yield Problem("AUTHORIZATION", number, f"{line.code} has no authorization")


def needs_decision(line: OrderLine, head: OrderHead, items: Items, settings: DeskSettings) -> bool:
    """Whether an item is billed only with the number of the payer's decision: the order says so, or the payer has it on
    its list (R1.50)."""
    if line.authorization_needed:
        return True
    if MAINTENANCE in line.modifiers:
        return False
    of = listed_of(line, head, items, settings)
    return of is not None and not of.warns


def listed_of(line: OrderLine, head: OrderHead, items: Items, settings: DeskSettings) -> Listed | None:
    """What the payer's list of items under prior authorization says of a line; None where it is not on it."""
    day = service_day(line, settings)
    if day is None:
        return None
    return items.authorized(day, line.code.upper(), (head.payer_id, settings.kind(head.filing_code)))


def _serials(number: int, line: OrderLine, known: Known, items: Items, seen: set[str]) -> Iterator[Problem]:
    needs = items.needs(line.delivered_on or known.today, line.code)
    if needs == "lot" and not line.lot:
        yield Problem("SERIAL", number, f"{line.code} has no lot number")
    if needs == "serial" and len(line.serials) != line.delivered:
        yield Problem(
            "SERIAL",
            number,
            f"{line.code}: {_number(line.delivered)} delivered, {len(line.serials)} serial number(s) given",
        )
    twice = {serial for serial in line.serials if serial in seen or line.serials.count(serial) > 1}
    seen.update(line.serials)
    if twice:
        yield Problem("SERIAL", number, f"{line.code}: the serial number {', '.join(sorted(twice))} stands twice")
    out = sorted(set(line.serials) & set(known.out))
    if out:
        yield Problem("SERIAL-OUT", number, f"{line.code}: the serial number {', '.join(out)} is with another patient")


def _quantities(number: int, line: OrderLine, items: Items, today: dt.date) -> Iterator[Problem]:
    quantities = (line.ordered, line.delivered, line.to_bill)
    if items.by_month(line.delivered_on or today, line.code):
        # What is billed by the month has its own count of what was delivered for it.
        quantities = (line.ordered, line.delivered, line.delivered)
    if len(set(quantities)) > 1 or line.delivered <= 0:
        told = "{} ordered, {} delivered, {} to be billed".format(*map(_number, quantities))
        yield Problem("QUANTITY", number, f"{line.code}: {told}")
    elif all(side in line.modifiers for side in SIDES) and line.delivered % 2:
        yield Problem("QUANTITY", number, f"{line.code}: {_number(line.delivered)} pieces cannot be for both sides")


def _delivery(number: int, line: OrderLine, known: Known, settings: DeskSettings) -> Iterator[Problem]:
    if line.delivered_on is None:
        yield Problem("PROOF", number, f"{line.code}: the day of delivery is missing")
        return
    if line.proof is Proof.NONE:
        yield Problem("PROOF", number, f"{line.code}: there is no proof of its delivery")
    elif line.proof_on is not None and line.proof_on != line.delivered_on:
        yield Problem(
            "PROOF",
            number,
            f"{line.code}: delivered on {line.delivered_on:%m/%d/%Y}, and the proof bears {line.proof_on:%m/%d/%Y}",
        )
    day, right = service_day(line, settings), _right_day(line, settings)
    if line.delivered_on > known.today or (day is not None and day > known.today):
        yield Problem("SERVICE-DATE", number, f"{line.code}: its delivery or date of service lies ahead")
    elif day != right and right is not None and day is not None:
        yield Problem(
            "SERVICE-DATE",
            number,
            f"{line.code}: the date of service is {day:%m/%d/%Y}, and by its delivery it would be {right:%m/%d/%Y}",
        )


def _price(number: int, line: OrderLine) -> Iterator[Problem]:
    if line.price <= 0:
        yield Problem("PRICE", number, f"{line.code} has no price")


def _rental(number: int, line: OrderLine, order: Order, items: Items, settings: DeskSettings) -> Iterator[Problem]:
    day = service_day(line, settings)
    if day is None:
        return
    if line.kind == "rental":
        if line.rental_start is not None and line.rental_start != day:
            yield Problem(
                "RENTAL",
                number,
                f"{line.code}: the rental begins on {line.rental_start:%m/%d/%Y}, and it was delivered for "
                f"{day:%m/%d/%Y}",
            )
        return
    category = items.category(day, line.code)
    medicare = order.head.filing_code in settings.medicare_filing_codes
    if medicare and category in ONLY_RENTED and BOUGHT_OPTION not in line.modifiers:
        yield Problem("RENTAL", number, f"{line.code} is rented under its payment category ({category}), not sold")


def _duplicate(number: int, line: OrderLine, known: Known, settings: DeskSettings) -> Iterator[Problem]:
    day = service_day(line, settings)
    sides = {side for side in SIDES if side in line.modifiers}
    for old in known.billed:
        same = old.code == line.code and old.from_date == day and old.state not in NOT_BILLED
        theirs = {side for side in SIDES if side in old.modifiers}
        if same and old.frequency != "8" and (not sides or not theirs or sides & theirs):
            yield Problem("DUPLICATE", number, f"{line.code} of {day:%m/%d/%Y} is on claim {old.claim_number}")
            return
        if _is_rented(old, line, day):
            yield Problem("DUPLICATE", number, f"{line.code} is rented already, by claim {old.claim_number}")
            return


def _is_rented(old: HistoryLine, line: OrderLine, day: dt.date | None) -> bool:
    """Whether a line begins a rental that runs: its last month has not ended. A replacement (RA) begins anew."""
    if line.kind != "rental" or "RA" in line.modifiers or old.code != line.code or "RR" not in old.modifiers:
        return False
    if day is None or old.from_date is None or old.state in NOT_BILLED or old.frequency == "8":
        return False
    return old.from_date < day <= rental_month_end(old.from_date)


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
