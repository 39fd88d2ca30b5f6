"""What a partner said about what we sent: TA1, 999 and 277CA brought to one form.

Codes are kept as received; names and other patient data are not in here, so that these records may stand in the
timeline and in work items.
"""

from __future__ import annotations

import enum

import msgspec

from .states import Hop


class Verdict(enum.StrEnum):
    """What an answer means for what it speaks of.

    ACCEPTED: taken. NOTED: taken, with errors noted (TA1 E, 999 E). WAITING: on its way, nothing decided (A0).
    RECEIVED: arrived, not yet accepted for processing (A1). REJECTED: refused. INVESTIGATE: a person must look
    (A4 not found, system errors, codes nobody knows).
    """

    ACCEPTED = "accepted"
    NOTED = "noted"
    WAITING = "waiting"
    RECEIVED = "received"
    REJECTED = "rejected"
    INVESTIGATE = "investigate"


class StatusCode(msgspec.Struct, frozen=True, omit_defaults=True):
    """One composite of an STC: category (A7), status (562) and entity (85)."""

    category: str
    status: str = ""
    entity: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.category, self.status, self.entity) if part)


class ElementError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fault of a 999: where (loop, segment, its number in the set, element) and the IK3/IK4 codes."""

    segment: str
    position: int = 0
    loop: str = ""
    segment_code: str = ""
    element: int = 0
    component: int = 0
    element_code: str = ""
    context: str = ""


class InterchangeAnswer(msgspec.Struct, frozen=True, tag="ta1"):
    """A TA1: the answer to one interchange of ours. `note` is TA105."""

    isa13: str
    code: str
    note: str
    verdict: Verdict


class SetAnswer(msgspec.Struct, frozen=True, tag="set", omit_defaults=True):
    """What a 999 says of one transaction set (AK2 .. IK5)."""

    gs06: str
    st02: str
    code: str
    codes: tuple[str, ...]
    verdict: Verdict
    errors: tuple[ElementError, ...] = ()


class GroupAnswer(msgspec.Struct, frozen=True, tag="group", omit_defaults=True):
    """What a 999 says of the whole group (AK9), after its sets. `named` are the ST02 it spoke of."""

    gs06: str
    code: str
    codes: tuple[str, ...]
    verdict: Verdict
    included: int = 0
    received: int = 0
    accepted: int = 0
    named: tuple[str, ...] = ()


class BatchStatus(msgspec.Struct, frozen=True, tag="batch", omit_defaults=True):
    """What a 277CA says of a whole batch (loop 2200B) or of one billing provider in it (2200C)."""

    bht03: str
    hop: Hop
    verdict: Verdict
    codes: tuple[StatusCode, ...]
    provider: str = ""
    text: str = ""


class ClaimAnswer(msgspec.Struct, frozen=True, tag="claim", omit_defaults=True):
    """What a 277CA says of one claim (loop 2200D), with the statuses of its lines (2220D)."""

    bht03: str
    claim_number: str
    hop: Hop
    verdict: Verdict
    codes: tuple[StatusCode, ...]
    payer_claim_number: str = ""
    clearinghouse_number: str = ""
    lines: tuple[tuple[str, tuple[StatusCode, ...]], ...] = ()
    text: str = ""


class InquiryAnswer(msgspec.Struct, frozen=True, tag="inquiry", omit_defaults=True):
    """What a 277 says of a claim that was asked about (276). `trace` is that of the inquiry; days are ISO, empty where
    they are not given."""

    trace: str
    codes: tuple[StatusCode, ...]
    payer_claim_number: str = ""
    charge_cents: int = 0
    paid_cents: int = 0
    decided_on: str = ""
    paid_on: str = ""
    check_number: str = ""


Answer = InterchangeAnswer | SetAnswer | GroupAnswer | BatchStatus | ClaimAnswer | InquiryAnswer

_TA1 = {"A": Verdict.ACCEPTED, "E": Verdict.NOTED, "R": Verdict.REJECTED}
_SET = {"A": Verdict.ACCEPTED, "E": Verdict.NOTED}
_CATEGORY = {
    "A0": Verdict.WAITING,
    "A1": Verdict.RECEIVED,
    "A2": Verdict.ACCEPTED,
    "A3": Verdict.REJECTED,
    "A4": Verdict.INVESTIGATE,
    "A5": Verdict.ACCEPTED,
    "A6": Verdict.REJECTED,
    "A7": Verdict.REJECTED,
    "A8": Verdict.REJECTED,
}


def ta1_verdict(code: str) -> Verdict:
    """TA104 (hme-billing-rules 7.1); a code nobody knows is for a person."""
    return _TA1.get(code, Verdict.INVESTIGATE)


def set_verdict(code: str) -> Verdict:
    """IK501 (7.2). P belongs to AK9 only: where it stands here the set counts as rejected."""
    return _SET.get(code, Verdict.REJECTED)


def group_verdict(code: str) -> Verdict:
    """AK901 (7.2). P: its rejected sets are named; the group as such is noted."""
    return Verdict.NOTED if code == "P" else _SET.get(code, Verdict.REJECTED)


def status_verdict(codes: tuple[StatusCode, ...]) -> Verdict:
    """The meaning of the STC composites of one level (7.3): a rejection among them wins, then what needs a
    person, then the weakest of the positive ones. STC03 is not asked: where it disagrees the category holds."""
    verdicts = {_CATEGORY.get(code.category, Verdict.INVESTIGATE) for code in codes}
    for verdict in (
        Verdict.REJECTED,
        Verdict.INVESTIGATE,
        Verdict.ACCEPTED,
        Verdict.RECEIVED,
        Verdict.WAITING,
    ):
        if verdict in verdicts:
            return verdict
    return Verdict.INVESTIGATE
