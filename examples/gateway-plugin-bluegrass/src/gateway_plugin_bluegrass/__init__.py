"""Bluegrass Medical Assistance: an invented Medicaid, and what it wants of a claim (see README.md).

The rules stand in a module each; here is what the gateway calls.
"""

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Hold
from gateway.core.model.posting import Denial, WorkItemDraft
from gateway.core.x12.claim import Claim
from gateway.plugins import (
    ClaimContext,
    Command,
    Desk,
    Drop,
    Metric,
    PaymentContext,
    Report,
    Route,
    RowTable,
    Schedule,
    Tables,
    Worklist,
    hookimpl,
)

from . import answered, ending, standing, watch
from .authorization import check_authorization, draft_for
from .modifiers import TABLE as MODIFIERS
from .modifiers import set_order
from .providers import check_referring_provider
from .rentals import TABLE as RENTALS
from .rentals import check_months
from .settings import DeskSettings, Settings
from .spans import check_spans
from .use import ASKED, ask_about_use

gateway_api = 1
gateway_tables = {MODIFIERS: ("rank",), RENTALS: ("months",)}


@hookimpl
def plugin_settings() -> type[Settings]:
    return Settings


@hookimpl
def plugin_tables() -> tuple[RowTable, ...]:
    return (ASKED,)


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """The tables have numbers where numbers are wanted."""
    for name, column in ((MODIFIERS, "rank"), (RENTALS, "months")):
        for row in tables[name].rows:
            if not row.values.get(column, "").isdigit():
                first = next(iter(row.values.values()), "")
                yield f"in the table {name}, the {column} of {first} must be a whole number"


@hookimpl
def confirm_claim(claim: Claim, context: ClaimContext[Settings]) -> Iterator[Finding]:
    """BG-5."""
    if "BG-5" not in context.settings.skip:
        yield from check_authorization(claim, context.settings)


@hookimpl
def scrub_claim(claim: Claim, context: ClaimContext[Settings]) -> Iterator[Finding]:
    """BG-1 and BG-2 hold; BG-3 sets right."""
    settings = context.settings
    if "BG-1" not in settings.skip:
        yield from check_spans(claim, settings)
    if settings.referring_provider and "BG-2" not in settings.skip:
        yield from check_referring_provider(claim)
    if "BG-3" not in settings.skip:
        yield from set_order(claim, context)


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext[Settings]) -> Iterator[Hold]:
    """BG-4 holds; BG-7 has somebody ask meanwhile."""
    if "BG-4" not in context.settings.skip:
        yield from check_months(claim, context)
    if "BG-7" not in context.settings.skip:
        ask_about_use(claim, context)


@hookimpl
def route_denial(denial: Denial, context: PaymentContext[Settings]) -> WorkItemDraft | None:
    """BG-6."""
    if "BG-6" in context.settings.skip:
        return None
    return draft_for(denial, context.settings, context.today)


# --- beside the chains -----------------------------------------------------------------------------


@hookimpl
def desk_settings() -> type[DeskSettings]:
    return DeskSettings


@hookimpl
def plugin_schedules(settings: DeskSettings) -> list[Schedule]:
    return [ending.schedule(settings)]


@hookimpl
def plugin_worklists() -> list[Worklist]:
    return [ending.WORKLIST]


@hookimpl
def plugin_reports() -> list[Report]:
    return [standing.REPORT]


@hookimpl
def plugin_routes() -> list[Route]:
    return [ending.ROUTE]


@hookimpl
def plugin_commands() -> list[Command]:
    return [ending.COMMAND]


@hookimpl
def plugin_metrics() -> list[Metric]:
    return [standing.METRIC]


@hookimpl
def plugin_drops() -> list[Drop]:
    return [answered.DROP]


@hookimpl
def gateway_started(desk: Desk[DeskSettings]) -> None:
    watch.forget_the_stop(desk)
    watch.look_at_table(desk)


@hookimpl
def configuration_taken(desk: Desk[DeskSettings]) -> None:
    watch.look_at_table(desk)


@hookimpl
def gateway_stopping(desk: Desk[DeskSettings]) -> None:
    watch.look_at_claims(desk)
