"""Resubmit: a claim that was refused on the way goes again, in a new interchange. Its content is not touched.

A second original of a claim that its payer has decided is denied as a duplicate (CO-18), so only what the payer never
took goes again: rejected claims, denied ones that the payer calls unprocessable (MA130; hme-billing-rules 6.2, R1.60),
and, where a person says so, those that the partner claims not to have (A4).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import requests, timeline
from ..store.denial_tables import denial_cases
from ..store.tables import claims, denials, submissions, work_items
from ..work.appeals import UNPROCESSABLE, Way
from ..work.items import close_items
from .again import Again, CannotBeDone, asked_before, needs_who_and_why, sentence

_WITH_THE_PAYER = (ClaimState.SENT, ClaimState.ACKNOWLEDGED, ClaimState.ACCEPTED)
_WHY_NOT = {
    ClaimState.FAULTY: "it was not taken in; correct it in place (gateway claim correct), or have the billing system "
    "send it again, corrected",
    ClaimState.HELD: "it has not been sent yet; release its holds and it goes with the next batch",
    ClaimState.READY: "it has not been sent yet; it goes with the next batch",
    ClaimState.BATCHED: "it is in a batch that has not left; retransmit or dissolve the batch",
    ClaimState.PAID: "the payer has decided it; a second one would be denied as a duplicate",
    ClaimState.CLOSED: "nothing is open on it",
    ClaimState.CANCELLED: "it was withdrawn",
    ClaimState.DENIED: "the payer has decided it, and a second one would be denied as a duplicate. Ask for a "
    "reopening, appeal, or send a corrected claim (frequency 7, where the payer takes it) from the billing system",
}


def resubmit(
    connection: Connection,
    claim_id: int,
    who: str,
    reason: str,
    now: dt.datetime,
    *,
    payer_has_it_not: bool = False,
) -> Again:
    """Let a claim go again in a new interchange, linked to the submission that it repeats.

    `payer_has_it_not`: the partner or payer says that it does not have a claim that was sent. A submission is repeated
    once, however often that is asked for.

    Raises:
        CannotBeDone: who or why is missing, there is no such claim, or it is not one to be sent again.
    """
    needs_who_and_why(who, reason)
    claim = locked_claim(connection, claim_id)
    last = connection.execute(
        select(func.max(submissions.c.id)).where(submissions.c.claim_id == claim_id)
    ).scalar_one_or_none()
    before = requests.find(connection, f"resubmit:{last}") if last is not None else None
    if before is not None:
        return asked_before(before)
    state = ClaimState(claim.state)
    why_not = _why_not(connection, claim, state, last, payer_has_it_not)
    if why_not:
        raise CannotBeDone(f"Claim {claim.claim_number} is {state.value}: {why_not}.")
    left = len(claim_store.open_holds(connection, claim_id))
    connection.execute(
        update(claims)
        .where(claims.c.id == claim_id)
        .values(
            state=ClaimState.HELD if left else ClaimState.READY,
            resubmits=last,
            version=claims.c.version + 1,
            updated_at=now,
        )
    )
    what = "It goes with the next batch."
    if left:
        what = f"{left} hold{'s keep' if left != 1 else ' keeps'} it back; then it goes with the next batch."
    new = requests.NewRequest(
        "resubmit", "claim", claim_id, f"resubmit:{last}", reason, who, station="batch", stood=claim.version
    )
    request_id = requests.add(connection, new, now)
    requests.done(connection, request_id, what, now, stands=claim.version + 1)
    _end_what_it_answers(connection, claim_id, who, now)
    words = f"Resubmitted, in place of submission {last}: {sentence(reason)} {what}"
    timeline.add(connection, [timeline.Entry("claim", claim_id, "batch", words, who=who)], now)
    if last is not None:
        _end_what_is_worked_whole(connection, last, now)
    return Again(request_id, claim_id, True, what)


def _end_what_is_worked_whole(connection: Connection, submission_id: int, now: dt.datetime) -> None:
    """The work item of a refused interchange, group, set or provider ends with the last of its claims that is still
    rejected."""
    batch_id = connection.execute(
        select(submissions.c.batch_id).where(submissions.c.id == submission_id)
    ).scalar_one_or_none()
    items = connection.execute(
        select(work_items.c.key).where(
            work_items.c.subject_kind == "batch",
            work_items.c.subject_id == batch_id,
            work_items.c.kind == "file_rejection",
            work_items.c.state == "open",
        )
    ).scalars()
    keys = list(items)
    if not keys:
        return
    still = (
        select(submissions.c.id)
        .join(claims, claims.c.id == submissions.c.claim_id)
        .where(submissions.c.batch_id == batch_id, claims.c.state == ClaimState.REJECTED)
    )
    if connection.execute(still.limit(1)).first() is None:
        close_items(connection, keys, "Each of its claims was resubmitted, or is no longer rejected.", now)


def locked_claim(connection: Connection, claim_id: int) -> Any:
    """The row of a claim, locked until the transaction ends. Raises CannotBeDone where there is none."""
    claim = connection.execute(select(claims).where(claims.c.id == claim_id).with_for_update()).one_or_none()
    if claim is None:
        raise CannotBeDone(f"There is no claim {claim_id}.")
    return claim


def _why_not(connection: Connection, claim: Any, state: ClaimState, last: int | None, payer_has_it_not: bool) -> str:
    if last is None:
        return _WHY_NOT.get(state, "it has never been sent")
    if state is ClaimState.REJECTED:
        return ""
    if state in _WITH_THE_PAYER:
        if payer_has_it_not:
            return ""
        return (
            "it is with the payer, and a second one would be denied as a duplicate. If the payer says that it does not "
            "have it, say so (--payer-has-it-not)"
        )
    if state is ClaimState.DENIED and unprocessable(connection, claim.id):
        return ""
    return _WHY_NOT[state]


def unprocessable(connection: Connection, claim_id: int) -> list[int]:
    """The open denials of a claim which say that the payer could not process it (MA130, in whichever place among its
    remarks): such a claim goes as new."""
    said = or_(denials.c.remark_code == UNPROCESSABLE, denial_cases.c.way == Way.RESUBMIT.value)
    return list(
        connection.execute(
            select(denials.c.id)
            .outerjoin(denial_cases, denial_cases.c.denial_id == denials.c.id)
            .where(denials.c.claim_id == claim_id, denials.c.state == "open", said)
            .order_by(denials.c.id)
        ).scalars()
    )


def _end_what_it_answers(connection: Connection, claim_id: int, who: str, now: dt.datetime) -> None:
    """The rejections and unprocessable denials that this answers are worked."""
    keys = connection.execute(
        select(work_items.c.key).where(
            work_items.c.claim_id == claim_id, work_items.c.kind == "rejection", work_items.c.state == "open"
        )
    ).scalars()
    ids = unprocessable(connection, claim_id)
    if ids:
        connection.execute(update(denials).where(denials.c.id.in_(ids)).values(state="resubmitted"))
        of_these = denial_cases.c.denial_id.in_(ids)
        connection.execute(update(denial_cases).where(of_these).values(status="resubmitted"))
    answered = [*keys, *(f"denial:{one}" for one in ids)]
    close_items(connection, answered, "The claim was resubmitted.", now, who=who)
