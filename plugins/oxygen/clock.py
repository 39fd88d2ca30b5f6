"""The 36-month clock of oxygen: a count for all stationary equipment, one for all portable (hme-billing-rules 2.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from gateway.plugins import rental_clock
from gateway.plugins.months import add_months
from gateway.plugins.rental_clock import Clock, Facts, Month

CAP = 36
"""Monthly payments for oxygen equipment."""
LIFETIME = 60
"""Months of its useful lifetime, from delivery; so long the supplier keeps furnishing it."""
REPLACED = "RA"
ONE_DAY = dt.timedelta(days=1)


def make_clock(
    facts: Facts,
    codes: Collection[str],
    day: dt.date,
    now: Iterable[Month] = (),
    governing: Clock | None = None,
) -> Clock | None:
    """The count for these items as it stands on a day, see `rental_clock.make_clock`.

    `governing`: of portable equipment the count of the stationary, whose lifetime is the portable's too (O-R3).
    """
    ends = [add_months(term, LIFETIME) for term in governing.terms] if governing else ()
    return rental_clock.make_clock(facts, codes, day, now, cap=CAP, lifetime=LIFETIME, ends=ends)
