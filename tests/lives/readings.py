"""Where the page is open: the situations of `readings.toml`, each as a question about one difference."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from ..oracle.codes import cap_of, line_of
from ..oracle.days import add_days, add_months
from ..oracle.life import MEDICARE, Expected, Patient
from .agree import FOLDER, Difference
from .driver import Lived


class Case(NamedTuple):
    """A difference in its life."""

    one: Difference
    patient: Patient
    due: Sequence[Expected]
    lived: Lived


def between_the_readings(case: Case) -> bool:
    """A month that comes back between the regulation's day and the contractors'."""
    one = case.one
    if not one.rule.startswith("R1.05") or one.what not in ("kept", "date"):
        return False
    due = month_due(case, one.code, one.dos)
    if due is None:
        return False
    regulation, contractors = add_days(due, 61), add_months(due, 2)
    return min(regulation, contractors) <= one.dos < max(regulation, contractors)


def month_due(case: Case, code: str, dos: dt.date) -> dt.date | None:
    """The day on which the month after the last one before a day would have begun; None where there was none."""
    line = line_of(code)
    months = sorted(
        {due.dos for due in case.due if due.kind in ("claim", "warn") and line_of(due.code) == line and due.dos < dos}
    )
    if not months:
        return None
    first = last = months[-1]
    for month in reversed(months):
        if (first - month).days <= 31:
            first = month
    step = 0
    while add_months(first, step) <= last:
        step += 1
    return add_months(first, step)


def second_order(case: Case) -> bool:
    """An order of the same item within a month of one whose claim waits."""
    one = case.one
    if "DUPLICATE" not in one.rule or one.what not in ("kept", "date"):
        return False
    waits = [
        due
        for due in case.due
        if due.kind in ("hold", "reject") and due.code == one.code and due.dos < one.dos <= add_months(due.dos, 1)
    ]
    return bool(waits)


def months_of_another_payer(case: Case) -> bool:
    """A month after the thirteenth (oxygen: the 36th) of a patient whom another payer pays."""
    one = case.one
    if one.what != "missing claim" or one.rule:
        return False
    due = next(due for due in case.due if (due.code, due.dos, due.kind) == (one.code, one.dos, "claim"))
    before = {each.dos for each in case.due if each.kind == "claim" and each.code == one.code and each.dos < one.dos}
    return due.payer != MEDICARE and len(before) >= cap_of(one.code)


QUESTIONS: dict[str, Callable[[Case], bool]] = {
    "a break that only one of the two readings calls long": between_the_readings,
    "a second order while the first of the item waits": second_order,
    "months that another payer pays": months_of_another_payer,
}


@cache
def readings() -> dict[str, str]:
    """The readings that are in force: situation and the reason."""
    rows = tomllib.loads((FOLDER / "readings.toml").read_text()).get("reading", [])
    return {row["situation"]: row["why"] for row in rows}


def excuse(case: Case) -> str:
    """The reading by which both are right; empty where there is none."""
    return next((name for name in readings() if QUESTIONS[name](case)), "")
