"""Figures of orders: what was delivered and is not billed yet, and how long a delivered order takes to its claim and to
the payer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, false, func, literal, select, union_all

from ..clock import business_date
from ..store.tables import batches, claims, deliveries, orders, submissions, work_items
from ..work.holds import BILLED_OVER_DAYS, daily_billing
from .billing import COUNTS, _first_sendings
from .measure import ALL, NOT_SAID, Definition, Figure, Report, Scope, Unit, percent, ratio

WAITING_KIND = "order_problem"
"""The kind of the work items of orders that wait: one for each reason, with the dollars that the order bills. Their
keys end with the reason and a number; before that they are the order's."""
MOST_SHOWN = 500
SOON_DAYS = 1

_d, _o, _s, _b = deliveries.c, orders.c, submissions.c, batches.c


# --- open orders -----------------------------------------------------------------------------------


class _Waits(NamedTuple):
    order: str
    reason: str
    cents: int


def _waiting(connection: Connection, scope: Scope) -> list[_Waits]:
    w = work_items.c
    statement = select(w.key, w.cents).where(w.state == "open", w.kind == WAITING_KIND).order_by(w.id)
    if scope.payer:
        statement = statement.where(w.payer_id == scope.payer)
    found = []
    for key, cents in connection.execute(statement):
        order, *rest = key.rsplit(" ", 2)
        found.append(_Waits(order, rest[0] if rest else NOT_SAID, int(cents)))
    return found


def _open_orders(connection: Connection, scope: Scope) -> list[Figure]:
    daily = round(daily_billing(connection, scope.today, scope.zone).daily_cents)
    waiting = _waiting(connection, scope)
    found = []
    for reason in (*sorted({one.reason for one in waiting}), ALL):
        each = {one.order: one.cents for one in waiting if reason in (ALL, one.reason)}
        cents = sum(each.values())
        words = f"{len(each):,} order{'' if len(each) == 1 else 's'}"
        found.append(Figure(reason, cents, daily, ratio(cents, daily), words))
    return found


def _no_claims(connection: Connection, scope: Scope) -> Select[Any]:
    columns = claims.c.id.label("claim_id"), claims.c.charge_cents.label("cents"), literal(ALL).label("part")
    return select(*columns).where(false())


OPEN_ORDER_DAYS = Report(
    Definition(
        "open-order-days",
        "Open order days",
        "dollars of delivered orders that wait / average daily allowable billing",
        "what the orders bill that wait for order confirmation now, each once however many reasons it waits for",
        f"average daily allowable billing of the last {BILLED_OVER_DAYS} days: charges of claims that have left, less "
        "their contractual adjustments",
        Unit.DAYS,
        (True, True),
        "none yet: the orders are in `gateway queue list --worklist orders`, each with its reasons and dollars",
        note="Stands as of now. An order counts with its own prices: what is allowed nobody knows before it is billed. "
        "One that waits for two reasons is in both, and once in all.",
        narrows=("payer",),
    ),
    _open_orders,
    _no_claims,
)


# --- how long orders take --------------------------------------------------------------------------

CONFIRMED, BILLED = "delivery to confirmation", "delivery to first bill"
ORDERED_CONFIRMED, ORDERED_BILLED = "order to confirmation", "order to first bill"
GROUPS = (CONFIRMED, ORDERED_CONFIRMED, BILLED, ORDERED_BILLED)


class _Lag(NamedTuple):
    claim_id: int
    group: str
    days: int


def _begun() -> Any:
    """By claim, the first day on which something of it was delivered, and on which that was ordered, where both are
    told. A claim's deliveries are its patient's, and bear its number."""
    same = and_(_d.patient_id == claims.c.patient_id, _d.claim_number == claims.c.source_claim_number)
    order = and_(_o.patient_id == _d.patient_id, _o.order_number == _d.order_number, _d.order_number != "")
    return (
        claims.join(deliveries, and_(same, _d.claim_number != "")).outerjoin(orders, order),
        (func.min(_d.delivered_on).label("delivered_on"), func.min(_o.ordered_on).label("ordered_on")),
    )


def _lags(connection: Connection, scope: Scope) -> Iterator[_Lag]:
    """The days of each claim that was confirmed in the period, and of each that left for the first time in it."""
    joined, begun = _begun()
    confirmed = (
        select(claims.c.id, claims.c.created_at.label("at"), *begun)
        .select_from(joined)
        .where(scope.within(claims.c.created_at), scope.of_claims)
        .group_by(claims.c.id, claims.c.created_at)
    )
    first = _first_sendings(scope, _s.claim_id.label("claim_id"), _b.sent_at.label("at")).subquery()
    billed = (
        select(claims.c.id, func.min(first.c.at).label("at"), *begun)
        .select_from(joined.join(first, first.c.claim_id == claims.c.id))
        .group_by(claims.c.id)
    )
    for statement, delivered, ordered in (
        (confirmed, CONFIRMED, ORDERED_CONFIRMED),
        (billed, BILLED, ORDERED_BILLED),
    ):
        for row in connection.execute(statement.execution_options(yield_per=1000)):
            on = business_date(row.at, scope.zone)
            yield _Lag(row.id, delivered, _days(row.delivered_on, on))
            if row.ordered_on is not None:
                yield _Lag(row.id, ordered, _days(row.ordered_on, on))


def _days(since: dt.date, until: dt.date) -> int:
    return max((until - since).days, 0)


def _lag(connection: Connection, scope: Scope) -> list[Figure]:
    sums = {group: [0, 0, 0] for group in GROUPS}
    for one in _lags(connection, scope):
        tally = sums[one.group]
        tally[0] += one.days
        tally[1] += 1
        tally[2] += one.days <= SOON_DAYS
    found = []
    for group, (days, count, soon) in sums.items():
        words = f"{percent(soon, count)} % same or next day" if count else "nothing is known of it"
        found.append(Figure(group, days, count, ratio(days, count), words))
    return found


def _late_claims(connection: Connection, scope: Scope) -> Select[Any]:
    """The claims that took longest, group by group."""
    late: dict[str, list[_Lag]] = {group: [] for group in GROUPS}
    for one in _lags(connection, scope):
        if one.days > SOON_DAYS:
            late[one.group].append(one)
    parts = [_of(group, sorted(some, key=lambda one: -one.days)[:MOST_SHOWN]) for group, some in late.items()]
    every = union_all(*parts).subquery()
    return select(every.c.claim_id, every.c.cents, every.c.part)


def _of(group: str, some: Sequence[_Lag]) -> Select[Any]:
    return select(
        claims.c.id.label("claim_id"), claims.c.charge_cents.label("cents"), literal(group).label("part")
    ).where(claims.c.id.in_([one.claim_id for one in some]))


CONFIRMATION_LAG = Report(
    Definition(
        "confirmation-lag",
        "Confirmation lag",
        "days from the delivery (and from the order) to the day on which the order became a claim, and to the day on "
        "which that first left / claims",
        "days from the first delivery of a claim (from the first date of its orders), none below 0",
        "claims of which deliveries are known, that were confirmed in the period; for the first bill, that left for "
        "the first time in it",
        Unit.DAYS,
        COUNTS,
        f"claims that took longer than until the next day (the {MOST_SHOWN} slowest of each group)",
        note="A claim's deliveries are those that bear its number. What still waits is not in it: see open-order-days.",
    ),
    _lag,
    _late_claims,
)
