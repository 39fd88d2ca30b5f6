"""What may be asked of a queue over HTTP: the filters, and the body of each verb."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ..core.model.decision import HoldType
from ..core.model.money import to_cents
from ..core.work.holds import AGES, OLDEST, Which
from ..core.work.orders import Order
from ..core.work.priority import Bucket
from ..core.work.queue import Wanted

MOST_IDS = 1000
MOST_TOLD = 10
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2999, 12, 31)
Id = Annotated[int, Field(ge=1, lt=1 << 62)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_IDS)]
Name = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(max_length=1000)]


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            value = dt.date.fromisoformat(value)
    except ValueError:
        pass
    if not isinstance(value, dt.date):
        raise ValueError("a date such as 2026-11-26")
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"a day between {FIRST_DAY} and {LAST_DAY}")
    return value


Day = Annotated[dt.date, BeforeValidator(_day, json_schema_input_type=dt.date)]
"""A day as ISO 8601 writes it, and one that business can have."""
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
        raise NotUnderstood(told_in_words(error, model)) from None


_PLAIN = (
    ("missing", "is missing"),
    ("bool_", "must be true or false"),
    ("string_type", "must be text"),
    ("int_type", "must be a whole number"),
    ("int_parsing", "must be a whole number"),
    ("int_from_float", "must be a whole number"),
    ("decimal_parsing", "must be dollars, such as 1234.56"),
    ("decimal_type", "must be dollars, such as 1234.56"),
    ("date_", "must be a date such as 2026-11-26"),
    ("list_type", "must be a list"),
    ("dict_type", "must be an object"),
)
"""What is wrong, in words for whoever sends it, by what the kind of the error begins with."""


def told_in_words(error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong, by the names of fields; never what was sent."""
    known = ", ".join(field.alias or name for name, field in model.model_fields.items())
    found = error.errors(include_input=False, include_url=False, include_context=False)
    told = [_in_words(one["loc"], one["type"], one["msg"], known) for one in found[:MOST_TOLD]]
    more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return "; ".join(told) + more


def _in_words(loc: tuple[int | str, ...], kind: str, message: str, known: str) -> str:
    where = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        # What was sent stands in the name: it is told where it is a name.
        where = where if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", where) else "what was sent"
        there = f" (there are {known})" if known else ""
        return f"{where} is not known here{there if len(loc) == 1 else ''}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{where or 'the body'} must be a JSON object"
    plain = next((words for start, words in _PLAIN if kind.startswith(start)), "")
    if plain and where:
        return f"{where} {plain}"
    told = message.removeprefix("Value error, ")
    return f"{where}: {told}" if where else told


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
    follow_up: Day | None = None
    key: Annotated[str, Field(max_length=100)] = ""


class Snooze(Verb):
    """Let them rest."""

    until: Day
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

    after: Annotated[str, Field(max_length=2000)] = ""
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
    due: Day | None = None
    expires: Day | None = None


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

    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")
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
