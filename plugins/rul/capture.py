"""How much of the equipment that might be replaced was (hme-billing-rules 10: RUL replacements / eligible)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

from pydantic import Field

from gateway.plugins import Desk, PatientView, PluginSettings, Rows

from .lifetimes import Facts, Lifetimes, given_items, lifetime_end, lifetimes_begun
from .settings import RulDesk

FORMULA = "replacements at the end of the lifetime / lifetimes that ended in the period with the equipment in use"


class CaptureAsked(PluginSettings):
    """The period, and whether what was missed is listed."""

    first: dt.date | None = Field(default=None, description="Lifetimes that ended from this day on; else a year back.")
    last: dt.date | None = Field(default=None, description="Until this day; else today.")
    missed: bool = Field(default=False, description="The equipment that was not replaced, instead of the figure.")


class Ended(NamedTuple):
    """A lifetime that ended: of whom, which group and item, when, and when it was replaced."""

    patient: int
    group: str
    code: str
    end: dt.date
    replaced: dt.date | None


def ended(patient: PatientView, lifetimes: Lifetimes, first: dt.date, last: dt.date, today: dt.date) -> Iterator[Ended]:
    """The lifetimes of a patient's equipment that ended in a period while it was in use."""
    facts = Facts(patient.history, patient.payments, patient.deliveries, patient.equipment)
    found: dict[str, list[Ended]] = {}
    for group in lifetimes.groups:
        codes = lifetimes.codes(group)
        given = [one for one in given_items(facts, codes) if one.day <= today]
        begun = lifetimes_begun(given, lifetimes, today)
        for one, after in zip_longest(begun, begun[1:]):
            lifetime = lifetimes.of(one.code, today)
            if lifetime is None or lifetime.kind != "months":
                continue
            end = lifetime_end(one.day, lifetime.months)
            early = after is not None and after.day < end
            if early or not first <= end <= last or _given_back(facts, codes, one.day, end):
                continue
            whole = Ended(patient.id, group, one.code, end, after.day if after is not None else None)
            found.setdefault(group, []).append(whole)
    for group, several in found.items():
        # What goes with other equipment (a portable with its stationary) is replaced with that, and counts there.
        governs = {lifetime.governed_by for one in several if (lifetime := lifetimes.of(one.code, today)) is not None}
        if not governs & found.keys() - {group}:
            yield from several


def _given_back(facts: Facts, codes: Collection[str], since: dt.date, end: dt.date) -> bool:
    """Whether all of the pieces on record were given back before the end."""
    pieces = [one for one in facts.equipment if one.code in codes and since <= one.started_on < end]
    return bool(pieces) and all(one.ended_on is not None and one.ended_on < end for one in pieces)


def capture(desk: Desk[RulDesk], asked: CaptureAsked) -> Rows:
    """The report: the figure with its numbers, or what was missed."""
    last = asked.last or desk.today
    first = asked.first or last - dt.timedelta(days=364)
    lifetimes = Lifetimes(desk.table("useful_lifetime"))
    found = [
        one
        for patient in desk.patients(codes=lifetimes.all_codes)
        for one in ended(patient, lifetimes, first, min(last, desk.today), desk.today)
    ]
    if asked.missed:
        missed = sorted((one.end, one.patient, one) for one in found if one.replaced is None)
        return Rows(
            ("patient", "group", "code", "lifetime ended"),
            [(who, one.group, one.code, end) for end, who, one in missed],
        )
    eligible, replaced = len(found), sum(one.replaced is not None for one in found)
    share = (Decimal(100 * replaced) / eligible).quantize(Decimal("0.01")) if eligible else None
    columns = ("from", "to", "percent", "replaced", "eligible", "formula")
    return Rows(columns, [(first, last, share, replaced, eligible, FORMULA)])
