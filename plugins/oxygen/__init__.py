"""Oxygen: 36 rental months and no more, contents once they are due and delivered, modifiers that fit the flow, and
replacements with what they need (hme-billing-rules 2; what each rule is, in `rules`).

Maintenance and repairs are the plugin `maintenance`'s, the useful lifetime of other items is `rul`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Hold, HoldType
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, Report, Tables, hookimpl
from gateway.plugins.rental_clock import Facts

from .contents import check_contents, check_delivered, contents_lines, missing_proof
from .equipment import check_month, look, notes_of, rented_lines
from .flow import check_flow
from .furnishing import StandingAsked, standing_now
from .items import Items, faults, make_items
from .replacement import check_replacement, check_together, make_reasons
from .rules import Says
from .settings import OxygenSettings

gateway_api = 1
gateway_tables = {
    "oxygen_items": ("class", "system"),
    "oxygen_modifiers": ("kind", "on", "flow", "average", "portable"),
    "replacement_reasons": ("reason",),
}
DENIAL_WANTED = "GY"


@hookimpl
def plugin_settings() -> type[OxygenSettings]:
    return OxygenSettings


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """Each row of the tables says what the plugin must know."""
    yield from faults(tables)
    for row in tables["replacement_reasons"].rows:
        if row.values.get("reason", "") not in ("loss", "lifetime"):
            yield f"in the table replacement_reasons, the reason of {row.values.get('word', '')} is loss or lifetime"


def facts_of(context: ClaimContext[OxygenSettings], claim: Claim) -> Facts:
    """What is known of the patient."""
    return Facts(
        context.history(claim),
        context.payments(claim),
        context.deliveries(claim),
        context.equipment(claim),
        context.orders(claim),
    )


@hookimpl
def scrub_claim(claim: Claim, context: ClaimContext[OxygenSettings]) -> list[Finding] | None:
    """Every rule but the proof of delivery. A claim without oxygen is left alone, and nothing is looked up for it."""
    items = context.prepared(make_items)
    day = context.today
    if not any(line.code in items.every for line in claim.lines):
        return None
    settings = context.settings
    say = Says(settings.skip, settings.hold)
    check_flow(claim, items, day, say)
    _check_purchases(claim, context, items, say)
    rented = rented_lines(claim, items, day)
    contents = list(contents_lines(claim, items, day))
    if not rented and not contents:
        return say.found
    facts = facts_of(context, claim)
    reasons = context.prepared(make_reasons)
    for one in rented:
        looked = look(one, rented, facts, items)
        if looked is None:
            continue
        check_month(looked, claim, facts, items, say)
        documents = context.documents(claim)
        check_replacement(looked, claim, facts, items, reasons, documents, settings.statement_wanted, say)
        if one.kind == "portable":
            check_together(looked, rented, facts, items, reasons.of(notes_of(one.line, claim), one.day), say)
    now = [one.month for one in rented if one.kind == "stationary"]
    for line, kind, start in contents:
        check_contents(line, kind, start, claim, now, facts, items, say)
        check_delivered(line, start, facts.deliveries, say)
    return say.found


def _check_purchases(claim: Claim, context: ClaimContext[OxygenSettings], items: Items, say: Says) -> None:
    for line in claim.lines:
        kind, _ = items.kind(line.code, line.dates.start or context.today)
        if kind == "purchase" and DENIAL_WANTED not in line.modifiers:
            say(
                "O-PURCHASE",
                line,
                "oxygen equipment has not been payable as a purchase since 1989. Bill the rental's code.",
                place="2400 SV101-2",
            )


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext[OxygenSettings]) -> Iterator[Hold]:
    """O-C4: contents wait until a proven delivery covers their day; it releases the hold by itself when it comes in."""
    if not context.settings.hold_contents or "O-C4" in context.settings.skip:
        return
    for line, _, day in contents_lines(claim, context.prepared(make_items), context.today):
        reason = missing_proof(line, day, context.deliveries(claim))
        if reason:
            yield Hold(rule="O-C4", reason=reason, type=HoldType.SYSTEM, team="respiratory", line=line.number)


@hookimpl
def plugin_reports() -> Iterator[Report]:
    yield Report(
        name="clock",
        title="Oxygen patients: month of 36, and what is owed from month 37 to month 60",
        run=standing_now,
        parameters=StandingAsked,
        timeout=300,
    )
