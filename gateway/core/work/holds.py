"""Holds as people list and count them: by type, team and age, with dollars and hold days (hme-billing-rules 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, cast, func, literal, or_, select

from ..clock import business_date, day_begins
from ..model.money import to_dollars
from ..model.posting import Kind
from ..model.states import ClaimState
from ..store import keyset
from ..store.keyset import Key
from ..store.tables import adjustments, claim_payments, claims, holds, work_items

AGES = ((7, "0-7"), (14, "8-14"), (30, "15-30"), (60, "31-60"), (90, "61-90"))
OLDEST = "over 90"
BILLED_OVER_DAYS = 90
_NEVER_BILLED = (ClaimState.FAULTY.value, ClaimState.HELD.value, ClaimState.READY.value, ClaimState.CANCELLED.value)


class Which(NamedTuple):
    """Which open holds; empty takes all. `age`: those as old as one of the words of AGES says."""

    type: str = ""
    team: str = ""
    rule: str = ""
    payer: str = ""
    age: str = ""
    claim_id: int | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it down."""
        return self == Which()


def age_of(opened: dt.date, today: dt.date) -> str:
    """How long ago a hold was put, as AGES says it."""
    days = (today - opened).days
    return next((words for most, words in AGES if days <= most), OLDEST)


ORDER = (Key(holds.c.due, dt.date, nullable=True), Key(claims.c.charge_cents, int, descending=True), Key(holds.c.id))
"""Those that are due first come first, then the most dollars."""


def place(row: Any) -> tuple[Any, ...]:
    """Where a hold of `open_holds` stands in ORDER."""
    return (row.due, row.charge_cents, row.id)


def open_holds(
    connection: Connection,
    which: Which,
    today: dt.date,
    zone: str,
    *,
    limit: int = 10_000,
    behind: Sequence[Any] | None = None,
) -> list[Any]:
    """The open holds with their claim (source_claim_number, payer_name, payer_id, charge_cents), the last day to file
    it (refile_by), and the work item with who has it (item_id, assignee): in ORDER; those `behind` a place of it, where
    one is given."""
    c = claims.c
    statement = (
        select(holds, c.source_claim_number, c.payer_name, c.payer_id, c.charge_cents)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(*_where(which, today, zone))
    )
    if not which.payer:  # the claims of those alone that may be in the list
        statement = statement.where(_due_soon(which, today, zone, limit, behind))
    if behind is not None:
        statement = statement.where(keyset.behind(ORDER, behind))
    found = statement.order_by(*keyset.order(ORDER)).limit(limit).subquery()
    columns = (found.c.due, found.c.charge_cents, found.c.id)
    again = [key._replace(column=column) for key, column in zip(ORDER, columns, strict=True)]
    return list(
        connection.execute(
            select(found, work_items.c.refile_by, work_items.c.assignee, work_items.c.id.label("item_id"))
            .outerjoin(work_items, work_items.c.key == literal("hold:") + cast(found.c.id, String))
            .order_by(*keyset.order(again))
        )
    )


