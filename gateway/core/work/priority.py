"""The order of a queue (hme-billing-rules 6.1): how near the date is that costs money, then dollars, then age."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

from ..store.tables import work_items


class Bucket(enum.StrEnum):
    """How near the date is that costs money; the words are those of commands and API."""

    OVERDUE = "overdue"
    WEEK = "7"
    FORTNIGHT = "14"
    MONTH = "30"
    LATER = "later"


REFILED = frozenset(
    {"hold", "plugin_failure", "duplicate_claim", "faulty_claim", "rejection", "denial", "claim_review", "follow_up"}
)
"""Kinds of items whose claim must still reach the payer in time."""
BUCKETS = tuple(Bucket)
_DAYS = (7, 14, 30)


def priority_date(
    deadline: dt.date | None,
    refile_by: dt.date | None,
    appeal_by: dt.date | None,
    *,
    work_by: dt.date | None,
    kind: str,
) -> dt.date | None:
    """The earliest of the dates that cost money. Kinds of items that have none of them by their nature (a stopped line,
    a payment that is not posted) go by the day on which they should be worked, or they would stand behind every
    claim."""
    dates = [one for one in (deadline, refile_by, appeal_by) if one is not None]
    if dates:
        return min(dates)
    return None if kind in REFILED else work_by


def bucket_of(date: dt.date | None, today: dt.date) -> Bucket:
    """The bucket of a priority date; what has none is for later."""
    if date is None:
        return Bucket.LATER
    if date < today:
        return Bucket.OVERDUE
    left = (date - today).days
    return next((BUCKETS[1 + at] for at, days in enumerate(_DAYS) if left <= days), Bucket.LATER)


def rank(today: dt.date) -> ColumnElement[int]:
    """The place of an item's bucket in BUCKETS, in SQL."""
    date = work_items.c.priority_date
    limits = [(date <= today + dt.timedelta(days=days), 1 + at) for at, days in enumerate(_DAYS)]
    return case((date.is_(None), len(BUCKETS) - 1), (date < today, 0), *limits, else_=len(BUCKETS) - 1)


def in_bucket(bucket: Bucket, today: dt.date) -> ColumnElement[Any]:
    """The items of a bucket, in SQL: the same as `rank`, said so that an index of dates can be used."""
    date = work_items.c.priority_date
    if bucket is Bucket.OVERDUE:
        return date < today
    at = BUCKETS.index(bucket)
    first = today + dt.timedelta(days=_DAYS[at - 2] + 1) if at > 1 else today
    if bucket is Bucket.LATER:
        return or_(date >= first, date.is_(None))
    return and_(date >= first, date <= today + dt.timedelta(days=_DAYS[at - 1]))
