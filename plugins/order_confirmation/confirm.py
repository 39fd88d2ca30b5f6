"""Delivered orders come in: good ones become claims, the others wait for the team that must mend them.

An order that waits is sent again when it has been corrected where orders are kept; its work items close by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pydantic import ValidationError

from gateway.core.model.belongings import Ownership
from gateway.core.model.belongings_file import DeliveryRow, EquipmentRow
from gateway.plugins import ClaimRefused, Desk, PatientView, Rows

from .authorizations import number_on_file
from .checks import Known, Problem, listed_of, needs_decision, problems_of, service_day
from .claims import OrderClaim, claims_of
from .house import Held, House, mark_of, patient_mark
from .items import Items
from .log import AWAITED, BILLED, ORDERS, SERIALS, WAITING
from .order import Order, OrderLine, OrderRow, orders_of
from .settings import DeskSettings
from .waiting import settle, wait

NO_PIECE = frozenset({"MS", "RB"})
"""Maintenance, and a part that a repair replaces."""
COLUMNS = ("order", "said", "claims_or_reasons")
Outcome = tuple[str, str, str]


def confirm(rows: Sequence[OrderRow], desk: Desk[DeskSettings]) -> Rows:
    """Take a document of orders; what became of each."""
    orders = orders_of(rows, desk.source)
    house = House(orders, desk)
    return Rows(COLUMNS, [_take(order, house) for order in orders])


def _take(order: Order, house: House) -> Outcome:
    desk, mark = house.desk, mark_of(order)
    before = house.before.get(order.number)
    billed_as = before["claims"] if before is not None and before["state"] == BILLED else ""
    if billed_as and before is not None and before["mark"] == mark:
        settle(order, house, set())
        return order.number, "billed before", billed_as
    patient_id = house.ids[order.number]
    view = house.views.get(patient_id) if patient_id is not None else None
    order = _with_decisions(order, house, view)
    history = view.history if view is not None else ()
    billed = () if billed_as else (*history, *house.billed.get(patient_mark(order), ()))
    known = Known(desk.today, billed, house.out(order), billed_as)
    problems = problems_of(order, known, house.items, desk.settings)
    made: list[str] = []
    if not problems:
        try:
            made = _bill(order, house)
        except ClaimRefused as refused:
            problems = [Problem("FIELDS", 0, str(refused)[:300])]
    if problems:
        if not billed_as:
            _remember(order, desk, mark, WAITING, "")
            _await(order, house, waits=True)
        said = wait(order, problems, house)
        return order.number, "waits", ", ".join(said)
    _remember(order, desk, mark, BILLED, " ".join(made))
    if before is not None and not billed_as:
        _await(order, house, waits=False)
    settle(order, house, set())
    return order.number, "billed", " ".join(made)


def _with_decisions(order: Order, house: House, view: PatientView | None) -> Order:
    """The order with the number of the payer's decision on lines that need one and lack it, where it is on file."""
    items, settings = house.items, house.desk.settings
    lines = []
    for line in order.lines:
        found = line
        if view is not None and not line.authorization and needs_decision(line, order.head, items, settings):
            of = listed_of(line, order.head, items, settings)
            number = number_on_file(line, order.head, of, view.authorizations, items.contractors)
            found = line.model_copy(update={"authorization": number})
        lines.append(found)
    return order._replace(lines=tuple(lines))


def _bill(order: Order, house: House) -> list[str]:
    """Make the claims of an order; their numbers.

    Raises:
        ClaimRefused: one of them cannot be made; none of them is.
    """
    desk = house.desk
    acts = len(desk.acts)
    claims = claims_of(order, house.items, desk.settings)
    try:
        deliveries = [row for line in order.lines for row in _deliveries(order, line, _claim_of(line, claims, desk))]
        pieces = [row for line in order.lines for row in _equipment(order, line, house)]
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        raise ClaimRefused(f"its delivery cannot be recorded: {fields} is not as it must be") from None
    try:
        for one in claims:
            why = f"Order {order.number} was delivered for {one.day:%m/%d/%Y}, and confirmed."
            desk.make_claim(f"order {order.source} {one.number}", one.claim, why=why)
    except ClaimRefused:
        del desk.acts[acts:]
        raise
    for row in deliveries:
        desk.deliver(row)
    for piece in pieces:
        desk.equip(piece)
    _register(order, house, claims)
    return [one.number for one in claims]


