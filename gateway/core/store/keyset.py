"""Pages of a list that stay in place while rows are added: the next page begins behind the last row of this one.

Where a page ends is told as a word (the cursor) that says nothing to whoever is given it.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, false, or_

_LONGEST = 2000
_MOST = 1 << 62


class BadCursor(ValueError):
    """Where a page shall begin is none of our own."""

    def __init__(self) -> None:
        super().__init__("The page that is asked for is none of ours; begin again without it.")


class Key(NamedTuple):
    """A column by which a list is ordered. `of`: int, str, dt.date or dt.datetime; `nullable`: it may be empty, and
    what is empty comes last."""

    column: Any
    of: type = int
    descending: bool = False
    nullable: bool = False


def order(keys: Sequence[Key]) -> list[Any]:
    """The order of a list, for SQL; the last key tells all rows apart."""
    found: list[Any] = []
    for key in keys:
        if key.nullable:
            found.append(key.column.is_(None))
        found.append(key.column.desc() if key.descending else key.column)
    return found


def behind(keys: Sequence[Key], place: Sequence[Any]) -> ColumnElement[bool]:
    """What comes after a row in this order. `place`: the values of the row, in the order of the keys."""
    found: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, value in zip(keys, place, strict=True):
        found.append(and_(*same, _after(key, value)))
        same.append(key.column.is_(None) if value is None else key.column == value)
    return or_(*found)


def _after(key: Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()
    later: ColumnElement[bool] = key.column < value if key.descending else key.column > value
    return or_(later, key.column.is_(None)) if key.nullable else later


def written(name: str, place: Sequence[Any]) -> str:
    """Where a page of a list ends, as a word; `place`: the values of its last row, dates and moments among them."""
    text = json.dumps([name, *(_put(value) for value in place)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(name: str, text: str, kinds: Sequence[type]) -> list[Any]:
    """What such a word says: as many values as there are `kinds`, each of its kind, or None.

    Raises:
        BadCursor: it is none of ours, or of another list.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        head, *rest = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if head != name or len(rest) != len(kinds):
            raise ValueError
        return [_take(value, kind) for value, kind in zip(rest, kinds, strict=True)]
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError, OverflowError) as error:
        raise BadCursor from error


def _put(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _take(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _MOST:
            raise ValueError
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    value.encode()  # half a pair of surrogates is no letter
    if kind is str:
        return value
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    at = dt.datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(dt.UTC)
