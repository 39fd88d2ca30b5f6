"""Answers about work: queues, holds, productivity."""

from __future__ import annotations

from ..core.flow.manual_holds import Held
from ..core.model.decision import HoldType
from ..core.work import holds as held
from ..core.work import productivity, queue, verbs
from ..core.work.actions import Action
from .answers import Cents, Day, Moment, Page, Text, Told, Total, fields_of


@fields_of(queue.Item, without=("cents",))
class QueueItem(Told):
    """A work item as it stands in a queue. `late`: it should have been worked, and nobody has."""

    dollars: Text


class Touched(Told):
    """What a person did about an item."""

    at: Moment
    who: str
    verb: str
    action: str
    note: str
    follow_up: Day | None


class QueuePage(Page):
    """Open items, in the order in which they should be worked."""

    items: list[QueueItem]
    total: Total


class OneItem(QueueItem):
    """A work item, with everything that people did about it."""

    touches: list[Touched]


@fields_of(queue.Waiting)
class Waiting(Told):
    """What waits for a team, of one kind: `overdue` past the date that costs money, `late` past the day it should have
    been worked, `unassigned` with nobody, `resting` put off."""


class Summary(Told):
    """What waits, by team and kind."""

    queues: list[Waiting]


class Waits(Told):
    """Open work items of one kind and team."""

    kind: str
    team: str
    items: int
    cents: Cents


class Queues(Told):
    """What waits for a person."""

    queues: list[Waits]


@fields_of(Action)
class ActionCode(Told):
    """What somebody can say that they did. `follow_up`: always, by kind or never; `closes`: it is an outcome."""


class Actions(Told):
    """The codes of touches and outcomes that hold today."""

    actions: list[ActionCode]


@fields_of(verbs.Answer)
class VerbDone(Told):
    """What came of a verb. `new`: it was not so before."""


class Refusal(Told):
    """An item with which it was not done, and why."""

    id: int
    what: str


class ManyDone(Told):
    """The items with which it was done (`new` of them were not so before), and those with which it was not."""

    done: list[int]
    new: int
    refused: list[Refusal]


class ManyWould(Told):
    """How many items it would be done with."""

    dry_run: bool
    total: Total


class Hold(Told):
    """An open hold, with its claim."""

    id: int
    claim_id: int
    claim: str
    payer_id: str
    payer_name: str
    dollars: Text
    type: HoldType
    rule: str
    plugin: str
    reason: str
    team: str
    line: int
    due: Day | None
    expires: Day | None
    refile_by: Day | None
    assignee: str
    opened_at: Moment
    opened_by: str


class HoldPage(Page):
    """Open holds, those that are due first before the others."""

    holds: list[Hold]


@fields_of(Held)
class HoldPut(Told):
    """A hold that was put. `new`: it was not there before."""


class HoldReleased(Told):
    """A hold that is released, and where its claim stands. `new`: it was not released before."""

    hold_id: int
    new: bool
    claim_state: str


class HoldsReleased(Told):
    """The holds that were released."""

    released: list[int]


class HoldsWould(Told):
    """The holds that would be released, and the cents of their claims."""

    dry_run: bool
    holds: int
    cents: Cents


@fields_of(held.Kept)
class Kept(Told):
    """Holds of one type, team and age; a claim counts once. `days`: of average billing that its dollars are."""


class HoldReport(Told):
    """Open holds by type, team and age: dollars and hold days."""

    rows: list[Kept]
    types: list[Kept]
    total: Kept
    daily_billing_cents: Cents
    allowable_known: float
    detail: str


@fields_of(productivity.Day)
class WorkedDay(Told):
    """A person's day: what was touched and closed, and follow-ups that were promised for it."""


class Productivity(Told):
    """What each person got done, by day."""

    days: list[WorkedDay]
