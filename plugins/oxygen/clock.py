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


class _Asked:
    """The clocks of the patient who was looked at last: several rules of a claim ask for the same one."""

    __slots__ = ("clocks", "facts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.clocks: dict[tuple[frozenset[str], dt.date, frozenset[Month], tuple[dt.date, ...]], Clock | None] = {}


_last = [_Asked(Facts())]


def make_clock(
    facts: Facts,
    codes: Collection[str],
    day: dt.date,
    now: Iterable[Month] = (),
    governing: Clock | None = None,
) -> Clock | None:
    """The count for these items as it stands on a day, see `rental_clock.make_clock`. Made once for these facts (this
    very record, which stays as it is).

    `governing`: of portable equipment the count of the stationary, whose lifetime is the portable's too (O-R3).
    """
    if _last[0].facts is not facts:
        _last[0] = _Asked(facts)
    ends = tuple(add_months(term, LIFETIME) for term in governing.terms) if governing else ()
    clocks, key = _last[0].clocks, (frozenset(codes), day, frozenset(now), ends)
    if key not in clocks:
        clocks[key] = rental_clock.make_clock(facts, codes, day, key[2], cap=CAP, lifetime=LIFETIME, ends=ends)
    return clocks[key]
