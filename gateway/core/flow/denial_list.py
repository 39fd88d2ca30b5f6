"""Denials as they stand: listed in the order in which they should be worked (hme-billing-rules 6.1), and one with all
that was done about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, literal, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import String

from ..model.money import to_dollars
from ..store import keyset
from ..store.denial_tables import WORKED, denial_acts, denial_cases, write_offs
from ..store.keyset import Key
from ..store.tables import claim_lines, claims, denials, work_items
from ..work.priority import BUCKETS, Bucket, bucket_of, in_bucket, rank
from .denial_acts import Letter

STATUSES = ("new", "in progress", "resubmitted", "reopening", "appealed", "paid", "written off", "patient", "closed")
WAITS_FOR = ("sending", "approval")


class Which(NamedTuple):
    """Which denials; empty takes all that are not over. `everything`: those that are over as well. `code`: the HCPCS of
    the line; `first` and `last`: days on which it came; `least` and `most`: cents; `waits_for`: `sending` (a
    letter that nobody has sent yet) or `approval` (a write-off that was asked for).
    `counted`: without those that the payer itself took back."""

    status: str = ""
    team: str = ""
    payer: str = ""
    reason: str = ""
    category: str = ""
    assignee: str = ""
    claim_id: int | None = None
    bucket: Bucket | None = None
    everything: bool = False
    remark: str = ""
    code: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    least: int | None = None
    most: int | None = None
    unassigned: bool = False
    waits_for: str = ""
    counted: bool = False


class Listed(NamedTuple):
    """A denial for a list. `status` as people say it (`in progress` where somebody has it); `by` is the date that costs
    money first."""

    id: int
    claim_id: int
    claim: str
    status: str
    assignee: str
    bucket: Bucket
    by: dt.date | None
    cents: int
    team: str
    work_by: dt.date | None
    late: bool
    way: str
    level: int
    appeal_by: dt.date | None
    reopen_by: dt.date | None
    refile_by: dt.date | None
    payer_id: str
    code: str
    line: int
    group: str
    reason: str
    remark: str
    category: str
    received_on: dt.date | None
    recovered_cents: int
    ended_on: dt.date | None
    opened_at: dt.datetime
    payer: str = ""
    item_id: int = 0
    follow_up: dt.date | None = None


ITEM_KEY = literal("denial:") + sql_cast(denials.c.id, String)
"""The key of a denial's work item, in SQL."""


def told_of() -> Select[Any]:
    d, case, item = denials.c, denial_cases.c, work_items.c
    return (
        select(
            *(d.id, d.claim_id, d.line_id, d.group_code, d.reason_code, d.remark_code, d.category, d.cents, d.state),
            *(d.opened_at, d.claim_payment_id),
            *(case.status, case.way, case.level, case.appeal_by, case.reopen_by, case.payer_id, case.filing_code),
            *(case.code, case.received_on, case.noticed_on, case.recovered_cents, case.ended_on),
            *(item.id.label("item_id"), item.assignee, item.work_by, item.refile_by, item.priority_date),
            *(item.touched_at, item.team.label("item_team"), item.state.label("item_state"), item.reason),
            item.follow_up,
            claims.c.source_claim_number,
            claims.c.payer_name,
            claim_lines.c.number.label("line"),
        )
        .join(denial_cases, case.denial_id == d.id)
        .join(claims, claims.c.id == d.claim_id)
        .outerjoin(claim_lines, claim_lines.c.id == d.line_id)
        .outerjoin(work_items, item.key == ITEM_KEY)
    )


PLACE = (dt.date, int, int, dt.datetime, int)
"""What tells a place in the list: the day of its order, and the values of `_order`."""


def _order(today: dt.date) -> tuple[Key, ...]:
    d = denials.c
    return (Key(rank(today)), Key(d.cents, descending=True), Key(d.opened_at, dt.datetime), Key(d.id))


