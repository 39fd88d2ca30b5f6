"""A patient's life walked through, a day after the other: what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .chart import Chart, Contents, Trip, current, in_use, on_medicare, payer_on, pieces_of
from .codes import MAINTAINED, line_of
from .days import ONE, add_months, last_of_month
from .dues import dues
from .judge import fill, judge, put_right
from .life import (
    Answered,
    Ask,
    Authorized,
    ContentsAsked,
    ContentsDelivered,
    Corrected,
    Decided,
    Delivered,
    Died,
    Event,
    Expected,
    InpatientStay,
    Lost,
    Month,
    Order,
    Patient,
    PayerChanged,
    Period,
    PickedUp,
    Piece,
    ProofArrived,
    RefillContact,
    RentalAsked,
    RepairAsked,
    Shipment,
    StatementFiled,
    Visit,
)
from .rules import lifetime, rentals


def script(patient: Patient) -> list[Event]:
    """What happens, in the order in which it must be told: by day, and of one day as the life has it."""
    return sorted(patient.events, key=lambda event: event.date)


def expected(patient: Patient, upto: date) -> list[Expected]:
    """Everything that must come of the life up to and with a day, by date. What is not in it must not leave."""
    events = script(patient)
    if not events:
        return []
    day = events[0].date
    chart = Chart(patient=patient, today=day, payers=[(day, patient.payer)])
    found: list[Expected] = []
    while day <= upto:
        chart.today = day
        something_happened = False
        while events and events[0].date == day:
            found.extend(happen(events.pop(0), chart))
            something_happened = True
        begin_months(chart)
        if day == last_of_month(day):
            found.extend(month_end(chart))
        if something_happened:
            found.extend(look_again(chart))
        found.extend(dues(chart))
        day = day + ONE
    return found


# What an event changes.


def happen(event: Event, chart: Chart) -> Iterator[Expected]:
    """Write an event down, and judge what it asks."""
    if isinstance(event, Delivered):
        yield from delivery(event, chart)
    elif isinstance(event, RentalAsked):
        ask = Ask("rental", event.date, event.date, event.code, event.modifiers, place=event.place, event=event)
        yield from settle(ask, chart)
    elif isinstance(event, ContentsAsked):
        ask = Ask("contents", event.date, event.date, event.code, event.modifiers, event.units, event=event)
        yield from settle(ask, chart)
    elif isinstance(event, Visit):
        ask = Ask("maintenance", event.date, event.date, code_of_visit(event), ("MS",), by="gateway", event=event)
        yield from settle(ask, chart)
    elif isinstance(event, RepairAsked):
        ask = Ask("repair", event.date, event.date, event.code, event.modifiers, event=event)
        yield from settle(ask, chart)
    elif isinstance(event, Shipment):
        chart.shipments.append(event)
        ask = Ask("shipment", event.date, event.date, event.code, event.modifiers, event.units, event=event)
        yield from settle(ask, chart)
    elif isinstance(event, Corrected):
        yield from corrected(event, chart)
    elif isinstance(event, Decided):
        yield from decided(event, chart)
    else:
        write_down(event, chart)


def write_down(event: Event, chart: Chart) -> None:
    """Facts that ask nothing by themselves."""
    if isinstance(event, Order):
        chart.orders[event.number] = event
    elif isinstance(event, Authorized):
        chart.authorizations.append(event)
    elif isinstance(event, PickedUp):
        take_away(chart, event.serial, event.date)
    elif isinstance(event, Lost):
        take_away(chart, event.serial, event.date)
        chart.losses.append((event.date, event.code))
        if event.statement:
            chart.statements.append((event.date, event.code))
    elif isinstance(event, StatementFiled):
        chart.statements.append((event.date, event.code))
    elif isinstance(event, ContentsDelivered):
        chart.contents.append(Contents(event, event.date if event.proven else None))
    elif isinstance(event, ProofArrived):
        for given in chart.contents:
            if given.told.code == event.code and given.told.date == event.delivered:
                given.proven_on = event.date
    elif isinstance(event, RefillContact):
        chart.contacts.append(event)
    elif isinstance(event, InpatientStay):
        chart.stays.append(event)
    elif isinstance(event, PayerChanged):
        chart.payers.append((event.date, event.payer))
    elif isinstance(event, Died):
        chart.died = event.date
    elif isinstance(event, Answered):
        for period in chart.periods.get(line_of(event.code), []):
            for month in period.months:
                if month.begins == event.month and month.code == event.code:
                    month.state = event.outcome


def take_away(chart: Chart, serial: str, day: date) -> None:
    for piece in chart.pieces:
        if piece.serial == serial and piece.went is None:
            piece.went = day
            proposed = chart.proposed.get(line_of(piece.code))
            if proposed is not None and proposed.delivered == piece.came:
                del chart.proposed[line_of(piece.code)]


def delivery(event: Delivered, chart: Chart) -> Iterator[Expected]:
    """A base item came; it asks for a sale, or for the first month of a rental."""
    line = line_of(event.code)
    chart.pieces.append(Piece(event.code, event.serial, event.date, event.way, warranty_until=event.warranty_until))
    extras = event.modifiers
    if event.how == "new":
        lifetime.restart(chart, event)
    if event.way == "sell":
        ask = Ask("sale", event.date, event.date, event.code, by="gateway", event=event, extras=extras)
        ask.narrative = event.narrative
        yield from settle(ask, chart)
        return
    if event.how in ("new", "lost", "lifetime"):
        later = tuple(modifier for modifier in extras if modifier != "RA")
        chart.proposed[line] = Period(line, event.code, event.date, event.date, 0, later)
        chart.proposed[line].warranty_until = event.warranty_until
    if not event.asks:
        return
    if event.how == "again":
        begin_months(chart)
        period = current(chart, line)
        chart.started = [(of, begins) for of, begins in chart.started if of is not period or begins != event.date]
    ask = Ask("delivery", event.date, event.date, event.code, by="gateway", event=event, extras=extras)
    ask.narrative = event.narrative
    yield from settle(ask, chart)


def code_of_visit(event: Visit) -> str:
    """O-M4: one code for all machines that were seen; the stationary where it is maintained."""
    for wanted in ("stationary", "portable"):
        for code in event.codes:
            if code in MAINTAINED and line_of(code) == wanted:
                return code
    return event.codes[0]


# Rental months.


def begin_months(chart: Chart) -> None:
    """A month of each rental begins on its day where the equipment is in use; else on the day on which it is again."""
    for line in chart.periods:
        period = current(chart, line)
        assert period is not None
        begins = add_months(period.anchor, period.step)
        if line in chart.proposed or chart.today < begins or not in_use(chart, line, chart.today):
            continue
        if chart.today > begins:
            period.anchor, period.step = chart.today, 0
        period.step = period.step + 1
        chart.started.append((period, chart.today))


def month_end(chart: Chart) -> Iterator[Expected]:
    """The claims of the months that began in this calendar month, where the gateway makes them. Past the cap, none."""
    started, chart.started = chart.started, []
    if chart.patient.rentals_by != "gateway":
        return
    for period, begins in started:
        code = period.code
        for piece in pieces_of(chart, period.line, begins):
            code = piece.code
        ask = Ask("rental", chart.today, begins, code, by="gateway", extras=period.extras, period=period)
        fill(ask, chart)
        if any(trip.rule == "R1.03" for trip in judge(ask, chart)):
            continue
        if not on_medicare(chart, begins) and rentals.is_over_cap(ask, chart):
            continue
        yield from settle(ask, chart)


# Asks.


def settle(ask: Ask, chart: Chart) -> Iterator[Expected]:
    """Judge an ask for the first time: it leaves, or it waits."""
    if ask.what in ("delivery", "rental"):
        ask.period = rentals.period_for(ask, chart)
    fill(ask, chart)
    trips = judge(ask, chart)
    keeping = [trip for trip in trips if trip.kind != "warn"]
    if not keeping:
        yield from bill(ask, trips, chart)
        return
    chart.waiting.append(ask)
    yield from tell(ask, keeping, chart)


def tell(ask: Ask, trips: list[Trip], chart: Chart) -> Iterator[Expected]:
    """What keeps an ask back and was not told yet."""
    for trip in trips:
        if trip.rule not in ask.known:
            ask.known.add(trip.rule)
            yield Expected(
                chart.today, trip.kind, ask.code, ask.dos, None, trip.rule, trip.detail, trip.also, ask.units
            )


def look_again(chart: Chart) -> Iterator[Expected]:
    """What waits leaves when nothing keeps it back any more; the oldest service first."""
    for ask in sorted(chart.waiting, key=lambda waiting: waiting.dos):
        fill(ask, chart)
        trips = judge(ask, chart)
        if all(trip.kind == "warn" for trip in trips):
            chart.waiting.remove(ask)
            yield from bill(ask, trips, chart)


def corrected(event: Corrected, chart: Chart) -> Iterator[Expected]:
    """A biller put the claim right."""
    for ask in chart.waiting:
        if ask.code == event.code and ask.dos == event.service:
            put_right(ask, chart)
            yield from tell(ask, [trip for trip in judge(ask, chart) if trip.kind != "warn"], chart)


def decided(event: Decided, chart: Chart) -> Iterator[Expected]:
    """A person answered to the hold for a long break."""
    for ask in chart.waiting:
        if ask.code == event.code and ask.dos == event.month and "R1.05" in ask.known:
            ask.decided = event.answer
            fill(ask, chart)
            yield from tell(ask, [trip for trip in judge(ask, chart) if trip.kind != "warn"], chart)


def bill(ask: Ask, warnings: list[Trip], chart: Chart) -> Iterator[Expected]:
    """A claim leaves."""
    detail = ""
    if ask.what in ("delivery", "rental"):
        number = rentals.number_of(ask, chart)
        detail = f"month {number}"
        write_month(ask, number, chart)
    elif ask.what == "contents":
        chart.contents_billed.append((ask.code, ask.dos))
    elif ask.what == "maintenance":
        chart.maintenance_billed.append((ask.code, ask.dos))
    if ask.what == "sale" and isinstance(ask.event, Delivered) and ask.event.how in ("lost", "lifetime"):
        lifetime.restart(chart, ask.event)
    payer = payer_on(chart, ask.dos)
    modifiers = ask.modifiers if on_medicare(chart, ask.dos) else None
    if not warnings:
        yield Expected(chart.today, "claim", ask.code, ask.dos, modifiers, "", detail, (), ask.units, payer)
    for trip in warnings:
        yield Expected(
            chart.today, "warn", ask.code, ask.dos, modifiers, trip.rule, trip.detail, trip.also, ask.units, payer
        )


def write_month(ask: Ask, number: int, chart: Chart) -> None:
    """A billed month joins its period; a delivery's proposed period begins with it."""
    line = line_of(ask.code)
    period = rentals.period_for(ask, chart)
    if period is None:
        return
    if ask.decided == "new":
        begun = Period(line, ask.code, ask.dos, period.anchor, period.step, period.extras)
        begun.warranty_until = period.warranty_until
        chart.periods[line].append(begun)
        period = begun
    elif period is chart.proposed.get(line):
        del chart.proposed[line]
        chart.periods.setdefault(line, []).append(period)
        period.step = 1
        while add_months(period.anchor, period.step) < chart.today:
            chart.started.append((period, add_months(period.anchor, period.step)))
            period.step = period.step + 1
        if isinstance(ask.event, Delivered) and ask.event.how in ("lost", "lifetime"):
            lifetime.restart(chart, ask.event)
    anchor, step = ask.dos, 0
    for nth in range(period.step + 1):
        if add_months(period.anchor, nth) == ask.dos:
            anchor, step = period.anchor, nth
    period.months.append(Month(ask.code, ask.dos, anchor, step, number))
