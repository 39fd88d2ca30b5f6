"""Holds end: a person releases one, or its date passes. A claim leaves when its last hold is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection, select, update

from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import timeline
from ..store.tables import claims, holds
from ..work.items import close_items

NO_PARTNER = "no-partner"
"""The rule of the hold on a claim whose payer no partner reaches."""
BY_ITSELF = "gateway"
"""Who released a hold whose date has passed."""


class NotHeld(Exception):
    """The hold is not there, or somebody has released it already."""


class HasName(Protocol):
    """A partner, as far as a release asks."""

    @property
    def name(self) -> str: ...


def release_hold(
    connection: Connection,
    hold_id: int,
    who: str,
    reason: str,
    now: dt.datetime,
    partner_for: Callable[[str], HasName | None] | None = None,
) -> ClaimState:
    """Release one hold; the claim becomes ready when none is left. Returns where the claim stands then.

    A claim that has been cancelled meanwhile stays what it is. `partner_for` (the configuration's) finds the partner
    of a claim whose payer no partner reached when it came in.

    Raises:
        NotHeld: there is no such open hold.
        ValueError: `who` or `reason` is empty (both stand on the timeline), or still no partner reaches the payer:
            released like that, the claim would never leave.
    """
    if not who.strip() or not reason.strip():
        raise ValueError("a release needs who did it and why")
    hold = connection.execute(
        select(holds.c.claim_id, holds.c.type, holds.c.rule).where(holds.c.id == hold_id)
    ).one_or_none()
    if hold is None:
        raise NotHeld(f"There is no hold {hold_id}.")
    # The claim's row first: two people who release its two last holds at once come one after the other.
    claim = claim_store.get(connection, hold.claim_id, lock=True)
    if hold.rule == NO_PARTNER and not claim.partner:
        partner = partner_for(claim.payer_id) if partner_for is not None else None
        if partner is None:
            raise ValueError(f"No partner reaches payer {claim.payer_id}; name it in a file of config/partners first.")
        connection.execute(update(claims).where(claims.c.id == claim.id).values(partner=partner.name))
    released = connection.execute(
        update(holds)
        .where(holds.c.id == hold_id, holds.c.released_at.is_(None))
        .values(released_at=now, released_by=who[:80], release_reason=reason[:500])
    ).rowcount
    if not released:
        raise NotHeld(f"Hold {hold_id} has been released before.")
    by_a_person = "" if who == BY_ITSELF else who
    close_items(connection, [f"hold:{hold_id}"], f"Released: {reason}"[:200], now, who=by_a_person)
    left = len(claim_store.open_holds(connection, claim.id))
    state = ClaimState(claim.state)
    moved = 0
    if not left and state is ClaimState.HELD:
        moved = claim_store.set_state(connection, [claim.id], ClaimState.READY, now, only_from=[ClaimState.HELD])
    if moved:
        state = ClaimState.READY
        after = "No hold is left: it goes with the next batch."
    elif left:
        after = f"{left} hold{'s' if left != 1 else ''} left."
    else:
        after = f"The claim stays {state.value}."
    what = f"{hold.type} hold released: {reason.strip().rstrip('.')}. {after}"
    timeline.add(connection, [timeline.Entry("claim", claim.id, "hold", what, who=who)], now)
    return state


def expire_holds(connection: Connection, today: dt.date, now: dt.datetime, *, limit: int = 1000) -> int:
    """Release the holds whose date has come (`expires` on or before `today`); returns how many."""
    due = connection.execute(
        select(holds.c.id, holds.c.expires)
        .where(holds.c.released_at.is_(None), holds.c.expires.is_not(None), holds.c.expires <= today)
        .order_by(holds.c.id)
        .limit(limit)
    ).all()
    for hold_id, expires in due:
        release_hold(connection, hold_id, BY_ITSELF, f"its date, {expires.isoformat()}, has come", now)
    return len(due)
