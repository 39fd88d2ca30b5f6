"""Bluegrass Medical Assistance: an invented Medicaid, and what it wants of a claim (see README.md).

The rules stand in a module each; here is what the gateway calls.
"""

from collections.abc import Iterator

from gateway.core.model.decision import Finding, Hold
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, hookimpl

from .modifiers import TABLE as MODIFIERS
from .modifiers import set_order
from .providers import check_referring_provider
from .rentals import TABLE as RENTALS
from .rentals import check_months
from .settings import Settings
from .spans import check_spans

gateway_api = 1
gateway_tables = (MODIFIERS, RENTALS)


@hookimpl
def plugin_settings() -> type[Settings]:
    return Settings


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
    """BG-4."""
    if "BG-4" not in context.settings.skip:
        yield from check_months(claim, context)
