"""KX after the first months of a positive airway pressure device (hme-billing-rules 4.2): the patient was seen again in
time, and uses it."""

from __future__ import annotations

import datetime as dt

from gateway.core.model.decision import HoldType

from .findings import Findings
from .line import FIRST, Line
from .months import standing
from .records import CAPS, Trial
from .rentals import months_before
from .settings import Papers
from .whole import Whole

_GRACE = dt.timedelta(days=1)
"""Day 91 may be counted from the day after the first: the later of the two readings."""


def check_trials(whole: Whole, out: Findings) -> None:
    """R1.KX-3, for every rental line with KX of an item of the table trial_records."""
    asked = whole.book.settings.medical_records
    if asked is Papers.OFF or not whole.book.trials:
        return
    for line in whole.lines:
        if not line.rented or line.maintenance or "KX" not in line.have or line.start is None or line.have & FIRST:
            continue
        trial = whole.book.trials.find(line.code, line.day)
        if trial is not None:
            _check(line, line.start, trial[0], whole, out, only_known=asked is Papers.KNOWN)


def _check(line: Line, start: dt.date, trial: Trial, whole: Whole, out: Findings, *, only_known: bool) -> None:
    """Where the record does not show which month it is (the patient came with a rental under way), nothing is said."""
    cap = line.category.cap if line.category is not None else CAPS["CR"]
    now = standing(months_before(line, start, whole.past), cap)
    if now.least != now.most or not now.months or now.least < trial.from_month:
        return
    seen = whole.past.records_of(line.code)
    if only_known and not seen:
        return
    began = now.months[0].start
    first = began + dt.timedelta(days=trial.first_day - 1)
    last = began + dt.timedelta(days=trial.last_day - 1)
    if any(first <= day <= last + _GRACE for day in seen):
        return
    out.say(
        "R1.KX-3",
        f"this is rental month {now.least}, and from month {trial.from_month} on KX says that the patient was seen "
        f"again between {first:%m/%d/%Y} and {last:%m/%d/%Y}, and used it for four hours on 70 % of the nights of 30 "
        "days. No medical record of those days is on file. Get the visit note with the report of use, and attach it.",
        line=line,
        place="2400 SV101-3",
        most=trial.check,
        team="documentation",
        hold_type=HoldType.PRESCRIPTION,
    )
