"""Cancel: a person withdraws a claim that no payer has, for instance the second of two that came twice.

What waits about it ends, what it was charged is taken back, and whatever waited for it looks again: a duplicate that
now stands alone is released, and the patient's held claims are decided again.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, or_, select, update

from ..ledger import hand_overs
from ..ledger import transfers as ledger
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import patients, requests, timeline
from ..store.ids import allocate
from ..store.tables import claims, holds, transfers, work_items
from ..work.items import close_items
from . import hand_back
from .again import Again, CannotBeDone, asked_before, needs_who_and_why, sentence
from .commit_claims import DUPLICATE_CONTENT, DUPLICATE_NUMBER, NEXT_PAYERS
from .look_again import look_again
from .release import BY_ITSELF, release_hold
from .resubmit import locked_claim

VERB = "cancel"
_OPEN = (ClaimState.FAULTY, ClaimState.HELD, ClaimState.READY, ClaimState.REJECTED)
_WHY_NOT = {
    ClaimState.BATCHED: "it is in a batch that is about to leave; dissolve the batch first (gateway batches)",
    ClaimState.SENT: "it is with the partner, which has not answered yet; wait for its answer",
    ClaimState.ACKNOWLEDGED: "the clearinghouse has it; wait for the payer's answer, then void it (gateway claim void)",
    ClaimState.CANCELLED: "it was withdrawn before",
}
_WITH_THE_PAYER = "the payer has it; void it where the payer takes that (gateway claim void)"
_DONE = "The claim was cancelled."


def cancel(connection: Connection, claim_id: int, who: str, reason: str, now: dt.datetime, today: dt.date) -> Again:
    """Withdraw a claim. Asking twice does it once.

    Raises:
        CannotBeDone: who or why is missing, there is no such claim, a payer or partner has it, or something is posted
            on it.
    """
    needs_who_and_why(who, reason)
    number = _for_a_next_payer(connection, claim_id)
    if number:
        hand_back.lock(connection, [number])
    # The lock that commits of claims take as well: what they decide was decided without this claim, or is again.
    allocate(connection, "claims", 1)
    row = locked_claim(connection, claim_id)
    before = requests.find(connection, f"{VERB}:{claim_id}")
    if before is not None:
        return asked_before(before)
    state = ClaimState(row.state)
    if state not in _OPEN:
        raise CannotBeDone(f"Claim {row.claim_number} is {state.value}: {_WHY_NOT.get(state, _WITH_THE_PAYER)}.")
    ours = ("charge", hand_overs.TO_NEXT)
    posted = select(transfers.c.id).where(transfers.c.claim_id == claim_id, transfers.c.kind.not_in(ours)).limit(1)
    if connection.execute(posted).first() is not None:
        raise CannotBeDone(f"Something is posted on claim {row.claim_number}: it is not withdrawn. Correct it instead.")
    new = requests.NewRequest(VERB, "claim", claim_id, f"{VERB}:{claim_id}", reason, who, stood=row.version)
    request_id = requests.add(connection, new, now)
    back = _take_back(connection, row, today, request_id, now)
    connection.execute(
        update(holds)
        .where(holds.c.claim_id == claim_id, holds.c.released_at.is_(None))
        .values(released_at=now, released_by=who[:80], release_reason=_DONE)
    )
    keys = connection.execute(
        select(work_items.c.key).where(work_items.c.claim_id == claim_id, work_items.c.state == "open")
    ).scalars()
    close_items(connection, list(keys), _DONE, now, who=who)
    claim_store.set_state(connection, [claim_id], ClaimState.CANCELLED, now)
    handed = number and hand_back.settle(connection, [number], f"Claim {number} was withdrawn.", today, now)
    and_what = ", and what it was charged is taken back" if back else ""
    and_what = ", and what it asked for is with the claim before it again" if handed else and_what
    what = f"It is withdrawn{and_what}."
    requests.done(connection, request_id, what, now, stands=row.version + 1)
    entry = timeline.Entry("claim", claim_id, "cancel", f"Cancelled: {sentence(reason)} {what}", who=who)
    timeline.add(connection, [entry], now)
    _release_the_other(connection, row, now)
    if row.patient_id is not None:
        known = patients.final_ids(connection, [row.patient_id])
        patients.changed(connection, set(known.values()))
        look_again(connection, list(known.values()), f"Claim {claim_id} was cancelled", now)
    return Again(request_id, claim_id, True, what)


def _for_a_next_payer(connection: Connection, claim_id: int) -> str:
    """The number of a claim that was made for a next payer; empty for any other."""
    found = connection.execute(
        select(claims.c.source_claim_number).where(claims.c.id == claim_id, claims.c.source == NEXT_PAYERS)
    ).scalar_one_or_none()
    return str(found or "")


def _take_back(connection: Connection, row: Any, today: dt.date, request_id: int, now: dt.datetime) -> bool:
    """What the claim was charged is owed no more; whether it was charged anything."""
    lines = [(line.id, 0) for line in claim_store.lines_of(connection, [row.id])[row.id]]
    made = ledger.recharge_transfers(connection, row.id, lines, 0, today, "the claim was cancelled", f"x{request_id}")
    ledger.write(connection, made, now)
    return bool(made)


def _release_the_other(connection: Connection, row: Any, now: dt.datetime) -> None:
    """What came twice and stands alone now goes on: the holds of claims with this one's number or content, before
    which no other has it any more."""
    rows = connection.execute(
        select(holds.c.id, holds.c.rule, holds.c.claim_id, claims.c.source_claim_number, claims.c.content_hash)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(
            claims.c.source == row.source,
            or_(claims.c.source_claim_number == row.source_claim_number, claims.c.content_hash == row.content_hash),
            claims.c.state == ClaimState.HELD,
            holds.c.released_at.is_(None),
            holds.c.rule.in_((DUPLICATE_NUMBER, DUPLICATE_CONTENT)),
        )
        .order_by(holds.c.id)
    ).all()
    for one in rows:
        if one.rule == DUPLICATE_NUMBER:
            same = (claims.c.source_claim_number, one.source_claim_number, row.source_claim_number)
        else:
            same = (claims.c.content_hash, one.content_hash, row.content_hash)
        column, of_it, of_the_cancelled = same
        if of_it != of_the_cancelled or _another(connection, row.source, column, of_it, one.claim_id):
            continue
        release_hold(connection, one.id, BY_ITSELF, f"claim {row.id}, which had the same, was cancelled", now)


def _another(connection: Connection, source: str, column: Any, value: str, before: int) -> bool:
    """Whether an earlier claim of a source that still stands has the same number or content."""
    found = select(claims.c.id).where(
        claims.c.source == source,
        column == value,
        claims.c.id < before,
        claims.c.state.not_in(claim_store.MAY_COME_AGAIN),
    )
    return connection.execute(found.limit(1)).first() is not None
