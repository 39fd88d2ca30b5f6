"""Queues: open work items in the order in which they should be worked, a page at a time; and what waits in all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, literal, literal_column, or_, select

from ..model.money import to_dollars
from ..store.keyset import BadCursor
from ..store.tables import claims, work_items
from . import cursors, touches
from .orders import Order, Sort, behind, sorting, sorts
from .priority import BUCKETS, Bucket, bucket_of, in_bucket

__all__ = [
    "BadCursor", "Counted", "Item", "Order", "Page", "Told", "Waiting", "Wanted",
    "counted", "ids", "item_data", "one", "page", "summary", "touch_data",
]  # fmt: skip

PAGE = 100
MOST = 1000
_OPEN = work_items.c.state == literal_column("'open'")
"""Said in letters, so that indexes of what is open are used."""


class Wanted(NamedTuple):
    """Which items; empty takes all. `kinds`: of one of these (a worklist's). `assignee`: a person's; `unassigned`:
    nobody's. `for_today`: not those whose follow-up date is still to come; `follow_up_due`: only those whose date has
    come. `least` and `most` are cents. `snoozed`: with those that rest."""

    team: str = ""
    kind: str = ""
    assignee: str = ""
    unassigned: bool = False
    payer: str = ""
    rule: str = ""
    bucket: Bucket | None = None
    for_today: bool = False
    follow_up_due: bool = False
    least: int | None = None
    most: int | None = None
    claim_id: int | None = None
    snoozed: bool = False
    kinds: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it down."""
        return self._replace(snoozed=False) == Wanted()


class Item(NamedTuple):
    """A work item as it stands in a queue. `late`: it should have been worked, and nobody has (6.1)."""

    id: int
    kind: str
    bucket: Bucket
    team: str
    assignee: str
    cents: int
    priority_date: dt.date | None
    refile_by: dt.date | None
    appeal_by: dt.date | None
    deadline: dt.date | None
    work_by: dt.date | None
    late: bool
    follow_up: dt.date | None
    snoozed_until: dt.date | None
    claim_id: int | None
    claim: str
    payer_id: str
    payer_name: str
    partner: str
    rule: str
    reason: str
    state: str
    outcome: str
    opened_at: dt.datetime
    touched_at: dt.datetime | None


class Page(NamedTuple):
    """Items, and where the next page begins (empty: there is none)."""

    items: list[Item]
    after: str


def page(
    connection: Connection,
    wanted: Wanted,
    today: dt.date,
    *,
    limit: int = PAGE,
    after: str = "",
    order: Order = Order.URGENT,
) -> Page:
    """Open items: by how near the date is that costs money, then the most dollars first, then the oldest; or in another
    order.

    `after` is where the last page ended; pages of one walk keep the day on which it began.

    Raises:
        BadCursor: `after` is none.
    """
    started = cursors.read(after, order.value, lambda day: sorts(order, day)) if after else None
    day = started.today if started is not None else today
    sorted_by = sorts(order, day)
    rows: list[Any] = []
    for part in _parts(wanted, order, sorted_by, started):
        rows += _rows(connection, part, day, limit + 1 - len(rows))
        if len(rows) > limit:
            break
    items = [_item(row, today) for row in rows[:limit]]
    return Page(items, cursors.written(day, order.value, sorted_by, rows[limit - 1]) if len(rows) > limit else "")


class _Part(NamedTuple):
    """Items that all come before those of the next part: what they are sorted by, behind which of them to begin, and
    the place of their bucket, where they are of one."""

    wanted: Wanted
    sorted_by: Sequence[Sort]
    behind: Sequence[Any] | None
    place: int | None = None


def _parts(wanted: Wanted, order: Order, sorted_by: Sequence[Sort], started: cursors.Place | None) -> Iterator[_Part]:
    """What is asked for, cut so that of what is urgent only those buckets are looked at that are shown."""
    values = started.values if started is not None else None
    if order is not Order.URGENT or wanted.assignee or wanted.claim_id:  # or few enough to look at all of them
        yield _Part(wanted, sorted_by, values)
        return
    first = values[0] if values is not None else 0
    for place, bucket in enumerate(BUCKETS):
        if place >= first and wanted.bucket in (None, bucket):
            rest = values[1:] if values is not None and place == first else None
            yield _Part(wanted._replace(bucket=bucket), sorted_by[1:], rest, place)


def _rows(connection: Connection, part: _Part, day: dt.date, limit: int) -> Sequence[Any]:
    """The first items of a part."""
    # Their ids first, and what is shown of them afterwards: what is looked through and sorted is small.
    keys = [one.key.column.label(one.name) for one in part.sorted_by if one.name != "id"]
    statement = select(work_items.c.id, *keys).where(*_where(part.wanted, day))
    if part.behind is not None:
        statement = statement.where(behind(part.sorted_by, part.behind))
    found = statement.order_by(*sorting(part.sorted_by)).limit(limit).subquery()
    again = [one._replace(key=one.key._replace(column=found.c[one.name])) for one in part.sorted_by]
    others = [found.c[one.name] for one in part.sorted_by if one.name not in work_items.c]
    if part.place is not None:
        others.append(literal(part.place).label("place"))
    return connection.execute(
        select(work_items, claims.c.source_claim_number, claims.c.payer_name, *others)
        .join(found, found.c.id == work_items.c.id)
        .outerjoin(claims, claims.c.id == work_items.c.claim_id)
        .order_by(*sorting(again))
    ).all()


def ids(connection: Connection, wanted: Wanted, today: dt.date, *, limit: int) -> list[int]:
    """The ids of all that a filter takes, in the order of the queue."""
    statement = select(work_items.c.id).where(*_where(wanted, today))
    in_order = statement.order_by(*sorting(sorts(Order.URGENT, today)))
    return list(connection.execute(in_order.limit(limit)).scalars())


class Counted(NamedTuple):
    """How many items, and the cents at stake."""

    items: int
    cents: int


def counted(connection: Connection, wanted: Wanted, today: dt.date) -> Counted:
    """What a filter takes, in all."""
    statement = select(func.count(), func.sum(work_items.c.cents)).where(*_where(wanted, today))
    items, cents = connection.execute(statement).one()
    return Counted(int(items), int(cents or 0))


class Waiting(NamedTuple):
    """What waits for a team, of one kind. `overdue`: past the date that costs money; `late`: past the day it should
    have been worked, and not touched; `unassigned`: nobody has it; `resting`: put off to a later day."""

    team: str
    kind: str
    items: int
    cents: int
    overdue: int
    late: int
    unassigned: int
    resting: int


def summary(connection: Connection, today: dt.date) -> list[Waiting]:
    """Open items by team and kind, those that rest among them."""
    c = work_items.c

    def count(*where: ColumnElement[bool]) -> Any:
        return func.count().filter(*where)

    rows = connection.execute(
        select(
            c.team,
            c.kind,
            func.count(),
            func.sum(c.cents),
            count(c.priority_date < today),
            count(c.work_by < today, c.touched_at.is_(None)),
            count(c.assignee == ""),
            count(c.snoozed_until > today),
        )
        .where(c.state == "open")
        .group_by(c.team, c.kind)
        .order_by(c.team, c.kind)
    )
    return [Waiting(team, kind, items, int(cents or 0), *more) for team, kind, items, cents, *more in rows]


class Told(NamedTuple):
    """One item with everything that people did about it, oldest first."""

    item: Item
    touches: list[dict[str, Any]]


def one(connection: Connection, item_id: int, today: dt.date) -> Told | None:
    """An item by its id, open or closed; None where there is none."""
    row = connection.execute(
        select(work_items, claims.c.source_claim_number, claims.c.payer_name)
        .outerjoin(claims, claims.c.id == work_items.c.claim_id)
        .where(work_items.c.id == item_id)
    ).one_or_none()
    return Told(_item(row, today), touches.of(connection, item_id)) if row is not None else None


def _where(wanted: Wanted, today: dt.date) -> list[ColumnElement[bool]]:
    c = work_items.c
    # In the second words it finds the index of the few that somebody has, and not that of all that are open.
    where = [c.state != "closed", c.assignee != ""] if wanted.assignee else [_OPEN]
    for column, value in (
        (c.team, wanted.team),
        (c.kind, wanted.kind),
        (c.assignee, wanted.assignee),
        (c.payer_id, wanted.payer),
        (c.rule, wanted.rule),
        (c.claim_id, wanted.claim_id),
    ):
        if value:
            where.append(column == value)
    if wanted.kinds:
        where.append(c.kind.in_(wanted.kinds))
    if wanted.unassigned:
        where.append(c.assignee == "")
    if wanted.bucket is not None:
        where.append(in_bucket(wanted.bucket, today))
    if wanted.for_today:
        where.append(or_(c.follow_up.is_(None), c.follow_up <= today))
    if wanted.follow_up_due:
        where.append(c.follow_up <= today)
    if wanted.least is not None:
        where.append(c.cents >= wanted.least)
    if wanted.most is not None:
        where.append(c.cents <= wanted.most)
    if not wanted.snoozed:
        where.append(or_(c.snoozed_until.is_(None), c.snoozed_until <= today))
    return where


def _item(row: Any, today: dt.date) -> Item:
    return Item(
        id=row.id,
        kind=row.kind,
        bucket=bucket_of(row.priority_date, today),
        team=row.team,
        assignee=row.assignee,
        cents=row.cents,
        priority_date=row.priority_date,
        refile_by=row.refile_by,
        appeal_by=row.appeal_by,
        deadline=row.deadline,
        work_by=row.work_by,
        late=row.state == "open" and row.work_by is not None and row.work_by < today and row.touched_at is None,
        follow_up=row.follow_up,
        snoozed_until=row.snoozed_until,
        claim_id=row.claim_id,
        claim=row.source_claim_number or "",
        payer_id=row.payer_id,
        payer_name=row.payer_name or "",
        partner=row.partner,
        rule=row.rule,
        reason=row.reason,
        state=row.state,
        outcome=row.outcome,
        opened_at=row.opened_at,
        touched_at=row.touched_at,
    )


# --- for JSON --------------------------------------------------------------------------------------


def item_data(item: Item) -> dict[str, Any]:
    """An item for JSON: days and moments as ISO, dollars as text with their decimals."""
    data = {name: _plain(value) for name, value in item._asdict().items() if name != "cents"}
    return {**data, "dollars": str(to_dollars(item.cents))}


def touch_data(touch: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody did, for JSON."""
    names = ("at", "who", "verb", "action", "note", "follow_up")
    return {name: _plain(touch[name]) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
