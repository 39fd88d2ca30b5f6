"""Resupply: refills that the patient asked for, in time, and no more than usual (hme-billing-rules 4).

At `scrub`, what is told with a claim (RS-5, RS-6, and RS-3 where a maximum is not certain); at `hold`, what
makes it wait (RS-1 to RS-4). Which payer follows
which maximums and windows is in the tables supply_limits, refill_rules, refill_exempt and base_equipment, by payer
class. Beside the chains: the due list, refill requests, and claims for refills that were shipped.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Hold
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
    instead,
)

from .checks import (
    base_warnings,
    order_holds,
    partial_warnings,
    quantity_holds,
    quantity_warnings,
    refill_holds,
)
from .due import ASK_KIND, SHIP_KIND, DueDays, due_list, work_out
from .items import Item, Past, items_of
from .limits import BASE_EQUIPMENT, REFILL_EXEMPT, REFILL_RULES, SUPPLY_LIMITS, Book, faults_of_limits, faults_of_rules
from .record import UNKNOWN_KIND, RefillRow, one, post, record
from .requests import REFILLS
from .rules import RULES
from .settings import DeskSettings, ResupplySettings
from .shipments import KIND as UNBILLED_KIND
from .shipments import SHIPPED, ShipmentRow, bill

__all__ = ["RULES"]

gateway_api = 1
gateway_tables = (SUPPLY_LIMITS, REFILL_RULES, REFILL_EXEMPT, BASE_EQUIPMENT)


@hookimpl
def plugin_settings() -> type[ResupplySettings]:
    return ResupplySettings


@hookimpl
def plugin_tables() -> tuple[RowTable, ...]:
    return (REFILLS, SHIPPED)


@hookimpl
def check_settings(settings: ResupplySettings, tables: Tables) -> Iterator[str]:
    """The tables have whole numbers where they are counted with, and the rules that are skipped exist."""
    yield from faults_of_limits(tables[SUPPLY_LIMITS])
    yield from faults_of_rules(tables[REFILL_RULES])
    for rule in sorted(settings.skip - RULES.keys()):
        yield f"skip names {rule}, which is no rule of resupply: {instead(rule, RULES)}"


@hookimpl
def scrub_claim(claim: Claim, context: ClaimContext[ResupplySettings]) -> Iterator[Finding]:
    """Tell of supplies without their equipment, and of what a payer will pay in part."""
    settings, book = context.settings, context.prepared(_book)
    for item in _items(claim, context, book):
        found = [*quantity_warnings(item, book, settings), *base_warnings(item, book), *partial_warnings(item, book)]
        yield from (finding for finding in found if finding.rule not in settings.skip)


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext[ResupplySettings]) -> Iterator[Hold]:
    """Hold refills that nobody asked for or that come too soon, too much at once, and supplies on an ended order."""
    settings, book = context.settings, context.prepared(_book)
    for item in _items(claim, context, book):
        found = [*refill_holds(item, book), *quantity_holds(item, book, settings), *order_holds(item, settings)]
        yield from (hold for hold in found if hold.rule not in settings.skip)


def _book(settings: ResupplySettings, tables: Tables) -> Book:
    return Book(settings.payer_classes, *(tables[name] for name in gateway_tables))


def _items(claim: Claim, context: ClaimContext[ResupplySettings], book: Book) -> list[Item]:
    """The supplies of a claim; a claim that voids one (frequency 8) bills none."""
    return [] if claim.frequency == "8" else items_of(claim, book, Past(claim, context), context.today)


# --- beside the chains


@hookimpl
def desk_settings() -> type[DeskSettings]:
    return DeskSettings


@hookimpl
def plugin_schedules(settings: DeskSettings) -> Iterator[Schedule]:
    yield Schedule(name="due", run=work_out, daily=settings.daily, timeout=600)


@hookimpl
def plugin_worklists() -> Iterator[Worklist]:
    columns = ("id", "kind", "team", "work_by", "dollars", "payer", "claim", "reason")
    for name, title, kind in (
        ("resupply_due", "Patients to ask for a refill", ASK_KIND),
        ("resupply_ship", "Refills to ship", SHIP_KIND),
    ):
        yield Worklist(name=name, title=title, kinds=(kind,), columns=columns, schedule="due")
    yield Worklist(
        name="resupply_problems",
        title="Refill requests and shipments that could not be taken",
        kinds=(UNKNOWN_KIND, UNBILLED_KIND),
    )


@hookimpl
def plugin_reports() -> Iterator[Report]:
    yield Report(name="resupply_due", title="Refills that come up", run=due_list, parameters=DueDays, timeout=300)


@hookimpl
def plugin_commands() -> Iterator[Command]:
    yield Command(name="refill", help="Record what a patient said to a refill.", run=one, options=RefillRow)


@hookimpl
def plugin_routes() -> Iterator[Route]:
    yield Route(method="POST", path="/refills", run=post, scope="submit", help="Record refill requests.")


@hookimpl
def plugin_drops() -> Iterator[Drop]:
    yield Drop("refills", "Refill requests: what patients said to their refills.", RefillRow, record, team="resupply")
    yield Drop("shipments", "Refills that were shipped; they become claims.", ShipmentRow, bill, team="resupply")
