"""Where the page is open: the situations of `readings.toml`, each as a question about one difference."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import NamedTuple

from ..oracle.codes import BASES, NEBULIZER_SUPPLIES, cap_of, line_of, usual_of
from ..oracle.days import add_days, add_months, last_of_month
from ..oracle.life import COMMERCIAL, MEDICARE, Delivered, Expected, InpatientStay, Patient, Shipment
from .agree import FOLDER, TIMELY, Difference
from .outcomes import Lived


class Case(NamedTuple):
    """A difference in its life."""

    one: Difference
    patient: Patient
    due: Sequence[Expected]
    lived: Lived


def between_the_readings(case: Case) -> bool:
    """A month that comes back between the regulation's day and the contractors'."""
    one = case.one
    if not one.rule.startswith("R1.05") or one.what not in ("kept", "date", "missing claim"):
        return False
    due = month_due(case, one.code, one.dos)
    if due is None:
        return False
    regulation, contractors = add_days(due, 61), add_months(due, 2)
    return min(regulation, contractors) <= one.dos < max(regulation, contractors)


def month_due(case: Case, code: str, dos: dt.date) -> dt.date | None:
    """The day on which the month after the last one before a day would have begun; None where there was none."""
    line = line_of(code)
    months = sorted(
        {due.dos for due in case.due if due.kind in ("claim", "warn") and line_of(due.code) == line and due.dos < dos}
    )
    if not months:
        return None
    first = last = months[-1]
    for month in reversed(months):
        if (first - month).days <= 31:
            first = month
    step = 0
    while add_months(first, step) <= last:
        step += 1
    return add_months(first, step)


def second_order(case: Case) -> bool:
    """An order of the same item within a month of one whose claim waits."""
    one = case.one
    if "DUPLICATE" not in one.rule or one.what not in ("kept", "date"):
        return False
    waits = [
        due
        for due in case.due
        if due.kind in ("hold", "reject") and due.code == one.code and due.dos < one.dos <= add_months(due.dos, 1)
    ]
    return bool(waits)


def months_of_another_payer(case: Case) -> bool:
    """A month after the thirteenth (oxygen: the 36th) of a patient whom another payer pays."""
    one = case.one
    if one.what != "missing claim" or one.rule:
        return False
    due = next(due for due in case.due if (due.code, due.dos, due.kind) == (one.code, one.dos, "claim"))
    before = {each.dos for each in case.due if each.kind == "claim" and each.code == one.code and each.dos < one.dos}
    return due.payer != MEDICARE and len(before) >= cap_of(one.code)


def _shipments(case: Case) -> list[Shipment]:
    """Shipments of the item until the day in question, oldest first."""
    one = case.one
    return [
        event
        for event in case.patient.events
        if isinstance(event, Shipment) and event.code == one.code and event.date <= one.date
    ]


def _is_more_than_usual(case: Case, told: Shipment) -> bool:
    units, months = usual_of(told.code, case.patient.insulin)
    window = months
    while window * 30 < told.days:
        window += months
    return told.units > units * (window // months)


def more_lasts_longer(case: Case) -> bool:
    """A due after a shipment of more than the usual for its days."""
    shipped = _shipments(case)
    on_list = case.one.rule == "RS-1" and case.one.what in ("due", "extra due", "units")
    return on_list and bool(shipped) and _is_more_than_usual(case, shipped[-1])


def after_an_early_refill(case: Case) -> bool:
    """The units of a due, where the last shipment came before the supply of the one before it had ended."""
    shipped = _shipments(case)
    if case.one.rule != "RS-1" or case.one.what != "units" or len(shipped) < 2:
        return False
    return shipped[-1].date < add_days(shipped[-2].date, shipped[-2].days)


def three_months_at_once(case: Case) -> bool:
    """A monthly item that is dispensed for 30 days: what is left on the list, and a shipment for up to three months."""
    shipped, one = _shipments(case), case.one
    if not shipped or shipped[-1].days != 30:
        return False
    units, months = usual_of(one.code, case.patient.insulin)
    if months != 1:
        return False
    if one.rule == "RS-1":
        return one.what == "units"
    return one.rule == "RS-3" and one.what in ("hold", "extra claim") and shipped[-1].units <= 3 * units


def _is_told(case: Case, rule: str) -> bool:
    """Whether the claim has a warning of the rule that the page keeps it back by."""
    one = case.one
    if one.rule != rule or one.what not in ("hold", "extra claim"):
        return False
    of_claim = [left.warned for left in case.lived.left if (left.code, left.dos) == (one.code, one.dos)]
    of_claim += [kept.warned for kept in case.lived.kept if (kept.code, kept.dos) == (one.code, one.dos)]
    return any(rule in warned for warned in of_claim)


def nebulizer_supplies(case: Case) -> bool:
    """RS-3 of nebulizer supplies."""
    return case.one.code in NEBULIZER_SUPPLIES and _is_told(case, "RS-3")


def no_base_equipment(case: Case) -> bool:
    """RS-5."""
    return _is_told(case, "RS-5")


def equipment_not_known(case: Case) -> bool:
    """A due of a patient whose equipment nobody named."""
    one, shipped = case.one, _shipments(case)
    if one.rule != "RS-1" or one.what != "extra due" or not shipped or shipped[-1].narrative:
        return False
    own = [event for event in case.patient.events if isinstance(event, Delivered) and event.code in BASES[one.code]]
    return not own


def in_a_facility(case: Case) -> bool:
    """A due that comes while the patient is in a facility, of equipment that waits at home."""
    stays = [event for event in case.patient.events if isinstance(event, InpatientStay)]
    return case.one.what == "due" and any(stay.date <= case.one.date < stay.home for stay in stays)


def month_of_a_plan(case: Case) -> bool:
    """The wrong month's modifier on a claim for another payer."""
    one = case.one
    of_plan = any(due.payer == COMMERCIAL and (due.code, due.dos) == (one.code, one.dos) for due in case.due)
    if one.rule.startswith("R1.02"):
        return of_plan and one.what in ("kept", "date", "missing claim")
    waits = any("R1.02" in kept.rules and kept.code == one.code and kept.dos < one.dos for kept in case.lived.kept)
    return of_plan and waits and one.what == "missing claim" and not one.rule


