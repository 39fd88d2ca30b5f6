"""The states of a claim and of a submission, and the rule that they never go backwards."""

from __future__ import annotations

import enum


class ClaimState(enum.StrEnum):
    """Where a claim stands.

    FAULTY: cannot be read well enough to go on. HELD: kept back by one or more holds. READY: waits for its batch.
    BATCHED: in an interchange that has not left. SENT: with the partner. ACKNOWLEDGED: its transaction set was
    accepted (999), or a clearinghouse has received it (A1). ACCEPTED: a payer took it into adjudication (A2).
    REJECTED: refused on the way; must be corrected and resubmitted. PAID: adjudicated with money or patient
    responsibility. DENIED: adjudicated, nothing paid, a denial is open. CLOSED: nothing is left on it.
    CANCELLED: withdrawn by a person.
    """

    FAULTY = "faulty"
    HELD = "held"
    READY = "ready"
    BATCHED = "batched"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PAID = "paid"
    DENIED = "denied"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SubmissionState(enum.StrEnum):
    """Where one sending of a claim stands; see ClaimState for the words."""

    BATCHED = "batched"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ADJUDICATED = "adjudicated"


class Hop(enum.IntEnum):
    """Who has spoken about a submission, the stronger the later (hme-billing-rules 7.3)."""

    NONE = 0
    INTERCHANGE = 1
    SET = 2
    CLEARINGHOUSE = 3
    PAYER = 4
    REMITTANCE = 5


_RANK = {
    SubmissionState.BATCHED: 0,
    SubmissionState.SENT: 1,
    SubmissionState.ACKNOWLEDGED: 2,
    SubmissionState.ACCEPTED: 3,
    SubmissionState.ADJUDICATED: 4,
}


def advance(state: SubmissionState, hop: Hop, said: SubmissionState, by: Hop) -> tuple[SubmissionState, Hop]:
    """What a submission is after one more answer; the order in which answers arrive does not matter.

    A rejection is final unless a stronger hop says otherwise: a payer that adjudicates a claim has it, whatever
    a clearinghouse said. A positive answer of a weaker or equal hop never lifts a rejection, and never moves a
    state back.
    """
    if state is SubmissionState.REJECTED:
        if said is not SubmissionState.REJECTED and by > hop and by is Hop.REMITTANCE:
            return said, by
        return state, max(hop, by) if said is SubmissionState.REJECTED else hop
    if said is SubmissionState.REJECTED:
        if hop is Hop.REMITTANCE:
            return state, hop
        if by >= hop:
            return SubmissionState.REJECTED, by
        return state, hop
    if _RANK[said] > _RANK[state]:
        return said, max(hop, by)
    return state, max(hop, by)
