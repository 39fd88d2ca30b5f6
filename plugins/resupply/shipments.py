"""Claims for refills that were shipped, each after the last claim of its items."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints

from gateway.core.x12.anew import NotAgain, claim_anew, set_days, set_quantity, set_total
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import ClaimRefused, Desk, Rows, RowTable
from gateway.plugins.after import After, last_claim

from .due import Books
from .limits import for_line
from .record import Item, PatientRow
from .settings import DeskSettings
from .supply import DAYS_PER_MONTH, days_supplied

KIND = "shipment_unbilled"
SALE = frozenset({"RR", "NU", "UE"})
MOST_MODIFIERS = 4
COLUMNS = ("row", "item", "shipped_on", "quantity", "said")
SHIPPED = RowTable(
    "shipped",
    {"code": str, "shipped_on": dt.date, "order_number": str, "quantity": int, "claim_number": str},
    key=("code", "shipped_on", "order_number"),
)
"""Refills that were shipped and have a claim, so that none is billed twice."""


class ShipmentRow(PatientRow):
    """One item of a refill that was shipped."""

    order_number: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    code: Item
    quantity: int = Field(ge=1, le=10_000)
    shipped_on: dt.date
    tracking: Annotated[str, Field(max_length=80)] = ""


class Parcel(NamedTuple):
    """What was shipped to a patient on one day under one order, with the number of each row."""

    patient_id: int
    shipped_on: dt.date
    order_number: str
    rows: tuple[tuple[int, ShipmentRow], ...]

    @property
    def mark(self) -> str:
        """Tells parcels apart."""
        return f"{self.patient_id} {self.shipped_on} {self.order_number}".strip()


def bill(rows: Sequence[ShipmentRow], desk: Desk[DeskSettings]) -> Rows:
    """Make a claim for each parcel, and say of each row what was done. What cannot be billed after an earlier claim
    becomes a work item of the resupply team."""
    told: dict[int, str] = {}
    books = Books(desk)
    for parcel in _parcels(rows, desk, told):
        _bill_parcel(parcel, desk, books, told)
    return Rows(
        COLUMNS,
        [(number, row.code, row.shipped_on, row.quantity, told[number]) for number, row in enumerate(rows, start=1)],
    )


def _parcels(rows: Sequence[ShipmentRow], desk: Desk[DeskSettings], told: dict[int, str]) -> Iterator[Parcel]:
    found: dict[tuple[int, dt.date, str], list[tuple[int, ShipmentRow]]] = {}
    for number, row in enumerate(rows, start=1):
        if row.shipped_on > desk.today:
            told[number] = "not billed: the day of shipping lies ahead"
            continue
        patient_id = row.find(desk)
        if patient_id is None:
            told[number] = "not billed: no patient with these ids is known"
            key = f"{KIND} {row.mark(desk)} {row.shipped_on} {row.order_number} {row.code}"
            _tell(desk, key, row, "it is for a patient whom no claim has brought. Check the ids, and send it again.")
            continue
        found.setdefault((patient_id, row.shipped_on, row.order_number), []).append((number, row))
    for (patient_id, shipped_on, order_number), several in found.items():
        yield Parcel(patient_id, shipped_on, order_number, tuple(several))


def _bill_parcel(parcel: Parcel, desk: Desk[DeskSettings], books: Books, told: dict[int, str]) -> None:
    billed = {
        (row["code"], row["shipped_on"], row["order_number"]): row["claim_number"]
        for row in desk.rows(SHIPPED.name, patient_id=parcel.patient_id)
    }
    groups: dict[int, list[tuple[int, ShipmentRow, After]]] = {}
    for number, row in parcel.rows:
        before = billed.get((row.code, row.shipped_on, row.order_number))
        if before is not None:
            told[number] = f"billed before, as {before}"
            continue
        after = last_claim(desk, parcel.patient_id, row.code, row.shipped_on)
        if after is None:
            told[number] = "not billed: no earlier claim of this item"
            why = "no earlier claim of this item can be billed after. Bill it from its order."
            _tell(desk, f"{KIND} {parcel.mark} {row.code}", row, why)
            continue
        groups.setdefault(after.view.id, []).append((number, row, after))
    for several in groups.values():
        said = _make(parcel, several, desk, books)
        told.update(dict.fromkeys((number for number, _, _ in several), said))


def _make(
    parcel: Parcel, several: Sequence[tuple[int, ShipmentRow, After]], desk: Desk[DeskSettings], books: Books
) -> str:
    """Make one claim; what is said of its rows."""
    after = several[0][2]
    number = claim_number(parcel, after.view.id)
    try:
        claim = claim_anew(after.claim, number, [found.lines[0].number for _, _, found in several], desk.plugin)
        units: dict[str, int] = {}
        for _, row, _ in several:
            units[row.code] = units.get(row.code, 0) + row.quantity
        for line in claim.lines:
            _set_line(line, parcel.shipped_on, Decimal(units[line.code]), after.view.payer_id, books)
        set_total(claim)
        why = f"Shipped on {parcel.shipped_on:%m/%d/%Y}; billed after claim {after.view.number}."
        desk.make_claim(f"shipment {parcel.mark} {after.view.id}", claim, why=why)
    except (NotAgain, ClaimRefused) as error:
        for _, row, _ in several:
            _tell(desk, f"{KIND} {parcel.mark} {row.code}", row, f"{error}. Bill it from its order.")
        return f"not billed: {error}"
    for _, row, _ in several:
        desk.keep(
            SHIPPED.name,
            {
                "code": row.code,
                "shipped_on": row.shipped_on,
                "order_number": row.order_number,
                "quantity": units[row.code],
                "claim_number": number,
            },
            patient_id=parcel.patient_id,
        )
        desk.close_item(f"{KIND} {parcel.mark} {row.code}", f"It is billed as {number}.")
    return f"billed as {number}"


def claim_number(parcel: Parcel, after: int) -> str:
    """The number of a claim for a refill: whose, when, and after which claim."""
    return f"RS{parcel.patient_id}-{parcel.shipped_on:%y%m%d}-{after}"


def _set_line(line: ServiceLine, day: dt.date, units: Decimal, payer_id: str, books: Books) -> None:
    spanned = line.dates.start != line.dates.end
    limits = for_line(books.of(payer_id).limits(day, line.code), line.modifiers)
    days = days_supplied(units, limits)
    set_quantity(line, units)
    _set_sale(line, day, books)
    # To is the last day that the supply should last (R1.30).
    set_days(line, day, day + dt.timedelta(days=days - 1) if spanned and days else None)
    _set_note(line, days)


def _set_sale(line: ServiceLine, day: dt.date, books: Books) -> None:
    """What is bought says so (R1.01): the claim before may be older than the table's row, or have gone without."""
    modifiers = line.modifiers
    if books.is_sold(day, line.code) and SALE.isdisjoint(modifiers) and len(modifiers) < MOST_MODIFIERS:
        line.set_modifiers(["NU", *modifiers])


def _set_note(line: ServiceLine, days: int) -> None:
    """More than a month's supply is said in a note (R1.32); what was said of the last one is not said again."""
    months = math.ceil(days / DAYS_PER_MONTH)
    words = [note.text for note in line.notes if note.code == "ADD" and "SUPPLY" not in note.text.upper()]
    words += [f"{months * DAYS_PER_MONTH} DAY SUPPLY"] if months > 1 else []
    line.remove("NTE", "ADD")
    if words:
        # A line has one note of this kind.
        line.add_note("; ".join(words))


def _tell(desk: Desk[DeskSettings], key: str, row: ShipmentRow, why: str) -> None:
    desk.open_item(
        kind=KIND,
        key=key,
        reason=f"A refill of {row.quantity} x {row.code} was shipped on {row.shipped_on:%m/%d/%Y} and is not billed: "
        f"{why}",
        team=desk.settings.team,
        work_by=desk.today,
    )
