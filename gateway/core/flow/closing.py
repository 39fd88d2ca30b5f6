"""A person closes a work item that they have dealt with. What clears by itself is not closed by hand."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select

from ..store import timeline
from ..store.tables import work_items
from ..work.items import close_items
from .again import CannotBeDone, needs_who_and_why

CLEARS_BY = {
    "hold": "release the hold instead: gateway holds release",
    "plugin_failure": "release the hold instead, or replay the claim: gateway replay claim",
    "posting_exception": "replay the payment instead: gateway replay payment",
    "partner_stopped": "start the partner instead: gateway partner start",
}
"""Kinds of items that close when their cause is gone, and what ends it."""


def close_by_hand(connection: Connection, item_id: int, who: str, reason: str, now: dt.datetime) -> None:
    """Close an open work item; of a claim's, its timeline says so.

    Raises:
        CannotBeDone: who or why is missing, there is no such open item, or it is one that clears by itself.
    """
    needs_who_and_why(who, reason)
    row = connection.execute(select(work_items).where(work_items.c.id == item_id)).one_or_none()
    if row is None or row.state != "open":
        raise CannotBeDone(f"There is no open work item {item_id}. Nothing was closed.")
    if row.kind in CLEARS_BY and row.subject_kind != "plugin":
        raise CannotBeDone(f"Work item {item_id} is a {row.kind}: {CLEARS_BY[row.kind]}. Nothing was closed.")
    close_items(connection, [row.key], f"{reason.strip()} ({who})"[:200], now)
    if row.claim_id is not None:
        words = f"Work item {item_id} closed: {reason.strip()}"
        timeline.add(connection, [timeline.Entry("claim", row.claim_id, "work", words, who=who)], now)