def _register(order: Order, house: House, claims: Sequence[OrderClaim]) -> None:
    """Remember what was billed, and who has which piece."""
    desk, patient_id = house.desk, house.ids[order.number]
    house.billed.setdefault(patient_mark(order), []).extend(line for one in claims for line in one.as_history())
    for line in order.lines:
        for serial in line.serials:
            desk.keep(
                SERIALS.name,
                {
                    "serial": serial,
                    "source": order.source,
                    "order_number": order.number,
                    "patient": patient_mark(order),
                    "code": line.code,
                    "delivered_on": line.delivered_on,
                },
            )
            house.held.setdefault(serial, []).append(Held(patient_id, patient_mark(order), order.number))


def _claim_of(line: OrderLine, claims: Sequence[OrderClaim], desk: Desk[DeskSettings]) -> str:
    """The number of the claim that bills a line."""
    day = service_day(line, desk.settings)
    return next((one.number for one in reversed(claims) if one.day == day), "")


def _deliveries(order: Order, line: OrderLine, claim_number: str) -> Iterator[DeliveryRow]:
    """What was delivered of a line: each piece that bears a number by itself, all else together."""
    if line.delivered_on is None or not line.delivered:
        return
    head = order.head
    each = len(line.serials) == line.delivered
    for serial in line.serials if each else (" ".join(line.serials),):
        yield DeliveryRow(
            patient_id=head.patient_id,
            member_id=head.member_id,
            birth_date=head.birth_date,
            last_name=head.last,
            first_name=head.first,
            dependent=head.relationship != "18",
            order_number=order.number,
            code=line.code,
            modifiers=line.modifiers[:4],
            quantity=Decimal(1) if each else line.delivered,
            serial=serial[:50],
            lot=line.lot,
            delivered_on=line.delivered_on,
            proof=line.proof,
            claim_number=claim_number,
        )


def is_equipment(line: OrderLine, items: Items) -> bool:
    """Whether a line brings a piece that the patient has from then on: what is rented, and of what is sold what bears a
    serial number or must last for a time. Contents, supplies, parts and maintenance are none."""
    day = line.delivered_on
    if day is None or items.by_month(day, line.code) or not NO_PIECE.isdisjoint(line.modifiers):
        return False
    return line.kind == "rental" or items.needs(day, line.code) == "serial" or items.lasts(day, line.code)


def _equipment(order: Order, line: OrderLine, house: House) -> Iterator[EquipmentRow]:
    """The pieces of a line, for the registry: those that it has already stay as they are there, for it may know more of
    them than the order (that they were given back since)."""
    if line.delivered_on is None or not line.delivered or not is_equipment(line, house.items):
        return
    head, patient_id = order.head, house.ids[order.number]
    view = house.views.get(patient_id) if patient_id is not None else None
    there = {(piece.code, piece.serial, piece.started_on) for piece in (view.equipment if view is not None else ())}
    for serial in line.serials or ("",):
        if (line.code.upper(), serial[:50], line.delivered_on) not in there:
            yield EquipmentRow(
                patient_id=head.patient_id,
                member_id=head.member_id,
                birth_date=head.birth_date,
                last_name=head.last,
                first_name=head.first,
                dependent=head.relationship != "18",
                code=line.code,
                serial=serial[:50],
                started_on=line.delivered_on,
                ownership=Ownership.RENTED if line.kind == "rental" else Ownership.OWNED,
            )


def _await(order: Order, house: House, *, waits: bool) -> None:
    """Remember of a patient that an order begins a rental, and whether it waits."""
    patient_id = house.ids[order.number]
    for at, line in enumerate(order.lines, start=1):
        if patient_id is None or line.kind != "rental" or line.delivered_on is None:
            continue
        about = {"source": order.source, "order_number": order.number, "line": at, "code": line.code}
        house.desk.keep(
            AWAITED.name, {**about, "delivered_on": line.delivered_on, "waits": waits}, patient_id=patient_id
        )


def _remember(order: Order, desk: Desk[DeskSettings], mark: str, state: str, claims: str) -> None:
    desk.keep(
        ORDERS.name,
        {
            "source": order.source,
            "order_number": order.number,
            "mark": mark,
            "state": state,
            "claims": claims,
            "seen_on": desk.today,
        },
    )
