"""Where a page of a queue ends, as a word that the next page is asked for with."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..store.keyset import BadCursor
from .orders import Key
from .priority import BUCKETS


class Place(NamedTuple):
    """The last item of a page, by what the queue is sorted by, and the day on which the walk began."""

    today: dt.date
    values: list[Any]


def written(today: dt.date, name: str, several: Sequence[Key], row: Any) -> str:
    """Where a page ends, as a word. `name`: of the queue and its order; `several`: what it is sorted by; `row`: its
    last."""
    values = [getattr(row, key.name) for key in several]
    data = [today.isoformat(), name, *(one.isoformat() if isinstance(one, dt.date) else one for one in values)]
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode()


def read(text: str, name: str, keys_of: Callable[[dt.date], Sequence[Key]]) -> Place:
    """What such a word says, of a queue of this name. `keys_of`: what it is sorted by on a day.

    Raises:
        BadCursor: it is none of ours, or of another queue.
    """
    try:
        day, word, *given = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        today = dt.date.fromisoformat(day)
        several = keys_of(today)
        if word != name or len(given) != len(several):
            raise ValueError("of another queue")
        values = {key.name: key.read(value) for key, value in zip(several, given, strict=True)}
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as error:
        raise BadCursor from error
    if not 0 <= values.get("place", 0) < len(BUCKETS) or abs(values.get("cents", 0)) + abs(values["id"]) >= 1 << 62:
        raise BadCursor
    return Place(today, list(values.values()))
