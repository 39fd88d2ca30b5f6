"""A claim that a billing system sent, against what is known of its deliveries (OC-2, OC-4 to OC-7, OC-9).

Deliveries are those of the registry, confirmed orders' among them. Where none is known for an item, nothing is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gateway.core.model.belongings import Delivery, Proof
from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins.months import add_months

from .items import Items, Reason
from .settings import ConfirmationSettings

LATER_MONTHS = frozenset({"KI", "KJ", "MS"})
"""What no delivery goes with: later months of a rental, and maintenance."""
RENTAL = "RR"
MOST_MONTHS = 120
DISCHARGE_DAYS = 2
PLACES = {"OC-2": "", "OC-4": "2400 SV104", "OC-5": "", "OC-6": "2400 DTP03", "OC-7": "2400 SV102", "OC-9": "2400"}


class Wrong(NamedTuple):
    """What is wrong with a line: the code of the reason, and the words."""

    reason: str
    what: str


def deliveries_of(
    claim: Claim, line: ServiceLine, day: dt.date, deliveries: Sequence[Delivery], transit_days: int
) -> list[Delivery]:
    """The deliveries that a line bills: those that name the claim; else those of the item that name none, and lie so
    near that they may be meant."""
    of_item = [one for one in deliveries if one.code == line.code]
    named = [one for one in of_item if one.claim_number == claim.id]
    near = [
        one
        for one in of_item
        if not one.claim_number and abs((one.delivered_on - day).days) <= max(transit_days, DISCHARGE_DAYS)
    ]
    return named or near


def findings_of(
    claim: Claim,
    deliveries: Sequence[Delivery],
    items: Items,
    reasons: Mapping[str, Reason],
    settings: ConfirmationSettings,
    today: dt.date,
) -> Iterator[Finding]:
    """What is wrong with a claim against its deliveries, line by line; each keeps the claim back."""
    for line in claim.lines:
        day = line.dates.start or today
        wrongs = [*_price(line)]
        if is_delivered(line):
            mine = deliveries_of(claim, line, day, deliveries, settings.transit_days)
            wrongs += _of_deliveries(claim, line, day, mine, deliveries, items, settings)
            wrongs += _elsewhere(claim, line, day, deliveries, mine)
        for wrong in wrongs:
            reason = reasons[wrong.reason]
            yield Finding(
                rule=reason.rule,
                message=f"Line {line.number}, {line.code}: {wrong.what}",
                severity=Severity.HOLD,
                line=line.number,
                place=PLACES.get(reason.rule, ""),
                team=reason.team,
            )


def is_delivered(line: ServiceLine) -> bool:
    """Whether a delivery goes with a line: not with later months of a rental, nor with maintenance."""
    return LATER_MONTHS.isdisjoint(line.modifiers)


def _price(line: ServiceLine) -> Iterator[Wrong]:
    if line.charge_cents <= 0:
        yield Wrong("PRICE", "it has no charge. Add the price.")


def _of_deliveries(
    claim: Claim,
    line: ServiceLine,
    day: dt.date,
    mine: Sequence[Delivery],
    deliveries: Sequence[Delivery],
    items: Items,
    settings: ConfirmationSettings,
) -> Iterator[Wrong]:
    if not mine:
        return
    by_month = items.by_month(day, line.code)
    pieces = sum((one.quantity for one in mine), Decimal(0))
    billed = sum((one.units for one in claim.lines if one.code == line.code), Decimal(0))
    if (
        not by_month
        and pieces != billed
        and line.number == min(one.number for one in claim.lines if one.code == line.code)
    ):
        yield Wrong(
            "QUANTITY",
            f"{_number(pieces)} delivered, and {_number(billed)} billed. Correct the units, or the delivery.",
        )
    proven = by_month and any(_lasts(one, line, day) for one in deliveries)
    if any(one.proof is Proof.NONE for one in mine) and not proven:
        yield Wrong("PROOF", "its delivery is not proven. Add the signed ticket or the carrier's record.")
    needs = items.needs(day, line.code)
    if (needs == "serial" and any(not one.serial for one in mine)) or (
        needs == "lot" and any(not one.lot for one in mine)
    ):
        yield Wrong("SERIAL", "its delivery has no serial or lot number. Ask the warehouse, and add it.")
    if not by_month and (RENTAL not in line.modifiers or "KH" in line.modifiers):
        yield from _service_date(day, mine, settings)


def _lasts(one: Delivery, line: ServiceLine, day: dt.date) -> bool:
    """Whether a delivery is proven, and what it brought of an item that is billed by the month lasts on a day."""
    if one.code != line.code or one.proof is Proof.NONE or not 1 <= one.quantity <= MOST_MONTHS:
        return False
    return one.delivered_on <= day < add_months(one.delivered_on, int(one.quantity))


def _service_date(day: dt.date, mine: Sequence[Delivery], settings: ConfirmationSettings) -> Iterator[Wrong]:
    """OC-6: the day of receipt; up to two days later where the patient left a facility then; of what a carrier brought,
    the day of shipping as well (1.4)."""
    for one in mine:
        days = (one.delivered_on - day).days
        most = settings.transit_days if one.proof is Proof.CARRIER else 0
        if not -DISCHARGE_DAYS <= days <= most:
            yield Wrong(
                "SERVICE-DATE",
                f"it was delivered on {one.delivered_on:%m/%d/%Y}, and is billed for {day:%m/%d/%Y}. Correct the date "
                "of service.",
            )
            return


def _elsewhere(
    claim: Claim, line: ServiceLine, day: dt.date, deliveries: Sequence[Delivery], mine: Sequence[Delivery]
) -> Iterator[Wrong]:
    if mine:
        return
    for one in deliveries:
        if one.code == line.code and one.delivered_on == day and one.claim_number not in ("", claim.id):
            yield Wrong("DUPLICATE", f"what was delivered that day is billed by claim {one.claim_number}.")
            return


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
