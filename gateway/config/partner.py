"""partners/*.yaml: a clearinghouse or payer: how to reach it, who we are to it, what it takes and answers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from gateway.plugins.settings import Seconds

from .checks import Checks
from .contact import Contact
from .values import Delimiter, GsId, IsaId, LineEnding, Model, Name, Qualifier, Span, Zone, nested

Version = Literal["005010X222A1", "005010X222A2"]
DEFAULT_PAYER = "*"
"""Stands for every payer that no partner names."""


class TransportChoice(Model):
    """Which plugin carries the files, with settings of that plugin's own model."""

    plugin: str
    max_connections: int = Field(default=1, ge=1, le=16)
    settings: Any = Field(default_factory=dict)
    """In a file: what the plugin's `transport_settings` describes. Once read: an instance of that model."""


class Interchange(Model):
    """ISA05-08 and GS02-03. Ids are padded to 15 on the wire; write them without the blanks."""

    sender_qualifier: Qualifier = "ZZ"
    sender_id: IsaId
    receiver_qualifier: Qualifier = "ZZ"
    receiver_id: IsaId
    group_sender: GsId | None = None
    """GS02; the sender id without it."""
    group_receiver: GsId | None = None
    """GS03; the receiver id without it."""
    acknowledgment_requested: bool = False
    """ISA14: ask for a TA1."""

    @property
    def gs02(self) -> str:
        return self.group_sender or self.sender_id

    @property
    def gs03(self) -> str:
        return self.group_receiver or self.receiver_id


class Submitter(Model):
    """Loop 1000A. `id` is NM109, the ISA sender id without it; `contact` the organisation's without one."""

    name: str = Field(min_length=1, max_length=60)
    id: str | None = Field(default=None, min_length=2, max_length=80)
    contact: Contact | None = None


class Receiver(Model):
    """Loop 1000B. `id` is NM109; the ISA receiver id without it."""

    name: str = Field(min_length=1, max_length=60)
    id: str | None = Field(default=None, min_length=2, max_length=80)


class DelimiterChoice(Model):
    """The separators of what we send. `fixed`: the partner takes no others, so data that holds one is changed or
    held; else the writer picks another where data holds one."""

    element: Delimiter = "*"
    component: Delimiter = ":"
    repetition: Delimiter = "^"
    segment: Delimiter = "~"
    line_ending: LineEnding = "\n"
    """What stands after each segment."""
    fixed: bool = False

    @model_validator(mode="after")
    def _all_different(self) -> DelimiterChoice:
        if len({self.element, self.component, self.repetition, self.segment}) < 4:
            raise ValueError("four different characters")
        return self


_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
ClockTime = Annotated[str, StringConstraints(pattern=_TIME)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Window(Model):
    """Hours in which the partner takes files, in its own time zone. `until` before `from` runs past midnight."""

    days: tuple[Day, ...] = _DAYS
    start: ClockTime = Field(default="00:00", alias="from")
    end: ClockTime = Field(default="23:59", alias="until")

    def holds(self, moment: dt.datetime) -> bool:
        """Whether a moment, in the partner's zone, falls into the window."""
        now = moment.strftime("%H:%M")
        today, before = _DAYS[moment.weekday()], _DAYS[moment.weekday() - 1]
        if self.start <= self.end:
            return today in self.days and self.start <= now <= self.end
        return (today in self.days and now >= self.start) or (before in self.days and now <= self.end)


class BatchRules(Model):
    """When claims leave together: as soon as one of the three bounds is reached, within the windows (none: always)."""

    max_claims: int = Field(default=5000, ge=1, le=100_000)
    max_bytes: int = Field(default=10_000_000, ge=10_000, le=100_000_000)
    max_wait: Seconds = Field(default=900.0, ge=0)
    """The longest that a ready claim waits for company."""
    windows: tuple[Window, ...] = ()
    time_zone: Zone = "America/New_York"

    def open_at(self, local: dt.datetime) -> bool:
        """Whether a batch may leave at a moment given in `time_zone`."""
        return not self.windows or any(window.holds(local) for window in self.windows)


class PayerRoute(Model):
    """A payer that this partner reaches. `id` as it stands in the claim's 2010BB NM109; `*` alone is every payer that
    no partner names. `sent_id` goes out instead, where the partner knows the payer under another id."""

    id: str = Field(min_length=1, max_length=80)
    name: str = ""
    sent_id: str | None = None


class Expectation(Model):
    """How long an answer may take before somebody is told (warn) and somebody must act (alarm)."""

    expected: bool = True
    warn: Span | None = None
    alarm: Span


class Answers(Model):
    """What comes back, and when (defaults: hme-billing-rules 7.5)."""

    ta1: Expectation = nested(expected=False, warn="4h", alarm="24h")
    ack_999: Expectation = Field(
        default_factory=lambda: {"warn": "4h", "alarm": "24h"}, validate_default=True, alias="999"
    )
    positive_999: bool = True
    """Whether it sends a 999 for what it accepts; some send only the bad ones, and silence is no alarm then."""
    clearinghouse_277ca: Expectation = nested(alarm="24h")
    payer_277ca: Expectation = nested(warn="48 business hours", alarm="5 business days")
    remittance: Expectation = nested(warn="30 days", alarm="45 days")


class Partner(Model):
    """One partner."""

    name: Name
    environment: Literal["test", "production"]
    """What its side of the line is; must be the gateway's, or nothing is sent."""
    transport: TransportChoice
    interchange: Interchange
    submitter: Submitter
    receiver: Receiver
    version: Version = "005010X222A1"
    delimiters: DelimiterChoice = nested()
    max_claims_per_set: int = Field(default=5000, ge=1, le=5000)
    max_sets_per_file: int = Field(default=1, ge=1, le=1000)
    batch: BatchRules = nested()
    payers: tuple[PayerRoute, ...] = Field(min_length=1)
    answers: Answers = nested()
    acknowledge: tuple[Literal["835", "277CA"], ...] = ()
    """What of it we answer with a 999; nothing, unless it asks for that."""
    claim_status: bool = False
    """Whether it answers claim status inquiries (276) with a 277; else nothing is asked."""
    resend_after: Seconds = Field(default=24 * 3600.0, gt=0)
    """Where the outcome of a put is unknown: how long an acknowledgment may still prove that it arrived."""
    stop_after_auth_failures: int = Field(default=3, ge=1, le=10)
    check: Checks = nested(situations="report", codes="report")
    """What is done about claims that do not keep to their guide when they are about to leave; hold and refuse are the
    same here: the claim is taken out of its batch and waits, and the batch goes."""
    second_opinion: bool = False
    """Have badx12 check the envelope of every file before it leaves."""

    @property
    def usage(self) -> Literal["P", "T"]:
        """The ISA15 that this partner takes."""
        return "P" if self.environment == "production" else "T"

    @field_validator("payers", mode="before")
    @classmethod
    def _plain_ids_too(cls, value: object) -> object:
        """A payer may be written as its id alone."""
        if isinstance(value, list | tuple):
            return [{"id": item} if isinstance(item, str) else item for item in value]
        return value
