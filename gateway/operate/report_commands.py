"""The gateway's own reports: `gateway report productivity`, `gateway report holds`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import NotAsked, require
from .commands import change
from .hold_commands import hold_filters, which
from .queue_filters import DAY, day
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..core.work.holds import HoldReport, Kept


@click.command()
@click.option("--from", "first", type=DAY, help="The first day, as 2026-11-23 (default: seven days ago).")
@click.option("--to", "last", type=DAY, help="The last day (default: today).")
@click.option("--who", default="", help="Only this person.")
@click.option("--team", default="", help="Only the work of this team.")
@click.option("--by-team", is_flag=True, help="Each team's work apart.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def productivity(
    config_path: Path,
    first: dt.datetime | None,
    last: dt.datetime | None,
    who: str,
    team: str,
    by_team: bool,
    as_csv: bool,
) -> None:
    """What each person got done, by day: touches, items closed, dollars resolved, follow-ups done of those due, denials
    worked within two business days."""
    from ..core.work import productivity as work

    config = require(config_path, secrets=False)
    today = now_of(config)[1]
    until = day(last) or today
    since = day(first) or until - dt.timedelta(days=6)
    zone = config.gateway.organisation.time_zone

    def read(connection: Connection) -> list[work.Day]:
        return work.productivity(connection, since, until, zone, who=who, team=team, by_team=by_team)

    try:
        found = change(config, read)
    except ValueError as error:
        raise NotAsked(str(error)) from error
    rows = [
        (
            one.day,
            one.who,
            one.touches,
            one.closed,
            amount(one.cents),
            one.due,
            one.done,
            one.denials,
            one.denials_in_time,
            *((one.team,) if by_team else ()),
        )
        for one in found
    ]
    columns = ["day", "who", "touches", "closed", "dollars", "follow_ups_due", "done", "denials", "in_two_days"]
    columns += ["team"] if by_team else []
    show(columns, rows, as_csv, "Nobody has worked an item in these days.")


@click.command()
@hold_filters
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 366), help="Average billing over so many."
)
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def holds(config_path: Path, /, days: int, as_csv: bool, **given: Any) -> None:
    """Open holds by type, team and age: how many, on how many claims, dollars, and hold days: the dollars held, divided
    by average daily allowable billing."""
    from ..core.work.holds import report

    config = require(config_path, secrets=False)
    today, zone = now_of(config)[1], config.gateway.organisation.time_zone

    def read(connection: Connection) -> HoldReport:
        return report(connection, which(connection, config, given), today, zone, days)

    found = change(config, read)
    columns = ("type", "team", "age", "holds", "claims", "dollars", "hold_days")
    rows = [_row(one) for one in found.rows]
    if not as_csv and found.rows:
        rows += [_row(one._replace(team="all")) for one in found.types] + [_row(found.total._replace(type="all"))]
    show(columns, rows, as_csv, "No claim is held.")
    if found.rows:
        click.echo(f"\n{found.in_words()}", err=as_csv)


def _row(one: Kept) -> Sequence[object]:
    days = "" if one.days is None else f"{one.days:.2f}"
    return one.type, one.team, one.age, one.holds, one.claims, amount(one.cents), days
