"""Figures of the work that waits: hold days, and dollars whose filing date is near."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from ..store.tables import claims, holds, work_items
from ..work.holds import BILLED_OVER_DAYS, Which, report
from .measure import ALL, NOT_SAID, Definition, Figure, Report, Scope, Unit, ratio

RISKS = ((30, "within 30 days"), (60, "31 to 60 days"))
OVERDUE = "overdue"


# --- hold days -------------------------------------------------------------------------------------


def _hold_days(connection: Connection, scope: Scope) -> list[Figure]:
    found = report(connection, Which(payer=scope.payer), scope.today, scope.zone)
    daily = round(found.billing.daily_cents)
    rows = [(one.type, one) for one in found.types] + [(ALL, found.total)]
    return [
        Figure(group, one.cents, daily, ratio(one.cents, daily), f"{one.claims:,} claims, {one.holds:,} holds")
        for group, one in rows
    ]


def _held_claims(connection: Connection, scope: Scope) -> Select[Any]:
    return (
        select(holds.c.claim_id.label("claim_id"), func.max(claims.c.charge_cents).label("cents"))
        .add_columns(func.min(holds.c.type).label("part"))
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(holds.c.released_at.is_(None), scope.of_claims)
        .group_by(holds.c.claim_id)
    )


HOLD_DAYS = Report(
    Definition(
        "hold-days",
        "Hold days",
        "dollars held / average daily allowable billing",
        "charges of claims that are held now",
        f"average daily allowable billing of the last {BILLED_OVER_DAYS} days: charges of claims that have left, less "
        "their contractual adjustments",
        Unit.DAYS,
        (True, True),
        "claims that are held, by type",
        note="Stands as of now. A claim with two types of holds is in both, and once in all. `gateway report holds` "
        "has it by team and age.",
        narrows=("payer",),
    ),
    _hold_days,
    _held_claims,
)


# --- timely filing ---------------------------------------------------------------------------------


def _near(scope: Scope) -> Select[Any]:
    """Claims with open work whose last day to file is near: the day, and what is at stake, at most the charge."""
    w = work_items.c
    stake = func.sum(w.cents)
    capped = case((stake > func.max(claims.c.charge_cents), func.max(claims.c.charge_cents)), else_=stake)
    return (
        select(w.claim_id, func.min(w.refile_by).label("by"), capped.label("cents"))
        .join(claims, claims.c.id == w.claim_id)
        .where(
            w.state == "open",
            w.refile_by.is_not(None),
            w.refile_by <= scope.last + dt.timedelta(days=RISKS[-1][0]),
            scope.of_claims,
        )
        .group_by(w.claim_id)
    )


def _risk(column: Any, scope: Scope) -> ColumnElement[str]:
    steps = [(column <= scope.last + dt.timedelta(days=most), words) for most, words in RISKS]
    return case((column < scope.last, OVERDUE), *steps, else_=NOT_SAID)


def _filing(connection: Connection, scope: Scope) -> list[Figure]:
    near = _near(scope).subquery()
    part = _risk(near.c.by, scope)
    rows = connection.execute(select(part, func.sum(near.c.cents), func.count()).group_by(part))
    found = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    figures = []
    for group in (OVERDUE, *(words for _, words in RISKS)):
        cents, count = found.get(group, (0, 0))
        figures.append(Figure(group, cents, count, Decimal(cents).scaleb(-2)))
    total = sum(one.numerator for one in figures)
    count = sum(one.denominator or 0 for one in figures)
    return [*figures, Figure(ALL, total, count, Decimal(total).scaleb(-2))]


def _filing_claims(connection: Connection, scope: Scope) -> Select[Any]:
    near = _near(scope).subquery()
    return select(near.c.claim_id, near.c.cents, _risk(near.c.by, scope).label("part"))


FILING = Report(
    Definition(
        "timely-filing-risk",
        "Timely-filing risk",
        "dollars with a filing date within 30 and 60 days",
        "dollars at stake on claims with open work (held, rejected, denied, to be followed up), at most their charge",
        "claims",
        Unit.DOLLARS,
        (True, False),
        "claims whose last day to file is near",
        note="Counts from the last day of the period; the dates are those of the queue (`file by`).",
    ),
    _filing,
    _filing_claims,
)
