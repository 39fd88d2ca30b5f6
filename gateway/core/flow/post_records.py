"""The records of posting that travel: what a file holds, what a child is asked, what it decided. msgpack, in arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ..model.posting import PostingPlan, WorkItemDraft
from ..x12.remittance import ClaimPayment
from ..x12.segment import Delimiters
from .in_child import PAYMENTS
from .verdicts import ItemRow, RowKept


class ProviderLevel(msgspec.Struct, array_like=True, gc=False):
    """One reason and amount of a PLB; positive takes from the payment."""

    provider: str
    code: str
    reference: str
    cents: int


class Scanned(msgspec.Struct, array_like=True):
    """A transaction set as the first pass saw it: its header, its sums, and why it cannot post (`fault`).

    `ordinal` counts the sets of the file from 1. `claims_cents` is the sum of CLP04, `provider_cents` that of the
    PLBs. `sound`: the set is whole. `body` is the hash of its content without control numbers.
    """

    ordinal: int
    st02: str
    usage: str
    payer_name: str
    payer_id: str
    payee_id: str
    handling: str
    method: str
    trace_number: str
    originator: str
    paid_cents: int
    effective_date: dt.date | None
    claims: int
    claims_cents: int
    provider_cents: int
    levels: list[ProviderLevel]
    body: str
    sound: bool
    fault: str = ""

    @property
    def money_key(self) -> str:
        """Key 1 of a duplicate (hme-billing-rules 5.2); empty where no money is paid: payers repeat trace numbers
        there."""
        if not self.paid_cents:
            return ""
        parts = (self.originator, self.trace_number, self.paid_cents, self.effective_date or "", self.payee_id)
        return "|".join(str(part) for part in parts)[:200]

    @property
    def difference_cents(self) -> int:
        """BPR02 less what claims and PLBs give; 0 where the payment balances."""
        return self.paid_cents - (self.claims_cents - self.provider_cents)


class Says(msgspec.Struct, array_like=True, gc=False):
    """What a person said: for which claim a payment is (id in our books), which services (from 1) are for which lines
    (their numbers), and which posted payment a reversal takes back (0: not said)."""

    claim_id: int
    who: str
    lines: list[tuple[int, int]] = []
    reverses: int = 0


class Asked(msgspec.Struct, array_like=True, gc=False):
    """A claim payment to be decided. `payment_id` is the id its row will have; `content` is packed. `aside` says why
    nothing is to be done with it. `says`: what a person said about it."""

    payment_id: int
    remittance_id: int
    ordinal: int
    payer_id: str
    content: bytes
    aside: str = ""
    says: Says | None = None


class PostRequest(msgspec.Struct, array_like=True):
    """What a child is asked. `killed` are calls that cost an earlier child its life: item, step number, why; `resting`
    are steps that are not to be called for now: number, payer (None: everybody's), why."""

    config_hash: str
    config_root: str
    archive_root: str
    database_url: str
    partner: str
    today: str
    payments: list[Asked]
    killed: list[tuple[int, int, str]] = []
    resting: list[tuple[int, str | None, str]] = []

    def only(self, start: int, end: int) -> PostRequest:
        """A request for some of the payments."""
        killed = [(item - start, step, why) for item, step, why in self.killed if start <= item < end]
        return msgspec.structs.replace(self, payments=self.payments[start:end], killed=killed)


class Decided(msgspec.Struct, array_like=True, gc=False):
    """A claim payment, decided. `state`: posted, exception, information, or later (an earlier payment of the chunk is
    for the same claim: decide again after that one is committed).

    `claim_id` is 0 where no claim was found; `version` and `known_number` (the payer's) are the claim's that was
    decided on, `claim_state` what it becomes. `match` says how the claim was found, `reason` (with team and rule) why
    it does not post, `what` all of it in one sentence. `drafts` are the work items of `plan.denials`, in their order.
    `steps` are the plugins' records, `routed` those of each denial. `patient_id` and `patient_version` are of the
    patient whose past a plugin looked at (0: none did). `items` are what plugins want done beside, `rows` what they
    keep.
    """

    payment_id: int
    remittance_id: int
    ordinal: int
    content: bytes
    claim_number: str
    status: str
    charge_cents: int
    paid_cents: int
    patient_cents: int
    payer_claim_number: str
    state: str
    claim_id: int = 0
    version: int = 0
    claim_state: str = ""
    known_number: str = ""
    payer_id: str = ""
    match: str = ""
    lines_by: list[str] = []
    reason: str = ""
    team: str = ""
    rule: str = ""
    what: str = ""
    chain: str = ""
    plan: PostingPlan | None = None
    drafts: list[WorkItemDraft | None] = []
    steps: list[Any] = []
    routed: list[list[Any]] = []
    patient_id: int = 0
    patient_version: int = 0
    items: list[ItemRow] = []
    rows: list[RowKept] = []


class DecidedChunk(msgspec.Struct, array_like=True, gc=False):
    """All that was decided in one go, under one configuration."""

    config_hash: str
    payments: list[Decided]


_encode = msgspec.msgpack.Encoder().encode
_scans = msgspec.msgpack.Decoder(list[Scanned])
_requests = msgspec.msgpack.Decoder(PostRequest)
_chunks = msgspec.msgpack.Decoder(DecidedChunk)


def pack_scans(scans: Sequence[Scanned]) -> bytes:
    """What the first pass saw, as bytes for the archive."""
    return _encode(list(scans))


def unpack_scans(data: bytes) -> list[Scanned]:
    """The sets again."""
    return _scans.decode(data)


def pack_request(request: PostRequest) -> bytes:
    """A request as a child of the decide pool takes it."""
    return PAYMENTS + _encode(request)


def unpack_request(payload: bytes) -> PostRequest:
    """The request again."""
    return _requests.decode(payload[len(PAYMENTS) :])


def pack_chunk(chunk: DecidedChunk) -> bytes:
    """What was decided, as bytes for the archive."""
    return _encode(chunk)


def unpack_chunk(data: bytes) -> DecidedChunk:
    """The chunk again. Raises msgspec.ValidationError if the bytes are something else."""
    return _chunks.decode(data)


def pack_segments(delimiters: Delimiters, segments: Sequence[str]) -> bytes:
    """A claim payment as bytes for the store: its delimiters, then its segments."""
    element, component, repetition, segment = delimiters
    return f"{element}{component}{segment}{repetition}{segment}{segment.join(segments)}".encode("latin-1")


def unpack_payment(data: bytes) -> ClaimPayment:
    """The claim payment again."""
    text = data.decode("latin-1")
    end = text[2:3]
    repetition, _, rest = text[3:].partition(end)
    return ClaimPayment(rest.split(end), Delimiters(text[0], text[1], repetition, end))


def in_bulks(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    """The ids in slices that a database takes in one statement."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
