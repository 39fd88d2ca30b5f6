"""Answers about files, claims, and what is asked to be done again."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from ..core.flow import preview, rejection_queue, rejection_report
from ..core.flow.belongings import TakenIn
from ..core.flow.documents import Added
from ..core.flow.faulty_places import Fault
from ..core.flow.rejections import Rejection
from .answers import Cents, Day, Moment, Page, Told, fields_of


class Received(Told):
    """A file that was taken; it is worked in the background."""

    file_id: int


class Duplicate(Received):
    """A file whose content came before: it is kept, and not worked again."""

    duplicate_of: int
    detail: str


class File(Told):
    """What became of a file. `claims`: how many of its claims are in which state."""

    file_id: int
    name: str
    party: str
    kind: str
    state: str
    reason: str
    size: int
    sha256: str
    received_at: Moment
    claims: dict[str, int]


@fields_of(TakenIn)
class RowsTaken(Told):
    """How many rows are new, changed something, or were known; `again`: how many held claims are decided again."""


class RowsWould(RowsTaken):
    """What these rows would bring; nothing was kept."""

    dry_run: bool


class Again(Told):
    """What was asked for. `asked_before`: it had been, and `what` says what came of it."""

    request_id: int
    asked_before: bool
    what: str


class Retransmitted(Told):
    """A batch that is sent again."""

    batch_id: int
    what: str


class Request(Told):
    """Something that was asked to be done again, and what came of it."""

    id: int
    verb: str
    subject_kind: str
    subject_id: int
    part_of: str
    station: str
    config_hash: str
    reason: str
    who: str
    asked_at: Moment
    done_at: Moment | None
    outcome: str


@fields_of(Fault)
class FaultyPlace(Told):
    """One faulty place: its field and place, what was said of it, what to do, and what stands there now."""


@fields_of(Rejection)
class Refusal(Told):
    """Why a claim was refused once: by whom, and where."""

    faults: list[FaultyPlace]


@fields_of(rejection_queue.Rejected)
class Rejected(Told):
    """A rejected claim, with the first faulty place. `state`: rejected by a partner, or faulty: our own check did not
    take it in."""


class Rejections(Page):
    """Claims that are rejected now, the most dollars first."""

    rejections: list[Rejected]


class ClaimRejections(Told):
    """Every refusal of a claim, the newest first."""

    rejections: list[Refusal]


class FieldOfClaim(Told):
    """A field of a claim: its name, its place, and what stands there."""

    name: str
    place: str
    line: int
    value: str
    type: str


class ClaimFields(Told):
    """A claim by its fields. `version` goes back with a correction; `why_not`: why it cannot be corrected in place."""

    claim_id: int
    claim_number: str
    state: str
    version: int
    charge_cents: Cents
    why_not: str
    fields: list[FieldOfClaim]
    can_be_corrected: bool


@fields_of(preview.Preview)
class Previewed(Told):
    """What would come of a correction. `goes`: nothing would keep the claim back."""


@fields_of(rejection_report.Row, without=("key",))
class RejectionGroup(Told):
    """One group of the report; the field that is named like `by` says which."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": {"type": "string"}})


class RejectionReport(Told):
    """What front ends refused in a week."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    by: str
    submitted: int
    rejected: int
    own: int
    rate: float
    rows: list[RejectionGroup]


@fields_of(Added)
class DocumentAdded(Told):
    """A paper that was taken. `new`: it was not there before; `again`: how many held claims are decided again."""


class Document(Told):
    """A paper, without its content."""

    id: int
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    dated: Day | None
    codes: list[str]
    claim_id: int | None
    claim_number: str
    order_number: str
    patient_id: int | None
    source: str
    added_by: str
    created_at: Moment


class Documents(Page):
    """Papers, the oldest first."""

    documents: list[Document]


class Inquiry(Told):
    """What was asked of a payer about a claim, and what it answered."""

    claim_id: int
    number: str
    partner: str
    asked_on: Day
    asked_by: str
    answered_at: Moment | None
    category: str
    answer: str
    details: Any


class Inquiries(Page):
    """What was asked, the newest first."""

    inquiries: list[Inquiry]


class Inquired(Told):
    """The claims that are asked about, and the partners of the others, which answer no inquiry."""

    claims: list[int]
    not_offered_by: list[str]
