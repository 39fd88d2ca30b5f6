"""Every figure by its name; working one out, and the claims behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from ..model.money import to_dollars
from ..store import keyset
from ..store.keyset import Key
from ..store.tables import claims
from . import answers, billing, money, orders, waiting
from .measure import MOST_DAYS, Found, Report, Scope

REPORTS: dict[str, Report] = {
    one.definition.name: one
    for one in (
        *(money.DSO, money.AGEING, money.AGEING_SERVICE, money.OVER_90),
        *(money.PAYMENTS, money.WRITE_OFFS, money.ADJUSTMENTS),
        *(billing.DENIALS, billing.FIRST_PASS, billing.CLEAN, billing.REJECTIONS),
        *(orders.OPEN_ORDER_DAYS, orders.CONFIRMATION_LAG),
        *(waiting.HOLD_DAYS, answers.DAYS_TO_POST, answers.AUTO_POST, answers.UNAPPLIED),
        *(waiting.FILING, answers.LATENCY),
    )
}
DEFAULT_DAYS = 90
MOST_CLAIMS = 100_000


class NotAsked(ValueError):
    """What is asked for cannot be told; the message says what can."""


def scope_of(
    today: dt.date,
    zone: str,
    *,
    first: dt.date | None = None,
    last: dt.date | None = None,
    payer: str = "",
    source: str = "",
    by: str = "",
) -> Scope:
    """What a figure is asked for; without days the last 90, until today.

    Raises:
        NotAsked: the last day lies before the first, or they are more than ten years apart.
    """
    until = last or today
    since = first or until - dt.timedelta(days=DEFAULT_DAYS - 1)
    if until < since:
        raise NotAsked("The last day lies before the first.")
    if (until - since).days >= MOST_DAYS:
        raise NotAsked("At most ten years at once.")
    return Scope(since, until, today, zone, payer, source, by)


def named(name: str) -> Report:
    """A report by its name.

    Raises:
        NotAsked: there is none.
    """
    if name not in REPORTS:
        raise NotAsked(f"There is no figure {name!r}. There are: {', '.join(REPORTS)}.")
    return REPORTS[name]


def work_out(connection: Connection, report: Report, scope: Scope) -> Found:
    """A figure, by its groups.

    Raises:
        NotAsked: it is not grouped by what is asked for, or cannot be told of one payer or source alone.
    """
    groups = report.definition.groups
    if scope.by and scope.by not in groups:
        can = f"it can be grouped by {', '.join(groups)}" if groups else "it has its own groups"
        raise NotAsked(f"{report.definition.title} is not grouped by {scope.by}: {can}.")
    if not report.definition.can_tell(scope):
        can = " or ".join(f"one {name}" for name in report.definition.narrows)
        what = f"it is told of all, or of {can}" if can else "it is told of all"
        raise NotAsked(f"{report.definition.title} cannot be narrowed so: {what}.")
    return Found(report.definition, scope, report.figures(connection, scope))


def every(connection: Connection, scope: Scope) -> list[Found]:
    """Every figure that can be told of what is asked for, in the order of the catalogue."""
    return [work_out(connection, one, scope) for one in REPORTS.values() if one.definition.can_tell(scope)]


class Behind(NamedTuple):
    """The claims behind a figure, the most dollars first; `more`: there are more than these; `last`: the place of the
    last one, behind which they begin."""

    rows: list[Any]
    more: bool
    last: tuple[Any, ...] = ()


CLAIM_COLUMNS = ("claim", "number", "group", "payer", "state", "from_date", "dollars")


PLACE = (int, int, str)
"""What tells a place among the claims behind a figure: cents, claim, group."""


def behind(
    connection: Connection,
    report: Report,
    scope: Scope,
    *,
    group: str = "",
    limit: int = 1_000,
    skip: int = 0,
    after: Sequence[Any] | None = None,
) -> Behind:
    """The claims behind a figure, or behind one group of it, by the columns of CLAIM_COLUMNS; those `after` a place, or
    from the one after `skip` on."""
    each = report.claims(connection, scope).subquery()
    order = (Key(each.c.cents, descending=True), Key(each.c.claim_id), Key(each.c.part, str, nullable=True))
    statement: Select[Any] = (
        select(
            each.c.claim_id,
            claims.c.source_claim_number,
            each.c.part,
            claims.c.payer_id,
            claims.c.state,
            claims.c.from_date,
            each.c.cents,
        )
        .join(claims, claims.c.id == each.c.claim_id)
        .order_by(*keyset.order(order))
        .limit(limit + 1)
        .offset(skip)
    )
    if after is not None:
        statement = statement.where(keyset.behind(order, after))
    if group:
        statement = statement.where(each.c.part == group)
    found = connection.execute(statement).all()
    rows = [(*row[:-1], to_dollars(int(row[-1]))) for row in found[:limit]]
    last = (int(found[limit - 1].cents), found[limit - 1].claim_id, found[limit - 1].part) if found[limit:] else ()
    return Behind(rows, bool(last), last)
