"""A claim that a source sends again under its number ends what waited for it: the one that could not be read, or was
rejected, is answered by the new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Connection, select

from ..store import claims as claim_store
from ..store import timeline
from ..store.tables import work_items
from ..work.items import close_items

_ENDED = ("faulty_claim", "rejection")
"""Kinds of items that the new claim answers."""


def end_what_waited(connection: Connection, source: str, came: Mapping[str, int], before: int, now: dt.datetime) -> int:
    """Close the items of earlier claims (older than the id `before`) whose number has come again. `came`: the new
    claims by number. Returns how many."""
    earlier = claim_store.waiting_for_another(connection, source, came, before)
    if not earlier:
        return 0
    new_of = {claim_id: came[number] for number, claim_id in earlier}
    keys: dict[int, list[str]] = {}
    for some in claim_store.bulks(sorted(new_of)):
        rows = connection.execute(
            select(work_items.c.key, work_items.c.claim_id).where(
                work_items.c.claim_id.in_(some), work_items.c.state == "open", work_items.c.kind.in_(_ENDED)
            )
        )
        for row in rows:
            keys.setdefault(row.claim_id, []).append(row.key)
    closed = 0
    entries = []
    for claim_id, several in sorted(keys.items()):
        words = f"The source has sent it again, as claim {new_of[claim_id]} in our books."
        closed += close_items(connection, several, words, now)
        entries.append(timeline.Entry("claim", claim_id, "work", words))
    timeline.add(connection, entries, now)
    return closed
