"""Maintenance of oxygen equipment and repairs of everything else (hme-billing-rules 2.5; what each rule is, in
`rules`).

In a chain: maintenance lines as they must be, due and visited, and repairs that are payable. Beside the chains: the
calendar of visits, what has lapsed, and visits as they are recorded, each with its claim.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.decision import Finding
from gateway.core.x12.claim import Claim
from gateway.plugins import (
    ClaimContext,
    Command,
    Drop,
    Report,
    Route,
    RowTable,
    Schedule,
    Tables,
    Worklist,
    hookimpl,
)
from gateway.plugins.rental_clock import Facts

from .capture import CaptureAsked, capture
from .duty import KIND, CalendarAsked, LapsedAsked, calendar, keep_calendar, lapsed, run_calendar
from .items import Items, faults, make_items
from .lines import Visits, check_form, check_visits, maintenance_lines
from .record import BY_HAND, UNKNOWN, post_visit, record_one, record_visits, record_warranties
from .repairs import check_repairs, needs_look
from .rules import Says
from .settings import MaintenanceDesk, MaintenanceSettings
from .visits import VISITS, WARRANTIES, VisitRow, WarrantyRow, complete_days, incomplete_days, warranties_in

gateway_api = 1
gateway_tables = {
    "oxygen_items": ("class", "maintained"),
    "repair_labor": ("units",),
    "maintenance_charges": ("charge",),
    "payment_categories": ("code", "category"),
}
VISIT_PAPER = "visit"


@hookimpl
def plugin_settings() -> type[MaintenanceSettings]:
    return MaintenanceSettings


@hookimpl
def plugin_tables() -> tuple[RowTable, ...]:
    return (VISITS, WARRANTIES)


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """Each row of the tables says what the plugin must know."""
    return faults(tables)


@hookimpl
def scrub_claim(claim: Claim, context: ClaimContext[MaintenanceSettings]) -> list[Finding] | None:
    """Every rule. A claim without maintenance and repairs is left alone, and nothing is looked up for it."""
    items = context.prepared(make_items)
    lines = maintenance_lines(claim)
    repairs = needs_look(claim, items)
    if not lines and not repairs:
        return None
    settings = context.settings
    say = Says(settings.skip, settings.hold, settings.check)
    sound = [line for line in lines if check_form(line, items, say)]
    if not sound and not repairs:
        return say.found
    facts = Facts(
        context.history(claim),
        context.payments(claim),
        context.deliveries(claim),
        context.equipment(claim),
        context.orders(claim),
    )
    if sound:
        check_visits(claim, sound, facts, items, _visits(claim, context, items), context.today, say)
    if repairs:
        categories, labor = context.table("payment_categories"), context.table("repair_labor")
        check_repairs(claim, items, facts, categories, labor, context.today, say)
    return say.found


def _visits(claim: Claim, context: ClaimContext[MaintenanceSettings], items: Items) -> Visits:
    """Visits as they were recorded, or as a paper about them is there."""
    rows = context.rows("visits", claim)
    papers = [
        one.dated
        for one in context.documents(claim)
        if one.kind == VISIT_PAPER and one.dated is not None and (not one.codes or items.maintained & set(one.codes))
    ]
    return Visits(
        [*complete_days(rows), *papers], incomplete_days(rows), warranties_in(context.rows("warranties", claim))
    )


# --- beside the chains


@hookimpl
def desk_settings() -> type[MaintenanceDesk]:
    return MaintenanceDesk


@hookimpl
def plugin_schedules(settings: MaintenanceDesk) -> Iterator[Schedule]:
    yield Schedule(name="calendar", run=keep_calendar, daily=settings.daily, timeout=600)


@hookimpl
def plugin_worklists() -> Iterator[Worklist]:
    yield Worklist(
        name="visits",
        title="Maintenance visits that are due",
        kinds=(KIND, BY_HAND, UNKNOWN),
        columns=("id", "kind", "team", "work_by", "deadline", "reason", "assignee"),
        order=("work_by", "id"),
        empty="No visit is due.",
        schedule="calendar",
    )


@hookimpl
def plugin_reports() -> Iterator[Report]:
    yield Report(
        name="calendar",
        title="Maintenance visits: coming, open, done and lapsed",
        run=calendar,
        parameters=CalendarAsked,
        timeout=300,
    )
    yield Report(
        name="lapsed", title="Maintenance visits that were not made", run=lapsed, parameters=LapsedAsked, timeout=300
    )
    yield Report(
        name="capture", title="Maintenance billed of what was due", run=capture, parameters=CaptureAsked, timeout=300
    )


@hookimpl
def plugin_drops() -> Iterator[Drop]:
    yield Drop(
        "visits",
        "Maintenance visits, each with its checks; claims are made.",
        VisitRow,
        record_visits,
        team="respiratory",
    )
    yield Drop("warranties", "Labor warranties of equipment.", WarrantyRow, record_warranties, team="respiratory")


@hookimpl
def plugin_commands() -> Iterator[Command]:
    yield Command(
        name="visit",
        help="Record one maintenance visit, and bill it where it is due.",
        run=record_one,
        options=VisitRow,
    )
    yield Command(name="calendar", help="Bring the calendar of visits up to date now.", run=run_calendar, timeout=600)


@hookimpl
def plugin_routes() -> Iterator[Route]:
    yield Route(
        method="POST", path="/visits", run=post_visit, scope="submit", help="Record a maintenance visit, and bill it."
    )