def behind_a_claim_that_waits(case: Case) -> bool:
    """A month with the old equipment, made late because the claim of the new one waited without RA."""
    one = case.one
    if one.what != "date" or one.rule:
        return False
    after = [
        due.dos for due in case.due if due.kind == "hold" and due.rule in ("RUL-1", "O-R1") and due.code == one.code
    ]
    return any(one.dos < dos < add_months(one.dos, 1) for dos in after)


def _replaced(case: Case, since: dt.date, until: dt.date) -> bool:
    """Whether equipment was replaced between two days."""
    return any(
        isinstance(event, Delivered) and event.how in ("lost", "lifetime") and since <= event.date <= until
        for event in case.patient.events
    )


def contents_after_new_equipment(case: Case) -> bool:
    """Contents that are held anyway, or right after new equipment that came too early, whose claim waits."""
    one = case.one
    if one.rule != "O-C5" or one.what not in ("kept", "date") or not _replaced(case, add_days(one.dos, -31), one.dos):
        return False
    return any(
        due.kind == "hold"
        and (
            (due.code, due.dos) == (one.code, one.dos)
            or (due.rule == "RUL-1" and add_days(one.dos, -31) <= due.dos <= one.dos)
        )
        for due in case.due
    )


def calendar_of_the_day(case: Case) -> bool:
    """The calendar of the old equipment on the day on which it is replaced."""
    one = case.one
    return one.rule == "O-M2" and one.what == "due" and _replaced(case, one.date, one.date)


