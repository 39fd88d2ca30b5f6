"""Scrubbing of HME claims before they are sent: what a DME front end refuses for certain, what a payer denies, and what
needs a paper or a person first (hme-billing-rules 1.1 to 1.7).

Every rule is in `rules`, every list in a table of config/tables that a biller can read and edit; `rule_payers` says for
which payers a rule holds. Safe corrections are made, and stand on the claim's timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from gateway.core.model.decision import Finding
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, Tables, hookimpl

from .authorizations import check_authorizations
from .book import open_book
from .checking import faults
from .corrections import Corrector, correct
from .dates import check_dates, check_overlap, check_supply, check_units
from .diagnoses import check_diagnoses
from .filing import check_filing_time, check_frequency, check_unlisted
from .findings import Findings
from .items import check_items
from .modifiers import check_modifiers
from .orders import check_certificates, check_orders
from .places import check_jurisdiction, check_places
from .policies import check_policies
from .providers import check_providers
from .rentals import check_rentals
from .repeats import check_repeats, check_similar
from .rules import RULES, named
from .settings import ScrubberSettings
from .trials import check_trials
from .whole import Whole

__all__ = ["RULES", "ScrubberSettings", "check_settings", "plugin_settings", "scrub_claim"]

CHECKS: tuple[tuple[frozenset[str], Callable[[Whole, Findings], None]], ...] = (
    (named("R1.01 R1.FS-1 R1.OX-1 R1.PO-1 R1.IN-1 R1.KH-1 R1.BP-1 R1.BP-2"), check_items),
    (
        named(
            "R1.11 R1.12 R1.99-1 R1.KX-1 R1.GA-1 R1.LT-1 R1.LT-2 R1.KR-1 R1.EY-1 R1.RA-1 R1.RA-2 R1.RA-3 R1.RB-1 "
            "R1.RB-2 R1.BO-1 R1.BA-1 R1.CB-1"
        ),
        check_modifiers,
    ),
    (named("R1.02 R1.03 R1.04 R1.05 R1.05-BIB R1.06 R1.TE-1"), check_rentals),
    (named("R1.KX-2 R1.GL-1 R1.AU-1 R1.CG-1"), check_policies),
    (named("R1.KX-3"), check_trials),
    (named("R1.20 R1.DN-1 R1.21 R1.21-1 R1.21-2 R1.22 R1.23 R1.24"), check_providers),
    (named("R1.POS-1 R1.POS-2"), check_places),
    (named("R1.JUR-1"), check_jurisdiction),
    (named("R1.DX-1 R1.DX-2 R1.DX-3 R1.DX-4"), check_diagnoses),
    (named("R1.UN-1 R1.UN-2 R1.UN-3"), check_units),
    (named("R1.DOS-1 R1.DOS-2 R1.30 R1.30-2 R1.33"), check_dates),
    (named("R1.31"), check_overlap),
    (named("R1.32-2"), check_supply),
    (named("R1.40"), check_certificates),
    (named("R1.SWO-1 R1.SWO-2 R1.SWO-3 R1.WOPD-1 R1.F2F-1"), check_orders),
    (named("R1.50 R1.50-1 R1.50-2 R1.50-3 R1.50-4"), check_authorizations),
    (named("R1.60 R1.60-1"), check_frequency),
    (named("R1.TF-1 R1.TF-2"), check_filing_time),
    (named("R1.NOC-1"), check_unlisted),
    (named("R1.DUP-1 R1.DUP-2"), check_repeats),
    (named("R1.SS-1"), check_similar),
)
"""The checks in their order, each with the rules that it is about: one of which none holds is not made."""


@lru_cache(maxsize=256)
def _checks(on: frozenset[str]) -> tuple[Callable[[Whole, Findings], None], ...]:
    """Those of which a rule holds."""
    return tuple(check for rules, check in CHECKS if not on.isdisjoint(rules))


gateway_api = 1
gateway_tables = {
    "payment_categories": ("code", "category"),
    "rule_payers": ("rule", "payers"),
    "kx_policies": ("code", "policy"),
    "required_modifiers": ("rule", "code", "one_of"),
    "modifier_order": ("modifier", "rank"),
    "bidding_modifiers": ("modifier",),
    "purchase_options": ("code",),
    "purchase_prices": ("code", "price"),
    "places_of_service": ("place", "kind"),
    "jurisdictions": ("state", "payer"),
    "unit_limits": ("code", "most"),
    "span_dates": ("payer", "code", "span"),
    "wopd_items": ("code",),
    "trial_records": ("code", "from_month", "first_day", "last_day"),
    "prior_authorization": ("payer", "code", "group", "valid"),
    "payer_frequency": ("filing_code", "payer", "takes"),
    "timely_filing": ("payer", "within"),
    "unlisted_codes": ("code",),
    "enrollments": ("partner", "npi"),
}


@hookimpl
def plugin_settings() -> type[ScrubberSettings]:
    return ScrubberSettings


@hookimpl
def check_settings(settings: ScrubberSettings, tables: Tables) -> Iterator[str]:
    """What is wrong with a rule that is named, or with a row of a table."""
    return faults(settings, tables)


@hookimpl
def scrub_claim(claim: Claim, context: ClaimContext[ScrubberSettings]) -> list[Finding]:
    """The corrections that were made, and the findings of every rule that holds for the claim's payer."""
    book = context.prepared(open_book)
    payer_class = book.payer_class(claim)
    on = book.rules(payer_class, context.payer_id, claim.from_date or context.today)
    whole = Whole(claim, book, payer_class, context)
    corrector = Corrector(book, on)
    correct(whole, corrector)
    out = Findings(on)
    for check in _checks(on):
        check(whole, out)
    return corrector.found + out.found
