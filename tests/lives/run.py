"""One life through both, compared; and many of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import NamedTuple

from ..oracle import expected
from ..oracle.days import ONE, add_months
from ..oracle.life import Patient
from ..oracle.population import BEGIN, MONTHS
from .agree import Difference, compare
from .driver import Life
from .lists import days_to_look
from .readings import Case, excuse

UPTO = add_months(BEGIN, MONTHS) - ONE
HALF_YEARS = {add_months(BEGIN, months) - ONE for months in range(6, MONTHS + 1, 6)}
"""Days on which the lists are looked at whatever comes: what is on them, and should not be."""


class Found(NamedTuple):
    """What came of the comparison of a life: differences that nothing explains, those that a reading does, and how much
    was compared."""

    differences: list[Difference]
    excused: list[tuple[str, Difference]]
    counts: Counter[str]


def run_one(patient: Patient, upto: dt.date = UPTO) -> Found:
    """Live a life, and compare."""
    due = expected(patient, upto)
    lived = Life(patient, due).live(upto, days_to_look(due, upto) | HALF_YEARS)
    compared = compare(patient, due, lived)
    excused = [(excuse(Case(one, patient, due, lived)), one) for one in compared.differences]
    return Found(
        [one for reading, one in excused if not reading],
        [(reading, one) for reading, one in excused if reading],
        compared.counts,
    )
