"""A person closes a work item that they have dealt with. What clears by itself is not closed by hand."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection

from ..work import verbs
from ..work.verbs import CLEARS_BY
from .again import CannotBeDone, needs_who_and_why

__all__ = ["CLEARS_BY", "close_by_hand"]


def close_by_hand(connection: Connection, item_id: int, who: str, reason: str, now: dt.datetime) -> None:
    """Close an open work item; of a claim's, its timeline says so.

    Raises:
        CannotBeDone: who or why is missing, there is no such open item, or it is one that clears by itself.
    """
    needs_who_and_why(who, reason)
    (answer,) = verbs.close(connection, [item_id], who, now, reason)
    if not answer.done:
        raise CannotBeDone(f"{answer.what} Nothing was closed.")
