"""Order confirmation: delivered orders become claims after a check of their quality (hme-billing-rules 11.1).

Orders come by the drop `orders`; good ones become claims, the others wait for the team that must mend them. At
`confirm`, claims that a billing system sent are held against what is known of their deliveries. The months of rentals
that run are billed by a schedule, and teams hear each week what orders waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.core.model.decision import Finding
from gateway.core.x12.claim import Claim
from gateway.plugins import (
    ClaimContext,
    Command,
    Drop,
    Report,
    RowTable,
    Schedule,
    Tables,
    Worklist,
    hookimpl,
    instead,
)

from . import log, month_end
from .against import findings_of, is_delivered
from .confirm import confirm
from .feedback import KIND as FEEDBACK_KIND
from .feedback import Days, Weeks, feedback, inventory_log, tell_teams
from .items import REASONS, TABLES, Items, Reason, faults_of, reasons_of
from .order import OrderRow
from .rules import RULES
from .settings import ConfirmationSettings, DeskSettings
from .waiting import KIND as PROBLEM_KIND

__all__ = ["RULES"]

gateway_api = 1
gateway_tables = TABLES


class _Compiled(NamedTuple):
    """The tables, read once for each step of a chain."""

    items: Items
    reasons: dict[str, Reason]


@hookimpl
def plugin_settings() -> type[ConfirmationSettings]:
    return ConfirmationSettings


@hookimpl
def plugin_tables() -> tuple[RowTable, ...]:
    return log.TABLES


@hookimpl
def check_settings(settings: ConfirmationSettings, tables: Tables) -> Iterator[str]:
    """The tables can be used, and the rules that are skipped exist."""
    yield from faults_of(tables)
    for rule in sorted(settings.skip - RULES.keys()):
        yield f"skip names {rule}, which is no rule of order confirmation: {instead(rule, RULES)}"


@hookimpl
def confirm_claim(claim: Claim, context: ClaimContext[ConfirmationSettings]) -> Iterator[Finding]:
    """Hold a claim that says something else than its deliveries."""
    if claim.frequency == "8":
        return
    compiled = context.prepared(_compiled)
    deliveries = context.deliveries(claim) if any(is_delivered(line) for line in claim.lines) else []
    found = findings_of(claim, deliveries, compiled.items, compiled.reasons, context.settings, context.today)
    yield from (finding for finding in found if finding.rule not in context.settings.skip)


def _compiled(settings: ConfirmationSettings, tables: Tables) -> _Compiled:
    return _Compiled(Items(tables.__getitem__), reasons_of(tables[REASONS]))


# --- beside the chains


@hookimpl
def desk_settings() -> type[DeskSettings]:
    return DeskSettings


@hookimpl
def plugin_drops() -> Iterator[Drop]:
    yield Drop("orders", "Delivered orders; they become claims, or wait.", OrderRow, confirm, team="confirmation")


@hookimpl
def plugin_schedules(settings: DeskSettings) -> Iterator[Schedule]:
    yield Schedule(name="rentals", run=month_end.run, daily=settings.rentals_at, on=settings.rental_days, timeout=600)
    yield Schedule(name="feedback", run=tell_teams, daily=settings.feedback_at, on=("mon",))


@hookimpl
def plugin_worklists() -> Iterator[Worklist]:
    yield Worklist(name="orders", title="Delivered orders that wait to be billed", kinds=(PROBLEM_KIND,))
    # Not with the schedule that tells it: that bills rental months, too.
    yield Worklist(name="rentals_stopped", title="Rentals that are not billed any more", kinds=(month_end.KIND,))
    yield Worklist(
        name="order_feedback",
        title="What orders waited for, week by week",
        kinds=(FEEDBACK_KIND,),
        schedule="feedback",
    )


@hookimpl
def plugin_reports() -> Iterator[Report]:
    yield Report(name="order_feedback", title="Why orders waited", run=feedback, parameters=Weeks)
    yield Report(name="inventory_faults", title="Quantity and serial number", run=inventory_log, parameters=Days)
    yield Report(
        name="rental_months",
        title="The next months of rentals",
        run=month_end.report,
        parameters=month_end.Through,
        timeout=300,
    )


@hookimpl
def plugin_commands() -> Iterator[Command]:
    yield Command(
        name="rentals",
        help="Make the claims of rental months that have begun; with preview only show them.",
        run=month_end.command,
        options=month_end.Through,
        timeout=600,
    )
