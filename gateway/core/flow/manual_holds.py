"""A person puts a hold on a claim that has not left yet: with a reason, a team, and the days it is due and ends."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import NoResultFound

from ..model.decision import HoldType
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import timeline
from ..store.ids import allocate
from ..store.tables import holds
from ..work.deadlines import Deadlines
from ..work.items import WorkItem, open_items
from ..work.verbs import NotDone, check_team

RULE = "manual"
"""The rule of a hold that a person has put."""

_WHY_NOT = {
    ClaimState.FAULTY: "it cannot be worked on, and does not leave",
    ClaimState.BATCHED: "it is in an interchange that is about to leave",
    ClaimState.REJECTED: "it was rejected, and stays until it is resubmitted",
    ClaimState.CANCELLED: "it was withdrawn",
}


class Held(NamedTuple):
    """What came of it. `new`: it was not there before."""

    hold_id: int
    new: bool


def add_hold(
    connection: Connection,
    claim_id: int,
    who: str,
    reason: str,
    now: dt.datetime,
    today: dt.date,
    deadlines: Deadlines,
    *,
    type_: HoldType = HoldType.MANUAL,
    team: str = "",
    due: dt.date | None = None,
    expires: dt.date | None = None,
) -> Held:
    """Hold a claim. The same hold by the same person that still stands is not put twice.

    `team` and `due` are those of the type where they are not said (table `hold_due`); on `expires` it falls away.

    Raises:
        NotDone: who or why is missing, there is no such claim, it has left, or a date or the team cannot be.
    """
    reason = reason.strip()
    if not who.strip() or not reason:
        raise NotDone("A hold needs who puts it and why.")
    if expires is not None and expires <= today:
        raise NotDone(f"It must end after today, {today:%m/%d/%Y}.")
    if due is not None and due < today:
        raise NotDone(f"It cannot be due before today, {today:%m/%d/%Y}.")
    if team:
        check_team(connection, team)
    try:
        # Who puts, releases or batches a claim locks its row: one comes after the other.
        claim = claim_store.get(connection, claim_id, lock=True)
    except NoResultFound:
        raise NotDone(f"There is no claim {claim_id}.") from None
    state = ClaimState(claim.state)
    if state not in (ClaimState.READY, ClaimState.HELD):
        raise NotDone(f"Claim {claim_id} cannot be held: {_WHY_NOT.get(state, f'it is {state} already')}.")
    known = connection.execute(
        select(holds.c.id).where(
            holds.c.claim_id == claim_id,
            holds.c.released_at.is_(None),
            holds.c.type == type_.value,
            holds.c.rule == RULE,
            holds.c.reason == reason[:1000],
            holds.c.opened_by == who[:80],
        )
    ).first()
    if known is not None:
        return Held(known.id, False)
    team = team or deadlines.hold_team(type_, today)
    due = due or min(deadlines.hold_due(type_, today), expires or dt.date.max)
    hold_id = allocate(connection, "holds", 1)
    connection.execute(
        insert(holds).values(
            id=hold_id, claim_id=claim_id, type=type_.value, rule=RULE, plugin="", reason=reason[:1000], team=team,
            line=0, due=due, expires=expires, opened_at=now, released_by="", release_reason="", station="",
            opened_by=who[:80],
        )
    )  # fmt: skip
    item = WorkItem(
        kind="hold", key=f"hold:{hold_id}", reason=f"{reason} ({who})"[:1000], team=team, subject_kind="claim",
        subject_id=claim_id, claim_id=claim_id, rule=RULE, cents=claim.charge_cents, work_by=due, deadline=expires,
        payer_id=claim.payer_id, partner=claim.partner,
    )  # fmt: skip
    open_items(connection, [item], now, deadlines)
    claim_store.set_state(connection, [claim_id], ClaimState.HELD, now, only_from=[ClaimState.READY])
    ends = f" It ends on {expires:%m/%d/%Y}." if expires is not None else ""
    words = f"{type_.value} hold put: {reason.rstrip('.')}.{ends}"
    timeline.add(connection, [timeline.Entry("claim", claim_id, "hold", words, who=who)], now)
    return Held(hold_id, True)
