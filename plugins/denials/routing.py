"""Where a denial goes, and in plain words what may be done about it (hme-billing-rules 6.2 to 6.5)."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model.money import to_dollars
from gateway.core.model.posting import Denial

UNMAPPED = "UNMAPPED"
UNKNOWN_RULE = "unknown-reason"
UNPROCESSABLE = "MA130"
TOO_LATE = "N211"
TIMELY_FILING = "29"


def team_of(denial: Denial, teams: Mapping[str, str], unknown: str) -> str:
    """The team: as the settings say by remark, reason or category, else as the tables do."""
    for remark in (denial.remark, *denial.remarks):
        if remark and (named := teams.get(f"{denial.reason}+{remark}")):
            return named
    for word in (denial.reason, denial.category):
        if named := teams.get(word):
            return named
    return unknown if denial.category == UNMAPPED else denial.team or unknown


def what_is_left(denial: Denial) -> str:
    """A sentence about what the payer still hears; empty where nothing is out of the ordinary."""
    remarks = {denial.remark, *denial.remarks}
    if UNPROCESSABLE in remarks:
        return "The payer did not process it: there is no appeal. Correct it, and it goes again as a new claim."
    if denial.reason == TIMELY_FILING or TOO_LATE in remarks:
        return "It came too late by the payer's count: there is no appeal."
    if denial.category == UNMAPPED:
        return "No table knows this reason; add it to config/tables/carc.yaml."
    return ""


def in_words(denial: Denial) -> str:
    """What was refused, why, and what to do, in a few sentences."""
    where = f"line {denial.line_number} ({denial.code})" if denial.line_number else "the whole claim"
    remarks = f" with {', '.join(denial.remarks[:3])}" if denial.remarks else ""
    action = denial.action[:1].upper() + denial.action[1:]
    said = (
        f"Denied: ${to_dollars(denial.cents):,} on {where}, {denial.group}-{denial.reason}{remarks}: {denial.why}. "
        f"{action}."
    )
    return f"{said} {what_is_left(denial)}".rstrip()
