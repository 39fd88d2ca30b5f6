"""Where a page of the queue ends, as a word that the next page is asked for with."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from ..store.keyset import BadCursor
from ..store.tables import work_items
from .priority import BUCKETS, rank


class Place(NamedTuple):
    """The last item of a page as the queue is ordered (`place`: of its bucket), and the day on which the walk began."""

    today: dt.date
    place: int
    cents: int
    opened_at: dt.datetime
    id: int


def written(today: dt.date, row: Any) -> str:
    """Where a page ends, as a word; `row` is its last."""
    data = [today.isoformat(), row.place, row.cents, row.opened_at.isoformat(), row.id]
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode()


def read(text: str) -> Place:
    """What such a word says.

    Raises:
        BadCursor: it is none of ours.
    """
    try:
        day, place, cents, opened, item = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        at = dt.datetime.fromisoformat(opened)
        found = Place(dt.date.fromisoformat(day), int(place), int(cents), at, int(item))
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError) as error:
        raise BadCursor from error
    if found.opened_at.tzinfo is None or not 0 <= found.place < len(BUCKETS) or abs(found.cents) + found.id >= 1 << 62:
        raise BadCursor
    return found


def behind(at: Place, today: dt.date) -> ColumnElement[bool]:
    """What comes after it in the order of the queue, in SQL."""
    c, place = work_items.c, rank(today)
    older = or_(c.opened_at > at.opened_at, and_(c.opened_at == at.opened_at, c.id > at.id))
    smaller = or_(c.cents < at.cents, and_(c.cents == at.cents, older))
    return or_(place > at.place, and_(place == at.place, smaller))
