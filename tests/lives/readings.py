"""Where the page is open: the situations of `readings.toml`, each as a question about one difference."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from ..oracle.life import Expected, Patient
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
    if one.rule not in ("R1.05", "R1.05 R1.TF-1") or one.what not in ("kept", "date", "missing claim"):
        return False
    gone = max((ended for ended in _ends(case.patient, one.code) if ended < one.dos), default=None)
    if gone is None:
        return False
    months = [due for due in case.due if due.kind == "claim" and due.code == one.code and due.dos < gone]
    last = max((due.dos for due in months), default=None)
    if last is None:
        return False
    due = min(day for day in (add_months(last, 1), add_months(_anchor(months), _step(months, last))) if day > last)
    regulation, contractors = due + dt.timedelta(days=61), add_months(due, 2)
    return min(regulation, contractors) <= one.dos < max(regulation, contractors)


QUESTIONS: dict[str, Callable[[Case], bool]] = {
    "a break that only one of the two readings calls long": between_the_readings,
}


@cache
def readings() -> dict[str, str]:
    """The readings that are in force: situation and the reason."""
    rows = tomllib.loads((FOLDER / "readings.toml").read_text()).get("reading", [])
    return {row["situation"]: row["why"] for row in rows}


def excuse(case: Case) -> str:
    """The reading by which both are right; empty where there is none."""
    return next((name for name in readings() if QUESTIONS[name](case)), "")