def place(one: Listed, today: dt.date) -> tuple[Any, ...]:
    """Where a denial stands in the list of a day."""
    return (today, BUCKETS.index(one.bucket), one.cents, one.opened_at, one.id)


def listed(
    connection: Connection,
    which: Which,
    today: dt.date,
    *,
    limit: int | None = 100,
    behind: Sequence[Any] | None = None,
) -> list[Listed]:
    """Denials: by how near the date is that costs money, then the most dollars first, then the oldest. `behind`: those
    after a place of the list; pages of one walk keep the day on which it began."""
    if behind is not None:
        today, *rest = behind
    order = _order(today)
    statement = told_of().where(*where(which, today)).order_by(*keyset.order(order))
    if behind is not None:
        statement = statement.where(keyset.behind(order, rest))
    return [listed_of(row, today) for row in connection.execute(statement.limit(limit) if limit else statement)]


def where(which: Which, today: dt.date) -> Iterator[ColumnElement[bool]]:
    d, case, item = denials.c, denial_cases.c, work_items.c
    if which.status == "in progress":
        yield case.status == "new"
        yield item.assignee != ""
    elif which.status:
        yield case.status == which.status
        if which.status == "new":
            yield item.assignee == ""
    elif not which.everything:
        yield case.status.in_(WORKED)
    wanted = (
        (item.team, which.team),
        (case.payer_id, which.payer),
        (d.reason_code, which.reason),
        (d.category, which.category),
        (item.assignee, which.assignee),
        (d.claim_id, which.claim_id),
        (d.remark_code, which.remark),
        (case.code, which.code),
    )
    for column, value in wanted:
        if value:
            yield column == value
    if which.counted:
        yield d.state != "reversed"
    if which.unassigned:
        yield item.assignee == ""
    for column, first, last in ((case.received_on, which.first, which.last), (d.cents, which.least, which.most)):
        if first is not None:
            yield column >= first
        if last is not None:
            yield column <= last
    if which.waits_for:
        yield exists(_WAITING[which.waits_for])
    if which.bucket is not None:
        yield in_bucket(which.bucket, today)


def _sent_later() -> Any:
    made, sent = denial_acts.alias("made"), denial_acts.alias("sent")
    said = select(sent.c.id).where(sent.c.key == literal("sent:") + sql_cast(made.c.id, String))
    later = denial_acts.alias("later")
    newer = select(later.c.id).where(
        later.c.denial_id == made.c.denial_id, later.c.sha256 != "", later.c.id > made.c.id
    )
    return select(made.c.id).where(
        made.c.denial_id == denial_cases.c.denial_id,
        denial_cases.c.status.in_(("appealed", "reopening")),
        made.c.sha256 != "",
        ~exists(said),
        ~exists(newer),
    )


_WAITING: dict[str, Any] = {
    "sending": _sent_later(),
    "approval": select(write_offs.c.id).where(
        write_offs.c.denial_id == denial_cases.c.denial_id, write_offs.c.state == "asked"
    ),
}


def listed_of(row: Any, today: dt.date) -> Listed:
    open_item = row.item_state == "open"
    return Listed(
        id=row.id,
        claim_id=row.claim_id,
        claim=row.source_claim_number,
        status="in progress" if row.status == "new" and row.assignee and open_item else row.status,
        assignee=row.assignee or "",
        bucket=bucket_of(row.priority_date, today),
        by=row.priority_date,
        cents=row.cents,
        team=row.item_team or "",
        work_by=row.work_by,
        late=open_item and row.work_by is not None and row.work_by < today and row.touched_at is None,
        way=row.way,
        level=row.level,
        appeal_by=row.appeal_by,
        reopen_by=row.reopen_by,
        refile_by=row.refile_by,
        payer_id=row.payer_id,
        code=row.code,
        line=row.line or 0,
        group=row.group_code,
        reason=row.reason_code,
        remark=row.remark_code,
        category=row.category,
        received_on=row.received_on,
        recovered_cents=row.recovered_cents,
        ended_on=row.ended_on,
        payer=row.payer_name or row.payer_id,
        item_id=row.item_id or 0,
        follow_up=row.follow_up,
        opened_at=row.opened_at,
    )


