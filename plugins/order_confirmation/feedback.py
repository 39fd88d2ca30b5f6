"""What the teams hear of: why orders waited, by team, week, source and reason; and the log of inventory faults."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.plugins import Desk, Rows

from .log import INVENTORY, PROBLEMS
from .settings import DeskSettings

KIND = "order_feedback"
WEEK = dt.timedelta(days=7)
COLUMNS = (
    *("week", "feedback_to", "mended_by", "source", "reason", "rule", "inventory"),
    *("orders", "dollars", "still_open", "days_to_mend"),
)
LOG_COLUMNS = (
    *("found_on", "source", "order", "line", "reason", "item", "ordered", "delivered", "billed", "serials"),
    *("what", "mended_by", "feedback_to"),
)


class Weeks(BaseModel):
    """What the feedback report may be asked."""

    model_config = ConfigDict(extra="forbid")

    weeks: int = Field(default=8, ge=1, le=104, description="How many weeks back, this one included.")
    team: str = Field(default="", description="Only what this team is told.")
    inventory: bool = Field(default=False, description="Only faults of quantity and serial number.")


class Days(BaseModel):
    """What the log may be asked."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=30, ge=1, le=730)


def monday(day: dt.date) -> dt.date:
    """The first day of a week."""
    return day - dt.timedelta(days=day.weekday())


def feedback(desk: Desk[DeskSettings], asked: Weeks) -> Rows:
    """Why orders waited, the newest week first, and in it what happened most."""
    since = monday(desk.today) - WEEK * (asked.weeks - 1)
    groups: dict[tuple[dt.date, str, str, str, str, str, bool], list[Mapping[str, Any]]] = {}
    for row in desk.rows(PROBLEMS.name):
        wanted = row["found_on"] >= since and asked.team in ("", row["feedback"])
        if wanted and (row["inventory"] or not asked.inventory):
            about = (row["feedback"], row["team"], row["source"], row["reason"], row["rule"], row["inventory"])
            groups.setdefault((monday(row["found_on"]), *about), []).append(row)
    ordered = sorted(groups.items(), key=lambda one: (-one[0][0].toordinal(), -len(one[1]), one[0][1:]))
    return Rows(COLUMNS, [(*group, *_sums(rows)) for group, rows in ordered])


def _sums(rows: list[Mapping[str, Any]]) -> tuple[int, Decimal, int, str]:
    """How many orders, their dollars, how many wait still, and the days after which the others were mended."""
    dollars = sum((row["dollars"] or Decimal(0) for row in rows), Decimal(0))
    mended = [(row["closed_on"] - row["found_on"]).days for row in rows if row["closed_on"] is not None]
    days = f"{Decimal(sum(mended)) / len(mended):.1f}" if mended else ""
    return len({row["order_number"] for row in rows}), dollars, len(rows) - len(mended), days


def inventory_log(desk: Desk[DeskSettings], asked: Days) -> Rows:
    """Faults of quantity and serial number, the newest first."""
    since = desk.today - dt.timedelta(days=asked.days)
    found = [row for row in desk.rows(INVENTORY.name) if row["found_on"] > since]
    found.sort(key=lambda row: (-row["found_on"].toordinal(), row["source"], row["order_number"], row["line"]))
    names = (
        *("found_on", "source", "order_number", "line", "reason", "code", "ordered", "delivered", "billed", "serials"),
        *("what", "team", "feedback"),
    )
    return Rows(LOG_COLUMNS, [tuple(row[name] for name in names) for row in found])


def tell_teams(desk: Desk[DeskSettings]) -> None:
    """Each week, tell each team what orders of the last one waited for, so that the next come right."""
    last = monday(desk.today) - WEEK
    for team, several in sorted(_of_week(desk, last).items()):
        counts = Counter(row["reason"] for row in several)
        told = ", ".join(f"{count} x {reason}" for reason, count in counts.most_common())
        dollars = sum((row["dollars"] or Decimal(0) for row in several), Decimal(0))
        desk.open_item(
            kind=KIND,
            key=f"{KIND} {last} {team}",
            reason=f"In the week of {last:%m/%d/%Y} {len({row['order_number'] for row in several})} order(s) waited "
            f"for what could have been right from the start: {told}. See the report order_feedback, and tell those "
            "who can change it.",
            team=team,
            amount=dollars,
            work_by=desk.today + WEEK,
        )


def _of_week(desk: Desk[DeskSettings], week: dt.date) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in _problems_of(desk, week):
        found.setdefault(row["feedback"], []).append(row)
    return found


def _problems_of(desk: Desk[DeskSettings], week: dt.date) -> Iterator[Mapping[str, Any]]:
    return (row for row in desk.rows(PROBLEMS.name) if monday(row["found_on"]) == week)
