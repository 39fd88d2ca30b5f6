"""Fixtures for the tests of plugins; pytest finds them by itself where the gateway is installed.

    def test_a_rental_with_a_single_date_waits(plugin_context, claim):
        assert rules(plugin_context(medicaid_spans).scrub(claim)) == ["MCD-SPAN"]

Importing this module imports nothing of the gateway's core: every pytest run in the environment does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.core.model.posting import Denial, Match
    from gateway.core.x12.claim import Claim
    from gateway.core.x12.remittance import ClaimPayment
    from gateway.plugins.testing import PluginContext

pytest.register_assert_rewrite("gateway.plugins.contract")


@pytest.fixture
def plugin_context() -> Iterator[Callable[..., PluginContext]]:
    """`plugin_context(plugin, settings, history=..., tables=...)`: the plugin, ready to be asked, until the test ends.
    The arguments are those of `gateway.plugins.testing.plugin_context`."""
    from gateway.plugins import testing

    with ExitStack() as stack:
        yield lambda *arguments, **given: stack.enter_context(testing.plugin_context(*arguments, **given))


@pytest.fixture
def claim() -> Claim:
    """A sound claim: one month of an oxygen concentrator, a single date, for an invented patient."""
    from gateway.plugins.testing import make_claim

    return make_claim()


@pytest.fixture
def payment() -> ClaimPayment:
    """A claim payment of that claim: charge 150, paid 80, 50 contractual, 20 coinsurance."""
    from gateway.plugins.testing import make_payment

    return make_payment()


@pytest.fixture
def match(payment: ClaimPayment) -> Match:
    """The match of `payment`: its claim, everything open on it."""
    from gateway.plugins.testing import make_match

    return make_match(payment)


@pytest.fixture
def denial() -> Denial:
    """A line refused as not medically necessary (CO-50)."""
    from gateway.plugins.testing import make_denial

    return make_denial()
