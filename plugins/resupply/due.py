"""The due list: for each patient and item, whom to ask, what may be shipped, and how much (hme-billing-rules 4.1)."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterator
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gateway.plugins import ClaimView, Desk, PatientView, Rows, Table
from gateway.plugins.at_home import back_since
from gateway.plugins.by_code import rows_by_code

from .limits import TABLES, Book, for_line
from .requests import REFILLS, Request, requests_of
from .settings import DeskSettings
from .supply import Supply, contact_open, dispensed, months_at_once, quantity, ship_open, supply_before

CATEGORIES, INEXPENSIVE = "payment_categories", "IN"
"""A table of the scrubber's that is asked where it is there, and what its rows call what is bought as a rule."""
ASK_KIND, SHIP_KIND = "resupply_due", "resupply_ship"
COLUMNS = (
    *("patient", "claim", "payer", "item", "dispensed", "units", "supply_ends"),
    *("ask_from", "ship_from", "eligible", "asked", "state"),
)


class DueState(enum.StrEnum):
    """Where a refill stands. LATER: its window is not open. ASK: the patient is to be asked. WANTED: the patient said
    yes, and it may not be shipped yet. SHIP: it may. DECLINED: the patient said no. LAPSED: the supply ended long ago.
    """

    LATER = "later"
    ASK = "ask"
    WANTED = "wanted"
    SHIP = "ship"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Due(NamedTuple):
    """A refill that comes up: the supply that the patient has, from when on to ask (None: nobody is asked) and to ship,
    how many units may be shipped then (None: no maximum is known), and what the patient said. `back`: when the
    equipment that it is for came back after it was gone (None: it was not)."""

    patient_id: int
    code: str
    supply: Supply
    ask_from: dt.date | None
    ship_from: dt.date
    eligible: Decimal | None
    request: Request | None
    state: DueState
    back: dt.date | None

    def key(self, kind: str) -> str:
        """What its work item is called: one for each patient, item and supply; of shipping, for each answer as well;
        and another when the equipment is back, for the one before was closed when it went."""
        answered = f" {self.request.contacted_on}" if kind == SHIP_KIND and self.request is not None else ""
        back = f" back {self.back}" if self.back is not None and self.back > self.supply.on else ""
        return f"{kind} {self.patient_id} {self.code} {self.supply.end}{answered}{back}"


class Books:
    """The tables as a desk's payers have them."""

    def __init__(self, desk: Desk[DeskSettings]) -> None:
        self._desk = desk
        self._by_classes: dict[tuple[str, ...], Book] = {}
        self._categories = _if_there(desk, CATEGORIES)

    def of(self, payer_id: str) -> Book:
        """The tables by which a payer's refills go."""
        classes = self._desk.settings.classes(payer_id)
        if classes not in self._by_classes:
            self._by_classes[classes] = Book(classes, *(self._desk.table(name) for name in TABLES))
        return self._by_classes[classes]

    def is_sold(self, day: dt.date, code: str) -> bool:
        """Whether an item is inexpensive or routinely purchased (1.1), where the table of payment categories is there:
        of supplies, these are bought."""
        if self._categories is None:
            return False
        held = [
            row for row in self._categories.rows if row.holds_on(day) and fnmatchcase(code, row.values.get("code", ""))
        ]
        row = next((row for row in held if row.values["code"] == code), held[0] if held else None)
        return row is not None and row.values.get("category") == INEXPENSIVE


def _if_there(desk: Desk[DeskSettings], name: str) -> Table | None:
    try:
        return desk.table(name)
    except KeyError:
        return None


def due_of(view: PatientView, books: Books, today: dt.date, settings: DeskSettings) -> Iterator[Due]:
    """The refills of one patient that come up, item by item."""
    requests = requests_of(view.rows(REFILLS.name))
    codes = dict.fromkeys([*(line.code for line in view.history), *(one.code for one in view.deliveries)])
    for code in codes:
        payer_id = next((line.payer_id for line in reversed(view.history) if line.code == code), "")
        book = books.of(payer_id)
        limits = book.limits(today, code)
        if not limits:
            continue
        bases = book.bases(today, [limit.family for limit in limits])
        if _returned(view, bases, today):
            continue
        given = dispensed(view.history, view.deliveries, code)
        supply = supply_before(given, today + dt.timedelta(days=1), limits)
        rule = book.rule(today)
        if supply is None or not supply.days or rule is None:
            continue
        exempt = book.is_exempt(today, code)
        early = 0 if exempt else rule.early_days
        ships = supply.end if exempt else ship_open(rule, supply.end) or supply.end
        asks = None if exempt else contact_open(rule, supply.end, ships)
        request = _request(requests, code, asks, supply)
        day = max(today, ships)
        left = [
            quantity(given, day, limit, months_at_once(limit, rule, False), early)
            for limit in for_line(limits, supply.modifiers)
        ]
        known = [one.eligible for one in left if one is not None]
        eligible = max(known) if len(known) == len(left) else None
        state = _state(today, supply, asks, ships, request, settings.lapsed_after)
        back = back_since(view.equipment, bases, today)
        yield Due(view.id, code, supply, asks, ships, eligible, request, state, back)


def _returned(view: PatientView, bases: Collection[str], today: dt.date) -> bool:
    """Whether the patient had the equipment that the item is for, and has none of it any more."""
    pieces = [piece for piece in view.equipment if piece.code in bases]
    return bool(pieces) and all(piece.ended_on is not None and piece.ended_on <= today for piece in pieces)


