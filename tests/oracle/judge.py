"""What one ask trips, and what its claim carries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .chart import Chart, Trip, on_medicare, pieces_of
from .codes import CAPPED, OXYGEN, line_of
from .life import Ask, Delivered
from .rules import contents, lifetime, maintenance, papers, rentals, resupply


def furnished(ask: Ask, chart: Chart) -> date:
    """The day on which the equipment of a rental came: of the period, or of the modality that was changed to since."""
    period = rentals.period_for(ask, chart)
    if period is not None and period.code == ask.code:
        return period.delivered
    for piece in pieces_of(chart, line_of(ask.code), ask.dos):
        if piece.code == ask.code:
            return piece.came
    return ask.dos


def judge(ask: Ask, chart: Chart) -> list[Trip]:
    """Everything that the page says against this ask today. Of days that Medicare does not pay it says nothing."""
    if not on_medicare(chart, ask.dos):
        return []
    return list(_judge(ask, chart))


def _judge(ask: Ask, chart: Chart) -> Iterator[Trip]:
    if ask.what in ("delivery", "rental"):
        delivered = ask.dos if ask.decided == "new" else furnished(ask, chart)
        yield from papers.written_order(ask, chart)
        yield from papers.order_before_delivery(ask, chart, delivered)
        yield from papers.authorization(ask, chart, delivered)
        yield from lifetime.replacement(ask, chart)
        yield from lifetime.kept_replacement_modifier(ask, chart)
        yield from rentals.rental_month(ask, chart)
        yield from rentals.place(ask, chart)
    elif ask.what == "sale":
        yield from papers.written_order(ask, chart)
        yield from lifetime.replacement(ask, chart)
    elif ask.what == "contents":
        yield from papers.written_order(ask, chart)
        yield from contents.contents(ask, chart)
    elif ask.what == "maintenance":
        yield from maintenance.maintenance(ask, chart)
    elif ask.what == "repair":
        yield from maintenance.repair(ask, chart)
    elif ask.what == "shipment":
        yield from papers.written_order(ask, chart)
        yield from resupply.refill(ask, chart)


def fill(ask: Ask, chart: Chart) -> None:
    """Modifiers of claims that the gateway makes: of rentals, RR, the month's, and what the order said."""
    if ask.by != "gateway" or ask.what not in ("delivery", "rental", "sale"):
        return
    if ask.what == "sale":
        ask.modifiers = ("NU", *ask.extras)
    elif ask.code in CAPPED:
        ask.modifiers = ("RR", rentals.month_modifier(rentals.number_of(ask, chart)), *ask.extras)
    else:
        ask.modifiers = ("RR", *ask.extras)


def put_right(ask: Ask, chart: Chart) -> None:
    """What a biller corrects on a claim: the rental modifiers, RA and its narrative."""
    if isinstance(ask.event, Delivered):
        extras = [modifier for modifier in ask.extras if modifier != "RA"]
        if ask.event.how == "lost" or (ask.event.how == "lifetime" and ask.code in OXYGEN):
            extras.insert(0, "RA")
            ask.narrative = ask.narrative or "why it is replaced"
        ask.extras = tuple(extras)
        fill(ask, chart)
    elif ask.what == "rental":
        others = [modifier for modifier in ask.modifiers if modifier not in ("RR", "KH", "KI", "KJ", "RA")]
        month = [rentals.month_modifier(rentals.number_of(ask, chart))] if ask.code in CAPPED else []
        ask.modifiers = ("RR", *month, *others)