class Told(NamedTuple):
    """One denial: as it stands, its reason in words, what was done about it, and its write-offs, oldest first."""

    denial: Listed
    reason: str
    item_id: int | None
    acts: list[dict[str, Any]]
    write_offs: list[dict[str, Any]]


def one(connection: Connection, denial_id: int, today: dt.date) -> Told | None:
    """A denial by its id; None where there is none."""
    row = connection.execute(told_of().where(denials.c.id == denial_id)).one_or_none()
    if row is None:
        return None
    return Told(
        listed_of(row, today),
        row.reason or "",
        row.item_id,
        _rows(connection, denial_acts, denial_id),
        _rows(connection, write_offs, denial_id),
    )


def _rows(connection: Connection, table: Any, denial_id: int) -> list[dict[str, Any]]:
    found = connection.execute(select(table).where(table.c.denial_id == denial_id).order_by(table.c.id))
    return [dict(row._mapping) for row in found]


def as_data(one: Listed) -> dict[str, Any]:
    """A denial for JSON: days as ISO, dollars as text with their decimals."""
    cents = {"dollars": str(to_dollars(one.cents)), "recovered": str(to_dollars(one.recovered_cents))}
    left = {name: plain(value) for name, value in one._asdict().items() if not name.endswith("cents")}
    return {**left, **cents}


def told_data(told: Told) -> dict[str, Any]:
    """One denial with all that was done, for JSON."""
    acts = [
        {name: plain(act[name]) for name in ("id", "at", "who", "verb", "level", "why", "outcome", "name")}
        for act in told.acts
    ]
    gone = [
        {
            **{name: plain(row[name]) for name in _WRITE_OFF},
            "dollars": str(to_dollars(row["cents"])),
        }
        for row in told.write_offs
    ]
    return {**as_data(told.denial), "why": told.reason, "item_id": told.item_id, "acts": acts, "write_offs": gone}


_WRITE_OFF = ("id", "state", "rule", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "decision")


def plain(value: Any) -> Any:
    """A value for JSON."""
    return value.isoformat() if isinstance(value, dt.date) else value


def last_letter(connection: Connection, denial_id: int) -> int:
    """The entry of a denial's history with its last letter; 0 where there is none."""
    statement = select(denial_acts.c.id).where(denial_acts.c.denial_id == denial_id, denial_acts.c.sha256 != "")
    return connection.execute(statement.order_by(denial_acts.c.id.desc()).limit(1)).scalar_one_or_none() or 0


def letter(connection: Connection, act_id: int) -> Letter | None:
    """The letter of an entry; None where it has none."""
    row = connection.execute(select(denial_acts).where(denial_acts.c.id == act_id)).one_or_none()
    return Letter(row.sha256, row.name) if row is not None and row.sha256 else None


def letter_of(connection: Connection, denial_id: int, act_id: int) -> Letter | None:
    """The letter of an entry of this denial's history; None where it has none."""
    row = connection.execute(
        select(denial_acts).where(denial_acts.c.id == act_id, denial_acts.c.denial_id == denial_id)
    ).one_or_none()
    return Letter(row.sha256, row.name) if row is not None and row.sha256 else None


def of_item(connection: Connection, item_id: int) -> int:
    """The denial that a work item is about, or its write-off that waits for approval; 0 where it is about none."""
    key = connection.execute(select(work_items.c.key).where(work_items.c.id == item_id)).scalar() or ""
    name, _, number = key.partition(":")
    if not number.isdigit():
        return 0
    column = {
        "denial": select(denial_cases.c.denial_id).where(denial_cases.c.denial_id == int(number)),
        "write_off": select(write_offs.c.denial_id).where(write_offs.c.id == int(number)),
    }.get(name)
    return (connection.execute(column).scalar() or 0) if column is not None else 0