def _request(requests: tuple[Request, ...], code: str, asks: dt.date | None, supply: Supply) -> Request | None:
    """The patient's last word on this refill; an answer before the window counts for nothing (RS-1)."""
    since = asks or supply.on
    return next((one for one in reversed(requests) if one.code == code and one.contacted_on >= since), None)


def _state(
    today: dt.date, supply: Supply, asks: dt.date | None, ships: dt.date, request: Request | None, lapsed_after: int
) -> DueState:
    if today > supply.end + dt.timedelta(days=lapsed_after):
        return DueState.LAPSED
    if request is not None and not request.answer:
        return DueState.DECLINED
    if asks is None or request is not None:
        waiting = DueState.WANTED if request is not None else DueState.LATER
        return DueState.SHIP if today >= ships else waiting
    return DueState.ASK if today >= asks else DueState.LATER


def all_due(desk: Desk[DeskSettings]) -> Iterator[Due]:
    """The refills of every patient, by patient."""
    books = Books(desk)
    codes = sorted(rows_by_code(desk.table(TABLES[0]).rows))
    for view in desk.patients(codes=codes):
        yield from due_of(view, books, desk.today, desk.settings)


def work_out(desk: Desk[DeskSettings]) -> None:
    """Open a work item for each refill that is to be asked for or shipped, and close those that are not any more."""
    wanted: dict[str, Due] = {}
    other: dict[str, Due] = {}
    for due in all_due(desk):
        kind = {DueState.ASK: ASK_KIND, DueState.SHIP: SHIP_KIND}.get(due.state)
        for one in (ASK_KIND, SHIP_KIND):
            (wanted if one == kind else other)[due.key(one)] = due
    for item in desk.items(kinds=[ASK_KIND, SHIP_KIND]):
        if item.own and wanted.pop(item.key, None) is None:
            desk.close_item(item.key, outcome_of(other.get(item.key)))
    for due in wanted.values():
        open_due(desk, due)


def outcome_of(due: Due | None) -> str:
    """Why a refill is nobody's work any more."""
    if due is None:
        return "It was dispensed, or the patient has the equipment no more."
    return {
        DueState.DECLINED: "The patient needs none.",
        DueState.LAPSED: "The supply ended long ago; nobody is asked any more.",
    }.get(due.state, "The patient wants it." if due.request is not None else "It is not due.")


def open_due(desk: Desk[DeskSettings], due: Due) -> None:
    """Open the work item of one refill."""
    supply, kind = due.supply, SHIP_KIND if due.state is DueState.SHIP else ASK_KIND
    what = f"{due.code}: the supply of {supply.on:%m/%d/%Y} ends on {supply.end:%m/%d/%Y}."
    asked = f" {due.request.quantity} unit(s) were asked for." if due.request and due.request.quantity else ""
    most = f"up to {due.eligible.normalize():f} unit(s)" if due.eligible is not None else "what the order says"
    reason = (
        f"{what} Ask the patient whether it is needed, and record the answer. {most[0].upper()}{most[1:]} may be "
        f"shipped from {due.ship_from:%m/%d/%Y}."
        if kind == ASK_KIND
        else f"{what} Ship {most}.{asked}"
    )
    claim = (
        next(desk.claims(patient_id=due.patient_id, number=supply.claim_number), None) if supply.claim_number else None
    )
    desk.open_item(
        kind=kind,
        key=due.key(kind),
        reason=reason,
        team=desk.settings.team,
        claim_id=claim.id if claim is not None else None,
        rule="RS-1" if kind == ASK_KIND else "RS-2",
        amount=billed_before(claim, due.code),
        work_by=max(due.ship_from, desk.today),
        payer_id=supply.payer_id,
    )


def billed_before(claim: ClaimView | None, code: str) -> Decimal:
    """What the supply before was billed for, which is at stake when none follows; nothing where none is known."""
    return (
        sum((line.charge for line in claim.lines if line.code == code), Decimal(0)) if claim is not None else Decimal(0)
    )


class DueDays(BaseModel):
    """What the due list may be asked: which refills to show, by when their window opens."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=14, ge=0, le=400, description="Refills whose window opens in so many days, or is open.")
    lapsed: bool = Field(default=False, description="Those that lapsed as well.")


def due_list(desk: Desk[DeskSettings], asked: DueDays) -> Rows:
    """The refills that come up, those that are to be shipped first."""
    until = desk.today + dt.timedelta(days=asked.days)
    found = [
        due
        for due in all_due(desk)
        if (due.ask_from or due.ship_from) <= until and (asked.lapsed or due.state is not DueState.LAPSED)
    ]
    order = list(DueState)
    found.sort(key=lambda due: (due.ship_from, order.index(due.state), due.patient_id, due.code))
    return Rows(COLUMNS, [_row(due) for due in found])


def _row(due: Due) -> tuple[str | int | Decimal | dt.date | None, ...]:
    supply = due.supply
    return (
        *(due.patient_id, supply.claim_number, supply.payer_id, due.code, supply.on, f"{supply.units.normalize():f}"),
        *(supply.end, due.ask_from, due.ship_from),
        f"{due.eligible.normalize():f}" if due.eligible is not None else "",
        *(due.request.contacted_on if due.request else None, due.state.value),
    )