def _due_soon(which: Which, today: dt.date, zone: str, limit: int, behind: Sequence[Any] | None) -> ColumnElement[bool]:
    """What is due on a day on which the list may still be: so many are due until then."""
    left = []
    if behind is not None:
        undated = holds.c.due.is_(None)
        left.append(undated if behind[0] is None else or_(holds.c.due > behind[0], undated))
    last = (
        select(holds.c.due)
        .where(*_where(which, today, zone), *left)
        .order_by(holds.c.due.is_(None), holds.c.due)
        .offset(limit - 1)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(holds.c.due <= last, last.is_(None))


def _where(which: Which, today: dt.date, zone: str) -> Iterator[ColumnElement[bool]]:
    yield holds.c.released_at.is_(None)
    for column, value in (
        (holds.c.type, which.type),
        (holds.c.team, which.team),
        (holds.c.rule, which.rule),
        (claims.c.payer_id, which.payer),
        (holds.c.claim_id, which.claim_id),
    ):
        if value:
            yield column == value
    if which.age:
        yield from _as_old(which.age, today, zone)


def _as_old(age: str, today: dt.date, zone: str) -> Iterator[ColumnElement[bool]]:
    words = [one for _, one in AGES]
    at = words.index(age) if age in words else len(words)
    if at:
        # Older than the bucket before.
        youngest = today - dt.timedelta(days=AGES[at - 1][0])
        yield holds.c.opened_at < day_begins(youngest, zone)
    if at < len(AGES):
        yield holds.c.opened_at >= day_begins(today - dt.timedelta(days=AGES[at][0]), zone)


# --- the report ------------------------------------------------------------------------------------


class Billing(NamedTuple):
    """What was billed in a day on average. `known` is the part of the charges (0 to 1) whose allowable amount a
    remittance has told; for the rest the charge is used."""

    daily_cents: float
    days: int
    known: float


class Kept(NamedTuple):
    """Holds of one type, team and age. A claim counts once in each row, however many such holds it has. `days`: how
    many days of average billing its dollars are; None where nothing was billed."""

    type: str
    team: str
    age: str
    holds: int
    claims: int
    cents: int
    days: float | None


class HoldReport(NamedTuple):
    """Rows by type, team and age; `types` by type alone, `total` of all, in which each claim counts once."""

    rows: list[Kept]
    types: list[Kept]
    total: Kept
    billing: Billing

    def in_words(self) -> str:
        """What the figures rest on, for the person who reads them."""
        if self.billing.daily_cents <= 0:
            return f"Nothing was billed in the {self.billing.days} days before today, so hold days cannot be told."
        average, share = to_dollars(round(self.billing.daily_cents)), f"{self.billing.known:.0%}"
        return (
            f"Average daily billing over {self.billing.days} days: ${average:,}. The allowable amount is known for "
            f"{share} of what was billed; elsewhere, and for what is held, the charge is used. A claim "
            "with several holds counts once in each line and once in all."
        )


def daily_billing(connection: Connection, today: dt.date, zone: str, days: int = BILLED_OVER_DAYS) -> Billing:
    """Average daily allowable billing (10): charges less their contractual adjustments, of the claims that came in the
    last so many days and have left. Where no remittance has told the adjustment, the charge is used."""
    since, until = day_begins(today - dt.timedelta(days=days), zone), day_begins(today, zone)
    billed = (
        claims.c.created_at >= since,
        claims.c.created_at < until,
        claims.c.state.in_([one.value for one in ClaimState if one.value not in _NEVER_BILLED]),
    )
    charged = connection.execute(select(func.sum(claims.c.charge_cents)).where(*billed)).scalar_one() or 0
    decided = (
        select(claim_payments.c.claim_id)
        .where(claim_payments.c.claim_id == claims.c.id, claim_payments.c.state == "posted")
        .exists()
    )
    known = connection.execute(select(func.sum(claims.c.charge_cents)).where(*billed, decided)).scalar_one() or 0
    contractual = (
        connection.execute(
            select(func.sum(adjustments.c.cents))
            .join(claim_payments, claim_payments.c.id == adjustments.c.claim_payment_id)
            .join(claims, claims.c.id == claim_payments.c.claim_id)
            .where(*billed, adjustments.c.kind == Kind.CONTRACTUAL.value, claim_payments.c.state == "posted")
        ).scalar_one()
        or 0
    )
    share = int(known) / int(charged) if charged else 0.0
    return Billing((int(charged) - int(contractual)) / days, days, share)


def report(connection: Connection, which: Which, today: dt.date, zone: str, days: int = BILLED_OVER_DAYS) -> HoldReport:
    """Open holds by type, team and age: how many, on how many claims, over how many dollars, and hold days: the dollars
    held, divided by average daily allowable billing. What is held has not been decided, so its charge is used."""
    billing = daily_billing(connection, today, zone, days)
    c = holds.c
    rows = connection.execute(
        select(c.type, c.team, c.opened_at, c.claim_id, claims.c.charge_cents)
        .join(claims, claims.c.id == c.claim_id)
        .where(*_where(which, today, zone))
    )
    counts: dict[tuple[str, str, str], _Count] = {}
    types: dict[str, _Count] = {}
    total = _Count()
    for row in rows:
        age = age_of(business_date(row.opened_at, zone), today)
        for count in (
            counts.setdefault((row.type, row.team, age), _Count()),
            types.setdefault(row.type, _Count()),
            total,
        ):
            count.add(row.claim_id, row.charge_cents)
    order = [*(words for _, words in AGES), OLDEST]
    return HoldReport(
        [
            counts[key].kept(*key, billing)
            for key in sorted(counts, key=lambda key: (key[0], key[1], order.index(key[2])))
        ],
        [types[type_].kept(type_, "", "", billing) for type_ in sorted(types)],
        total.kept("", "", "", billing),
        billing,
    )


class _Count:
    """Holds that are counted, and the claims that they are on."""

    def __init__(self) -> None:
        self.holds = 0
        self.cents: dict[int, int] = {}

    def add(self, claim_id: int, cents: int) -> None:
        self.holds += 1
        self.cents[claim_id] = cents

    def kept(self, type_: str, team: str, age: str, billing: Billing) -> Kept:
        cents = sum(self.cents.values())
        days = round(cents / billing.daily_cents, 2) if billing.daily_cents > 0 else None
        return Kept(type_, team, age, self.holds, len(self.cents), cents, days)
