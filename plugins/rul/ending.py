"""RUL-2: patients whose equipment reaches the end of its useful lifetime, and what its replacement needs.

Once a day the list is brought up to date: an item opens once for a patient, a group and the day on which the lifetime
ends, and closes when something new was delivered or the equipment is gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pydantic import Field

from gateway.core.model.belongings import Order
from gateway.plugins import Desk, PatientView, PluginSettings, Rows, Table
from gateway.plugins.at_home import back_since
from gateway.plugins.months import add_months

from .lifetimes import Facts, Lifetimes, given_items, is_gone, lifetime_end, lifetimes_begun
from .settings import RulDesk

KIND = "rul_ending"
PREPARED = 30
"""Days before the end by which the papers should be there."""
PAPERS_MONTHS = 6
"""How old an order, and the visit behind it, may be."""
WORDS = {
    "election": "the patient's word that they want new equipment",
    "order": "a new order",
    "encounter": "a visit face to face within six months before the order",
}


class Ending(NamedTuple):
    """Equipment of a patient with the end of its lifetime; `lacks` is what the replacement needs and is not there.
    `back`: when it came back after it was gone (None: it was not)."""

    patient: int
    group: str
    code: str
    given: dt.date
    end: dt.date
    needs: tuple[str, ...]
    lacks: tuple[str, ...]
    back: dt.date | None

    @property
    def key(self) -> str:
        """Names it among the work items; anew when the equipment is back, for its item was closed when it went."""
        back = f":{self.back.isoformat()}" if self.back is not None and self.back > self.given else ""
        return f"{self.patient}:{self.group}:{self.end.isoformat()}{back}"


class Asked(PluginSettings):
    """What the report may be asked."""

    days: int | None = Field(default=None, ge=1, le=3660, description="So many days ahead; else as the settings say.")


def endings(patient: PatientView, today: dt.date, lifetimes: Lifetimes, needs: Table) -> Iterator[Ending]:
    """The equipment that a patient has, with the end of its lifetime, by group."""
    facts = Facts(patient.history, patient.payments, patient.deliveries, patient.equipment)
    found: dict[str, Ending] = {}
    governed: dict[str, str] = {}
    for group in lifetimes.groups:
        codes = lifetimes.codes(group)
        given = [one for one in given_items(facts, codes) if one.day <= today]
        if not given or is_gone(facts, codes, given[-1].day, today):
            continue
        last = lifetimes_begun(given, lifetimes, today)[-1]
        lifetime = lifetimes.of(last.code, today)
        if lifetime is None or lifetime.kind != "months":
            continue
        end = lifetime_end(last.day, lifetime.months)
        wanted = _needs(needs, group, end)
        governed[group] = lifetime.governed_by
        # What the patient has now: another modality may have come since, and the lifetime runs on.
        lacks = _lacking(wanted, patient.orders, codes, end)
        back = back_since(patient.equipment, codes, today)
        found[group] = Ending(patient.id, group, given[-1].code, last.day, end, wanted, lacks, back)
    for group, one in found.items():
        if governed[group] not in found:
            yield one


def _needs(table: Table, group: str, day: dt.date) -> tuple[str, ...]:
    row = table.find(day, group)
    if row is None:
        return ("order",)
    return tuple(word for word in WORDS if row.values.get(word) == "yes")


def _lacking(
    needs: tuple[str, ...], orders: Collection[Order], codes: Collection[str], end: dt.date
) -> tuple[str, ...]:
    since = add_months(end, -PAPERS_MONTHS)
    fresh = [one for one in orders if one.ordered_on >= since and any(code in codes for code in one.codes)]
    visited = any(
        one.encounter_on is not None
        and add_months(one.ordered_on, -PAPERS_MONTHS) <= one.encounter_on <= one.ordered_on
        for one in fresh
    )
    there = {"order": bool(fresh), "encounter": visited}
    return tuple(word for word in needs if not there.get(word, False))


def _soon(desk: Desk[RulDesk], days: int) -> Iterator[Ending]:
    lifetimes = Lifetimes(desk.table("useful_lifetime"))
    needs = desk.table("replacement_needs")
    first = desk.today - dt.timedelta(days=desk.settings.days_after)
    last = desk.today + dt.timedelta(days=days)
    for patient in desk.patients(codes=lifetimes.all_codes):
        for one in endings(patient, desk.today, lifetimes, needs):
            if first <= one.end <= last:
                yield one


def keep_list(desk: Desk[RulDesk]) -> None:
    """Open what is new on the list, close what is no more: the turn of the schedule."""
    standing = {item.key: item for item in desk.items(kinds=[KIND]) if item.own}
    present = {one.key: one for one in _soon(desk, desk.settings.days_ahead)}
    for key in standing:
        if key not in present:
            desk.close_item(key, "It was replaced, is gone, or is too long past.")
    for key, one in present.items():
        if key not in standing:
            desk.open_item(
                kind=KIND,
                key=key,
                reason=_reason(one),
                team=desk.settings.team,
                rule="RUL-2",
                work_by=max(desk.today, one.end - dt.timedelta(days=PREPARED)),
            )


def _reason(one: Ending) -> str:
    lacks = " and ".join(WORDS[word] for word in one.lacks)
    wants = f"The replacement still needs {lacks}." if lacks else "All that the replacement needs is there."
    return (
        f"{one.code} ({one.group}) of patient {one.patient}, received on {one.given:%m/%d/%Y}, may be replaced from "
        f"{one.end:%m/%d/%Y} on. {wants}"
    )


def listed(desk: Desk[RulDesk], asked: Asked) -> Rows:
    """The report: what reaches its end, soonest first."""
    found = sorted(_soon(desk, asked.days or desk.settings.days_ahead), key=lambda one: (one.end, one.patient))
    columns = ("patient", "group", "code", "received", "lifetime ends", "days left", "needs", "lacks")
    return Rows(
        columns,
        [
            (
                one.patient,
                one.group,
                one.code,
                one.given,
                one.end,
                (one.end - desk.today).days,
                ", ".join(one.needs),
                ", ".join(one.lacks),
            )
            for one in found
        ],
    )


def run_now(desk: Desk[RulDesk], options: object) -> str:
    """The command: the turn of the schedule, now."""
    before = len(desk.acts)
    keep_list(desk)
    changed = len(desk.acts) - before
    return f"The list is up to date: {changed} item(s) opened or closed."
