"""Reasonable useful lifetime: no second base item inside it without a reason, and a list of what reaches its end
(hme-billing-rules 3; what each rule is, in `rules`).

Groups and lifetimes come from the table `useful_lifetime`, the words for a reason from `replacement_reasons`, what a
replacement needs from `replacement_needs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Hold
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, Command, Report, Schedule, Tables, Worklist, hookimpl

from .capture import CaptureAsked, capture
from .ending import KIND, Asked, keep_list, listed, run_now
from .lifetimes import Facts, faults, make_lifetimes
from .lines import check_claim
from .settings import RulDesk, RulSettings

gateway_api = 1
gateway_tables = ("useful_lifetime", "replacement_reasons", "replacement_needs")


@hookimpl
def plugin_settings() -> type[RulSettings]:
    return RulSettings


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """Each row of the table has its group, and its lifetime in whole months."""
    return faults(tables)


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext[RulSettings]) -> Iterator[Hold | Finding]:
    """RUL-1, RUL-3 and the calendar year of shoes."""

    def facts() -> Facts:
        return Facts(
            context.history(claim), context.payments(claim), context.deliveries(claim), context.equipment(claim)
        )

    skipped = context.settings.skip
    lifetimes, reasons = context.prepared(make_lifetimes), context.table("replacement_reasons")
    for said in check_claim(claim, context.today, lifetimes, reasons, facts):
        if said.rule not in skipped:
            yield said


@hookimpl
def desk_settings() -> type[RulDesk]:
    return RulDesk


@hookimpl
def plugin_schedules(settings: RulDesk) -> Iterator[Schedule]:
    yield Schedule(name="ending", run=keep_list, daily=settings.daily, timeout=600)


@hookimpl
def plugin_worklists() -> Iterator[Worklist]:
    yield Worklist(
        name="ending",
        title="Equipment that reaches the end of its useful lifetime",
        kinds=(KIND,),
        columns=("id", "team", "work_by", "deadline", "payer", "reason", "assignee"),
        order=("work_by", "id"),
        empty="No equipment reaches the end of its lifetime soon.",
        schedule="ending",
    )


@hookimpl
def plugin_reports() -> Iterator[Report]:
    yield Report(
        name="ending",
        title="Equipment that reaches the end of its useful lifetime, and what the replacement needs",
        run=listed,
        parameters=Asked,
        timeout=300,
    )
    yield Report(
        name="capture",
        title="Equipment replaced of what reached the end of its useful lifetime",
        run=capture,
        parameters=CaptureAsked,
        timeout=300,
    )


@hookimpl
def plugin_commands() -> Iterator[Command]:
    yield Command(name="ending", help="Bring the list of ending lifetimes up to date now.", run=run_now, timeout=600)
