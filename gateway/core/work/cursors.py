"""Where a page of a queue ends, as a word that the next page is asked for with: it keeps the day on which the walk
began, by which the queue is sorted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..store import keyset
from ..store.keyset import BadCursor
from .orders import Sort
from .priority import BUCKETS

_ANY_DAY = dt.date(2000, 1, 1)


class Place(NamedTuple):
    """The last item of a page, by what the queue is sorted by, and the day on which the walk began."""

    today: dt.date
    values: list[Any]


def written(today: dt.date, name: str, several: Sequence[Sort], row: Any) -> str:
    """Where a page ends, as a word. `name`: of the queue and its order; `several`: what it is sorted by; `row`: its
    last."""
    return keyset.written(name, [today, *(getattr(row, one.name) for one in several)])


def read(text: str, name: str, sorts_of: Callable[[dt.date], Sequence[Sort]]) -> Place:
    """What such a word says, of a queue of this name. `sorts_of`: what it is sorted by on a day.

    Raises:
        BadCursor: it is none of ours, or of another queue.
    """
    several = sorts_of(_ANY_DAY)
    today, *values = keyset.read(name, text, [dt.date, *(one.key.of for one in several)])
    named = dict(zip((one.name for one in several), values, strict=True))
    if today is None or None in values or not 0 <= named.get("place", 0) < len(BUCKETS):
        raise BadCursor
    return Place(today, values)
