"""What a claim payment is matched to, and what posting makes of it: records that travel between station and plugin.

A payment is matched by the station (`Match`), planned by a plugin (`PostingPlan`), checked and written by the station.
A plan speaks of kinds of money, never of accounts: the ledger knows which account a kind is. Amounts are cents.
None of them can be part of a cycle, so the garbage collector need not look at them (`gc=False`).
"""

from __future__ import annotations

import datetime as dt
import enum

import msgspec


class Kind(enum.StrEnum):
    """What becomes of an adjusted amount (hme-billing-rules 5.5).

    CONTRACTUAL, SEQUESTRATION, WITHHOLD, PENALTY, FEE: taken off the claim for good. DEDUCTIBLE, COINSURANCE, COPAY,
    PATIENT: the patient (or the next payer) owes it. DENIAL: refused, waits for a person. OPEN: stays with the payer
    (pended, under review). INFORMATION: moves nothing (what an earlier payer did, what was taken off before).
    """

    CONTRACTUAL = "contractual"
    SEQUESTRATION = "sequestration"
    WITHHOLD = "withhold"
    PENALTY = "penalty"
    FEE = "fee"
    DEDUCTIBLE = "deductible"
    COINSURANCE = "coinsurance"
    COPAY = "copay"
    PATIENT = "patient"
    DENIAL = "denial"
    OPEN = "open"
    INFORMATION = "information"


PATIENT_KINDS = frozenset({Kind.DEDUCTIBLE, Kind.COINSURANCE, Kind.COPAY, Kind.PATIENT})
"""What the patient, or the next payer, owes."""

OFF_KINDS = frozenset({Kind.CONTRACTUAL, Kind.SEQUESTRATION, Kind.WITHHOLD, Kind.PENALTY, Kind.FEE})
"""What is taken off the claim for good."""


class How(enum.StrEnum):
    """By what a claim or a service line was found, the surest first (hme-billing-rules 5.8)."""

    CLAIM_NUMBER = "claim number"
    PAYER_CLAIM_NUMBER = "payer claim number"
    MEMBER_DATE_CHARGE = "member id, date and charge"
    NAME_DATE_CHARGE = "name, date and charge"
    LINE_NUMBER = "line control number"
    CODE_MODIFIERS = "code, modifiers, date and charge"
    ORIGINAL_CODE = "code as billed, date and charge"
    CODE = "code, date and charge"
    CHARGE = "only line with this charge"
    SPLIT = "parts of one line"
    PERSON = "named by a person"
    NOTHING = "nothing"


SCORES: dict[How, int] = {
    How.PERSON: 100,
    How.CLAIM_NUMBER: 100,
    How.PAYER_CLAIM_NUMBER: 95,
    How.MEMBER_DATE_CHARGE: 80,
    How.NAME_DATE_CHARGE: 40,
    How.LINE_NUMBER: 100,
    How.CODE_MODIFIERS: 90,
    How.ORIGINAL_CODE: 88,
    How.SPLIT: 85,
    How.CODE: 80,
    How.CHARGE: 60,
    How.NOTHING: 0,
}
"""How sure a match is, of 100."""


