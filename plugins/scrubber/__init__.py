"""Scrubbing of HME claims: what a DME front end refuses for certain, found before it is sent.

The rules are those of hme-billing-rules 1.1-1.3 that a claim alone can answer; payment categories come from the table
`payment_categories`, so that a biller can read and correct them.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model.decision import Finding
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, hookimpl

from .modifiers import check_modifiers
from .providers import check_providers
from .settings import ScrubberSettings

gateway_api = 1
gateway_tables = {"payment_categories": ("category",)}


@hookimpl
def plugin_settings() -> type[ScrubberSettings]:
    return ScrubberSettings


@hookimpl
def scrub_claim(claim: Claim, context: ClaimContext[ScrubberSettings]) -> Iterator[Finding]:
    """Findings of every rule that is switched on, line by line."""
    skipped = context.settings.skip
    for finding in _all(claim, context):
        if finding.rule not in skipped:
            yield finding


def _all(claim: Claim, context: ClaimContext[ScrubberSettings]) -> Iterator[Finding]:
    categories = context.table("payment_categories")
    for line in claim.lines:
        yield from check_modifiers(line, categories, context.today)
    yield from check_providers(claim, context.settings)
