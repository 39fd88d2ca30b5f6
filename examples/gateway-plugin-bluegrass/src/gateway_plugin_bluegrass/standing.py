"""What the rules keep back, with its dollars: a report for people, a number for the monitoring."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from gateway.plugins import Desk, Metric, PluginSettings, Report, Rows, Sample
from pydantic import Field

from .settings import DeskSettings

RULES = ("BG-1", "BG-2", "BG-3", "BG-4", "BG-5")


class Asked(PluginSettings):
    """What the report may be asked."""

    since: dt.date | None = Field(default=None, description="Holds opened from this day on.")
    released: bool = Field(default=False, description="Those that were released as well.")


def held(desk: Desk[DeskSettings], asked: Asked) -> Rows:
    """By rule: how many claims it keeps back, the dollars on them, and since when."""
    claims: dict[str, dict[int, Decimal]] = {}
    oldest: dict[str, dt.date] = {}
    for hold in desk.holds(rules=RULES, standing=not asked.released):
        day = hold.opened_at.date()
        if asked.since is None or day >= asked.since:
            claims.setdefault(hold.rule, {})[hold.claim_id] = hold.charge
            oldest[hold.rule] = min(day, oldest.get(hold.rule, day))
    return Rows(
        ("rule", "claims", "dollars", "oldest"),
        [(rule, len(claims[rule]), sum(claims[rule].values(), Decimal(0)), oldest[rule]) for rule in sorted(claims)],
    )


def count(desk: Desk[DeskSettings]) -> Iterator[Sample]:
    """How many holds of each rule stand."""
    counts = dict.fromkeys(RULES, 0)
    for hold in desk.holds(rules=RULES):
        counts[hold.rule] += 1
    for rule, number in counts.items():
        yield Sample(number, {"rule": rule})


REPORT = Report(name="held", title="Bluegrass: what its rules keep back", run=held, parameters=Asked)
METRIC = Metric(name="holds", help="Standing holds of the Bluegrass rules.", labels=("rule",), read=count)
