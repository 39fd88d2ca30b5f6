"""Answers about the gateway itself: configuration, plugins and what they declare, figures."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..core.flow import breakers
from ..core.reports.measure import Judged, Unit
from .answers import Cents, Day, Moment, Page, Told, fields_of


class Status(Told):
    """How it is."""

    status: str


class Configuration(Told):
    """The configuration in force. `refused_for`: the faults of the last one that was asked for; `after_restart`: the
    settings that wait for a restart."""

    hash: str
    since: Moment
    reloads: int
    asked_at: Moment | None
    refused_for: list[str]
    after_restart: list[str]


class Plugin(Told):
    """A plugin in use: its calls, failures and time of the last thirty days."""

    name: str
    version: str
    origin: str
    hooks: list[str]
    declares: dict[str, list[str]]
    calls: int
    failures: int
    seconds: float


@fields_of(breakers.Resting)
class Resting(Told):
    """A step that is not called for now. `payer`: for whose claims; null for everybody's."""


class DeskResting(Told):
    """Something beside the chains that is not called for now."""

    plugin: str
    hook: str
    name: str
    until: Moment


class Plugins(Told):
    """The plugins in use, and the steps that rest."""

    plugins: list[Plugin]
    resting: list[Resting]
    desk_resting: list[DeskResting]


class Filled(Told):
    """What fills a worklist: a schedule of its plugin, which comes `daily at 05:30`. `at`: when it did so last; null
    where it has not yet."""

    schedule: str
    comes: str
    at: Moment | None


class Worklist(Told):
    """A worklist of a plugin, with what waits in it. `filled`: null where its items come as they come."""

    plugin: str
    name: str
    title: str
    kinds: list[str]
    team: str
    items: int
    cents: Cents
    filled: Filled | None


class Worklists(Told):
    """Every worklist that a plugin in use declares."""

    worklists: list[Worklist]


class WorklistPage(Page):
    """What stands in a worklist, by its columns. `detail`: what it says when nothing does; `filled`: what fills it,
    null where its items come as they come."""

    plugin: str
    name: str
    title: str
    columns: list[str]
    items: list[dict[str, Any]]
    filled: Filled | None
    detail: str


class Schedule(Told):
    """What a plugin does when its time comes. `last_done`: null where it has not yet."""

    plugin: str
    name: str
    comes: str
    last_done: Moment | None


class Schedules(Told):
    """Every schedule that a plugin in use declares."""

    schedules: list[Schedule]


class TurnBegun(Told):
    """A turn that is taken now."""

    what: str


class ReportNamed(Told):
    """A report of a plugin. `parameters`: the JSON schema of what may be asked; null without any."""

    plugin: str
    name: str
    title: str
    parameters: dict[str, Any] | None


class Reports(Told):
    """Every report that a plugin in use declares."""

    reports: list[ReportNamed]


class Report(Told):
    """A report as it was worked out."""

    plugin: str
    name: str
    title: str
    columns: list[str]
    rows: list[list[Any]]


class DropDone(Told):
    """A document that a plugin took, and what came of it."""

    file_id: int
    state: str
    said: Any
    done: str


class DropWould(Told):
    """What a document would do; nothing was kept."""

    dry_run: bool
    state: str
    said: Any
    would_do: list[dict[str, Any]]


class DropBefore(Told):
    """A document whose content came before; nothing is done again."""

    file_id: int
    state: str
    duplicate_of: int
    detail: str


class Threshold(Told):
    """From where on a figure is great, and from where on somebody must act."""

    great: str
    act: str | None
    low_is_good: bool
    source: str


class Value(Told):
    """One group of a figure; numbers are cents or counts, as the definition says."""

    group: str
    numerator: int
    denominator: int | None
    value: str | None
    judged: Judged | None
    words: str


class Figure(Told):
    """A figure with its definition, by its groups."""

    name: str
    title: str
    formula: str
    numerator: str
    denominator: str
    unit: Unit
    numerator_is_cents: bool
    denominator_is_cents: bool
    groups: list[str]
    claims: str
    note: str
    threshold: Threshold | None
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    payer: str
    source: str
    by: str
    figures: list[Value]


class Figures(Told):
    """Every figure, by its name."""

    figures: dict[str, Figure]


class FigureClaim(Told):
    """A claim behind a figure."""

    claim: int
    number: str
    group: str
    payer: str
    state: str
    from_date: Day | None
    dollars: str


class FigureClaims(Page):
    """The claims behind a figure, the most dollars first. `more`: there are more than these."""

    name: str
    claims: list[FigureClaim]
    more: bool
