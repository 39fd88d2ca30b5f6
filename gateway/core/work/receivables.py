"""The follow-up of what payers owe (back office: A/R management): open items whose payer has not spoken or that wait
for the next step, by payer and by age; the order is the queue's: timely filing first, then the most dollars."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, literal_column, or_, select

from ..store.inquiry_tables import inquiries
from ..store.tables import claims, work_items
from . import cursors
from .orders import behind, sorting, urgent
from .priority import Bucket, bucket_of, in_bucket

KINDS = ("follow_up", "overdue_ack", "next_payer", "underpayment")
"""Kinds of items that are followed up with a payer: silence, an answer that has not come, the next payer to be billed,
a payment below what is allowed."""
AGES = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
OLDEST, NO_DATE = "over 120", "no date"
EVERY_AGE = (*(words for _, words in AGES), OLDEST, NO_DATE)
"""Days since the service, as A/R ages (hme-billing-rules 10)."""
DUE, LATER, NONE = "due", "later", "none"
MOST = 1000


_OPEN = work_items.c.state == literal_column("'open'")
# In these words it finds the index of what is open.


class Wanted(NamedTuple):
    """Which items; empty takes all. `age`: one of EVERY_AGE; `next_date`: `due` (it has come), `later`, or `none`
    (nobody has set one)."""

    kind: str = ""
    team: str = ""
    payer: str = ""
    age: str = ""
    next_date: str = ""
    assignee: str = ""
    unassigned: bool = False
    bucket: Bucket | None = None
    snoozed: bool = False


class Owed(NamedTuple):
    """An item of the follow-up, its claim, and what the payer was last asked and answered."""

    id: int
    kind: str
    claim_id: int | None
    claim: str
    payer_id: str
    payer: str
    cents: int
    age: str
    days: int | None
    bucket: Bucket
    file_by: dt.date | None
    follow_up: dt.date | None
    late: bool
    team: str
    assignee: str
    reason: str
    asked_on: dt.date | None = None
    answer: str = ""


class Page(NamedTuple):
    """Items, and where the next page begins (empty: there is none)."""

    items: list[Owed]
    after: str


class Total(NamedTuple):
    """Open items of a payer and an age."""

    payer_id: str
    age: str
    items: int
    cents: int


def _age(today: dt.date) -> ColumnElement[str]:
    young = [(claims.c.from_date >= today - dt.timedelta(days=most), words) for most, words in AGES]
    return case((claims.c.from_date.is_(None), NO_DATE), *young, else_=OLDEST)


def _where(wanted: Wanted, today: dt.date) -> list[ColumnElement[bool]]:
    c = work_items.c
    where = [_OPEN, c.kind == wanted.kind if wanted.kind in KINDS else c.kind.in_(KINDS)]
    for column, value in ((c.team, wanted.team), (c.payer_id, wanted.payer), (c.assignee, wanted.assignee)):
        if value:
            where.append(column == value)
    if wanted.age:
        where.append(_age(today) == wanted.age)
    if wanted.next_date == DUE:
        where.append(c.follow_up <= today)
    elif wanted.next_date == LATER:
        where.append(c.follow_up > today)
    elif wanted.next_date == NONE:
        where.append(c.follow_up.is_(None))
    if wanted.unassigned:
        where.append(c.assignee == "")
    if wanted.bucket is not None:
        where.append(in_bucket(wanted.bucket, today))
    if not wanted.snoozed:
        where.append(or_(c.snoozed_until.is_(None), c.snoozed_until <= today))
    return where


_NAME = "follow-up"


def page(connection: Connection, wanted: Wanted, today: dt.date, *, limit: int = 100, after: str = "") -> Page:
    """A page of the follow-up. `after` is where the last page ended.

    Raises:
        BadCursor: `after` is none.
    """
    started = cursors.read(after, _NAME, urgent) if after else None
    day = started.today if started is not None else today
    c, sorted_by = work_items.c, urgent(day)
    place = sorted_by[0].key.column.label("place")
    order = sorting(sorted_by[1:])
    narrowed = select(c.id, place).where(*_where(wanted, day)).order_by(place, *order).limit(limit + 1)
    if wanted.age:
        narrowed = narrowed.outerjoin(claims, claims.c.id == c.claim_id)
    if started is not None:
        narrowed = narrowed.where(behind(sorted_by, started.values))
    # The page first, its claims afterwards: what is sorted is small.
    found = narrowed.subquery()
    rows = connection.execute(
        select(work_items, found.c.place, claims.c.source_claim_number, claims.c.payer_name, claims.c.from_date)
        .join(found, found.c.id == c.id)
        .outerjoin(claims, claims.c.id == c.claim_id)
        .order_by(found.c.place, *order)
    ).all()
    asked = _asked(connection, [row.claim_id for row in rows[:limit] if row.claim_id is not None])
    items = [_owed(row, today, asked.get(row.claim_id or 0)) for row in rows[:limit]]
    return Page(items, cursors.written(day, _NAME, sorted_by, rows[limit - 1]) if len(rows) > limit else "")


def _owed(row: Any, today: dt.date, asked: Any) -> Owed:
    days = (today - row.from_date).days if row.from_date is not None else None
    age = NO_DATE if days is None else next((words for most, words in AGES if days <= most), OLDEST)
    answer = ""
    if asked is not None:
        answer = asked.told if asked.answered_at is not None else "No answer yet."
    return Owed(
        row.id, row.kind, row.claim_id, row.source_claim_number or "", row.payer_id, row.payer_name or row.payer_id,
        row.cents, age, days, bucket_of(row.priority_date, today), row.refile_by, row.follow_up,
        row.work_by is not None and row.work_by < today and row.touched_at is None, row.team, row.assignee, row.reason,
        asked.asked_on if asked is not None else None, answer,
    )  # fmt: skip


def _asked(connection: Connection, claim_ids: list[int]) -> dict[int, Any]:
    """The last inquiry about each of these claims."""
    last = select(func.max(inquiries.c.id)).where(inquiries.c.claim_id.in_(claim_ids)).group_by(inquiries.c.claim_id)
    rows = connection.execute(
        select(inquiries.c.claim_id, inquiries.c.asked_on, inquiries.c.answered_at, inquiries.c.told).where(
            inquiries.c.id.in_(last)
        )
    )
    return {row.claim_id: row for row in rows}


def totals(connection: Connection, today: dt.date) -> list[Total]:
    """What is open, by payer and age: those that rest among them."""
    c, age = work_items.c, _age(today).label("age")
    rows = connection.execute(
        select(c.payer_id, age, func.count(), func.sum(c.cents))
        .outerjoin(claims, claims.c.id == c.claim_id)
        .where(_OPEN, c.kind.in_(KINDS))
        .group_by(c.payer_id, age)
    )
    return [Total(payer, words, number, int(cents or 0)) for payer, words, number, cents in rows]


def claims_of(connection: Connection, ids: list[int]) -> dict[int, tuple[int, str]]:
    """The claim and the team of each of these items."""
    c = work_items.c
    rows = connection.execute(
        select(c.id, c.claim_id, c.team).where(c.id.in_(ids), c.claim_id.is_not(None), c.state == "open")
    )
    return {row.id: (row.claim_id, row.team) for row in rows}
