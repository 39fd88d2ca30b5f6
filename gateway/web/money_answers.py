"""Answers about money: deposits, days, exceptions, denials."""

from __future__ import annotations

from pydantic import Field

from ..core.flow import bank, denial_list, exception_view, exceptions
from ..core.ledger import register, slips
from .answers import Day, Moment, Page, Text, Told, fields_of


@fields_of(register.Entry, without=("cents", "with_", "paper_count"))
class Entry(Told):
    """A deposit (`kind` remittance, slip) or a line of money (bank, in hand). `with`: the numbers of its other halves;
    `papers`: how many are attached."""

    dollars: Text
    with_: list[int] = Field(alias="with")
    papers: int


class Deposits(Page):
    """Deposits and lines of money, the newest first."""

    deposits: list[Entry]


@fields_of(register.Sum)
class Sum(Told):
    """Deposits of one state, way and payer: how many, and their cents."""


class Summary(Told):
    """Deposits by state, way and payer."""

    deposits: list[Sum]


class Paper(Told):
    """A paper of a deposit."""

    id: int
    kind: str
    name: str
    media_type: str
    size: int


class Event(Told):
    """Something that happened to a deposit."""

    at: Moment
    who: str
    what: str


class Matched(Told):
    """What a line is matched to, or was."""

    line: int
    deposit: int | None
    dollars: Text
    what: str
    rule: str
    reason: str
    who: str
    at: Moment
    undone_at: Moment | None
    undone_by: str
    undone_reason: str


@fields_of(register.Entry, without=("cents", "with_", "paper_count"))
class Deposit(Told):
    """One deposit or line, with its matches, papers and timeline; `checks` are the lines on a slip."""

    dollars: Text
    with_: list[int] = Field(alias="with")
    told: str
    papers: list[Paper]
    events: list[Event]
    matches: list[Matched]
    checks: list[int]


class PostedToClaim(Told):
    """What of a patient's money went to a claim."""

    claim: int
    dollars: Text


class PatientPosted(Told):
    """What a patient paid, claim by claim, and the dollars that are left."""

    posted: list[PostedToClaim]
    left: Text


@fields_of(slips.Slip)
class SlipAdded(Told):
    """What was keyed: the number of the slip (0: lines read at the bank have none), and of its lines."""


class PaperAdded(Told):
    """A paper that is attached. `new`: it was not before."""

    paper_id: int
    new: bool


class EobKeyed(Told):
    """A paper explanation of benefits that was keyed. `duplicate_of`: the file that said the same before."""

    file_id: int
    duplicate_of: int | None


@fields_of(bank.Taken)
class BankFileTaken(Told):
    """What came of a bank's file: lines that are new, known, noted, matched by themselves, and waiting for a person."""


class Closing(Told):
    """A closing of a day."""

    variance: Text
    reason: str
    who: str
    closed_at: Moment
    reopened_at: Moment | None
    reopened_by: str
    reopen_reason: str


class DayFigures(Told):
    """The money of a day, and its closings."""

    day: Day
    bank: Text
    remitted: Text
    posted: Text
    provider_level: Text
    waiting: Text
    unidentified: Text
    named: Text
    differences: Text
    in_hand: Text
    variance: Text
    lines: int
    booked: int
    by_payer: dict[str, Text]
    closed: bool
    closings: list[Closing]


@fields_of(exception_view.Waiting, without=("cents",))
class Waiting(Told):
    """What waits: a claim payment, or a whole remittance (`kind`). `id` is that one's."""

    dollars: Text


class Exceptions(Page):
    """What did not post, the most dollars first."""

    exceptions: list[Waiting]


class Candidate(Told):
    """A claim that a payment may be for: how sure that is, of 100, and by what."""

    claim_id: int
    claim_number: str
    score: int
    why: str
    charge: Text
    open: Text
    state: str


class Service(Told):
    """A service of a payment, and the line it may be for."""

    service: int
    code: str
    charge: Text
    paid: Text
    line: int | None
    score: int
    why: str
    others: list[int]


class OneException(Waiting):
    """One payment, with the claims and lines it may be for. `actions`: what can be done, as commands."""

    file: str
    status: str
    charge: Text
    patient: Text
    match: str
    candidates: list[Candidate]
    services: list[Service]
    actions: list[str]


@fields_of(exceptions.Done)
class ExceptionDone(Told):
    """What came of it. `new`: it was not so before."""


class Dismissed(Told):
    """A remittance that never will be posted."""

    remittance_id: int
    what: str


@fields_of(denial_list.Listed, without=("cents", "recovered_cents"))
class Denial(Told):
    """A denial; `by` is the date that costs money first."""

    dollars: Text
    recovered: Text


class Denials(Page):
    """Denials, in the order in which they should be worked."""

    denials: list[Denial]


class Act(Told):
    """What was done about a denial."""

    id: int
    at: Moment
    who: str
    verb: str
    level: int
    why: str
    outcome: str
    name: str


class WriteOffAsked(Told):
    """A write-off that was asked for."""

    id: int
    state: str
    rule: str
    reason: str
    asked_by: str
    asked_at: Moment
    decided_by: str
    decided_at: Moment | None
    decision: str
    dollars: Text


class OneDenial(Denial):
    """One denial, with everything that was done about it."""

    why: str
    item_id: int | None
    acts: list[Act]
    write_offs: list[WriteOffAsked]


class DenialDone(Told):
    """What came of it. `new`: it was not done before."""

    denial_id: int
    new: bool
    what: str
