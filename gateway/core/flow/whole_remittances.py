"""What a person does about a remittance of which nothing is posted: let it post after all, or dismiss it.

One that pays the same money as another (key 1 of hme-billing-rules 5.2) and says something else waits until somebody
has compared the two. One that does not add up cannot be let post: the payer sends it again, or it is keyed in.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, select, update

from ..store import requests, timeline
from ..store.outbox import put_outbox
from ..store.tables import remittances
from ..work.items import close_items
from .again import Again, CannotBeDone, asked_before, needs_who_and_why, sentence
from .post_begin import REVIEW

DISMISSED = "dismissed"
STATION = "post"


def accept(connection: Connection, remittance_id: int, who: str, reason: str, now: dt.datetime) -> Again:
    """Let a remittance post that waits because another one pays the same money: it is a payment of its own.

    Raises:
        CannotBeDone: who or why is missing; there is none, or it does not wait for that.
    """
    needs_who_and_why(who, reason)
    row = _locked(connection, remittance_id)
    before = requests.find(connection, f"accept:{remittance_id}")
    if before is not None:
        return asked_before(before)
    if row.state != REVIEW:
        more = " What does not add up is never posted: ask the payer." if row.state == "exception" else ""
        raise CannotBeDone(f"Remittance {remittance_id} is {row.state}, and does not wait for a review.{more}")
    new = requests.NewRequest("accept", "remittance", remittance_id, f"accept:{remittance_id}", reason, who)
    request_id = requests.add(connection, new, now)
    requests.done(connection, request_id, "It is being posted.", now)
    payload = {"file_id": row.file_id, "accepted": [row.ordinal]}
    put_outbox(connection, "post", f"{row.file_id}:accept:{row.ordinal}", payload, now)
    _tell(connection, remittance_id, f"A payment of its own, and posted: {sentence(reason)}", who, now)
    return Again(request_id, remittance_id, True, "It is being posted.")


def dismiss(connection: Connection, remittance_id: int, who: str, reason: str, now: dt.datetime) -> str:
    """Say that a remittance of which nothing is posted never will be: it is a copy, or dealt with elsewhere. Returns
    what came of it; again, nothing happens.

    Raises:
        CannotBeDone: who or why is missing; there is none, or something of it is posted.
    """
    needs_who_and_why(who, reason)
    row = _locked(connection, remittance_id)
    if row.state == DISMISSED:
        return "It is dismissed already."
    if row.state not in ("exception", REVIEW) or requests.find(connection, f"accept:{remittance_id}") is not None:
        raise CannotBeDone(f"Remittance {remittance_id} is {row.state}, and does not wait. Nothing was changed.")
    words = f"Dismissed by {who}, nothing of it is posted: {sentence(reason)}"
    connection.execute(
        update(remittances)
        .where(remittances.c.id == remittance_id)
        .values(state=DISMISSED, exception_cents=0, reason=words[:1000])
    )
    close_items(connection, [f"remittance:{remittance_id}"], words[:1000], now, who=who)
    _tell(connection, remittance_id, words, who, now)
    return words


def _locked(connection: Connection, remittance_id: int) -> Any:
    row = connection.execute(
        select(remittances).where(remittances.c.id == remittance_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise CannotBeDone(f"There is no remittance {remittance_id}. See: gateway exceptions list")
    return row


def _tell(connection: Connection, remittance_id: int, words: str, who: str, now: dt.datetime) -> None:
    timeline.add(connection, [timeline.Entry("remittance", remittance_id, STATION, words, who=who[:80])], now)