def behind_a_break(case: Case) -> bool:
    """A month after a long break whose own month never left; of those that the source sends, one that is kept back as
    that month is, or as another month of the count than the checker's."""
    one = case.one
    if one.what not in ("missing claim", "hold", "kept"):
        return False
    left = {(due.code, due.dos) for due in case.due if due.kind in ("claim", "warn")}
    waits = {
        due.dos
        for due in case.due
        if due.rule == "R1.05" and due.code == one.code and due.dos < one.dos and (due.code, due.dos) not in left
    }
    told = _kept_by(case, {one.dos})
    if not waits or not told:
        return bool(waits) and one.what == "missing claim"
    first = _kept_by(case, waits)
    return bool(told & first) and told <= first | {"R1.02", "R1.03", TIMELY}


def _kept_by(case: Case, days: Collection[dt.date]) -> set[str]:
    """What kept the item's claims of these days back."""
    code = case.one.code
    return {rule for kept in case.lived.kept if kept.code == code and kept.dos in days for rule in kept.rules}


def back_on_a_months_last_day(case: Case) -> bool:
    """Months after equipment came back on the last day of a month."""
    one = case.one
    return one.what in ("missing claim", "extra claim") and any(
        isinstance(event, Delivered)
        and event.how == "again"
        and line_of(event.code) == line_of(one.code)
        and event.date < one.dos
        and event.date == last_of_month(event.date)
        for event in case.patient.events
    )


def replacement_that_was_never_billed(case: Case) -> bool:
    """A month with a replacement whose own claim was held and withdrawn."""
    one = case.one
    left = {(due.code, due.dos) for due in case.due if due.kind in ("claim", "warn")}
    return one.what == "extra claim" and any(
        isinstance(event, Delivered)
        and event.how in ("lost", "lifetime")
        and event.code == one.code
        and add_days(one.dos, -31) <= event.date < one.dos
        and (event.code, event.date) not in left
        for event in case.patient.events
    )


def order_before_its_number(case: Case) -> bool:
    """An order that waits for the authorization's number: what the page keeps its claim back by, R1.50 among it."""
    one = case.one
    if one.what not in ("hold", "kept") or "AUTHORIZATION" not in _kept_by(case, {one.dos}):
        return False
    of_claim = {due.rule for due in case.due if due.kind == "hold" and (due.code, due.dos) == (one.code, one.dos)}
    return "R1.50" in of_claim and (one.what == "hold" or one.rule == "AUTHORIZATION")


QUESTIONS: dict[str, Callable[[Case], bool]] = {
    "a break that only one of the two readings calls long": between_the_readings,
    "a second order while the first of the item waits": second_order,
    "months that another payer pays": months_of_another_payer,
    "how long more than the usual lasts": more_lasts_longer,
    "what may be shipped after an early refill": after_an_early_refill,
    "a monthly item may be dispensed for three months": three_months_at_once,
    "too many nebulizer supplies are told": nebulizer_supplies,
    "supplies without their equipment are told": no_base_equipment,
    "refills of patients whose equipment is not known": equipment_not_known,
    "what comes due during a stay": in_a_facility,
    "months of commercial plans": month_of_a_plan,
    "the last month of what was replaced": behind_a_claim_that_waits,
    "equipment that comes back on a month's last day": back_on_a_months_last_day,
    "a replacement that was never billed": replacement_that_was_never_billed,
    "months behind one that waits for its papers": behind_a_break,
    "contents right after new equipment": contents_after_new_equipment,
    "the calendar on the day of a replacement": calendar_of_the_day,
    "an order that waits for its authorization": order_before_its_number,
}


@cache
def readings() -> dict[str, str]:
    """The readings that are in force: situation and the reason."""
    rows = tomllib.loads((FOLDER / "readings.toml").read_text()).get("reading", [])
    return {row["situation"]: row["why"] for row in rows}


def excuse(case: Case) -> str:
    """The reading by which both are right; empty where there is none. A claim that left against several rules wants one
    for each of them."""
    one = case.one
    several = one.rule.split() if one.what == "extra claim" else []
    if len(several) < 2:
        return next((name for name in readings() if QUESTIONS[name](case)), "")
    found = [excuse(case._replace(one=one._replace(rule=rule))) for rule in several]
    return ", ".join(dict.fromkeys(found)) if all(found) else ""
