"""Works denials: who gets each, by when; and what was denied, by reason, payer, item and practitioner.

In a chain:

    stations:
      route:
        - plugin: denials
          settings: {teams: {"50+N115": billing, TIMELY_FILING: management}}

Categories, teams and what to do come from the tables carc and rarc (hme-billing-rules 6.4, 6.5); until when a payer
hears, from appeal_limits (6.2). What is done about a denial is `gateway denial` (docs/denials.md). Nothing is written
off here.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.posting import Denial, WorkItemDraft
from gateway.plugins import PaymentContext, Report, Worklist, hookimpl

from .routing import UNKNOWN_RULE, UNMAPPED, in_words, team_of
from .settings import DenialSettings
from .trends import BY, Asked, of_kind

gateway_api = 1
version = "1.0"


@hookimpl
def plugin_settings() -> type[DenialSettings]:
    """The model of this plugin's settings in a chain."""
    return DenialSettings


@hookimpl
def route_denial(denial: Denial, context: PaymentContext[DenialSettings]) -> WorkItemDraft:
    """Who works a denial, by when; reasons that no table knows go to a queue of their own name."""
    settings = context.settings
    return WorkItemDraft(
        reason=in_words(denial),
        team=team_of(denial, settings.teams, settings.unknown_team),
        business_days=settings.business_days,
        rule=UNKNOWN_RULE if denial.category == UNMAPPED else "",
    )


@hookimpl
def plugin_worklists() -> Iterator[Worklist]:
    """Denials as they should be worked, and those of unknown reasons."""
    yield Worklist(
        name="open",
        title="Open denials, those that cost money first",
        kinds=("denial",),
        columns=("id", "team", "work_by", "appeal_by", "refile_by", "dollars", "payer", "rule", "reason", "assignee"),
        order=("work_by", "-dollars", "id"),
        empty="No denial is open.",
    )


@hookimpl
def plugin_reports() -> Iterator[Report]:
    """What was denied and what became of it, in four ways."""
    for name, title in BY.items():
        yield Report(name=name, title=title, run=of_kind(name), parameters=Asked, timeout=300)
