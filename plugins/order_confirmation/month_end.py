"""The claims of rental months, made when their months have begun; each once, after the last claim of its item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gateway.core.x12.anew import NotAgain, claim_anew, set_days, set_total
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimRefused, Desk, PatientView, Rows
from gateway.plugins.after import After, last_claim
from gateway.plugins.desk_claims import source_of

from .items import Items
from .rentals import RENTAL, REPLACEMENT, NextMonth, Why, modifiers_of_month, next_months
from .settings import DeskSettings

KIND = "rental_stopped"
TEAM = "billing"
TOLD = frozenset({Why.LAPSED, Why.NO_CLAIM})
"""Where a person is to look; the other reasons are as they should be, or have a work item of their own."""
COLUMNS = ("patient", "item", "payer", "month", "from_date", "thru_date", "modifiers", "dollars", "claim", "said")


class Through(BaseModel):
    """What the month's rentals may be asked."""

    model_config = ConfigDict(extra="forbid")

    through: dt.date | None = Field(default=None, description="Months that begin until this day; today unless given.")
    preview: bool = Field(default=False, description="Only show what would be made.")


class Month(NamedTuple):
    """A rental month with its claim, or the reason why it has none (in `month.why_not` or `why`)."""

    month: NextMonth
    claim: Claim | None
    after: After | None
    why: str


def months_due(desk: Desk[DeskSettings], through: dt.date) -> Iterator[Month]:
    """The rental months of every patient that begin until a day, each with its claim."""
    items = Items(desk.table)
    for view in desk.patients(codes=items.rented(through)):
        stopped: set[str] = set()
        for month in next_months(view, items, desk.settings, through):
            if month.code in stopped or not _is_ours(desk, month):
                continue
            found = _with_claim(desk, view, month, items)
            if found.claim is None:
                stopped.add(month.code)
            yield found


def _is_ours(desk: Desk[DeskSettings], month: NextMonth) -> bool:
    """Whether the gateway bills a rental on: a billing system does with those whose claims it sends."""
    if desk.settings.rentals == "all":
        return True
    views = desk.claims(patient_id=month.patient_id, number=month.last_claim)
    return any(view.source == source_of(desk.plugin) for view in views)


def _with_claim(desk: Desk[DeskSettings], view: PatientView, month: NextMonth, items: Items) -> Month:
    if month.why_not is not None:
        return Month(month, None, None, month.why_not)
    after = last_claim(desk, month.patient_id, month.code, month.start, RENTAL)
    if after is None:
        return Month(month, None, None, Why.NO_CLAIM)
    died = after.claim.patient.death_date
    if died is not None and died < month.start:
        return Month(month, None, after, Why.DIED)
    if _over_price(view, after, month, items):
        return Month(month, None, after, Why.PRICE)
    try:
        return Month(month, _claim(desk, after, month), after, "")
    except NotAgain as error:
        return Month(month, None, after, f"{Why.NO_CLAIM}: {error}")


def _claim(desk: Desk[DeskSettings], after: After, month: NextMonth) -> Claim:
    claim = claim_anew(after.claim, number_of(month), [line.number for line in after.lines], desk.plugin)
    always = claim.filing_code in desk.settings.medicare_filing_codes
    for line in claim.lines:
        spanned = line.dates.start != line.dates.end
        if REPLACEMENT in line.modifiers:
            # What was replaced and why is said with the first month alone (1.2).
            line.remove("NTE")
        line.set_modifiers(modifiers_of_month(month, line.modifiers, always))
        set_days(line, month.start, month.end if spanned else None)
    set_total(claim)
    return claim


def _over_price(view: PatientView, after: After, month: NextMonth, items: Items) -> bool:
    """Whether an inexpensive item's rentals would come to more than its purchase price (1.1), where the claim says it
    (SV5)."""
    prices = [line.dme.purchase_cents for line in after.lines if line.dme is not None and line.dme.purchase_cents]
    if not prices or items.category(month.start, month.code) != "IN":
        return False
    rented = (line for line in view.history if line.code == month.code and RENTAL in line.modifiers)
    so_far = sum(
        line.charge_cents for line in rented if line.state not in ("cancelled", "faulty", "rejected", "denied")
    )
    return so_far + sum(line.charge_cents for line in after.lines) > sum(prices)


def number_of(month: NextMonth) -> str:
    """The number of a month's claim: whose, of which item, from when."""
    return f"RM{month.patient_id}-{month.code}-{month.start:%y%m%d}"


def make(desk: Desk[DeskSettings], through: dt.date) -> list[tuple[Month, str]]:
    """Have the claims made of months that have begun; each month until `through` with what is said of it."""
    told = []
    for one in months_due(desk, through):
        month, said = one.month, one.why
        if month.start > desk.today and not one.why:
            said = "its month has not begun"
        elif one.claim is not None and one.after is not None:
            why = f"Month {month.number} of the rental of {month.code}; billed after claim {one.after.view.number}."
            try:
                made = desk.make_claim(month.key, one.claim, why=why)
                said = "made" if made else "made before"
            except ClaimRefused as error:
                said = f"not made: {error}"
                _stop(desk, month, one.after, said)
        elif month.why_not in TOLD or said.startswith(Why.NO_CLAIM):
            _stop(desk, month, one.after, said)
        told.append((one, said))
    return told


def _stop(desk: Desk[DeskSettings], month: NextMonth, after: After | None, said: str) -> None:
    view = after.view if after is not None else None
    if view is None:
        view = next(iter(sorted(desk.claims(patient_id=month.patient_id), key=lambda one: -one.id)), None)
    desk.open_item(
        kind=KIND,
        key=f"{KIND} {month.patient_id} {month.code} {month.start}",
        reason=f"The rental of {month.code} has no claim for its month from {month.start:%m/%d/%Y}: {said}.",
        team=TEAM,
        claim_id=view.id if view is not None else None,
        rule="R1.05" if month.why_not is Why.LAPSED else "R1.04",
        payer_id=month.payer_id,
    )


def run(desk: Desk[DeskSettings]) -> None:
    """The schedule: every month that has begun."""
    make(desk, desk.today)


def command(desk: Desk[DeskSettings], asked: Through) -> Rows:
    """The command `rentals`: the same for another day, or only shown."""
    through = asked.through or desk.today
    if asked.preview:
        return report(desk, asked)
    return Rows(COLUMNS, _rows(make(desk, through)))


def report(desk: Desk[DeskSettings], asked: Through) -> Rows:
    """The report `rental_months`: what the next turn will make, and what not and why."""
    found = [(one, one.why or "to be made") for one in months_due(desk, asked.through or desk.today)]
    return Rows(COLUMNS, _rows(found))


def _rows(told: list[tuple[Month, str]]) -> list[tuple[str | int | Decimal | dt.date | None, ...]]:
    rows: list[tuple[str | int | Decimal | dt.date | None, ...]] = []
    for one, said in told:
        month, claim = one.month, one.claim
        modifiers = " ".join(claim.lines[0].modifiers) if claim is not None else ""
        rows.append(
            (
                *(month.patient_id, month.code, month.payer_id, month.number, month.start, month.end, modifiers),
                *(claim.charge if claim is not None else None, claim.id if claim is not None else "", said),
            )
        )
    return rows
