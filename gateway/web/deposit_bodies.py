"""What may be asked of deposits and days over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..core.ledger.register import Which
from ..core.ledger.slips import MOST_CHECKS, Keyed
from ..core.model.money import to_cents
from .paging import After
from .queue_bodies import Asked, Day, Dollars, Id, Name, Words

State = Literal["", "expected", "matched", "posted", "reconciled", "unidentified", "noted"]
Method = Literal["eft", "wire", "check", "lockbox", "card", "cash", "other"]
Number = Annotated[str, Field(max_length=50)]
Why = Annotated[str, Field(min_length=1, max_length=500)]


class Span(Asked):
    """Days, both inclusive."""

    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")


class Listing(Span):
    """A page of the register; see `core.ledger.register.Which`."""

    state: State = ""
    kind: Literal["", "remittance", "slip", "bank", "in hand"] = ""
    method: Literal["", "eft", "wire", "check", "lockbox", "card", "cash", "other"] = ""
    payer: Name = ""
    number: Number = ""
    amount: Dollars | None = None
    after: After = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    format: Annotated[str, Field(pattern="^(json|csv)$")] = "json"

    def which(self) -> Which:
        """The same for the store."""
        cents = None if self.amount is None else to_cents(self.amount)
        return Which(self.state, self.method, self.payer, self.number, self.kind, self.first, self.last, cents)


class Match(Asked):
    """Which deposits a line is; `difference` says why the amounts differ, where they do."""

    deposits: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    difference: Annotated[str, Field(max_length=500)] = ""


class Reason(Asked):
    """Why."""

    reason: Why


class Explain(Reason):
    """What money is for."""

    purpose: Name


class PostPatient(Reason):
    """Which patient paid (the oldest balance first), or for which claims."""

    patient: Id | None = None
    claims: Annotated[list[Id], Field(max_length=100)] = Field(default_factory=list)


class Close(Asked):
    """Why a day closes that has a variance."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Line(Asked):
    """A check, card or cash payment; of a bank that sends no files, a line of its statement."""

    method: Method = "check"
    amount: Dollars
    date: Day
    number: Number = ""
    payer: Annotated[str, Field(max_length=80)] = ""
    note: Words = ""

    def keyed(self) -> Keyed:
        """The same for the ledger."""
        return Keyed(self.method, to_cents(self.amount), self.date, self.number, self.payer, self.note)


class Add(Asked):
    """A slip with what is on it; `at_bank`: lines that were read at the bank."""

    slip: Number = ""
    at_bank: bool = False
    lines: Annotated[list[Line], Field(min_length=1, max_length=MOST_CHECKS)]


class PaperAsked(Asked):
    """What a paper is, and what it is called."""

    kind: Annotated[str, Field(max_length=40)] = "check"
    name: Annotated[str, Field(max_length=2000)] = ""


class EobAsked(Asked):
    """Of which partner a paper explanation of benefits is; without it, of the one that its payer belongs to."""

    partner: Name = ""


class FileAsked(Asked):
    """What a file is called."""

    name: Annotated[str, Field(max_length=2000)] = ""
