"""What a file holds, typed: the records that `transactions` yields, each with the place where it stands."""

from __future__ import annotations

from typing import NamedTuple

from .acknowledgment import GroupAcknowledgment, InterchangeAcknowledgment, SetAcknowledgment, StatusLevel
from .claim import Claim, Numbers
from .fault import Fault
from .remittance import ClaimPayment, Header, ProviderAdjustment, Remittance
from .sets import Envelope, SetInfo
from .stored import StoredClaim


class ReadClaim:
    """A claim as it was read. `ordinal` counts the claims of the file from 1; `offset` and `segment_number` are
    those of its CLM; `faults` are those of its place in the hierarchy (the values' own: `claim.faults()`, the
    set's: `set.faults`)."""

    __slots__ = ("_claim", "_numbers", "faults", "offset", "ordinal", "segment_number", "set", "stored")

    def __init__(
        self,
        stored: StoredClaim,
        numbers: Numbers,
        ordinal: int,
        set: SetInfo,
        offset: int,
        segment_number: int,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        self.stored = stored
        self.ordinal = ordinal
        self.set = set
        self.offset = offset
        self.segment_number = segment_number
        self.faults = faults
        self._numbers = numbers
        self._claim: Claim | None = None

    @property
    def claim(self) -> Claim:
        """The typed view, made when it is first asked for: who only counts or carries claims does without."""
        if self._claim is None:
            self._claim = Claim(self.stored, "", self._numbers)
        return self._claim


class ClaimSetEnd(NamedTuple):
    """The end of an 837: whether it can be trusted as a whole, and how many claims it had."""

    set: SetInfo
    sound: bool
    claims: int


class RemittanceStart(NamedTuple):
    """The header of an 835, before its claims."""

    remittance: Remittance
    set: SetInfo


class ReadPayment(NamedTuple):
    """A claim payment as it was read. `ordinal` counts those of the set from 1; `header` is the LX it stands under;
    `offset` and `segment_number` are those of its CLP."""

    payment: ClaimPayment
    ordinal: int
    set: SetInfo
    header: Header | None
    offset: int
    segment_number: int


class RemittanceEnd(NamedTuple):
    """The end of an 835: its provider adjustments, their faults, whether it can be trusted as a whole, and how many
    claim payments it had."""

    adjustments: tuple[ProviderAdjustment, ...]
    faults: tuple[Fault, ...]
    set: SetInfo
    sound: bool
    payments: int


class UnknownSet(NamedTuple):
    """A transaction set that nothing here reads, given when it ends."""

    set: SetInfo
    sound: bool


class FileFault(NamedTuple):
    """A fault that stands in no transaction set."""

    fault: Fault
    envelope: Envelope


class ReadSetAcknowledgment(NamedTuple):
    """What a 999 says of one transaction set of ours, and where it stands."""

    acknowledgment: SetAcknowledgment
    set: SetInfo
    offset: int
    segment_number: int


class ReadGroupAcknowledgment(NamedTuple):
    """What a 999 says of one group of ours, and where it stands."""

    acknowledgment: GroupAcknowledgment
    set: SetInfo
    offset: int
    segment_number: int


class ReadInterchangeAcknowledgment(NamedTuple):
    """A TA1, and the envelope in which it came."""

    acknowledgment: InterchangeAcknowledgment
    envelope: Envelope
    offset: int
    segment_number: int


class ReadStatus(NamedTuple):
    """One level of a 277CA (a `ClaimStatus` where it speaks of a claim), and where it stands."""

    status: StatusLevel
    set: SetInfo
    offset: int
    segment_number: int


class AcknowledgmentEnd(NamedTuple):
    """The end of a 999, 997 or 277: whether it can be trusted as a whole."""

    set: SetInfo
    sound: bool


Transaction = (
    ReadClaim
    | ClaimSetEnd
    | RemittanceStart
    | ReadPayment
    | RemittanceEnd
    | ReadSetAcknowledgment
    | ReadGroupAcknowledgment
    | ReadInterchangeAcknowledgment
    | ReadStatus
    | AcknowledgmentEnd
    | UnknownSet
    | FileFault
)
