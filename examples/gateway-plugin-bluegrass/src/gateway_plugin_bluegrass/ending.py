"""Rentals that come to their end: told while there is time, listed for whoever asks."""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from gateway.plugins import (
    ClaimView,
    Command,
    Desk,
    PluginSettings,
    Route,
    RouteAnswer,
    RouteRequest,
    Rows,
    Schedule,
    Worklist,
)
from pydantic import Field

from .rentals import NOT_BILLED
from .rentals import TABLE as RENTALS
from .settings import DeskSettings

KIND = "bluegrass_rental_end"


class Rental(NamedTuple):
    """An item that a patient rents: the months billed, of how many; `latest` is the claim with the last of them."""

    code: str
    billed: int
    months: int
    latest: ClaimView

    @property
    def left(self) -> int:
        """Months that may still be billed."""
        return max(self.months - self.billed, 0)


class Left(PluginSettings):
    """What the command may be asked."""

    left: int = Field(default=2, ge=0, description="Rentals with at most so many months left.")


def rentals(desk: Desk[DeskSettings]) -> Iterator[Rental]:
    """What every patient of this payer rents, as the claims say: months count as BG-4 counts them."""
    settings, table = desk.settings, desk.table(RENTALS)
    months: dict[tuple[int, str], set[dt.date | None]] = {}
    latest: dict[tuple[int, str], ClaimView] = {}
    for claim in desk.claims(payer_ids=settings.payer_ids):
        if claim.state in NOT_BILLED or claim.patient_id is None:
            continue
        for line in claim.lines:
            if settings.rental_modifier in line.modifiers:
                key = (claim.patient_id, line.code)
                months.setdefault(key, set()).add(line.from_date)
                latest[key] = claim
    for key, billed in months.items():
        claim = latest[key]
        row = table.find(claim.from_date or desk.today, key[1])
        if row is not None:
            yield Rental(key[1], len(billed), int(row.values["months"]), claim)


def remind(desk: Desk[DeskSettings]) -> None:
    """A work item for each rental that is about to end, once."""
    for one in rentals(desk):
        if one.left > desk.settings.months_left:
            continue
        desk.open_item(
            kind=KIND,
            key=f"{one.latest.patient_id}:{one.code}:{one.months}",
            reason=f"{one.code}: {one.billed} of {one.months} months are billed, then the item is the patient's. Prepare "
            "the letter about it, and end the rental in the billing system.",
            team=desk.settings.team,
            claim_id=one.latest.id,
            rule="BG-4",
            amount=one.latest.charge,
            work_by=desk.today + dt.timedelta(days=14),
            payer_id=one.latest.payer_id,
            partner=one.latest.partner,
        )


def listed(desk: Desk[DeskSettings], options: Left) -> Rows:
    """Rentals with few months left."""
    few = sorted((one.left, one.code, one) for one in rentals(desk) if one.left <= options.left)
    return Rows(
        ("item", "billed", "of", "left", "last_claim", "last_month"),
        [(one.code, one.billed, one.months, one.left, one.latest.number, one.latest.from_date) for _, _, one in few],
    )


def months_of(request: RouteRequest, desk: Desk[DeskSettings]) -> RouteAnswer:
    """For how many months this payer rents an item today."""
    code = request.path["code"].upper()
    row = desk.table(RENTALS).find(desk.today, code)
    if row is None:
        return RouteAnswer(status=404, detail=f"Bluegrass Medical Assistance does not rent {code} today.")
    return RouteAnswer({"code": code, "months": int(row.values["months"]), "source": row.source})


def schedule(settings: DeskSettings) -> Schedule:
    """The reminder, on the days on which somebody reads it."""
    return Schedule(name="ending", run=remind, daily=settings.remind_at, on=("business days",))


WORKLIST = Worklist(
    name="ending",
    title="Bluegrass: rentals that come to their end",
    kinds=(KIND,),
    columns=("work_by", "claim", "dollars", "reason"),
    empty="No Bluegrass rental comes to its end.",
)
COMMAND = Command(name="rentals", help="Rentals with few months left.", run=listed, options=Left)
ROUTE = Route(
    method="GET",
    path="/rentals/{code}",
    run=months_of,
    help="For how many months an item is rented.",
    page="Bluegrass: months of a rental",
)
