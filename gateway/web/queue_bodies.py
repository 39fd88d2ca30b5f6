"""What may be asked of a queue over HTTP: the filters, and the body of each verb."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..core.model.decision import HoldType
from ..core.model.money import to_cents
from ..core.work.holds import AGES, OLDEST, Which
from ..core.work.orders import Order
from ..core.work.priority import Bucket
from ..core.work.queue import Wanted

MOST_IDS = 1000
Id = Annotated[int, Field(ge=1, lt=1 << 62)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_IDS)]
Name = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(max_length=1000)]
Dollars = Annotated[Decimal, Field(max_digits=14, decimal_places=2)]
M = TypeVar("M", bound=BaseModel)


class NotUnderstood(ValueError):
    """What was sent is not as it must be; says what and where."""


def understood(model: type[M], data: Any) -> M:
    """What was sent, as a model.

    Raises:
        NotUnderstood: it is not as it must be. The message has names of fields, never what was sent.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        told = [_in_words(one["loc"], one["type"], one["msg"], known) for one in error.errors(include_input=False)]
        raise NotUnderstood("; ".join(told)) from None


def _in_words(loc: tuple[int | str, ...], kind: str, message: str, known: str) -> str:
    where = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        return f"{where} is not known here (there are {known})" if len(loc) == 1 else f"{where} is not known here"
    if kind in ("model_type", "model_attributes_type"):
        return f"{where or 'the body'} must be a JSON object"
    plain = message.removeprefix("Value error, ")
    return f"{where}: {plain}" if where else plain


class Asked(BaseModel):
    """A body or query of ours: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid")


class Where(Asked):
    """Which items; see `core.work.queue.Wanted`. `mine`: those of the token."""

    team: Name = ""
    kind: Name = ""
    assignee: Name = ""
    mine: bool = False
    unassigned: bool = False
    payer: Name = ""
    rule: Name = ""
    bucket: Bucket | None = None
    today: bool = False
    follow_up_due: bool = False
    min: Dollars | None = None
    max: Dollars | None = None
    claim_id: Id | None = None
    snoozed: bool = False

    def wanted(self, who: str) -> Wanted:
        """The same for the store; `who` asks."""
        return Wanted(
            team=self.team,
            kind=self.kind,
            assignee=who if self.mine else self.assignee,
            unassigned=self.unassigned,
            payer=self.payer,
            rule=self.rule,
            bucket=self.bucket,
            for_today=self.today,
            follow_up_due=self.follow_up_due,
            least=None if self.min is None else to_cents(self.min),
            most=None if self.max is None else to_cents(self.max),
            claim_id=self.claim_id,
            snoozed=self.snoozed,
        )


class Listing(Where):
    """A page of the queue: its order, where it begins, and how long it is."""

    order: Order = Order.URGENT
    after: Annotated[str, Field(max_length=400)] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    format: Annotated[str, Field(pattern="^(json|csv)$")] = "json"

    @property
    def where(self) -> Where:
        """The filters alone."""
        return Where(**self.model_dump(include=set(Where.model_fields)))


class Verb(Asked):
    """What every verb takes: for many, which items (`ids`, or `where`), and whether it is only looked (`dry_run`)."""

    ids: Ids | None = None
    where: Where | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Verb:
        if self.ids is not None and self.where is not None:
            raise ValueError("send ids or where, not both")
        return self


class Claim(Verb):
    """Take items."""


class Release(Verb):
    """Give them back."""


class Assign(Verb):
    """Give them to somebody: a person, a team, or both."""

    to: Name = ""
    team: Name = ""
    note: Words = ""


class Touch(Verb):
    """What was done. `key`: sent again with the same one, it is written once."""

    action: Name
    note: Words = ""
    follow_up: dt.date | None = None
    key: Annotated[str, Field(max_length=100)] = ""


class Snooze(Verb):
    """Let them rest."""

    until: dt.date
    note: Words = ""


class Close(Verb):
    """What was done, and what came of it."""

    reason: Words
    outcome: Name = ""


class Reopen(Verb):
    """Why they are not done after all."""

    reason: Words


class HoldsWhere(Asked):
    """Which open holds; see `core.work.holds.Which`."""

    type: HoldType | None = None
    team: Name = ""
    rule: Name = ""
    payer: Name = ""
    age: Name = ""
    claim_id: Id | None = None

    @model_validator(mode="after")
    def _known_age(self) -> HoldsWhere:
        known = [*(words for _, words in AGES), OLDEST]
        if self.age and self.age not in known:
            raise ValueError(f"age is one of {', '.join(known)}")
        return self

    def which(self) -> Which:
        """The same for the store."""
        return Which(self.type.value if self.type else "", self.team, self.rule, self.payer, self.age, self.claim_id)


class HoldsListing(HoldsWhere):
    """A list of holds."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000

    @property
    def where(self) -> HoldsWhere:
        """The filters alone."""
        return HoldsWhere(**self.model_dump(include=set(HoldsWhere.model_fields)))


class HoldsReport(HoldsWhere):
    """The report of holds; average billing over so many days."""

    days: Annotated[int, Field(ge=1, le=366)] = 90

    @property
    def where(self) -> HoldsWhere:
        """The filters alone."""
        return HoldsWhere(**self.model_dump(include=set(HoldsWhere.model_fields)))


class AddHold(Asked):
    """A hold that a person puts on a claim."""

    reason: Words
    type: HoldType = HoldType.MANUAL
    team: Name = ""
    due: dt.date | None = None
    expires: dt.date | None = None


class ReleaseHolds(Asked):
    """Holds that are released, and why."""

    reason: Words
    ids: Ids | None = None
    where: HoldsWhere | None = None
    dry_run: bool = False


class ReleaseHold(Asked):
    """Why a hold is released."""

    reason: Words


class Days(Asked):
    """The days of a report, and whose; `by`: each team's apart."""

    first: dt.date | None = Field(default=None, alias="from")
    last: dt.date | None = Field(default=None, alias="to")
    who: Name = ""
    team: Name = ""
    by: Annotated[str, Field(pattern="^(|team)$")] = ""


VERBS: Mapping[str, type[Verb]] = {
    "claim": Claim,
    "release": Release,
    "assign": Assign,
    "touch": Touch,
    "snooze": Snooze,
    "close": Close,
    "reopen": Reopen,
}