class LineMatch(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The service line that one SVC is for. `service` counts the SVC of the payment from 0; `line_id` is None where
    no line, or more than one (`candidates`, line numbers), fits. `why` is a sentence for the timeline."""

    service: int
    line_id: int | None
    line_number: int = 0
    how: How = How.NOTHING
    why: str = ""
    candidates: tuple[int, ...] = ()

    @property
    def score(self) -> int:
        """How sure, of 100."""
        return SCORES[self.how]


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A claim that a payment might be for, and why."""

    claim_id: int
    claim_number: str
    how: How
    why: str = ""


class OpenLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A line of our claim, and what is open on it: with the payer, with the patient by kind, as denials; `off_cents`
    has been taken off it before, and `off` says it by kind."""

    line_id: int
    number: int
    control_number: str
    code: str
    modifiers: tuple[str, ...]
    charge_cents: int
    from_date: dt.date | None = None
    thru_date: dt.date | None = None
    insurance_cents: int = 0
    patient: dict[Kind, int] = {}
    denied_cents: int = 0
    off_cents: int = 0
    off: dict[Kind, int] = {}

    @property
    def open_cents(self) -> int:
        """All that is open on the line."""
        return self.insurance_cents + self.denied_cents + sum(self.patient.values())


class PostedAdjustment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A CAS reason that was posted, and what it was."""

    line_id: int | None
    group: str
    reason: str
    cents: int
    kind: Kind = Kind.INFORMATION


class PostedLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A service line as it was posted."""

    line_id: int | None
    code: str
    charge_cents: int
    paid_cents: int


class PostedPayment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A claim payment that stands on the claim, not reversed."""

    claim_payment_id: int
    status: str
    payer_claim_number: str
    charge_cents: int
    paid_cents: int
    lines: tuple[PostedLine, ...] = ()
    adjustments: tuple[PostedAdjustment, ...] = ()


class OpenClaim(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Our claim as the payment meets it. `version` is re-checked when the plan is committed; `other_payers` counts the
    payers on it that come after this one, and `responsibility` is this one's letter (SBR01: P, S, T ...; empty where
    nobody had to look); `claim` is what was posted to the claim as a whole and to no line (its
    `line_id` and `number` are 0). `posted` is given where a payment is a reversal, or one waits: `reversals` are those
    that wait because what they take back is not posted, with their amounts as they stand there (below zero)."""

    claim_id: int
    claim_number: str
    version: int
    state: str
    payer_id: str
    charge_cents: int
    other_payers: int = 0
    payer_claim_number: str = ""
    lines: tuple[OpenLine, ...] = ()
    claim: OpenLine = OpenLine(0, 0, "", "", (), 0)
    posted: tuple[PostedPayment, ...] = ()
    reversals: tuple[PostedPayment, ...] = ()
    responsibility: str = ""

    @property
    def open_cents(self) -> int:
        """All that is open on the claim."""
        return self.claim.open_cents + sum(line.open_cents for line in self.lines)


class Match(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The claim that a payment is for: found (`claim`), or not, with the candidates there are.

    `lines` has one entry for each SVC of the payment, in order. `why` says in a sentence how the claim was found, or
    why it was not.
    """

    claim: OpenClaim | None
    how: How
    why: str
    lines: tuple[LineMatch, ...] = ()
    candidates: tuple[Candidate, ...] = ()

    @property
    def claim_id(self) -> int | None:
        """The id of the claim, where one was found."""
        return None if self.claim is None else self.claim.claim_id


class AdjustmentPosting(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One CAS reason and what becomes of it. Where one reason is of two kinds it stands twice, with a part each."""

    group: str
    reason: str
    cents: int
    kind: Kind
    remark: str = ""


class Reopened(msgspec.Struct, frozen=True, gc=False):
    """An amount given back to the payer's receivable before this payment is posted: it was the patient's, or denied."""

    kind: Kind
    cents: int


class LinePosting(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is posted to one line (`line_id` None: to the claim as a whole). `service` is the SVC, -1 for none."""

    line_id: int | None
    service: int
    code: str
    charge_cents: int
    paid_cents: int
    adjustments: tuple[AdjustmentPosting, ...] = ()
    reopened: tuple[Reopened, ...] = ()
    denied: bool = False


class Denial(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A refused amount (hme-billing-rules 6.1): line, group, CARC and its first RARC make its key.

    `category`, `team` and `action` are what the code table says; `why` says in plain words what the payer means.
    `line_number` is 0 where the whole claim was refused. `remarks` are all RARC. `status` is CLP02.
    """

    line_id: int | None
    line_number: int
    code: str
    group: str
    reason: str
    remark: str
    cents: int
    category: str
    team: str
    action: str
    why: str
    remarks: tuple[str, ...] = ()
    status: str = ""
    claim_number: str = ""


UNDERPAYMENT = "underpayment"
"""The rule of a review that says less was allowed than should be: those have a queue of their own."""


class WorkItemDraft(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """Who does what by when. `work_by` None: `business_days` from the day it is posted. `deadline` is a date that costs
    money; `appeal_by` the last day of an appeal, where it is another than the table `appeal_limits` tells. `cents` 0:
    those of the denial."""

    reason: str
    team: str
    work_by: dt.date | None = None
    business_days: int = 2
    deadline: dt.date | None = None
    cents: int = 0
    rule: str = ""
    appeal_by: dt.date | None = None


class NextStep(enum.StrEnum):
    """Who is responsible for what remains open (hme-billing-rules 5.9)."""

    NOBODY = "nobody"
    SAME_PAYER = "same payer"
    NEXT_PAYER = "next payer"
    CROSSED_OVER = "crossed over"
    PATIENT = "patient"


class Next(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who owes the rest, how much of it, and why.

    `then`: what is done for the next payer: `claim` (one is made), `item` (a person is told), empty (nothing). Where
    the payer has sent the claim on itself, it is done after `wait_days`, counted as business days or not.
    """

    step: NextStep
    cents: int = 0
    why: str = ""
    then: str = ""
    wait_days: int = 0
    wait_business_days: bool = True


class PostingPlan(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What a claim payment does to the accounts.

    `lines`: what is posted; together they carry exactly CLP04 and every CAS amount. `reverses`: instead, every
    transfer of that earlier payment is reversed. `undone`: the id of a reversal that waits and takes exactly this
    payment back: it posts though nothing is open for it any more, moves nothing but what it pays, and the reversal
    follows. `information`: instead, nothing moves (pre-determination, not our
    claim). `denials` open with the posting. `reviews` are things a person should look at although it posts. `notes`
    go on the timeline.
    """

    lines: tuple[LinePosting, ...] = ()
    reverses: int | None = None
    undone: int | None = None
    information: bool = False
    denials: tuple[Denial, ...] = ()
    reviews: tuple[WorkItemDraft, ...] = ()
    next: Next = Next(NextStep.NOBODY)
    notes: tuple[str, ...] = ()


class PaymentException(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a payment is not posted, in plain words, and who looks at it. `rule` names the check."""

    reason: str
    team: str = "posting"
    rule: str = ""
